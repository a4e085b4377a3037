/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix product of float convolutions: oneDNN's, or in builds without it our own. */
#pragma once

#include "cpu/isa.h"

G_BEGIN_DECLS

typedef enum {
  YV8_CPU_DONE,
  YV8_CPU_NO_MEMORY,
  YV8_CPU_FAILED,
} Yv8CpuStatus;

/**
 * yv8_cpu_product: y = w x
 * @w: [n_rows][k]
 * @x: [k][n], rows @x_stride floats apart
 * @y: [n_rows][n], rows @y_stride floats apart
 *
 * Returns: how it went; to be called from any thread
 */
Yv8CpuStatus yv8_cpu_product (const Yv8CpuKernels *kernels, float *y, gsize y_stride,
    const float *w, const float *x, gsize x_stride, gsize n_rows, gsize k, gsize n);

G_END_DECLS

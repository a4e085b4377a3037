/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The letterbox of ref/letterbox.h, to the bit: the two rows are blended first, whole, and the
 * columns then sampled from the blend. */
#pragma once

#include "cpu/isa.h"
#include "ref/resampler.h"

G_BEGIN_DECLS

typedef void (*Yv8CpuColour) (guint32 *out, const guint8 *a, const guint8 *b, const guint8 *c,
    const Yv8ColourFactors *factors, gsize n);

/**
 * Yv8CpuLetterboxKernels: the loops of letterbox.tmpl.c
 * @blend: y[i] = near[step i] (256 - weight) + far[step i] weight
 * @sample: y[i] = (x[k] (256 - weight[i]) + x[k + 1] weight[i] + 32768) >> 16, k = near[i] - base
 * @colour: [rgb?]: of three components to pixels
 */
struct _Yv8CpuLetterboxKernels {
  void (*blend) (
      guint16 *y, const guint8 *near, const guint8 *far, guint weight, guint step, gsize n);
  void (*sample) (guint8 *y, const guint16 *x, const guint32 *near, guint32 base,
      const guint32 *weight, gsize n);
  Yv8CpuColour colour[2];
};

/**
 * yv8_cpu_letterbox: yv8_resampler_run(), with the loops of @kernels
 */
void yv8_cpu_letterbox (const Yv8CpuKernels *kernels, const Yv8Resampler *resampler,
    const Yv8Frame *frame, guint32 *picture, guint first_row, guint n_rows);

G_END_DECLS

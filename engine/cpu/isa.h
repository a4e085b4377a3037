/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CPU's inner loops, compiled once for each instruction set and chosen at run time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Yv8CpuKernels: the loops of f32.tmpl.c. Lengths are in elements; inputs and outputs do not
 * overlap unless they are the same row.
 * @isa: "ref" (whatever the compiler's baseline is), "avx2", "avx512"
 * @finish: y[i] += bias
 * @finish_silu: y[i] = SiLU (y[i] + bias)
 * @add: y[i] += x[i]
 * @max: y[i] = max (y[i], x[stride * i])
 * @double_row: y[2 i] = y[2 i + 1] = x[i], for @n values of x
 * @gather: y[i] = x[stride * i]
 * @normalize: y[i] = (x[i] >> shift & 255) / 255
 */
typedef struct {
  const char *isa;
  void (*finish) (float *y, float bias, gsize n);
  void (*finish_silu) (float *y, float bias, gsize n);
  void (*add) (float *y, const float *x, gsize n);
  void (*max) (float *y, const float *x, gsize stride, gsize n);
  void (*double_row) (float *y, const float *x, gsize n);
  void (*gather) (float *y, const float *x, gsize stride, gsize n);
  void (*normalize) (float *y, const guint32 *x, guint shift, gsize n);
} Yv8CpuKernels;

/**
 * YV8_CPU_SILU_ERROR: of @finish_silu against exact arithmetic, in units of max (1, |x|), x being
 * y + bias. The parts: 7.5e-8 of the polynomial, 2^-24 each of the sum, the reduced argument, the
 * denominator and the quotient
 */
#define YV8_CPU_SILU_ERROR 2e-7f

/**
 * yv8_cpu_kernels:
 *
 * The environment variable YV8_CPU (ref, avx2, avx512) forces an instruction set; one that the
 * processor does not have, or a name unknown, is warned about and not followed.
 *
 * Returns: (transfer none): the fastest that this processor has
 */
const Yv8CpuKernels *yv8_cpu_kernels (void);

/**
 * yv8_cpu_kernels_nth: Returns: (nullable): instruction set @index, slowest first, whether forced
 * or not; %NULL beyond the last that this processor has
 */
const Yv8CpuKernels *yv8_cpu_kernels_nth (guint index);

G_END_DECLS

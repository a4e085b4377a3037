/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CPU's inner loops, compiled once for each instruction set and chosen at run time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define YV8_CPU_MAX_PIXELS   48
#define YV8_CPU_MAX_VECTORS  3
#define YV8_CPU_MAX_CHANNELS 8
#define YV8_CPU_BOUND        0x1p20f

/**
 * Yv8CpuFinish: the epilogue's parameters, see shaders/lib/numeric.h; arrays of the tile's channels
 * @y: words of the tile's first four channels, @pixels of them; of the next four, @y_stride words
 * on
 * @residual: likewise
 * @pixels: how many of the tile's pixels, whole vectors
 * @bounded: of all that the accumulators can be, |v| / s_y is at most YV8_CPU_BOUND
 */
typedef struct {
  guint32 *y;
  gsize y_stride;
  const guint32 *residual;
  gsize residual_stride;
  const float *multiplier;
  const float *bias;
  const float *residual_scale;
  const gint32 *residual_zero;
  float inverse;
  gint32 zero;
  guint pixels;
  gboolean bounded;
} Yv8CpuFinish;

typedef void (*Yv8CpuFinishQs8) (const Yv8CpuFinish *to, const gint32 *acc);
typedef void (*Yv8CpuFinishF32) (
    float *y, const gint32 *acc, float multiplier, float bias, guint pixels);
typedef void (*Yv8CpuConv) (gint32 *acc, const guint32 *x, const gint32 *offsets, gsize n_steps,
    const gint32 *weights, const gint32 *corrections);

/**
 * Yv8CpuQs8Kernels: the loops of qs8.tmpl.c, over words of four int8 channels; see cpu/qs8.h.
 * @lanes: of a vector
 * @pixels: of a tile, up to YV8_CPU_MAX_PIXELS; whole vectors, up to YV8_CPU_MAX_VECTORS
 * @channels: of a tile, up to YV8_CPU_MAX_CHANNELS; a multiple of 4
 * @weight_words: words that hold the weights of four input channels, see dot.h
 * @pixel_offset: what is added to the pixels, and to be taken off by the corrections
 * @conv: by the vectors of the tile's pixels that are wanted, from 1 on: acc[channels][pixels] =
 * corrections[o] + sum over the steps of x[i + offsets[step]] . weights[step][o]
 * @finish_qs8: [SiLU?][residual?]: of acc[channels][pixels]
 * @finish_f32: [SiLU?]: acc[pixels] to y[pixels], as many as given
 * @max: y[i] = max (y[i], x[i]), each channel for itself
 * @blend: y[i] = x[i] ^ flip in the bits of @mask
 * @quantize: y[i] |= x[i] as the byte at @shift
 * @dequantize: y[i] = the byte at @shift of x[i]
 */
typedef struct {
  guint lanes, pixels, channels;
  guint weight_words;
  gint32 pixel_offset;
  Yv8CpuConv conv[YV8_CPU_MAX_VECTORS];
  Yv8CpuFinishQs8 finish_qs8[2][2];
  Yv8CpuFinishF32 finish_f32[2];
  void (*max) (gpointer y, gconstpointer x, gsize n);
  void (*blend) (guint32 *y, const guint32 *x, guint32 flip, guint32 mask, gsize n);
  void (*quantize) (guint32 *y, const float *x, float inverse, gint32 zero, guint shift, gsize n);
  void (*dequantize) (float *y, const guint32 *x, float scale, gint32 zero, guint shift, gsize n);
} Yv8CpuQs8Kernels;

typedef struct _Yv8CpuLetterboxKernels Yv8CpuLetterboxKernels;

/**
 * Yv8CpuKernels: the loops of f32.tmpl.c. Lengths are in elements; inputs and outputs do not
 * overlap unless they are the same row.
 * @isa: "ref" (whatever the compiler's baseline is), "sse41", "avx2", "avxvnni", "avx512",
 * "avx512vnni"; "neon" (with the dot product)
 * @qs8: the int8 loops
 * @letterbox: see cpu/letterbox.h
 * @finish: y[i] += bias
 * @finish_silu: y[i] = SiLU (y[i] + bias)
 * @add: y[i] += x[i]
 * @max: y[i] = max (y[i], x[i])
 * @double_row: y[2 i] = y[2 i + 1] = x[i], for @n elements of x, of four bytes of any type
 * @gather: y[i] = x[stride * i], likewise
 * @normalize: y[i] = (x[i] >> shift & 255) / 255
 * @product: see cpu/product.h; %NULL where oneDNN has it
 */
typedef struct {
  const char *isa;
  const Yv8CpuQs8Kernels *qs8;
  const Yv8CpuLetterboxKernels *letterbox;
  void (*finish) (float *y, float bias, gsize n);
  void (*finish_silu) (float *y, float bias, gsize n);
  void (*add) (float *y, const float *x, gsize n);
  void (*max) (gpointer y, gconstpointer x, gsize n);
  void (*double_row) (gpointer y, gconstpointer x, gsize n);
  void (*gather) (gpointer y, gconstpointer x, gsize stride, gsize n);
  void (*normalize) (float *y, const guint32 *x, guint shift, gsize n);
  void (*product) (float *y, gsize y_stride, const float *w, const float *x, gsize x_stride,
      gsize n_rows, gsize k, gsize n);
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
 * The environment variable YV8_CPU (a name above) forces an instruction set; one that the
 * processor does not have, or a name unknown, is warned about and not followed.
 *
 * Returns: (transfer none): the fastest that this processor has
 */
const Yv8CpuKernels *yv8_cpu_kernels (void);

/**
 * yv8_cpu_kernels_nth: Returns: (nullable): instruction set @index of those that this processor
 * has, slowest first, whether forced or not; %NULL beyond the last
 */
const Yv8CpuKernels *yv8_cpu_kernels_nth (guint index);

G_END_DECLS

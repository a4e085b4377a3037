/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Int8 loops: compiled once for each instruction set, with YV8_ISA its name. The arithmetic is that
 * of shaders/lib/numeric.h, for the compiler to vectorise; the dot product is in dot.h. */
#include <string.h>

#include "cpu/dot.h"
#include "cpu/isa.h"
#include "shaders/lib/numeric.h"

#define SYMBOL_OF(isa) yv8_cpu_qs8_##isa
#define SYMBOL(isa)    SYMBOL_OF (isa)
#define PIXELS         (VECTORS * LANES)

G_STATIC_ASSERT (PIXELS <= YV8_CPU_MAX_PIXELS && CHANNELS <= YV8_CPU_MAX_CHANNELS);

/* All accumulators stay in registers: the loops over CHANNELS and VECTORS are to vanish. */
static void
conv (gint32 *restrict acc, const guint32 *restrict x, const gint32 *restrict offsets,
    gsize n_steps, const gint32 *restrict weights, const gint32 *restrict corrections)
{
  Vector sum[CHANNELS][VECTORS];

#pragma GCC unroll 8
  for (guint o = 0; o < CHANNELS; o++)
#pragma GCC unroll 8
    for (guint i = 0; i < VECTORS; i++)
      sum[o][i] = (Vector){ 0 } + corrections[o];
  for (gsize step = 0; step < n_steps; step++, weights += CHANNELS * WEIGHT_WORDS) {
    const guint32 *at = x + offsets[step];
    Factor pixels[VECTORS];
#pragma GCC unroll 8
    for (guint i = 0; i < VECTORS; i++)
      pixels[i] = load_pixels (at + i * LANES);
#pragma GCC unroll 8
    for (guint o = 0; o < CHANNELS; o++) {
      Factor weight = load_weight (weights + o * WEIGHT_WORDS);
#pragma GCC unroll 8
      for (guint i = 0; i < VECTORS; i++)
        sum[o][i] = dot (sum[o][i], pixels[i], weight);
    }
  }
#pragma GCC unroll 8
  for (guint o = 0; o < CHANNELS; o++)
#pragma GCC unroll 8
    for (guint i = 0; i < VECTORS; i++)
      store (acc + o * PIXELS + i * LANES, sum[o][i]);
}

static inline __attribute__ ((always_inline)) void
finish (guint32 *restrict y, const gint32 *restrict acc, const guint32 *restrict residual,
    const Yv8CpuFinish *restrict by, gboolean silu, gboolean add)
{
  for (guint i = 0; i < PIXELS; i++) {
    guint32 word = 0;
#pragma GCC unroll 4
    for (guint c = 0; c < 4; c++) {
      float t = (float) acc[c * PIXELS + i] * by->multiplier[c];
      t = t + by->bias[c];
      if (silu)
        t = yv8_silu (t);
      if (add) {
        gint32 q = (gint32) (residual[i] << (24 - 8 * c)) >> 24;
        float r = by->residual_scale[c] * (float) (q - by->residual_zero[c]);
        t = t + r;
      }
      word |= (guint32) (yv8_requantize (t, by->inverse, by->zero) & 255) << 8 * c;
    }
    y[i] = word;
  }
}

static void
finish_plain (guint32 *y, const gint32 *acc, const guint32 *residual, const Yv8CpuFinish *by)
{
  finish (y, acc, residual, by, FALSE, FALSE);
}

static void
finish_silu (guint32 *y, const gint32 *acc, const guint32 *residual, const Yv8CpuFinish *by)
{
  finish (y, acc, residual, by, TRUE, FALSE);
}

static void
finish_residual (guint32 *y, const gint32 *acc, const guint32 *residual, const Yv8CpuFinish *by)
{
  finish (y, acc, residual, by, FALSE, TRUE);
}

static void
finish_silu_residual (
    guint32 *y, const gint32 *acc, const guint32 *residual, const Yv8CpuFinish *by)
{
  finish (y, acc, residual, by, TRUE, TRUE);
}

static void
finish_f32 (float *restrict y, const gint32 *restrict acc, float multiplier, float bias)
{
  for (guint i = 0; i < PIXELS; i++) {
    float t = (float) acc[i] * multiplier;
    y[i] = t + bias;
  }
}

static void
finish_silu_f32 (float *restrict y, const gint32 *restrict acc, float multiplier, float bias)
{
  for (guint i = 0; i < PIXELS; i++) {
    float t = (float) acc[i] * multiplier;
    t = t + bias;
    y[i] = yv8_silu (t);
  }
}

static void
max (guint32 *restrict y, const guint32 *restrict x, gsize stride, gsize n)
{
  gint8 *to = (gint8 *) y;
  const gint8 *from = (const gint8 *) x;

  if (stride == 1)
    for (gsize i = 0; i < 4 * n; i++)
      to[i] = from[i] > to[i] ? from[i] : to[i];
  else
    for (gsize i = 0; i < n; i++)
      for (guint c = 0; c < 4; c++) {
        gint8 value = from[4 * stride * i + c];
        to[4 * i + c] = value > to[4 * i + c] ? value : to[4 * i + c];
      }
}

static void
blend (guint32 *restrict y, const guint32 *restrict x, guint32 flip, guint32 mask, gsize n)
{
  if (mask == G_MAXUINT32)
    for (gsize i = 0; i < n; i++)
      y[i] = x[i] ^ flip;
  else
    for (gsize i = 0; i < n; i++)
      y[i] = (y[i] & ~mask) | ((x[i] ^ flip) & mask);
}

static void
quantize (
    guint32 *restrict y, const float *restrict x, float inverse, gint32 zero, guint shift, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] |= (guint32) (yv8_requantize (x[i], inverse, zero) & 255) << shift;
}

static void
dequantize (
    float *restrict y, const guint32 *restrict x, float scale, gint32 zero, guint shift, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] = scale * (float) (((gint32) (x[i] << (24 - shift)) >> 24) - zero);
}

extern const Yv8CpuQs8Kernels SYMBOL (YV8_ISA);
const Yv8CpuQs8Kernels SYMBOL (YV8_ISA) = {
  .pixels = PIXELS,
  .channels = CHANNELS,
  .weight_words = WEIGHT_WORDS,
  .pixel_offset = PIXEL_OFFSET,
  .conv = conv,
  .finish_qs8 = { { finish_plain, finish_residual }, { finish_silu, finish_silu_residual } },
  .finish_f32 = { finish_f32, finish_silu_f32 },
  .max = max,
  .blend = blend,
  .quantize = quantize,
  .dequantize = dequantize,
};

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
#define EACH(o)        _Pragma ("GCC unroll 8") for (guint o = 0; o < CHANNELS; o++)
#define ROUND          12582912.0f /* 1.5 2^23 */

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

/* yv8_silu () of as many vectors in turn: each waits long for its own step before. */
static inline __attribute__ ((always_inline)) void
silu_of (Real *v)
{
  Real f[CHANNELS], p[CHANNELS], r[CHANNELS];
  Vector n[CHANNELS];

  EACH (o) f[o] = split (clamp (v[o] * -YV8_LOG2E, -64.0f, 64.0f), &n[o]);
  EACH (o) p[o] = f[o] * YV8_EXP2_P5 + YV8_EXP2_P4;
  EACH (o) p[o] = p[o] * f[o] + YV8_EXP2_P3;
  EACH (o) p[o] = p[o] * f[o] + YV8_EXP2_P2;
  EACH (o) p[o] = p[o] * f[o] + YV8_EXP2_P1;
  EACH (o) p[o] = p[o] * f[o] + YV8_EXP2_P0;
  EACH (o) p[o] = scale (p[o], n[o]) + 1.0f;
  EACH (o) r[o] = (Real) (YV8_RECIPROCAL_SEED - (Vector) p[o]);
  EACH (o) r[o] = r[o] * (2.0f - p[o] * r[o]);
  EACH (o) r[o] = r[o] * (2.0f - p[o] * r[o]);
  EACH (o) r[o] = r[o] * (2.0f - p[o] * r[o]);
  EACH (o) v[o] = v[o] * r[o];
}

/* yv8_requantize (), clamped before it is rounded: the bounds are integers. ROUND leaves no bits
 * for a fraction, and the integer in those of the lowest byte. */
static inline __attribute__ ((always_inline)) void
requantize (guint32 *y, gsize stride, Real *t, float inverse, gint32 zero)
{
  float low = (float) (-128 - zero), high = (float) (127 - zero);

  EACH (o) t[o] = clamp (t[o] * inverse, low, high) + ROUND;
#pragma GCC unroll 2
  for (guint o = 0; o < CHANNELS; o += 4, y += stride) {
    Vector word = (((Vector) t[o] & 255) | ((Vector) t[o + 1] & 255) << 8) |
                  (((Vector) t[o + 2] & 255) << 16 | (Vector) t[o + 3] << 24);
    store ((gint32 *) y, (Vector) ((Bytes) word + (guint8) zero));
  }
}

static inline __attribute__ ((always_inline)) void
finish (const Yv8CpuFinish *to, const gint32 *acc, gboolean silu, gboolean add)
{
  const Yv8CpuFinish by = *to;

  for (guint at = 0; at < PIXELS; at += LANES) {
    Real t[CHANNELS];
    EACH (o) t[o] = to_real (load ((const guint32 *) acc + o * PIXELS + at)) * by.multiplier[o];
    EACH (o) t[o] = t[o] + by.bias[o];
    if (silu)
      silu_of (t);
    if (add)
      EACH (o)
      {
        Vector q = load (by.residual + o / 4 * by.residual_stride + at);
        q = (q << (24 - o % 4 * 8) >> 24) - by.residual_zero[o];
        t[o] = t[o] + to_real (q) * by.residual_scale[o];
      }
    requantize (by.y + at, by.y_stride, t, by.inverse, by.zero);
  }
}

static void
finish_plain (const Yv8CpuFinish *to, const gint32 *acc)
{
  finish (to, acc, FALSE, FALSE);
}

static void
finish_silu (const Yv8CpuFinish *to, const gint32 *acc)
{
  finish (to, acc, TRUE, FALSE);
}

static void
finish_residual (const Yv8CpuFinish *to, const gint32 *acc)
{
  finish (to, acc, FALSE, TRUE);
}

static void
finish_silu_residual (const Yv8CpuFinish *to, const gint32 *acc)
{
  finish (to, acc, TRUE, TRUE);
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

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
#define WORD           4 /* channels that an output word holds */
#define EACH(o)        _Pragma ("GCC unroll 4") for (guint o = 0; o < WORD; o++)
#define ROUND          12582912.0f /* 1.5 2^23 */
#define DOUBT          0x1p-18f

G_STATIC_ASSERT (PIXELS <= YV8_CPU_MAX_PIXELS && VECTORS <= YV8_CPU_MAX_VECTORS &&
                 CHANNELS <= YV8_CPU_MAX_CHANNELS);

/* All accumulators stay in registers: the loops over CHANNELS and @vectors are to vanish. */
static inline __attribute__ ((always_inline)) void
conv (guint vectors, gint32 *restrict acc, const guint32 *restrict x,
    const gint32 *restrict offsets, gsize n_steps, const gint32 *restrict weights,
    const gint32 *restrict corrections)
{
  Vector sum[CHANNELS][VECTORS];

#pragma GCC unroll 8
  for (guint o = 0; o < CHANNELS; o++)
#pragma GCC unroll 8
    for (guint i = 0; i < vectors; i++)
      sum[o][i] = (Vector){ 0 } + corrections[o];
  for (gsize step = 0; step < n_steps; step++, weights += CHANNELS * WEIGHT_WORDS) {
    const guint32 *at = x + offsets[step];
    Factor pixels[VECTORS];
#pragma GCC unroll 8
    for (guint i = 0; i < vectors; i++)
      pixels[i] = load_pixels (at + i * LANES);
#pragma GCC unroll 8
    for (guint o = 0; o < CHANNELS; o++) {
      Factor weight = load_weight (weights + o * WEIGHT_WORDS);
#pragma GCC unroll 8
      for (guint i = 0; i < vectors; i++)
        sum[o][i] = dot (sum[o][i], pixels[i], weight);
    }
  }
#pragma GCC unroll 8
  for (guint o = 0; o < CHANNELS; o++)
#pragma GCC unroll 8
    for (guint i = 0; i < vectors; i++)
      store (acc + o * PIXELS + i * LANES, sum[o][i]);
}

#define CONV(vectors)                                                                              \
  static void conv_##vectors (gint32 *acc, const guint32 *x, const gint32 *offsets, gsize n_steps, \
      const gint32 *weights, const gint32 *corrections)                                            \
  {                                                                                                \
    conv (vectors, acc, x, offsets, n_steps, weights, corrections);                                \
  }

CONV (1)
CONV (2)
#if VECTORS == 3
CONV (3)
#endif

/* yv8_silu () of as many vectors in turn: each waits long for its own step before. */
static inline __attribute__ ((always_inline)) void
silu_of (Real *v)
{
  Real f[WORD], p[WORD], r[WORD];
  Vector n[WORD];

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

/* The integers are in the lowest bytes. */
static inline __attribute__ ((always_inline)) void
pack (guint32 *y, const Real *rounded, gint32 zero)
{
  const Vector *t = (const Vector *) rounded;
  Vector word = ((t[0] & 255) | (t[1] & 255) << 8) | ((t[2] & 255) << 16 | t[3] << 24);

  store ((gint32 *) y, (Vector) ((Bytes) word + (guint8) zero));
}

/* yv8_requantize (), clamped before it is rounded: the bounds are integers. ROUND leaves no bits
 * for a fraction, and the integer in those of the lowest byte. */
static inline __attribute__ ((always_inline)) void
requantize (guint32 *y, Real *t, float inverse, gint32 zero)
{
  float low = (float) (-128 - zero), high = (float) (127 - zero);

  EACH (o) t[o] = clamp (t[o] * inverse, low, high) + ROUND;
  pack (y, t, zero);
}

#if defined(REAL_FMA)
/* Words of the four integers that each lane has, narrowed to int8. */
static inline __attribute__ ((always_inline)) Vector
narrow (const Vector *t)
{
  const __m128i order = _mm_setr_epi8 (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);

  return SHUFFLE (PACK16 (PACK32 (t[0], t[1]), PACK32 (t[2], t[3])), order);
}

/* What silu_of () and requantize () give, in fewer steps: these lie within a relative 1e-6 of
 * those, and if all between DOUBT below and DOUBT above rounds to the same integer, so do those.
 * Else, which is rare, nothing is stored. */
static inline __attribute__ ((always_inline)) gboolean
finish_quickly (guint32 *y, const Real *v, float inverse, gint32 zero)
{
  const Real one = (Real){ 0 } + 1.0f, two = one + one;
  const Real round = one * (ROUND + (float) zero);
  Real f[WORD], p[WORD], r[WORD];
  Vector n[WORD], doubt = { 0 };

  EACH (o) f[o] = split_quickly (v[o] * -YV8_LOG2E, &n[o]);
  EACH (o) p[o] = REAL_FMA (f[o], one * YV8_EXP2_P5, one * YV8_EXP2_P4);
  EACH (o) p[o] = REAL_FMA (p[o], f[o], one * YV8_EXP2_P3);
  EACH (o) p[o] = REAL_FMA (p[o], f[o], one * YV8_EXP2_P2);
  EACH (o) p[o] = REAL_FMA (p[o], f[o], one * YV8_EXP2_P1);
  EACH (o) p[o] = REAL_FMA (p[o], f[o], one * YV8_EXP2_P0);
  EACH (o) p[o] = scale (p[o], n[o]) + 1.0f;
  EACH (o) r[o] = REAL_RECIPROCAL (p[o]);
  EACH (o) p[o] = REAL_FNMA (p[o], r[o], two);
  EACH (o) r[o] = v[o] * r[o] * p[o];
  EACH (o) p[o] = REAL_FMA (r[o], one * (inverse * (1 + DOUBT)), round);
  EACH (o) r[o] = REAL_FMA (r[o], one * (inverse * (1 - DOUBT)), round);
  EACH (o) doubt |= (Vector) p[o] ^ (Vector) r[o];
  if (ANY (doubt))
    return FALSE;
  EACH (o) n[o] = (Vector) r[o] - (Vector) (one * ROUND);
  store ((gint32 *) y, narrow (n));
  return TRUE;
}
#else
static inline gboolean
finish_quickly (guint32 *y, const Real *v, float inverse, gint32 zero)
{
  return FALSE;
}
#endif

/* Of the four channels of word @word. */
static inline __attribute__ ((always_inline)) void
finish_word (const Yv8CpuFinish *by, const gint32 *acc, guint word, gboolean silu, gboolean add)
{
  guint first = word * WORD;
  guint32 *y = by->y + word * by->y_stride;
  const guint32 *residual = add ? by->residual + word * by->residual_stride : NULL;

  for (guint at = 0; at < by->pixels; at += LANES) {
    Real t[WORD];
    EACH (o)
    t[o] = to_real (load ((const guint32 *) acc + (first + o) * PIXELS + at)) *
           by->multiplier[first + o];
    EACH (o) t[o] = t[o] + by->bias[first + o];
    if (silu && !add && by->bounded && finish_quickly (y + at, t, by->inverse, by->zero))
      continue;
    if (silu)
      silu_of (t);
    if (add)
      EACH (o)
      {
        Vector q = load (residual + at);
        q = (q << (24 - o * 8) >> 24) - by->residual_zero[first + o];
        t[o] = t[o] + to_real (q) * by->residual_scale[first + o];
      }
    requantize (y + at, t, by->inverse, by->zero);
  }
}

static inline __attribute__ ((always_inline)) void
finish (const Yv8CpuFinish *to, const gint32 *acc, gboolean silu, gboolean add)
{
  const Yv8CpuFinish by = *to;

  for (guint word = 0; word < CHANNELS / WORD; word++)
    finish_word (&by, acc, word, silu, add);
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
finish_f32 (
    float *restrict y, const gint32 *restrict acc, float multiplier, float bias, guint pixels)
{
  for (guint i = 0; i < pixels; i++) {
    float t = (float) acc[i] * multiplier;
    y[i] = t + bias;
  }
}

static void
finish_silu_f32 (
    float *restrict y, const gint32 *restrict acc, float multiplier, float bias, guint pixels)
{
  for (guint i = 0; i < pixels; i++) {
    float t = (float) acc[i] * multiplier;
    t = t + bias;
    y[i] = yv8_silu (t);
  }
}

static void
max (gpointer to, gconstpointer from, gsize n)
{
  gint8 *restrict y = to;
  const gint8 *restrict x = from;

  for (gsize i = 0; i < 4 * n; i++)
    y[i] = x[i] > y[i] ? x[i] : y[i];
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
  .lanes = LANES,
  .pixels = PIXELS,
  .channels = CHANNELS,
  .weight_words = WEIGHT_WORDS,
  .pixel_offset = PIXEL_OFFSET,
#if VECTORS == 3
  .conv = { conv_1, conv_2, conv_3 },
#else
  .conv = { conv_1, conv_2 },
#endif
  .finish_qs8 = { { finish_plain, finish_residual }, { finish_silu, finish_silu_residual } },
  .finish_f32 = { finish_f32, finish_silu_f32 },
  .max = max,
  .blend = blend,
  .quantize = quantize,
  .dequantize = dequantize,
};

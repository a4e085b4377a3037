/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The dot product of four int8 pairs in each 32-bit lane, and the tile of accumulators that the
 * registers hold, by instruction set.
 *
 * Of the machines whose product is u8 by s8, the pixels become u8 by adding PIXEL_OFFSET. Of those
 * that have none, pixels and weights are split into int16 pairs, the even channels and the odd:
 * weights when they are packed, WEIGHT_WORDS words for four. */
#pragma once

#include <glib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif

#if defined(__AVX512VNNI__)
#define DPBUSD(sum, x, w) (Vector) _mm512_dpbusd_epi32 ((__m512i) sum, (__m512i) x, (__m512i) w)
#define LANES             16
#define VECTORS           3
#define CHANNELS          8
#elif defined(__AVXVNNI__)
#define DPBUSD(sum, x, w) (Vector) _mm256_dpbusd_avx_epi32 ((__m256i) sum, (__m256i) x, (__m256i) w)
#define LANES             8
#define VECTORS           3
#define CHANNELS          4
#elif defined(__AVX512BW__)
#define MADD(x, w) (Vector) _mm512_madd_epi16 ((__m512i) x, (__m512i) w)
#define LANES      16
#define VECTORS    2
#define CHANNELS   8
#elif defined(__AVX2__)
#define MADD(x, w) (Vector) _mm256_madd_epi16 ((__m256i) x, (__m256i) w)
#define LANES      8
#define VECTORS    2
#define CHANNELS   4
#elif defined(__SSE2__)
#define MADD(x, w) (Vector) _mm_madd_epi16 ((__m128i) x, (__m128i) w)
#define LANES      4
#define VECTORS    2
#define CHANNELS   4
#elif defined(__ARM_FEATURE_DOTPROD)
#define SDOT(sum, x, w) (Vector) vdotq_s32 ((int32x4_t) sum, (int8x16_t) x, (int8x16_t) w)
#define LANES           4
#define VECTORS         3
#define CHANNELS        8
#else
#define MADD(x, w) ((x << 16 >> 16) * (w << 16 >> 16) + (x >> 16) * (w >> 16))
#define LANES      4
#define VECTORS    2
#define CHANNELS   4
#endif

#include "cpu/vector.h"

#if defined(MADD)
#define WEIGHT_WORDS 2
#define PIXEL_OFFSET 0

typedef gint16 Halves __attribute__ ((vector_size (4 * LANES)));

typedef struct {
  Vector even, odd;
} Factor;

static inline Factor
load_pixels (const guint32 *x)
{
  Halves v = (Halves) load (x);

  return (Factor){ (Vector) (v << 8 >> 8), (Vector) (v >> 8) };
}

static inline Factor
load_weight (const gint32 *w)
{
  return (Factor){ (Vector){ 0 } + w[0], (Vector){ 0 } + w[1] };
}

static inline Vector
dot (Vector sum, Factor x, Factor w)
{
  return sum + (MADD (x.even, w.even) + MADD (x.odd, w.odd));
}

#else
#define WEIGHT_WORDS 1

typedef Vector Factor;

static inline Factor
load_weight (const gint32 *w)
{
  return (Vector){ 0 } + w[0];
}

#if defined(DPBUSD)
#define PIXEL_OFFSET 128

static inline Factor
load_pixels (const guint32 *x)
{
  return load (x) ^ (gint32) 0x80808080;
}

static inline Vector
dot (Vector sum, Factor x, Factor w)
{
  return DPBUSD (sum, x, w);
}
#else
#define PIXEL_OFFSET 0

static inline Factor
load_pixels (const guint32 *x)
{
  return load (x);
}

static inline Vector
dot (Vector sum, Factor x, Factor w)
{
  return SDOT (sum, x, w);
}
#endif
#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Vectors of LANES int32 or float32, by instruction set: what C's operators lack. */
#pragma once

#include <glib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

typedef gint32 Vector __attribute__ ((vector_size (4 * LANES)));

static inline Vector
load (const guint32 *x)
{
  Vector v;

  memcpy (&v, x, sizeof v);
  return v;
}

static inline void
store (gint32 *y, Vector v)
{
  memcpy (y, &v, sizeof v);
}

typedef float Real __attribute__ ((vector_size (4 * LANES)));
typedef guint8 Bytes __attribute__ ((vector_size (4 * LANES)));

static inline Real
to_real (Vector x)
{
  return __builtin_convertvector(x, Real);
}

#if defined(__AVX512F__)
#define REAL_MIN(a, b) (Real) _mm512_min_ps ((__m512) (a), (__m512) (b))
#define REAL_MAX(a, b) (Real) _mm512_max_ps ((__m512) (a), (__m512) (b))
#elif defined(__AVX2__)
#define REAL_MIN(a, b) (Real) _mm256_min_ps ((__m256) (a), (__m256) (b))
#define REAL_MAX(a, b) (Real) _mm256_max_ps ((__m256) (a), (__m256) (b))
#elif defined(__SSE2__)
#define REAL_MIN(a, b) (Real) _mm_min_ps ((__m128) (a), (__m128) (b))
#define REAL_MAX(a, b) (Real) _mm_max_ps ((__m128) (a), (__m128) (b))
#elif defined(__aarch64__)
#define REAL_MIN(a, b) (Real) vminq_f32 ((float32x4_t) (a), (float32x4_t) (b))
#define REAL_MAX(a, b) (Real) vmaxq_f32 ((float32x4_t) (a), (float32x4_t) (b))
#else
#define REAL_SELECT(mask, a, b) (Real) (((Vector) (a) & (mask)) | ((Vector) (b) & ~(mask)))
#define REAL_MIN(a, b)          REAL_SELECT ((Vector) ((a) < (b)), a, b)
#define REAL_MAX(a, b)          REAL_SELECT ((Vector) ((a) > (b)), a, b)
#endif

/* What quickens the epilogue, where the machine has it: a product and a sum (or a sum less
 * a product) rounded once, a reciprocal to 11 bits at least, whether any bit of a vector is set,
 * and for each 128 bits the integers of two vectors narrowed to what they can hold, and bytes put
 * in order. */
#if defined(__AVX512BW__)
#define REAL_FMA(a, b, c)  (Real) _mm512_fmadd_ps ((__m512) (a), (__m512) (b), (__m512) (c))
#define REAL_FNMA(a, b, c) (Real) _mm512_fnmadd_ps ((__m512) (a), (__m512) (b), (__m512) (c))
#define REAL_RECIPROCAL(x) (Real) _mm512_rcp14_ps ((__m512) (x))
#define ANY(x)             (_mm512_test_epi32_mask ((__m512i) (x), (__m512i) (x)) != 0)
#define PACK32(a, b)       (Vector) _mm512_packs_epi32 ((__m512i) (a), (__m512i) (b))
#define PACK16(a, b)       (Vector) _mm512_packs_epi16 ((__m512i) (a), (__m512i) (b))
#define SHUFFLE(x, bytes)                                                                          \
  (Vector) _mm512_shuffle_epi8 ((__m512i) (x), _mm512_broadcast_i32x4 (bytes))
#elif defined(__AVX2__)
#define REAL_FMA(a, b, c)  (Real) _mm256_fmadd_ps ((__m256) (a), (__m256) (b), (__m256) (c))
#define REAL_FNMA(a, b, c) (Real) _mm256_fnmadd_ps ((__m256) (a), (__m256) (b), (__m256) (c))
#define REAL_RECIPROCAL(x) (Real) _mm256_rcp_ps ((__m256) (x))
#define ANY(x)             (!_mm256_testz_si256 ((__m256i) (x), (__m256i) (x)))
#define PACK32(a, b)       (Vector) _mm256_packs_epi32 ((__m256i) (a), (__m256i) (b))
#define PACK16(a, b)       (Vector) _mm256_packs_epi16 ((__m256i) (a), (__m256i) (b))
#define SHUFFLE(x, bytes)                                                                          \
  (Vector) _mm256_shuffle_epi8 ((__m256i) (x), _mm256_broadcastsi128_si256 (bytes))
#endif

static inline Real
clamp (Real x, float low, float high)
{
  x = REAL_MAX (x, (Real){ 0 } + low);
  return REAL_MIN (x, (Real){ 0 } + high);
}

/* split(): t - floor (t), and in @n what scale() wants to know of floor (t): 2^floor (t) p. For |t|
 * <= 64 and p in 1..2, so that nothing but the exponent changes. split_quickly(): likewise for any
 * t, with -64 or 64 in place of those beyond, or 0 for 2^t where t is below -64; of a t just below
 * an integer the last bit may be another. */
#if defined(__AVX512DQ__)
static inline Real
split (Real t, Vector *n)
{
  *n = (Vector) t;
  return t - (Real) _mm512_roundscale_ps ((__m512) t, _MM_FROUND_TO_NEG_INF);
}

static inline Real
split_quickly (Real t, Vector *n)
{
  t = REAL_MIN (t, (Real){ 0 } + 64.0f);
  *n = (Vector) t;
  return (Real) _mm512_reduce_ps ((__m512) t, _MM_FROUND_TO_NEG_INF);
}

static inline Real
scale (Real p, Vector n)
{
  return (Real) _mm512_scalef_ps ((__m512) p, (__m512) n);
}
#else
static inline Real
split (Real t, Vector *n)
{
#if defined(__AVX2__)
  Real whole = (Real) _mm256_floor_ps ((__m256) t);

  *n = __builtin_convertvector(whole, Vector);
#else
  Vector truncated = __builtin_convertvector(t, Vector);
  Real whole;

  *n = truncated + (Vector) (to_real (truncated) > t);
  whole = to_real (*n);
#endif
  return t - whole;
}

static inline Real
split_quickly (Real t, Vector *n)
{
  return split (clamp (t, -64.0f, 64.0f), n);
}

static inline Real
scale (Real p, Vector n)
{
  return (Real) ((Vector) p + (n << 23));
}
#endif

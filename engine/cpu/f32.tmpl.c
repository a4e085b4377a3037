/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Float32 loops, for the compiler to vectorise: compiled once for each instruction set, with
 * YV8_ISA its name. */
#include "config.h"

#include <string.h>

#include "cpu/isa.h"

#define SYMBOL_OF(isa)    yv8_cpu_kernels_##isa
#define SYMBOL(isa)       SYMBOL_OF (isa)
#define QS8_OF(isa)       yv8_cpu_qs8_##isa
#define QS8(isa)          QS8_OF (isa)
#define LETTERBOX_OF(isa) yv8_cpu_letterbox_##isa
#define LETTERBOX(isa)    LETTERBOX_OF (isa)
#define NAME_OF(isa)      #isa
#define NAME(isa)         NAME_OF (isa)

#define LOG2_E            1.44269504f
#define ROUND             12582912.0f /* 1.5 * 2^23: adding it leaves the nearest integer in the low bits */

typedef union {
  float f;
  gint32 i;
} Bits;

/* x / (1 + e^-x), e^-x = 2^t = 2^n p (t - n); p is the polynomial of degree 5 with the least
 * relative error on -0.5..0.5 (Remez), 7.5e-8. Beyond 2^+-125 the result is 0 or x all the same. */
static inline float
silu (float x)
{
  float t = x * -LOG2_E;
  t = t > 125 ? 125 : t;
  t = t < -125 ? -125 : t;

  Bits n = { .f = t + ROUND };
  float r = t - (n.f - ROUND);
  float p = 1.327647198e-03f;
  p = p * r + 9.675541334e-03f;
  p = p * r + 5.550713274e-02f;
  p = p * r + 2.402211972e-01f;
  p = p * r + 6.931469671e-01f;
  p = p * r + 1.000000072e+00f;
  Bits power = { .i = (gint32) ((guint32) n.i << 23) + 0x3f800000 };
  return x / (1.0f + p * power.f);
}

static void
finish (float *y, float bias, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] += bias;
}

static void
finish_silu (float *y, float bias, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] = silu (y[i] + bias);
}

static void
add (float *restrict y, const float *restrict x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] += x[i];
}

static void
max (gpointer to, gconstpointer from, gsize n)
{
  float *restrict y = to;
  const float *restrict x = from;

  for (gsize i = 0; i < n; i++)
    y[i] = x[i] > y[i] ? x[i] : y[i];
}

typedef guint32 Word __attribute__ ((may_alias));

static void
double_row (gpointer to, gconstpointer from, gsize n)
{
  Word *restrict y = to;
  const Word *restrict x = from;

  for (gsize i = 0; i < n; i++)
    y[2 * i] = y[2 * i + 1] = x[i];
}

static void
gather (gpointer to, gconstpointer from, gsize stride, gsize n)
{
  Word *restrict y = to;
  const Word *restrict x = from;

  if (stride == 2)
    for (gsize i = 0; i < n; i++)
      y[i] = x[2 * i];
  else
    for (gsize i = 0; i < n; i++)
      y[i] = x[stride * i];
}

static void
normalize (float *restrict y, const guint32 *restrict x, guint shift, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] = (float) (gint32) (x[i] >> shift & 255) / 255.0f;
}

#ifndef HAVE_ONEDNN
#if defined(__AVX512F__)
#define LANES 16
#define ROWS  8
#elif defined(__AVX__)
#define LANES 8
#define ROWS  4
#else
#define LANES 4
#define ROWS  4
#endif
#define VECTORS 2
#define COLUMNS (VECTORS * LANES)

typedef float Vector __attribute__ ((vector_size (4 * LANES)));

/* @n columns, COLUMNS at most, of @rows rows; the accumulators stay in registers where both are
 * constants. */
static inline __attribute__ ((always_inline)) void
multiply (float *restrict y, gsize y_stride, const float *restrict w, const float *restrict x,
    gsize x_stride, guint rows, gsize k, gsize n)
{
  Vector sum[ROWS][VECTORS] = { 0 };

  for (gsize i = 0; i < k; i++, x += x_stride) {
    Vector column[VECTORS] = { 0 };
#pragma GCC unroll 2
    for (guint j = 0; j < VECTORS && n == COLUMNS; j++)
      memcpy (&column[j], x + j * LANES, sizeof (Vector));
    if (n != COLUMNS)
      memcpy (column, x, n * sizeof (float));
#pragma GCC unroll 8
    for (guint row = 0; row < rows; row++)
#pragma GCC unroll 2
      for (guint j = 0; j < VECTORS; j++)
        sum[row][j] += w[row * k + i] * column[j];
  }
#pragma GCC unroll 8
  for (guint row = 0; row < rows; row++)
    memcpy (y + row * y_stride, sum[row], n * sizeof (float));
}

/* Columns outside, so that those of a tile stay in the cache while the rows pass. */
static void
product (float *y, gsize y_stride, const float *w, const float *x, gsize x_stride, gsize n_rows,
    gsize k, gsize n)
{
  for (gsize i = 0; i < n; i += COLUMNS)
    for (gsize row = 0; row < n_rows;) {
      guint rows = row + ROWS <= n_rows ? ROWS : 1;
      float *to = y + row * y_stride + i;
      if (i + COLUMNS > n)
        multiply (to, y_stride, w + row * k, x + i, x_stride, rows, k, n - i);
      else if (rows == ROWS)
        multiply (to, y_stride, w + row * k, x + i, x_stride, ROWS, k, COLUMNS);
      else
        multiply (to, y_stride, w + row * k, x + i, x_stride, 1, k, COLUMNS);
      row += rows;
    }
}
#endif

extern const Yv8CpuQs8Kernels QS8 (YV8_ISA);
extern const Yv8CpuLetterboxKernels LETTERBOX (YV8_ISA);
extern const Yv8CpuKernels SYMBOL (YV8_ISA);
const Yv8CpuKernels SYMBOL (YV8_ISA) = {
  .isa = NAME (YV8_ISA),
  .qs8 = &QS8 (YV8_ISA),
  .letterbox = &LETTERBOX (YV8_ISA),
  .finish = finish,
  .finish_silu = finish_silu,
  .add = add,
  .max = max,
  .double_row = double_row,
  .gather = gather,
  .normalize = normalize,
#ifndef HAVE_ONEDNN
  .product = product,
#endif
};

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fixed arithmetic against the C library. */
#include <math.h>

#include "shaders/lib/numeric.h"
#include "testing.h"

#define N 200000

/* The argument of 2^t is rounded once, so the error grows with |x|: half a unit of t's last place,
 * times log (2), beside the polynomial's. A softmax weighs it by e^x. */
static void
test_exp (void)
{
  double worst = 0, weighed = 0;

  for (guint i = 0; i <= N; i++) {
    float x = -87 + 174 * (float) i / N;
    double error = fabs (yv8_exp (x) / exp (x) - 1);
    g_assert_cmpfloat (error, <, 5e-7 + 9e-8 * fabs (x));
    worst = fmax (worst, error);
    if (x <= 0)
      weighed = fmax (weighed, error * exp (x));
  }
  g_test_message (
      "largest relative error of exp on -87..87: %.3g; times exp, on -87..0: %.3g", worst, weighed);
  g_assert_cmpfloat (weighed, <, 5e-7);
  g_assert_cmpfloat (yv8_exp (-1e30f), ==, ldexpf (0.999999898f, -126));
  g_assert_cmpfloat (yv8_exp (1e30f), >, 8e37f);
}

static void
test_reciprocal (void)
{
  for (guint i = 0; i <= N; i++) {
    float d = exp2f (-90 + 180 * (float) i / N);
    g_assert_cmpfloat (fabs (yv8_reciprocal (d) * (double) d - 1), <, 3e-7);
  }
}

static void
test_silu (void)
{
  double worst = 0;

  for (guint i = 0; i <= N; i++) {
    float v = -30 + 60 * (float) i / N;
    worst = fmax (worst, fabs (yv8_silu (v) - v / (1 + exp (-(double) v))));
    g_assert_cmpfloat (fabs (yv8_sigmoid (v) * (1 + exp (-(double) v)) - 1), <, 5e-6);
  }
  g_test_message ("largest error of SiLU on -30..30: %.3g", worst);
  g_assert_cmpfloat (worst, <, 5e-6);
  g_assert_cmpfloat (fabs (yv8_silu (1e30f) / 1e30 - 1), <, 3e-7);
  g_assert_cmpfloat (fabsf (yv8_silu (-1e3f)), <, 1e-10);
}

static void
test_requantize (void)
{
  static const struct {
    float t, inverse;
    gint zero, q;
  } cases[] = {
    { 0, 1, -5, -5 },
    { 0.5f, 1, 0, 0 }, /* ties to even */
    { 1.5f, 1, 0, 2 },
    { -0.5f, 1, 3, 3 },
    { 2.5f, 1, 0, 2 },
    { 1e30f, 1e30f, -128, 127 },
    { -1e30f, 1e30f, 127, -128 },
    { 255, 1, -128, 127 },
    { 254, 1, -128, 126 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (yv8_requantize (cases[i].t, cases[i].inverse, cases[i].zero), ==, cases[i].q);
}

typedef float Function (float x);

/* FNV-1a of the results' bits over @n arguments, of patterns @step apart from @first on. */
static guint32
hash_bits (Function *function, guint32 first, guint32 step, guint n)
{
  guint32 hash = 2166136261;

  for (guint i = 0; i < n; i++) {
    guint32 bits = (guint32) yv8_to_bits (function (yv8_from_bits ((gint32) (first + i * step))));
    hash = (hash ^ bits) * 16777619;
  }
  return hash;
}

/* The same bits on every machine, by every compiler: a fused multiply-add or a wider intermediate
 * result would change them. */
static void
test_bits (void)
{
  static const struct {
    const char *name;
    Function *function;
    guint32 first, step, hash; /* 100000 arguments */
  } cases[] = {
    { "exp, 2^-20..80", yv8_exp, 0x35800000, 2229, 0x1421bbd3 },
    { "exp, -2^-20..-80", yv8_exp, 0xb5800000, 2229, 0x0abef18b },
    { "reciprocal, 1..300", yv8_reciprocal, 0x3f800000, 695, 0x77a3f2d8 },
    { "sigmoid, 2^-20..80", yv8_sigmoid, 0x35800000, 2229, 0x527a1927 },
    { "sigmoid, -2^-20..-80", yv8_sigmoid, 0xb5800000, 2229, 0x0bc82ba8 },
    { "SiLU, 2^-20..80", yv8_silu, 0x35800000, 2229, 0xc8fc2478 },
    { "SiLU, -2^-20..-80", yv8_silu, 0xb5800000, 2229, 0xc9591d17 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint32 hash = hash_bits (cases[i].function, cases[i].first, cases[i].step, 100000);
    g_test_message ("%s: 0x%08x", cases[i].name, hash);
    g_assert_cmphex (hash, ==, cases[i].hash);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/numeric/exp", test_exp);
  g_test_add_func ("/numeric/reciprocal", test_reciprocal);
  g_test_add_func ("/numeric/silu", test_silu);
  g_test_add_func ("/numeric/requantize", test_requantize);
  g_test_add_func ("/numeric/bits", test_bits);
  return g_test_run ();
}

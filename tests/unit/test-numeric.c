/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fixed arithmetic against the C library. */
#include <math.h>

#include "shaders/lib/numeric.h"
#include "testing.h"

#define N 200000

static void
test_exp (void)
{
  for (guint i = 0; i <= N; i++) {
    float x = -87 + 174 * (float) i / N;
    g_assert_cmpfloat (fabs (yv8_exp (x) / exp (x) - 1), <, 1e-5);
  }
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/numeric/exp", test_exp);
  g_test_add_func ("/numeric/reciprocal", test_reciprocal);
  g_test_add_func ("/numeric/silu", test_silu);
  g_test_add_func ("/numeric/requantize", test_requantize);
  return g_test_run ();
}

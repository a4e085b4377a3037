/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ranges: the error that is minimised is the error that happens, and each method does what its name
 * says. */
#include <math.h>

#include "compress/threshold.h"
#include "shaders/lib/numeric.h"
#include "testing.h"

#define N 20000

static double
draw_normal (GRand *rand)
{
  double u = g_rand_double_range (rand, 1e-12, 1), v = g_rand_double (rand);

  return sqrt (-2 * log (u)) * cos (2 * G_PI * v);
}

/* SiLU of a normal variable, and now and then a far value. */
static void
draw (GRand *rand, float *values, gboolean silu)
{
  double sigma = g_rand_double_range (rand, 0.5, 4);

  for (guint i = 0; i < N; i++) {
    double x = sigma * draw_normal (rand) * (g_rand_int_range (rand, 0, 2000) == 0 ? 6 : 1);
    values[i] = (float) (silu ? x / (1 + exp (-x)) : x);
  }
}

static Yv8Histogram *
count (const float *values)
{
  Yv8Histogram *histogram = yv8_histogram_new ();

  for (guint i = 0; i < N; i++)
    yv8_histogram_fit (histogram, MIN (values[i], histogram->min), MAX (values[i], histogram->max));
  for (guint i = 0; i < N; i++) {
    double bin = floor (ldexp ((double) values[i], -histogram->bins.exponent));
    histogram->counts[(gint32) bin - histogram->bins.first]++;
  }
  return histogram;
}

static double
error_of (const float *values, const Yv8Quant *quant)
{
  double sum = 0;

  for (guint i = 0; i < N; i++) {
    gint32 q = yv8_requantize (values[i], 1 / quant->scale, quant->zero);
    double error = (double) values[i] - (double) quant->scale * (q - quant->zero);
    sum += error * error;
  }
  return sum / N;
}

static void
test_error (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autofree float *values = g_new (float, N);

  for (guint run = 0; run < 10; run++) {
    draw (rand, values, run % 2);
    g_autoptr (Yv8Histogram) histogram = count (values);
    double part = g_rand_double_range (rand, 0.1, 1);
    Yv8Quant quant =
        yv8_quant_for_range (part * (double) histogram->min, part * (double) histogram->max);
    double expected = error_of (values, &quant);
    g_assert_cmpfloat_with_epsilon (yv8_quant_error (histogram, &quant) / expected, 1, 0.05);
  }
}

static void
test_methods (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autofree float *values = g_new (float, N);

  for (guint run = 0; run < 6; run++) {
    gboolean silu = run % 2;
    draw (rand, values, silu);
    g_autoptr (Yv8Histogram) histogram = count (values);
    double errors[YV8_N_METHODS];
    for (guint m = 0; m < YV8_N_METHODS; m++) {
      Yv8Quant quant = yv8_threshold_choose (histogram, (Yv8Method) m, silu);
      errors[m] = error_of (values, &quant);
      double low = (double) quant.scale * (-128 - quant.zero);
      double high = (double) quant.scale * (127 - quant.zero);
      double half = (double) quant.scale / 2;
      if (silu)
        g_assert_cmpfloat_with_epsilon (low, YV8_SILU_MIN, half * 1.001);
      if (m == YV8_METHOD_MINMAX)
        g_assert_cmpfloat_with_epsilon (high, (double) histogram->max, half * 1.001);
      guint outside = 0;
      for (guint i = 0; i < N; i++)
        outside += (double) values[i] < low - half || (double) values[i] > high + half;
      if (m == YV8_METHOD_PERCENTILE)
        g_assert_cmpuint (outside, <=, 4);
      if (m == YV8_METHOD_KL)
        g_assert_cmpuint (outside, <, N / 10);
    }
    for (guint m = 0; m < YV8_N_METHODS; m++)
      g_assert_cmpfloat (errors[YV8_METHOD_MSE], <=, errors[m] * 1.02);
  }
}

/* No neighbour of the chosen range is better by much: the search ends in a minimum. */
static void
test_least (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autofree float *values = g_new (float, N);

  draw (rand, values, FALSE);
  g_autoptr (Yv8Histogram) histogram = count (values);
  Yv8Quant best = yv8_threshold_choose (histogram, YV8_METHOD_MSE, FALSE);
  double least = yv8_quant_error (histogram, &best);
  for (gint i = -20; i <= 20; i++)
    for (gint zero = -3; zero <= 3; zero++) {
      const Yv8Quant other = { best.scale * (1 + 0.02f * (float) i), best.zero + 2 * zero };
      g_assert_cmpfloat (least, <=, yv8_quant_error (histogram, &other) * 1.03);
    }
}

static void
test_zero (void)
{
  static const double ranges[][2] = { { 0, 0 }, { -1, 0 }, { 0, 5 }, { -0.3, 2 }, { 3, 7 },
    { -9, -4 }, { 0, 1e30 }, { -1e-30, 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++) {
    Yv8Quant quant = yv8_quant_for_range (ranges[i][0], ranges[i][1]);
    g_assert_cmpfloat (quant.scale, >=, YV8_QUANT_MIN_SCALE);
    g_assert_cmpfloat (quant.scale, <=, YV8_QUANT_MAX_SCALE);
    g_assert_cmpint (quant.zero, >=, -128);
    g_assert_cmpint (quant.zero, <=, 127);
    g_assert_cmpint (yv8_requantize (0, 1 / quant.scale, quant.zero), ==, quant.zero);
  }
}

/* Scales that differ by what sums end in are rounded to the same. */
static void
test_rounded (void)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint i = 0; i < 1000; i++) {
    const Yv8Quant quant = { (float) pow (2, g_rand_double_range (rand, -40, 20)),
      g_rand_int_range (rand, -128, 128) };
    Yv8Quant rounded = yv8_quant_rounded (&quant);
    g_assert_cmpfloat_with_epsilon (rounded.scale / quant.scale, 1, 1.0 / 256);
    g_assert_cmpint (rounded.zero, ==, quant.zero);
    const Yv8Quant near = { rounded.scale * (float) g_rand_double_range (rand, 0.999, 1.001),
      quant.zero };
    g_assert_cmpfloat (yv8_quant_rounded (&near).scale, ==, rounded.scale);
  }
}

static void
test_degenerate (void)
{
  for (guint m = 0; m < YV8_N_METHODS; m++)
    for (guint silu = 0; silu < 2; silu++) {
      g_autoptr (Yv8Histogram) empty = yv8_histogram_new (), zero = yv8_histogram_new ();
      Yv8Quant quant = yv8_threshold_choose (empty, (Yv8Method) m, silu);
      g_assert_cmpfloat (quant.scale, >=, YV8_QUANT_MIN_SCALE);
      yv8_histogram_fit (zero, 0, 0);
      zero->counts[0] = 7;
      quant = yv8_threshold_choose (zero, (Yv8Method) m, silu);
      g_assert_cmpfloat (quant.scale, >=, YV8_QUANT_MIN_SCALE);
      g_assert_cmpfloat (quant.scale, <, 0.01);
    }
}

static void
test_names (void)
{
  Yv8Method method;

  for (guint m = 0; m < YV8_N_METHODS; m++) {
    g_assert_true (yv8_method_from_name (yv8_method_name ((Yv8Method) m), &method));
    g_assert_cmpuint (method, ==, m);
  }
  g_assert_false (yv8_method_from_name ("entropy", &method));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/threshold/error", test_error);
  g_test_add_func ("/threshold/methods", test_methods);
  g_test_add_func ("/threshold/least", test_least);
  g_test_add_func ("/threshold/zero", test_zero);
  g_test_add_func ("/threshold/rounded", test_rounded);
  g_test_add_func ("/threshold/degenerate", test_degenerate);
  g_test_add_func ("/threshold/names", test_names);
  return g_test_run ();
}

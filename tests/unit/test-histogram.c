/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Histograms that grow count what one made at the end would count. */
#include <math.h>

#include "compress/histogram.h"
#include "graphs.h"
#include "ref/backend.h"
#include "testing.h"

#define SIDE   8
#define N      (3 * SIDE * SIDE)
#define N_MAPS 12

typedef struct {
  Yv8Graph *graph;
  Yv8Executor *executor;
} Fixture;

static void
set_up (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  const Yv8Slice all = { 0, 0, 3 };

  self->graph = yv8_graph_new ();
  test_graph_input (self->graph, 3);
  g_array_append_val (self->graph->outputs, all);
  self->executor =
      yv8_executor_new (self->graph, SIDE, SIDE, yv8_ref_backend_new (), YV8_EXECUTOR_KEEP, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *self)
{
  yv8_executor_free (self->executor);
  yv8_graph_free (self->graph);
}

static void
gather (Fixture *self, Yv8Histogram *histogram, const float *values, GError **error)
{
  const Yv8Slice all = { 0, 0, 3 };

  g_assert_true (yv8_executor_load_values (self->executor, values, NULL));
  g_assert_true (yv8_executor_run (self->executor, NULL));
  yv8_histogram_gather (histogram, self->executor, &all, error);
}

/* Each map on a scale of its own, so that ranges grow by jumps. */
static void
make_maps (GRand *rand, float maps[N_MAPS][N])
{
  for (guint m = 0; m < N_MAPS; m++) {
    double scale = exp (g_rand_double_range (rand, -8, 8));
    double offset = g_rand_double_range (rand, -1, 1);
    for (guint i = 0; i < N; i++)
      maps[m][i] = (float) (scale * (offset + g_rand_double_range (rand, -1, 1)));
  }
}

static void
check (const Yv8Histogram *histogram, float maps[N_MAPS][N])
{
  g_autofree guint64 *counts = g_new0 (guint64, YV8_HISTOGRAM_BINS);
  float min = INFINITY, max = -INFINITY;
  double width = ldexp (1, histogram->bins.exponent);

  for (guint m = 0; m < N_MAPS; m++)
    for (guint i = 0; i < N; i++) {
      double bin = floor ((double) maps[m][i] / width) - histogram->bins.first;
      g_assert_cmpfloat (bin, >=, 0);
      g_assert_cmpfloat (bin, <, YV8_HISTOGRAM_BINS);
      counts[(guint) bin]++;
      min = MIN (min, maps[m][i]);
      max = MAX (max, maps[m][i]);
    }
  g_assert_cmpfloat (histogram->min, ==, min);
  g_assert_cmpfloat (histogram->max, ==, max);
  g_assert_cmpuint (yv8_histogram_total (histogram), ==, N_MAPS * N);
  g_assert_cmpmem (counts, YV8_HISTOGRAM_BINS * sizeof *counts, histogram->counts,
      YV8_HISTOGRAM_BINS * sizeof *counts);
  /* No finer width would have done. */
  g_assert_cmpfloat (
      floor ((double) max * 2 / width) - floor ((double) min * 2 / width), >=, YV8_HISTOGRAM_BINS);
}

static void
test_order (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  static float maps[N_MAPS][N];
  Fixture fixture;

  set_up (&fixture);
  for (guint run = 0; run < 20; run++) {
    g_autoptr (Yv8Histogram) forward = yv8_histogram_new (), backward = yv8_histogram_new ();
    make_maps (rand, maps);
    for (guint m = 0; m < N_MAPS; m++) {
      gather (&fixture, forward, maps[m], NULL);
      gather (&fixture, backward, maps[N_MAPS - 1 - m], NULL);
    }
    check (forward, maps);
    check (backward, maps);
    g_assert_cmpint (forward->bins.exponent, ==, backward->bins.exponent);
    g_assert_cmpint (forward->bins.first, ==, backward->bins.first);
  }
  tear_down (&fixture);
}

static void
test_quantile (void)
{
  g_autoptr (Yv8Histogram) histogram = yv8_histogram_new ();

  g_assert_cmpfloat (yv8_histogram_quantile (histogram, 0.5), ==, 0);
  yv8_histogram_fit (histogram, -1, 3);
  for (guint i = 0; i < YV8_HISTOGRAM_BINS; i++)
    if (yv8_histogram_edge (histogram, i) < 3)
      histogram->counts[i] = 10;
  for (double part = 0; part <= 1; part += 0.125)
    g_assert_cmpfloat_with_epsilon (yv8_histogram_quantile (histogram, part), 4 * part - 1, 1e-9);
}

/* Zeroes, one value, values far from 0, the largest there are; those that are no numbers. */
static void
test_extremes (void)
{
  static const float cases[][2] = { { 0, 0 }, { -3, -3 }, { 1e6f, 1e6f + 1 }, { -3e38f, 3e38f },
    { 1e-30f, 2e-30f }, { NAN, 1 } };
  Fixture fixture;

  set_up (&fixture);
  for (guint c = 0; c < G_N_ELEMENTS (cases); c++) {
    g_autoptr (Yv8Histogram) histogram = yv8_histogram_new ();
    float values[N];
    for (guint i = 0; i < N; i++)
      values[i] = cases[c][i % 2];
    gather (&fixture, histogram, values, NULL);
    g_assert_cmpuint (yv8_histogram_total (histogram), ==, isnan (cases[c][0]) ? N / 2 : N);
    g_assert_cmpfloat (histogram->max, ==, cases[c][1]);
  }
  tear_down (&fixture);
}

static void
test_infinite (void)
{
  g_autoptr (Yv8Histogram) histogram = yv8_histogram_new ();
  g_autoptr (GError) error = NULL;
  float values[N] = { INFINITY };
  Fixture fixture;

  set_up (&fixture);
  gather (&fixture, histogram, values, &error);
  g_assert_error (error, YV8_ERROR, YV8_ERROR_DEVICE);
  tear_down (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/histogram/order", test_order);
  g_test_add_func ("/histogram/quantile", test_quantile);
  g_test_add_func ("/histogram/extremes", test_extremes);
  g_test_add_func ("/histogram/infinite", test_infinite);
  return g_test_run ();
}

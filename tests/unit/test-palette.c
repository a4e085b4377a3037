/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Palettes: the search against all there are, and shared weights of a small network. */
#include <math.h>
#include <string.h>

#include "compress/palette.h"
#include "compress/quantize.h"
#include "steps.h"

static double
cost_of (const double *values, const double *weights, guint n, const gint8 *palette, guint k)
{
  double sum = 0;

  for (guint i = 0; i < n; i++) {
    double least = INFINITY;
    for (guint j = 0; j < k; j++)
      least = MIN (least, (values[i] - palette[j]) * (values[i] - palette[j]));
    sum += weights[i] * least;
  }
  return sum;
}

/* All triples of integers. */
static void
test_find (void)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint trial = 0; trial < 10; trial++) {
    double values[20], weights[20], least = INFINITY;
    gint8 palette[YV8_PALETTE_MOST];
    for (guint i = 0; i < 20; i++) {
      values[i] = g_rand_double_range (rand, -15, 15);
      weights[i] = g_rand_double (rand);
    }
    for (int a = -15; a <= 15; a++)
      for (int b = a + 1; b <= 15; b++)
        for (int c = b + 1; c <= 15; c++) {
          gint8 all[] = { (gint8) a, (gint8) b, (gint8) c };
          least = MIN (least, cost_of (values, weights, 20, all, 3));
        }
    double cost = yv8_palette_find (values, weights, 20, 3, palette);
    g_assert_cmpfloat_with_epsilon (cost, least, 1e-9);
    g_assert_cmpfloat_with_epsilon (cost_of (values, weights, 20, palette, 3), least, 1e-9);
    for (guint k = 1; k <= YV8_PALETTE_MOST; k += 127) { /* values beyond the ends, too */
      values[0] = -140;
      values[1] = 131;
      cost = yv8_palette_find (values, weights, 20, k, palette);
      g_assert_cmpfloat_with_epsilon (cost_of (values, weights, 20, palette, k), cost, 1e-6);
      for (guint i = 1; i < k; i++)
        g_assert_cmpint (palette[i - 1], <, palette[i]);
    }
  }
}

/* Layers 2 and 3 may share; a quarter of their weights are 0. */
static Yv8Graph *
make_network (GRand *rand)
{
  static const Yv8Window k3s2 = { 3, 3, 2, 1 }, k3 = { 3, 3, 1, 1 }, k1 = { 1, 1, 1, 0 };
  static const struct {
    Yv8Slice in, out;
    const Yv8Window *window;
  } convs[] = {
    { { 0, 0, 3 }, { 1, 0, 24 }, &k3s2 },
    { { 1, 0, 24 }, { 2, 4, 36 }, &k3s2 },
    { { 2, 0, 40 }, { 3, 0, 20 }, &k3 },
    { { 3, 0, 20 }, { 4, 0, 16 }, &k1 },
    { { 3, 4, 16 }, { 5, 0, 5 }, &k1 },
  };
  Yv8Graph *graph = yv8_graph_new ();

  test_graph_input (graph, 3);
  for (guint i = 1; i < 6; i++)
    yv8_graph_add_buffer (graph, (const guint[]){ 24, 40, 20, 16, 5 }[i - 1]);
  for (guint i = 0; i < G_N_ELEMENTS (convs); i++) {
    Yv8Op *op =
        test_graph_op (graph, YV8_OP_CONV, convs[i].in, convs[i].out, *convs[i].window, rand);
    guint n = (guint) yv8_op_parameters (op) - op->out.channels;
    op->activation = i < 3 ? YV8_ACTIVATION_SILU : YV8_ACTIVATION_NONE;
    for (guint k = 0; (i == 1 || i == 2) && k < n; k++)
      if (g_rand_int_range (rand, 0, 4) == 0)
        op->weights[k] = 0;
    if (i == 0) /* the first channels of buffer 2 come from elsewhere */
      test_graph_op (graph, YV8_OP_CONV, convs[1].in, (Yv8Slice){ 2, 0, 4 }, k3s2, rand);
  }
  test_graph_detect (graph, (Yv8Slice){ 4, 0, 16 }, (Yv8Slice){ 5, 0, 5 }, 4);
  return graph;
}

static Yv8Graph *
quantize (const Yv8Graph *graph)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Scheme) scheme = yv8_scheme_new (graph);

  for (guint i = 1; i < yv8_graph_n_ops (graph); i++)
    scheme->quants[i] = (Yv8Quant){ i == 2 ? 0.06f : 0.04f, -90 };
  Yv8Graph *int8 = yv8_quantize (scheme, &error);
  g_assert_no_error (error);
  return int8;
}

static Yv8Graph *
share (const Yv8Graph *int8, const Yv8Graph *graph, const Yv8Album *album, guint centroids)
{
  const Yv8PaletteOptions options = { .centroids = centroids };
  g_autoptr (GError) error = NULL;
  double last = 0;
  Yv8Graph *result =
      yv8_palettize (int8, graph, &options, &STEP_TARGET, album, step_go_on, &last, &error);

  g_assert_no_error (error);
  return result;
}

/* Values of @rows rows of @n weights that are not 0 in the float graph. */
static guint
count_values (const gint8 *weights, const float *original, gsize n)
{
  gboolean seen[256] = { FALSE };
  guint count = 0;

  for (gsize i = 0; i < n; i++) {
    g_assert_true (original[i] != 0.0f || weights[i] == 0);
    count += original[i] != 0.0f && !seen[weights[i] + 128];
    seen[weights[i] + 128] |= original[i] != 0.0f;
  }
  return count;
}

static guint
most_values (const Yv8Graph *result, const Yv8Graph *graph)
{
  guint most = 0;

  for (guint i = 2; i < 5; i++) { /* the first layer is left whole */
    const Yv8Op *op = yv8_graph_op (result, i), *from = yv8_graph_op (graph, i);
    gsize n = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
    g_assert_cmpstr (op->name, ==, from->name);
    for (gsize row = 0; row < op->out.channels; row += YV8_PALETTE_ROWS) {
      gsize rows = MIN (op->out.channels - row, YV8_PALETTE_ROWS);
      most = MAX (most, count_values (op->qweights + row * n, from->weights + row * n, rows * n));
    }
  }
  return most;
}

/* @graph with the weights and biases of @int8: what shared weights alone do, without int8 maps. */
static Yv8Graph *
restore (const Yv8Graph *int8, const Yv8Graph *graph)
{
  Yv8Graph *result = yv8_graph_copy (graph, yv8_graph_n_ops (graph));
  Yv8Quant **quants = yv8_graph_quants (int8);

  for (guint i = 0; i < yv8_graph_n_ops (int8); i++) {
    const Yv8Op *from = yv8_graph_op (int8, i);
    gsize taps = (gsize) from->window.kernel_h * from->window.kernel_w;
    gsize n = from->in[0].channels * taps;
    Yv8Op *to = NULL;
    for (guint k = 0; from->qweights && !to; k++)
      if (g_str_equal (yv8_graph_op (graph, k)->name, from->name))
        to = &g_array_index (result->ops, Yv8Op, k);
    for (guint row = 0; to && row < from->out.channels; row++) {
      to->bias[row] = from->bias[row];
      for (gsize k = 0; k < n; k++)
        to->weights[row * n + k] = from->qweights[row * n + k] * from->multiplier[row] /
                                   quants[from->in[0].buffer][from->in[0].channel + k / taps].scale;
    }
  }
  yv8_quants_free (quants);
  return result;
}

/* What the weights of @int8 change in boxes. */
static double
weights_error (const Yv8Graph *graph, const Yv8Graph *int8, const Yv8Album *album)
{
  g_autoptr (Yv8Graph) restored = restore (int8, graph);

  return step_error (graph, restored, album);
}

static void
test_share (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand), int8 = quantize (graph);
  g_autoptr (Yv8Album) album = step_album (rand, 12), fresh = step_album (rand, 4);
  const guint centroids[] = { 4, 12, 64 };
  double dense = step_error (graph, int8, fresh), last = INFINITY, whole = 0;

  for (guint i = 0; i < G_N_ELEMENTS (centroids); i++) {
    g_autoptr (Yv8Graph) result = share (int8, graph, album, centroids[i]);
    g_autoptr (Yv8Graph) again = share (int8, graph, album, centroids[i]);
    g_assert_cmpuint (most_values (result, graph), <=, centroids[i]);
    g_assert_cmpfloat (step_error (result, again, fresh), ==, 0);
    double error = weights_error (graph, result, fresh);
    whole = step_error (graph, result, fresh);
    g_test_message ("%u centroids: squared error %g, with int8 maps %g of %g", centroids[i], error,
        whole, dense);
    g_assert_cmpfloat (error, <, last);
    last = error;
  }
  g_assert_cmpfloat (whole, <, 1.5 * dense);
}

/* What a size allows beyond 16 centroids makes the error smaller; what it does not is not taken. */
static void
test_budget (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand), int8 = quantize (graph);
  g_autoptr (Yv8Album) album = step_album (rand, 12), fresh = step_album (rand, 4);
  g_autoptr (Yv8Graph) small = share (int8, graph, album, 16);
  const double budgets[] = { 1, 1e6 };

  for (guint i = 0; i < G_N_ELEMENTS (budgets); i++) {
    const Yv8PaletteOptions options = { .centroids = 16, .bytes = budgets[i], .size = 1e5 };
    g_autoptr (GError) error = NULL;
    double last = 0;
    g_autoptr (Yv8Graph) result =
        yv8_palettize (int8, graph, &options, &STEP_TARGET, album, step_go_on, &last, &error);
    g_assert_no_error (error);
    if (i == 0)
      g_assert_cmpfloat (step_error (result, small, fresh), ==, 0);
    else
      g_assert_cmpfloat (
          weights_error (graph, result, fresh), <, weights_error (graph, small, fresh));
    g_assert_cmpuint (most_values (result, graph), <=, i == 0 ? 16 : 64);
    g_assert_cmpuint (most_values (result, graph), >, i == 0 ? 12 : 32);
  }
}

static void
test_stopped (void)
{
  const Yv8PaletteOptions options = { .centroids = 16 };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand), int8 = quantize (graph);
  g_autoptr (Yv8Album) album = step_album (rand, 2);
  g_autoptr (GError) error = NULL;
  double first = 0;

  g_assert_null (
      yv8_palettize (int8, graph, &options, &STEP_TARGET, album, step_stop, &first, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/palette/find", test_find);
  g_test_add_func ("/palette/share", test_share);
  g_test_add_func ("/palette/budget", test_budget);
  g_test_add_func ("/palette/stopped", test_stopped);
  return g_test_run ();
}

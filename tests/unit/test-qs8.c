/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The specification of integer inference against real arithmetic: what an int8 map stands for is
 * never further from the exact result than half a step. */
#include <math.h>

#include "exec/executor.h"
#include "graphs.h"
#include "ref/backend.h"
#include "testing.h"

#define SIDE     7
#define CHANNELS 8
#define OUT      5

static const Yv8Window K3 = { 3, 3, 2, 1 };

static Yv8Quant
random_quant (GRand *rand)
{
  return (Yv8Quant){ (float) exp (g_rand_double_range (rand, -6, 1)),
    g_rand_int_range (rand, -128, 128) };
}

/* Float values are quantised into two slices of one buffer, convolved, and read back. */
static Yv8Graph *
make_graph (GRand *rand, gboolean silu)
{
  Yv8Graph *graph = yv8_graph_new ();

  test_graph_input (graph, CHANNELS);
  guint concat = yv8_graph_add_typed_buffer (graph, CHANNELS, YV8_TYPE_QS8);
  for (guint i = 0; i < CHANNELS; i += 4)
    test_graph_op (
        graph, YV8_OP_QUANTIZE, (Yv8Slice){ 0, i, 4 }, (Yv8Slice){ concat, i, 4 }, K3, NULL)
        ->quant = random_quant (rand);

  guint out = yv8_graph_add_typed_buffer (graph, OUT, YV8_TYPE_QS8);
  Yv8Op *conv = test_graph_op (
      graph, YV8_OP_CONV, (Yv8Slice){ concat, 0, CHANNELS }, (Yv8Slice){ out, 0, OUT }, K3, rand);
  g_clear_pointer (&conv->weights, g_free);
  conv->qweights = g_new (gint8, CHANNELS * 9 * OUT);
  conv->multiplier = g_new (float, OUT);
  conv->activation = silu ? YV8_ACTIVATION_SILU : YV8_ACTIVATION_NONE;
  conv->quant = random_quant (rand);
  for (guint i = 0; i < CHANNELS * 9 * OUT; i++)
    conv->qweights[i] = (gint8) g_rand_int_range (rand, -127, 128);
  for (guint i = 0; i < OUT; i++)
    conv->multiplier[i] = (float) g_rand_double_range (rand, 1e-4, 1e-3);
  const Yv8Slice outputs[] = { { concat, 0, CHANNELS }, { out, 0, OUT } };
  g_array_append_vals (graph->outputs, outputs, 2);
  return graph;
}

/* @x: what the int8 input stands for; the op's weights stand for m k / s. */
static double
exact (const Yv8Op *op, const float *x, Yv8Quant *const *quants, guint o, guint row, guint column)
{
  double v = op->bias[o];

  for (guint c = 0; c < CHANNELS; c++)
    for (guint ky = 0; ky < 3; ky++)
      for (guint kx = 0; kx < 3; kx++) {
        guint y = 2 * row + ky - 1, i = 2 * column + kx - 1; /* -1 wraps, and is outside too */
        double w = (double) op->multiplier[o] / quants[op->in[0].buffer][c].scale *
                   op->qweights[((o * CHANNELS + c) * 3 + ky) * 3 + kx];
        if (y < SIDE && i < SIDE)
          v += w * x[(c * SIDE + y) * SIDE + i];
      }
  return op->activation == YV8_ACTIVATION_SILU ? v / (1 + exp (-v)) : v;
}

static void
check_run (Yv8Executor *executor, const Yv8Graph *graph)
{
  const Yv8Op *conv = yv8_graph_op (graph, yv8_graph_n_ops (graph) - 1);
  const Yv8Shape *out = &yv8_executor_shapes (executor)[conv->out.buffer];
  Yv8Quant **quants = yv8_graph_quants (graph);
  float x[CHANNELS * SIDE * SIDE], y[OUT * SIDE * SIDE];
  double step = conv->quant.scale;
  double low = step * (-128 - conv->quant.zero), high = step * (127 - conv->quant.zero);

  yv8_executor_read (executor, yv8_graph_output (graph, 0), x, NULL);
  yv8_executor_read (executor, yv8_graph_output (graph, 1), y, NULL);
  for (guint o = 0; o < OUT; o++)
    for (guint row = 0; row < out->height; row++)
      for (guint column = 0; column < out->width; column++) {
        double v = CLAMP (exact (conv, x, quants, o, row, column), low, high);
        float got = y[(o * out->height + row) * out->width + column];
        g_assert_cmpfloat (fabs (got - v), <=, 0.5 * step + 1e-5 * (1 + fabs (v)));
      }
  yv8_quants_free (quants);
}

static void
test_conv (gconstpointer silu)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint run = 0; run < 50; run++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (Yv8Graph) graph = make_graph (rand, silu != NULL);
    float values[CHANNELS * SIDE * SIDE];
    g_assert_true (yv8_graph_check (graph, &error));
    g_assert_no_error (error);
    g_autoptr (Yv8Executor) executor =
        yv8_executor_new (graph, SIDE, SIDE, yv8_ref_backend_new (), 0, &error);
    g_assert_no_error (error);
    for (guint i = 0; i < G_N_ELEMENTS (values); i++)
      values[i] = (float) g_rand_double_range (rand, -100, 100);
    g_assert_true (yv8_executor_load_values (executor, values, &error));
    g_assert_true (yv8_executor_run (executor, &error));
    check_run (executor, graph);
  }
}

/* What an integer graph may not be. */
static void
test_spoilt (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  static const struct {
    float scale;
    gint32 zero;
  } bad[] = { { 0, 0 }, { NAN, 0 }, { INFINITY, 0 }, { -1, 0 }, { 1, 128 }, { 1, -129 } };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (Yv8Graph) graph = make_graph (rand, TRUE);
    g_autoptr (GError) error = NULL;
    Yv8Op *conv = &g_array_index (graph->ops, Yv8Op, yv8_graph_n_ops (graph) - 1);
    conv->quant = (Yv8Quant){ bad[i].scale, bad[i].zero };
    g_assert_false (yv8_graph_check (graph, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  }
  static const float wild[] = { NAN, INFINITY, -INFINITY, 3e38f, -3e38f };
  for (guint i = 0; i < 2 * G_N_ELEMENTS (wild); i++) {
    g_autoptr (Yv8Graph) graph = make_graph (rand, TRUE);
    g_autoptr (GError) error = NULL;
    Yv8Op *conv = &g_array_index (graph->ops, Yv8Op, yv8_graph_n_ops (graph) - 1);
    float value = wild[i % G_N_ELEMENTS (wild)];
    (i < G_N_ELEMENTS (wild) ? conv->multiplier : conv->bias)[OUT - 1] = value;
    g_assert_false (yv8_graph_check (graph, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  }
  g_autoptr (Yv8Graph) graph = make_graph (rand, TRUE);
  g_clear_pointer (&g_array_index (graph->ops, Yv8Op, 3).multiplier, g_free);
  g_assert_false (yv8_graph_check (graph, NULL));
}

/* A picture has three channels, and no more are made of it. */
static void
test_no_picture (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_graph (rand, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Executor) executor =
      yv8_executor_new (graph, SIDE, SIDE, yv8_ref_backend_new (), 0, &error);
  guint8 pixels[3 * SIDE * SIDE] = { 0 };
  Yv8Letterbox letterbox;
  Yv8Frame frame;

  g_assert_no_error (error);
  yv8_frame_init_packed (&frame, YV8_FORMAT_RGB, SIDE, SIDE, pixels, sizeof pixels);
  yv8_letterbox_init (&letterbox, SIDE, SIDE, SIDE, SIDE);
  g_assert_false (yv8_executor_load (executor, &frame, &letterbox, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/qs8/conv", NULL, test_conv);
  g_test_add_data_func ("/qs8/conv-silu", "silu", test_conv);
  g_test_add_func ("/qs8/spoilt", test_spoilt);
  g_test_add_func ("/qs8/no-picture", test_no_picture);
  return g_test_run ();
}

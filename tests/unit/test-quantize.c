/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The quantiser on a small network that has all there is: shared buffers, slices, a residual,
 * pooling, upsampling and a head, with any layers kept in float. */
#include <math.h>
#include <string.h>

#include "compress/bias.h"
#include "compress/fidelity.h"
#include "compress/quantize.h"
#include "compress/refine.h"
#include "compress/threshold.h"
#include "steps.h"

static const Yv8Window K1 = { 1, 1, 1, 0 }, K3 = { 3, 3, 1, 1 }, K3S2 = { 3, 3, 2, 1 },
                       POOL = { 5, 5, 1, 2 };

static void
add_conv (Yv8Graph *graph, Yv8Slice in, Yv8Slice out, Yv8Window window, GRand *rand)
{
  test_graph_op (graph, YV8_OP_CONV, in, out, window, rand)->activation = YV8_ACTIVATION_SILU;
}

/* Half resolution: 1 (stem), 2 (concat of a split, a residual and an upsampled map); quarter: 3
 * (concat of a convolution and its pooling); 4, 5: a head of one scale. */
static Yv8Graph *
make_network (GRand *rand)
{
  Yv8Graph *graph = yv8_graph_new ();

  test_graph_input (graph, 3);
  yv8_graph_add_buffer (graph, 8);
  yv8_graph_add_buffer (graph, 20);
  yv8_graph_add_buffer (graph, 8);
  yv8_graph_add_buffer (graph, 16);
  yv8_graph_add_buffer (graph, 5);
  add_conv (graph, (Yv8Slice){ 0, 0, 3 }, (Yv8Slice){ 1, 0, 8 }, K3S2, rand);
  add_conv (graph, (Yv8Slice){ 1, 0, 8 }, (Yv8Slice){ 2, 0, 12 }, K1, rand);
  add_conv (graph, (Yv8Slice){ 2, 6, 6 }, (Yv8Slice){ 2, 12, 6 }, K3, rand);
  Yv8Op *residual = &g_array_index (graph->ops, Yv8Op, 3);
  residual->in[residual->n_in++] = (Yv8Slice){ 2, 0, 6 };
  add_conv (graph, (Yv8Slice){ 1, 0, 8 }, (Yv8Slice){ 3, 0, 4 }, K3S2, rand);
  test_graph_op (graph, YV8_OP_MAXPOOL, (Yv8Slice){ 3, 0, 4 }, (Yv8Slice){ 3, 4, 4 }, POOL, NULL);
  test_graph_op (graph, YV8_OP_UPSAMPLE, (Yv8Slice){ 3, 3, 2 }, (Yv8Slice){ 2, 18, 2 },
      (Yv8Window){ 0 }, NULL);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 2, 0, 20 }, (Yv8Slice){ 4, 0, 16 }, K3, rand);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 2, 4, 16 }, (Yv8Slice){ 5, 0, 5 }, K1, rand);
  test_graph_detect (graph, (Yv8Slice){ 4, 0, 16 }, (Yv8Slice){ 5, 0, 5 }, 2);
  return graph;
}

static guint32 *
make_picture (GRand *rand)
{
  guint32 *picture = g_new (guint32, STEP_SIDE * STEP_SIDE);

  for (guint i = 0; i < STEP_SIDE * STEP_SIDE; i++)
    picture[i] = g_rand_int (rand) & 0xffffff;
  return picture;
}

static void
set_ranges (Yv8Scheme *scheme, const Yv8Album *album)
{
  g_autoptr (Yv8Executor) executor =
      yv8_target_open (&STEP_TARGET, scheme->graph, YV8_EXECUTOR_KEEP, NULL);

  for (guint i = 0; i < yv8_graph_n_ops (scheme->graph); i++) {
    g_autoptr (Yv8Histogram) histogram = yv8_histogram_new ();
    if (!yv8_scheme_ranged (scheme, i))
      continue;
    for (guint p = 0; p < yv8_album_n (album); p++) {
      g_assert_true (yv8_target_run (&STEP_TARGET, executor, yv8_album_get (album, p), NULL));
      g_assert_true (
          yv8_histogram_gather (histogram, executor, &yv8_graph_op (scheme->graph, i)->out, NULL));
    }
    scheme->quants[i] =
        yv8_threshold_choose (histogram, YV8_METHOD_MSE, yv8_scheme_fixed_low (scheme, i));
  }
}

static Yv8Album *
make_album (GRand *rand)
{
  Yv8Album *album = yv8_album_new (3);

  for (guint i = 0; i < 3; i++)
    yv8_album_add (album, make_picture (rand));
  return album;
}

static guint
count_kind (const Yv8Graph *graph, Yv8OpKind kind)
{
  guint n = 0;

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++)
    n += yv8_graph_op (graph, i)->kind == kind;
  return n;
}

/* The quants that the graph's ops give are those that the weights were folded with. */
static void
check_quants (const Yv8Scheme *scheme, const Yv8Graph *graph)
{
  Yv8Quant **expected = yv8_scheme_quants (scheme), **quants = yv8_graph_quants (graph);

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++)
    for (guint j = 0; j < yv8_graph_n_ops (scheme->graph); j++) {
      const Yv8Op *op = yv8_graph_op (graph, i), *source = yv8_graph_op (scheme->graph, j);
      if (!op->qweights || !g_str_equal (op->name, source->name))
        continue;
      for (guint c = 0; c < op->in[0].channels; c++) {
        const Yv8Quant *a = &quants[op->in[0].buffer][op->in[0].channel + c];
        const Yv8Quant *b = &expected[source->in[0].buffer][source->in[0].channel + c];
        g_assert_cmpfloat (a->scale, ==, b->scale);
        g_assert_cmpint (a->zero, ==, b->zero);
      }
    }
  yv8_quants_free (expected);
  yv8_quants_free (quants);
}

static double
output_snr (const Yv8Scheme *scheme, const Yv8Graph *graph, const Yv8Album *album)
{
  g_autofree Yv8LayerFidelity *layers = g_new0 (Yv8LayerFidelity, yv8_graph_n_ops (scheme->graph));
  g_autoptr (GError) error = NULL;
  double least = YV8_FIDELITY_MAX_SNR;

  yv8_fidelity_measure_accumulated (scheme, graph, &STEP_TARGET, album, layers, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < yv8_graph_n_ops (scheme->graph); i++)
    if (yv8_graph_op (scheme->graph, i)->kind == YV8_OP_CONV)
      least = MIN (least, yv8_fidelity_snr (&layers[i].accumulated));
  return least;
}

static void
test_mixed (void)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint run = 0; run < 60; run++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (Yv8Graph) source = make_network (rand);
    g_autoptr (Yv8Album) album = make_album (rand);
    g_autoptr (Yv8Scheme) scheme = yv8_scheme_new (source);
    g_assert_true (yv8_graph_check (source, NULL));
    set_ranges (scheme, album);
    for (guint i = 0; i < yv8_graph_n_ops (source); i++)
      scheme->keep_float[i] = run > 0 && g_rand_int_range (rand, 0, 3) == 0;
    g_autoptr (Yv8Graph) graph = yv8_quantize (scheme, &error);
    g_assert_no_error (error);
    check_quants (scheme, graph);
    if (run == 0)
      g_assert_cmpuint (
          count_kind (graph, YV8_OP_QUANTIZE) + count_kind (graph, YV8_OP_DEQUANTIZE), ==, 0);
    g_assert_cmpfloat (output_snr (scheme, graph, album), >, 22);
  }
}

/* With every layer in float nothing is converted, and nothing changes. */
static void
test_all_float (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) source = make_network (rand);
  g_autoptr (Yv8Album) album = make_album (rand);
  g_autoptr (Yv8Scheme) scheme = yv8_scheme_new (source);

  g_assert_true (yv8_scheme_keep (scheme, "op*", NULL));
  g_assert_cmpuint (yv8_scheme_n_kept (scheme), ==, count_kind (source, YV8_OP_CONV));
  g_autoptr (Yv8Graph) graph = yv8_quantize (scheme, NULL);
  g_assert_cmpuint (yv8_graph_n_ops (graph), ==, yv8_graph_n_ops (source));
  g_assert_cmpfloat (output_snr (scheme, graph, album), ==, YV8_FIDELITY_MAX_SNR);
}

static void
test_keep (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) source = make_network (rand);
  g_autoptr (Yv8Scheme) scheme = yv8_scheme_new (source);
  g_autoptr (GError) error = NULL;

  g_assert_true (yv8_scheme_keep (scheme, NULL, NULL));
  g_assert_true (yv8_scheme_keep (scheme, "", NULL));
  g_assert_cmpuint (yv8_scheme_n_kept (scheme), ==, 0);
  g_assert_true (yv8_scheme_keep (scheme, "op1, op[0-9],o?2", &error) || error);
  g_clear_error (&error);
  g_assert_false (yv8_scheme_keep (scheme, "op3,conv*", &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_assert_true (scheme->keep_float[1] && scheme->keep_float[3] && !scheme->keep_float[4]);
}

/* A layer alone is better than the same at the end of an int8 network, and its float side is the
 * float network. */
static void
test_alone (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Graph) source = make_network (rand);
  g_autoptr (Yv8Album) album = make_album (rand);
  g_autoptr (Yv8Scheme) scheme = yv8_scheme_new (source);
  guint n = yv8_graph_n_ops (source);
  g_autofree Yv8LayerFidelity *layers = g_new0 (Yv8LayerFidelity, n);
  double alone = 0, accumulated = 0;

  set_ranges (scheme, album);
  g_autoptr (Yv8Graph) graph = yv8_quantize (scheme, &error);
  g_assert_no_error (error);
  yv8_fidelity_measure_alone (scheme, &STEP_TARGET, album, layers, &error);
  g_assert_no_error (error);
  yv8_fidelity_measure_accumulated (scheme, graph, &STEP_TARGET, album, layers, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++) {
    if (yv8_graph_op (source, i)->kind != YV8_OP_CONV)
      continue;
    g_assert_cmpfloat (layers[i].alone.signal, ==, layers[i].accumulated.signal);
    g_assert_cmpfloat (yv8_fidelity_cosine (&layers[i].alone), >, 0.99);
    alone += yv8_fidelity_snr (&layers[i].alone);
    accumulated += yv8_fidelity_snr (&layers[i].accumulated);
  }
  g_assert_cmpfloat (alone, >, accumulated);
}

/* A weight whose error is all of one sign on positive inputs shifts the mean; that is undone, to
 * half a step of a correction. */
static void
test_bias (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Graph) source = make_network (rand);
  g_autoptr (Yv8Album) album = make_album (rand);
  g_autoptr (Yv8Scheme) scheme = yv8_scheme_new (source);

  set_ranges (scheme, album);
  yv8_bias_correct (scheme, &STEP_TARGET, album, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < yv8_graph_n_ops (source); i++) {
    const Yv8Op *op = yv8_graph_op (source, i);
    g_assert_true ((scheme->corrections[i] != NULL) == (op->kind == YV8_OP_CONV));
    for (guint c = 0; scheme->corrections[i] && c < op->out.channels; c++)
      g_assert_cmpfloat (fmodf (scheme->corrections[i][c] * 1024, 1), ==, 0);
  }

  /* What is left of the mean error of an output that was measured on its own. */
  g_autofree Yv8Slice *slices = NULL;
  g_autoptr (Yv8Graph) alone = yv8_quantize_alone (scheme, &slices, &error);
  g_assert_no_error (error);
  g_autoptr (Yv8Executor) executor = yv8_target_open (&STEP_TARGET, alone, YV8_EXECUTOR_KEEP, NULL);
  const Yv8Slice *output = yv8_graph_output (source, 1), *other = &slices[8];
  g_autofree float *x = g_new (float, 5 * STEP_SIDE * STEP_SIDE / 4);
  g_autofree float *y = g_new (float, 5 * STEP_SIDE * STEP_SIDE / 4);
  double sums[5] = { 0 };
  for (guint p = 0; p < yv8_album_n (album); p++) {
    g_assert_true (yv8_target_run (&STEP_TARGET, executor, yv8_album_get (album, p), NULL));
    g_assert_true (yv8_executor_read (executor, output, x, NULL));
    g_assert_true (yv8_executor_read (executor, other, y, NULL));
    for (guint i = 0; i < 5 * STEP_SIDE * STEP_SIDE / 4; i++)
      sums[i / (STEP_SIDE * STEP_SIDE / 4)] += (double) (x[i] - y[i]);
  }
  for (guint c = 0; c < 5; c++)
    g_assert_cmpfloat_with_epsilon (
        sums[c] / (3 * STEP_SIDE * STEP_SIDE / 4), 0, 0.5 / 1024 + 1e-5);
}

/* A range that is much too wide is narrowed, one that is much too narrow widened. */
static void
test_refine (void)
{
  static const double FACTORS[] = { 8, 0.25 };
  static const double NOISE[16] = { [1] = 0.5, [2] = 0.25 };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Graph) source = make_network (rand);
  g_autoptr (Yv8Album) album = make_album (rand);
  g_autoptr (Yv8Scheme) scheme = yv8_scheme_new (source);

  set_ranges (scheme, album);
  for (guint i = 0; i < G_N_ELEMENTS (FACTORS); i++) {
    Yv8Quant good = scheme->quants[1], other = scheme->quants[3];
    double high = FACTORS[i] * (double) good.scale * (127 - good.zero);
    scheme->quants[1] = yv8_quant_for_range (YV8_SILU_MIN, high);
    float before = scheme->quants[1].scale;
    yv8_refine_ranges (scheme, NOISE, &STEP_TARGET, album, &error);
    g_assert_no_error (error);
    if (FACTORS[i] > 1)
      g_assert_cmpfloat (scheme->quants[1].scale, <, before * 0.8f);
    else
      g_assert_cmpfloat (scheme->quants[1].scale, >, before * 1.2f);
    g_assert_cmpfloat (scheme->quants[3].scale, ==, other.scale); /* without noise: untouched */
    scheme->quants[1] = good;
  }
  yv8_quantize_output (source, 1, &(Yv8Quant){ -1, 0 }, &error);
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
}

static void
test_weights (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  Yv8Op op = { .kind = YV8_OP_CONV, .in = { { 0, 0, 6 } }, .out = { 1, 0, 3 }, .window = K3 };
  float weights[3 * 54], bias[3] = { 1, 2, 3 };
  Yv8Quant quants[6];

  for (guint i = 0; i < 6; i++)
    quants[i] = (Yv8Quant){ i < 3 ? 0.5f : 0.125f, -5 };
  /* On a grid once folded; channel 1 is all 0. */
  for (guint i = 0; i < 3 * 54; i++)
    weights[i] =
        i / 54 == 1 ? 0
                    : (float) g_rand_int_range (rand, -126, 127) * 0.25f / quants[i % 54 / 9].scale;
  weights[0] = 127 * 0.25f / 0.5f;
  weights[2 * 54] = -127 * 0.25f / 0.5f;
  op.weights = weights;
  op.bias = bias;
  Yv8Op result = op;
  yv8_quantize_conv (&op, quants, NULL, &result);
  for (guint i = 0; i < 3 * 54; i++)
    g_assert_cmpfloat (result.multiplier[i / 54] * (float) result.qweights[i], ==,
        weights[i] * quants[i % 54 / 9].scale);
  g_assert_cmpmem (result.bias, sizeof bias, bias, sizeof bias);
  g_free (result.qweights);
  g_free (result.multiplier);
  g_free (result.bias);
}

/* However many pictures come, so many are kept, evenly spread. */
static void
test_album (void)
{
  g_autoptr (Yv8Album) album = yv8_album_new (8);

  for (guint i = 0; i < 100; i++) {
    guint32 *picture = g_new (guint32, 1);
    *picture = i;
    yv8_album_add (album, picture);
  }
  g_assert_cmpuint (yv8_album_n (album), ==, 7);
  for (guint i = 0; i < yv8_album_n (album); i++)
    g_assert_cmpuint (*yv8_album_get (album, i), ==, 16 * i);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quantize/mixed", test_mixed);
  g_test_add_func ("/quantize/all-float", test_all_float);
  g_test_add_func ("/quantize/keep", test_keep);
  g_test_add_func ("/quantize/alone", test_alone);
  g_test_add_func ("/quantize/bias", test_bias);
  g_test_add_func ("/quantize/refine", test_refine);
  g_test_add_func ("/quantize/weights", test_weights);
  g_test_add_func ("/quantize/album", test_album);
  return g_test_run ();
}

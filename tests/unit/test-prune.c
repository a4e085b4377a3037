/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gathering, budget and pruning, on a small network. */
#include <math.h>

#include "compress/gather.h"
#include "compress/prune.h"
#include "compress/quantize.h"
#include "compress/single.h"
#include "steps.h"

static const Yv8Window K1 = { 1, 1, 1, 0 }, K3 = { 3, 3, 1, 1 }, K3S2 = { 3, 3, 2, 1 };

static void
test_budget (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GArray) curves = yv8_curves_new ();
  guint64 saved = 0, total = 0;
  double dearest = 0;

  for (guint i = 0; i < 6; i++) {
    Yv8Curve curve = { i, 0, 40, g_new (double, 40), (guint64) g_rand_int_range (rand, 1, 99), 0 };
    for (guint k = 0; k < curve.n; k++)
      curve.costs[k] = (k ? curve.costs[k - 1] : 0) + g_rand_double (rand);
    g_array_append_val (curves, curve);
    total += curve.macs * curve.n;
  }
  yv8_budget_spend (curves, total / 3, NULL, NULL);
  for (guint i = 0; i < curves->len; i++) {
    const Yv8Curve *curve = &g_array_index (curves, Yv8Curve, i);
    saved += curve->removed * curve->macs;
    if (curve->removed > 0)
      dearest = MAX (dearest, curve->costs[curve->removed - 1] / (double) curve->macs);
  }
  g_assert_cmpuint (saved, >=, total / 3);
  g_assert_cmpuint (saved, <, total / 3 + 99);
  for (guint i = 0; i < curves->len; i++) { /* with rising costs greedy is the least there is */
    const Yv8Curve *curve = &g_array_index (curves, Yv8Curve, i);
    if (curve->removed < curve->n)
      g_assert_cmpfloat (curve->costs[curve->removed] / (double) curve->macs, >=, dearest);
  }
  yv8_budget_spend (curves, G_MAXUINT64, NULL, NULL);
  for (guint i = 0; i < curves->len; i++)
    g_assert_cmpuint (g_array_index (curves, Yv8Curve, i).removed, ==, 40);
}

static void
add_conv (Yv8Graph *graph, Yv8Slice in, Yv8Slice out, Yv8Window window, GRand *rand)
{
  test_graph_op (graph, YV8_OP_CONV, in, out, window, rand)->activation = YV8_ACTIVATION_SILU;
}

static Yv8Graph *
make_network (GRand *rand)
{
  Yv8Graph *graph = yv8_graph_new ();

  test_graph_input (graph, 3);
  yv8_graph_add_buffer (graph, 24);
  yv8_graph_add_buffer (graph, 40);
  yv8_graph_add_buffer (graph, 20);
  yv8_graph_add_buffer (graph, 16);
  yv8_graph_add_buffer (graph, 5);
  add_conv (graph, (Yv8Slice){ 0, 0, 3 }, (Yv8Slice){ 1, 0, 24 }, K3S2, rand);
  add_conv (graph, (Yv8Slice){ 1, 0, 24 }, (Yv8Slice){ 2, 0, 20 }, K3S2, rand);
  add_conv (graph, (Yv8Slice){ 2, 2, 18 }, (Yv8Slice){ 2, 20, 20 }, K1, rand);
  add_conv (graph, (Yv8Slice){ 2, 0, 40 }, (Yv8Slice){ 3, 0, 20 }, K3, rand);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 3, 0, 20 }, (Yv8Slice){ 4, 0, 16 }, K1, rand);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 3, 4, 16 }, (Yv8Slice){ 5, 0, 5 }, K1, rand);
  test_graph_detect (graph, (Yv8Slice){ 4, 0, 16 }, (Yv8Slice){ 5, 0, 5 }, 4);
  return graph;
}

/* Maps of 8x8 are used whole. */
static void
test_gather (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 3);
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Pool) pool = yv8_pool_new (2, &error);
  g_autofree Yv8Slice *slices = NULL;
  g_autoptr (Yv8Graph) probe = yv8_graph_probe (graph, &slices, &error);
  g_autoptr (Yv8Executor) executor =
      yv8_target_open (&STEP_TARGET, probe, YV8_EXECUTOR_KEEP, &error);
  g_autoptr (GPtrArray) grams =
      yv8_gather (graph, graph, 1, 5, &STEP_TARGET, album, NULL, pool, &error);
  float x[40 * 64], y[20 * 64];

  g_assert_no_error (error);
  g_assert_cmpuint (grams->len, ==, 4);
  g_assert_cmpuint (((Yv8Gram *) grams->pdata[0])->n_places, ==, 3 * YV8_GATHER_PLACES);
  const Yv8Gram *gram = grams->pdata[3];
  guint centre = 7 * 9 + 4; /* the middle tap of channel 7 */
  double sum = 0, square = 0, product = 0, edge = 0;
  g_assert_cmpuint (gram->n_places, ==, 3 * 64);
  for (guint i = 0; i < 3; i++) {
    g_assert_true (yv8_target_run (&STEP_TARGET, executor, yv8_album_get (album, i), &error));
    g_assert_true (yv8_executor_read (executor, &(Yv8Slice){ 2, 0, 40 }, x, &error));
    g_assert_true (yv8_executor_read (executor, &slices[4], y, &error));
    for (guint k = 0; k < 64; k++) {
      sum += (double) x[7 * 64 + k];
      square += (double) x[7 * 64 + k] * (double) x[7 * 64 + k];
      product += (double) x[7 * 64 + k] * (double) y[11 * 64 + k];
      if (k % 8 < 7)
        edge += (double) x[7 * 64 + k + 1]; /* the tap to its right; the pad is 0 */
    }
  }
  g_assert_cmpfloat_with_epsilon ((double) gram->xx[centre * gram->n + gram->n - 1], sum, 1e-3);
  g_assert_cmpfloat_with_epsilon ((double) gram->xx[centre * gram->n + centre], square, 1e-3);
  g_assert_cmpfloat_with_epsilon ((double) gram->yx[11 * gram->n + centre], product, 1e-2);
  g_assert_cmpfloat_with_epsilon (
      (double) gram->xx[(centre + 1) * gram->n + gram->n - 1], edge, 1e-3);
}

static Yv8Graph *
prune (const Yv8Graph *graph, const Yv8Album *album, Yv8Criterion criterion, double share)
{
  const Yv8PruneOptions options = { criterion, share, NULL };
  g_autoptr (GError) error = NULL;
  double last = 0;
  Yv8Graph *pruned = yv8_prune (graph, &options, &STEP_TARGET, album, step_go_on, &last, &error);

  g_assert_no_error (error);
  return pruned;
}

/* Of the MACs of all layers; and that each zero block of the float graph is one in int8. */
static double
removed_share (const Yv8Graph *pruned, const Yv8Graph *int8)
{
  g_autofree Yv8Shape *shapes = yv8_graph_infer (pruned, STEP_SIDE, STEP_SIDE, NULL);
  double removed = 0, total = 0;

  for (guint i = 0; i < yv8_graph_n_ops (pruned); i++) {
    const Yv8Op *op = yv8_graph_op (pruned, i), *quantized = yv8_graph_op (int8, i);
    if (op->kind != YV8_OP_CONV)
      continue;
    guint n = op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
    guint plane = shapes[op->out.buffer].height * shapes[op->out.buffer].width;
    g_assert_cmpstr (op->name, ==, quantized->name);
    for (guint k = 0; k < n * op->out.channels; k++) {
      removed += op->weights[k] == 0.0f ? plane : 0;
      g_assert_true (op->weights[k] != 0.0f || quantized->qweights[k] == 0);
    }
    total += (double) yv8_op_macs (op, shapes);
  }
  return removed / total;
}

static void
test_prune (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 12), fresh = step_album (rand, 4);
  double errors[YV8_N_CRITERIA];

  for (guint criterion = 0; criterion < YV8_N_CRITERIA; criterion++) {
    if (!yv8_criterion_for_blocks ((Yv8Criterion) criterion))
      continue;
    g_autoptr (Yv8Graph) pruned = prune (graph, album, (Yv8Criterion) criterion, 0.3);
    g_autoptr (Yv8Graph) again = prune (graph, album, (Yv8Criterion) criterion, 0.3);
    g_autoptr (Yv8Scheme) scheme = yv8_scheme_new (pruned);
    for (guint i = 1; i < yv8_graph_n_ops (pruned); i++)
      scheme->quants[i] = (Yv8Quant){ 0.1f, 0 };
    g_autoptr (Yv8Graph) int8 = yv8_quantize (scheme, NULL);
    g_assert_nonnull (int8);
    double share = removed_share (pruned, int8);
    g_assert_cmpfloat (share, >=, 0.3);
    g_assert_cmpfloat (share, <, 0.33);
    g_assert_cmpfloat (step_error (pruned, again, fresh), ==, 0);
    errors[criterion] = step_error (graph, pruned, fresh);
  }
  g_test_message ("squared errors: OBS %g, L1 %g, L2 %g, random %g", errors[YV8_CRITERION_OBS],
      errors[YV8_CRITERION_L1], errors[YV8_CRITERION_L2], errors[YV8_CRITERION_RANDOM]);
  g_assert_cmpfloat (errors[YV8_CRITERION_OBS], <, 0.5 * errors[YV8_CRITERION_L1]);
  g_assert_cmpfloat (errors[YV8_CRITERION_OBS], <, 0.5 * errors[YV8_CRITERION_L2]);
  g_assert_cmpfloat (errors[YV8_CRITERION_OBS], <, 0.5 * errors[YV8_CRITERION_RANDOM]);
}

/* The most and the least zeroes of four input channels of a tap, and the share of all. */
static double
count_zeroes (const Yv8Op *op, guint *least, guint *most)
{
  guint taps = op->window.kernel_h * op->window.kernel_w, zeroes = 0;
  guint n_in = op->in[0].channels;

  *least = 4;
  *most = 0;
  for (guint i = 0; i < op->out.channels * n_in / 4 * taps; i++) {
    const float *quad = op->weights + (gsize) (i / taps) * 4 * taps + i % taps;
    guint count = 0;
    for (guint k = 0; k < 4; k++)
      count += quad[k * taps] == 0.0f;
    zeroes += count;
    *least = MIN (*least, count);
    *most = MAX (*most, count);
  }
  return (double) zeroes / (op->out.channels * n_in * taps);
}

static double
energy_of (const Yv8Op *op)
{
  double sum = 0;

  for (gsize i = 0; i < yv8_op_parameters (op) - op->out.channels; i++)
    sum += (double) op->weights[i] * (double) op->weights[i];
  return sum;
}

static void
test_single (gconstpointer data)
{
  static const Yv8Criterion CRITERIA[] = { YV8_CRITERION_OBS, YV8_CRITERION_L2,
    YV8_CRITERION_RANDOM };
  gboolean quads = GPOINTER_TO_INT (data);
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 12), fresh = step_album (rand, 4);
  double errors[G_N_ELEMENTS (CRITERIA)], kept[G_N_ELEMENTS (CRITERIA)] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (CRITERIA); i++) {
    const Yv8SingleOptions options = { CRITERIA[i], 0.5, quads };
    g_autoptr (GError) error = NULL;
    double last = 0;
    g_autoptr (Yv8Graph) pruned =
        yv8_prune_single (graph, &options, &STEP_TARGET, album, step_go_on, &last, &error);
    g_assert_no_error (error);
    g_autoptr (Yv8Graph) again =
        yv8_prune_single (pruned, &options, &STEP_TARGET, album, step_go_on, &last, &error);
    g_assert_no_error (error);
    for (guint layer = 2; layer < 5; layer += 2) { /* whose channels come in fours */
      guint least, most;
      double share = count_zeroes (yv8_graph_op (pruned, layer), &least, &most);
      g_assert_cmpfloat (fabs (share - 0.5), <, 1e-3);
      g_assert_true (!quads || (least == 2 && most == 2));
      g_assert_cmpfloat (count_zeroes (yv8_graph_op (again, layer), &least, &most), ==, share);
      kept[i] += energy_of (yv8_graph_op (pruned, layer));
    }
    errors[i] = step_error (graph, pruned, fresh);
  }
  g_test_message ("squared errors: OBS %g, L2 %g, random %g", errors[0], errors[1], errors[2]);
  g_assert_cmpfloat (errors[0], <, 0.5 * errors[1]);
  g_assert_cmpfloat (kept[1], >, kept[2]); /* what L2 takes is the least, whatever the network */
}

/* Costs that were measured before give the same network, and for another one they are refused. */
static void
test_costs (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 4);
  g_autoptr (GError) error = NULL;
  double last = 0;
  g_autoptr (GBytes) costs =
      yv8_prune_costs (graph, YV8_CRITERION_OBS, &STEP_TARGET, album, step_go_on, &last, &error);
  const Yv8PruneOptions options = { YV8_CRITERION_OBS, 0.3, costs };

  g_assert_no_error (error);
  g_autoptr (Yv8Graph) one = prune (graph, album, YV8_CRITERION_OBS, 0.3);
  g_autoptr (Yv8Graph) two =
      yv8_prune (graph, &options, &STEP_TARGET, album, step_go_on, &last, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < yv8_graph_n_ops (one); i++) {
    const Yv8Op *a = yv8_graph_op (one, i), *b = yv8_graph_op (two, i);
    gsize n = a->kind == YV8_OP_CONV ? yv8_op_parameters (a) - a->out.channels : 0;
    g_assert_cmpmem (a->weights, n * sizeof (float), b->weights, n * sizeof (float));
  }
  g_autoptr (GBytes) part = g_bytes_new_from_bytes (costs, 0, g_bytes_get_size (costs) - 8);
  const Yv8PruneOptions wrong = { YV8_CRITERION_OBS, 0.3, part };
  last = 0;
  g_assert_null (yv8_prune (graph, &wrong, &STEP_TARGET, album, step_go_on, &last, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
}

static void
test_nothing (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 4);
  g_autoptr (Yv8Graph) same = prune (graph, album, YV8_CRITERION_OBS, 0);

  g_assert_cmpfloat (step_error (graph, same, album), <, 1e-3);
}

static void
test_stopped (void)
{
  const Yv8PruneOptions options = { YV8_CRITERION_OBS, 0.2, NULL };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 2);
  g_autoptr (GError) error = NULL;
  double half = 0.5;

  g_assert_null (yv8_prune (graph, &options, &STEP_TARGET, album, step_stop, &half, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prune/budget", test_budget);
  g_test_add_func ("/prune/gather", test_gather);
  g_test_add_func ("/prune/whole", test_prune);
  g_test_add_data_func ("/prune/single", GINT_TO_POINTER (FALSE), test_single);
  g_test_add_data_func ("/prune/2:4", GINT_TO_POINTER (TRUE), test_single);
  g_test_add_func ("/prune/costs", test_costs);
  g_test_add_func ("/prune/nothing", test_nothing);
  g_test_add_func ("/prune/stopped", test_stopped);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pruning of channels, on a small network. */
#include <math.h>

#include "compress/channels.h"
#include "steps.h"

static const Yv8Window K1 = { 1, 1, 1, 0 }, K3 = { 3, 3, 1, 1 }, K3S2 = { 3, 3, 2, 1 };

static Yv8Op *
add_conv (Yv8Graph *graph, Yv8Slice in, Yv8Slice out, Yv8Window window, GRand *rand)
{
  Yv8Op *op = test_graph_op (graph, YV8_OP_CONV, in, out, window, rand);

  op->activation = YV8_ACTIVATION_SILU;
  return op;
}

/* A stem, a split with a residual, and towers for boxes and classes. */
static Yv8Graph *
make_network (GRand *rand)
{
  static const guint CHANNELS[] = { 16, 48, 24, 24, 16, 5 };
  Yv8Graph *graph = yv8_graph_new ();

  test_graph_input (graph, 3);
  for (guint i = 0; i < G_N_ELEMENTS (CHANNELS); i++)
    yv8_graph_add_buffer (graph, CHANNELS[i]);
  add_conv (graph, (Yv8Slice){ 0, 0, 3 }, (Yv8Slice){ 1, 0, 16 }, K3S2, rand);
  add_conv (graph, (Yv8Slice){ 1, 0, 16 }, (Yv8Slice){ 2, 0, 32 }, K3S2, rand);
  Yv8Op *op = add_conv (graph, (Yv8Slice){ 2, 16, 16 }, (Yv8Slice){ 2, 32, 16 }, K3, rand);
  op->in[op->n_in++] = (Yv8Slice){ 2, 16, 16 };
  add_conv (graph, (Yv8Slice){ 2, 0, 48 }, (Yv8Slice){ 3, 0, 24 }, K1, rand);
  add_conv (graph, (Yv8Slice){ 2, 0, 48 }, (Yv8Slice){ 4, 0, 24 }, K1, rand);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 3, 0, 24 }, (Yv8Slice){ 5, 0, 16 }, K1, rand);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 4, 0, 24 }, (Yv8Slice){ 6, 0, 5 }, K1, rand);
  test_graph_detect (graph, (Yv8Slice){ 5, 0, 16 }, (Yv8Slice){ 6, 0, 5 }, 4);
  return graph;
}

static Yv8Graph *
prune (const Yv8Graph *graph, const Yv8Album *album, const Yv8ChannelOptions *options)
{
  g_autoptr (GError) error = NULL;
  double last = 0;
  Yv8Graph *pruned =
      yv8_prune_channels (graph, options, &STEP_TARGET, album, step_go_on, &last, &error);

  g_assert_no_error (error);
  g_assert_true (yv8_graph_check (pruned, &error));
  return pruned;
}

static double
count_macs (const Yv8Graph *graph)
{
  g_autofree Yv8Shape *shapes = yv8_graph_infer (graph, STEP_SIDE, STEP_SIDE, NULL);
  double macs = 0;

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++)
    macs += (double) yv8_op_macs (yv8_graph_op (graph, i), shapes);
  return macs;
}

static void
check_grid (const Yv8Graph *graph, const Yv8Graph *pruned)
{
  for (guint i = 1; i < yv8_graph_n_ops (graph) - 1; i++) {
    const Yv8Op *before = yv8_graph_op (graph, i), *after = yv8_graph_op (pruned, i);
    g_assert_cmpstr (before->name, ==, after->name);
    g_assert_cmpuint ((before->out.channels - after->out.channels) % 4, ==, 0);
    g_assert_cmpuint (after->in[0].channel % 4, ==, 0);
    g_assert_cmpuint (after->out.channels, >=, MIN (before->out.channels, YV8_CHANNELS_LEAST));
  }
}

static void
test_criteria (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 12), fresh = step_album (rand, 4);
  double errors[YV8_N_CRITERIA];

  for (guint criterion = 0; criterion < YV8_N_CRITERIA; criterion++) {
    const Yv8ChannelOptions options = {
      .criterion = (Yv8Criterion) criterion, .share = 0.25, .keep_weights = criterion > 0
    };
    g_autoptr (Yv8Graph) pruned = prune (graph, album, &options);
    g_autoptr (Yv8Graph) again = prune (graph, album, &options);
    double share = 1 - count_macs (pruned) / count_macs (graph);
    g_assert_cmpfloat (share, >=, 0.25);
    g_assert_cmpfloat (share, <, 0.45); /* steps are large here */
    g_assert_cmpfloat (step_error (pruned, again, fresh), ==, 0);
    check_grid (graph, pruned);
    errors[criterion] = step_error (graph, pruned, fresh);
    g_test_message (
        "squared error by %s: %g", yv8_criterion_name (options.criterion), errors[criterion]);
  }
  for (guint criterion = 1; criterion < YV8_N_CRITERIA; criterion++)
    g_assert_cmpfloat (errors[YV8_CRITERION_OBS], <, 0.7 * errors[criterion]);
}

/* What is left makes good what the same channels take with them. */
static void
test_fitted (void)
{
  static const Yv8ChannelOptions KEPT = { YV8_CRITERION_L2, 0.25, NULL, TRUE },
                                 FITTED = { YV8_CRITERION_L2, 0.25, NULL, FALSE },
                                 MATCHED = { YV8_CRITERION_L2, 0.25, NULL, FALSE, TRUE };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 12), fresh = step_album (rand, 4);
  g_autoptr (Yv8Graph) kept = prune (graph, album, &KEPT), fitted = prune (graph, album, &FITTED);

  g_assert_cmpfloat (count_macs (kept), ==, count_macs (fitted));
  g_assert_cmpfloat (step_error (graph, fitted, fresh), <, 0.5 * step_error (graph, kept, fresh));
  g_autoptr (Yv8Graph) matched = prune (graph, album, &MATCHED);
  g_assert_cmpfloat (step_error (fitted, matched, fresh), >, 0);
  g_assert_cmpfloat (step_error (graph, matched, fresh), <, step_error (graph, kept, fresh));
}

/* Only the tower that is named loses channels, and no more than it may. */
static void
test_layers (void)
{
  static const Yv8ChannelOptions OPTIONS = { .share = 0.9, .layers = "none,*p5" };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 3);
  g_autoptr (Yv8Graph) pruned = prune (graph, album, &OPTIONS);

  for (guint i = 1; i < yv8_graph_n_ops (graph) - 1; i++)
    g_assert_cmpuint (yv8_graph_op (pruned, i)->out.channels, ==,
        i == 5 ? YV8_CHANNELS_LEAST : yv8_graph_op (graph, i)->out.channels);
}

/* Costs can be kept for other shares; those of another network are refused. */
static void
test_costs (void)
{
  Yv8ChannelOptions options = { .share = 0.2 };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 4);
  g_autoptr (Yv8Graph) pruned = prune (graph, album, &options);
  g_autoptr (GError) error = NULL;
  double last = 0;
  g_autoptr (GBytes) costs =
      yv8_prune_channels_costs (graph, &options, &STEP_TARGET, album, step_go_on, &last, &error);

  g_assert_no_error (error);
  options.costs = costs;
  g_autoptr (Yv8Graph) same = prune (graph, album, &options);
  g_assert_cmpfloat (count_macs (pruned), ==, count_macs (same));
  g_assert_cmpfloat (step_error (pruned, same, album), ==, 0);

  gsize size = g_bytes_get_size (costs);
  g_autofree guint8 *bytes = g_malloc0 (size); /* set 0 again and again */
  g_autoptr (GBytes) wrong = g_bytes_new (bytes, size), cut = g_bytes_new (bytes, size - 16);
  GBytes *const bad[] = { wrong, cut };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    options.costs = bad[i];
    last = 0;
    g_assert_null (
        yv8_prune_channels (graph, &options, &STEP_TARGET, album, step_go_on, &last, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
    g_clear_error (&error);
  }
}

static void
test_nothing (void)
{
  static const Yv8ChannelOptions OPTIONS = { .share = 0 };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 4);
  g_autoptr (Yv8Graph) same = prune (graph, album, &OPTIONS);

  g_assert_cmpfloat (step_error (graph, same, album), <, 1e-3);
}

static void
test_stopped (void)
{
  static const Yv8ChannelOptions OPTIONS = { .share = 0.2 };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);
  g_autoptr (Yv8Album) album = step_album (rand, 2);
  g_autoptr (GError) error = NULL;
  double half = 0.5;

  g_assert_null (
      yv8_prune_channels (graph, &OPTIONS, &STEP_TARGET, album, step_stop, &half, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channels/criteria", test_criteria);
  g_test_add_func ("/channels/fitted", test_fitted);
  g_test_add_func ("/channels/layers", test_layers);
  g_test_add_func ("/channels/costs", test_costs);
  g_test_add_func ("/channels/nothing", test_nothing);
  g_test_add_func ("/channels/stopped", test_stopped);
  return g_test_run ();
}

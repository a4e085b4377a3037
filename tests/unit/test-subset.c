/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Networks with fewer classes say the same of those. */
#include <string.h>

#include "api/model.h"
#include "compress/quantize.h"
#include "compress/subset.h"
#include "cpu/backend.h"
#include "exec/executor.h"
#include "graphs.h"
#include "ref/backend.h"
#include "testing.h"

#define N_CLASSES 30
#define SIDE      64

static const Yv8Window K1 = { 1, 1, 1, 0 }, K3 = { 3, 3, 1, 1 }, K3S2 = { 3, 3, 2, 1 };

static Yv8Op *
add_conv (Yv8Graph *graph, guint from, guint to, Yv8Window window, GRand *rand)
{
  Yv8Slice in = { from, 0, g_array_index (graph->buffer_channels, guint, from) };
  Yv8Slice out = { to, 0, g_array_index (graph->buffer_channels, guint, to) };

  return test_graph_op (graph, YV8_OP_CONV, in, out, window, rand);
}

/* Two scales. */
static Yv8Graph *
make_network (GRand *rand)
{
  static const guint CHANNELS[] = { 16, 24, 16, N_CLASSES, 16, N_CLASSES };
  Yv8Graph *graph = yv8_graph_new ();
  Yv8Op detect = { .kind = YV8_OP_DETECT,
    .name = g_strdup ("detect"),
    .n_in = 4,
    .reg_max = 4,
    .n_classes = N_CLASSES,
    .strides = { 2, 4 },
    .in = { { 3, 0, 16 }, { 4, 0, N_CLASSES }, { 5, 0, 16 }, { 6, 0, N_CLASSES } } };

  test_graph_input (graph, 3);
  for (guint i = 0; i < G_N_ELEMENTS (CHANNELS); i++)
    yv8_graph_add_buffer (graph, CHANNELS[i]);
  add_conv (graph, 0, 1, K3S2, rand)->activation = YV8_ACTIVATION_SILU;
  add_conv (graph, 1, 2, K3S2, rand)->activation = YV8_ACTIVATION_SILU;
  add_conv (graph, 1, 3, K1, rand);
  add_conv (graph, 1, 4, K1, rand);
  add_conv (graph, 2, 5, K1, rand);
  add_conv (graph, 2, 6, K3, rand);
  yv8_graph_add_op (graph, &detect);
  g_array_append_vals (graph->outputs, detect.in, 4);
  return graph;
}

typedef Yv8Backend *(*OpenFunc) (void);

static Yv8Backend *
open_cpu (void)
{
  return yv8_cpu_backend_new (1, NULL);
}

static const OpenFunc BACKENDS[] = { yv8_ref_backend_new, open_cpu };

static Yv8Executor *
run (const Yv8Graph *graph, OpenFunc open, const float *picture, guint side)
{
  g_autoptr (GError) error = NULL;
  Yv8Executor *executor = yv8_executor_new (graph, side, side, open (), 0, &error);

  g_assert_no_error (error);
  g_assert_true (yv8_executor_load_values (executor, picture, &error));
  g_assert_true (yv8_executor_run (executor, &error));
  return executor;
}

/* @classes rise. */
static void
check_same (
    const Yv8Graph *graph, const guint *classes, guint n, OpenFunc open, GRand *rand, guint side)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Graph) subset = yv8_subset_classes (graph, classes, n, &error);
  g_autofree float *picture = g_new (float, 3 * side * side);
  const Yv8Op *detect = yv8_graph_detect (graph);

  g_assert_no_error (error);
  g_assert_cmpuint (yv8_graph_detect (subset)->n_classes, ==, n);
  for (guint i = 0; i < 3 * side * side; i++)
    picture[i] = (float) g_rand_int_range (rand, 0, 256) / 255;
  g_autoptr (Yv8Executor) whole = run (graph, open, picture, side);
  g_autoptr (Yv8Executor) part = run (subset, open, picture, side);
  for (guint i = 0; i < detect->n_in; i++) {
    const Yv8Shape *shape = &yv8_executor_shapes (whole)[detect->in[i].buffer];
    gsize plane = (gsize) shape->height * shape->width;
    const float *values = yv8_executor_output (whole, i), *own = yv8_executor_output (part, i);
    for (guint k = 0; k < (i % 2 ? n : detect->in[i].channels); k++)
      g_assert_cmpmem (own + k * plane, plane * sizeof (float),
          values + (i % 2 ? classes[k] : k) * plane, plane * sizeof (float));
  }
}

static guint
draw_classes (guint *classes, GRand *rand, guint n_classes)
{
  guint n = 0, odds = (guint) g_rand_int_range (rand, 1, 10);

  for (guint i = 0; i < n_classes; i++)
    if (g_rand_int_range (rand, 0, 10) < (gint32) odds)
      classes[n++] = i;
  if (n == 0)
    classes[n++] = n_classes - 1;
  return n;
}

static void
test_exact (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  guint classes[N_CLASSES];

  for (guint i = 0; i < 20; i++) {
    g_autoptr (Yv8Graph) graph = make_network (rand);
    g_autoptr (Yv8Scheme) scheme = yv8_scheme_new (graph);
    for (guint k = 1; k < yv8_graph_n_ops (graph); k++)
      scheme->quants[k] = (Yv8Quant){ 0.05f, -100 };
    g_autoptr (Yv8Graph) int8 = yv8_quantize (scheme, NULL);
    guint n = draw_classes (classes, rand, N_CLASSES);
    g_assert_nonnull (int8);
    for (guint k = 0; k < G_N_ELEMENTS (BACKENDS); k++) {
      check_same (graph, classes, n, BACKENDS[k], rand, SIDE);
      check_same (int8, classes, n, BACKENDS[k], rand, SIDE);
    }
  }
}

static void
test_yolov8n (void)
{
  g_autofree char *path = test_data_path ("yolov8n.onnx");
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rand = test_rand_new ();
  guint classes[80];

  if (!path)
    return;
  g_autoptr (Yv8Model) model = yv8_model_load (path, &error);
  g_assert_no_error (error);
  check_same (model->graph, (const guint[]){ 0 }, 1, open_cpu, rand, 160);
  guint n = draw_classes (classes, rand, 80);
  check_same (model->graph, classes, n, open_cpu, rand, 160);
}

static void
test_refused (void)
{
  static const struct {
    guint classes[2], n;
  } CASES[] = { { { 0 }, 0 }, { { N_CLASSES }, 1 }, { { 3, 3 }, 2 } };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_network (rand);

  for (guint i = 0; i < G_N_ELEMENTS (CASES); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (yv8_subset_classes (graph, CASES[i].classes, CASES[i].n, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/subset/exact", test_exact);
  g_test_add_func ("/subset/yolov8n", test_yolov8n);
  g_test_add_func ("/subset/refused", test_refused);
  return g_test_run ();
}

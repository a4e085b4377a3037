/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Graph checks, shape inference, totals and dump. */
#include <string.h>

#include "graphs.h"
#include "testing.h"

static const Yv8Window K3S2 = { 3, 3, 2, 1 }, K3 = { 3, 3, 1, 1 }, NONE = { 0 };

/* A C2f in small: buffer 1 holds [a, b, b + conv (conv (b))], and a head of one scale at stride 2.
 */
static Yv8Graph *
make_graph (void)
{
  Yv8Graph *graph = yv8_graph_new ();

  test_graph_input (graph, 3);
  guint concat = yv8_graph_add_buffer (graph, 12);
  guint inner = yv8_graph_add_buffer (graph, 4);
  guint boxes = yv8_graph_add_buffer (graph, 16);
  guint scores = yv8_graph_add_buffer (graph, 2);
  const Yv8Slice head[] = { { boxes, 0, 16 }, { scores, 0, 2 } };

  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 0, 0, 3 }, (Yv8Slice){ concat, 0, 8 }, K3S2, NULL)
      ->activation = YV8_ACTIVATION_SILU;
  test_graph_op (
      graph, YV8_OP_CONV, (Yv8Slice){ concat, 4, 4 }, (Yv8Slice){ inner, 0, 4 }, K3, NULL);
  Yv8Op *residual = test_graph_op (
      graph, YV8_OP_CONV, (Yv8Slice){ inner, 0, 4 }, (Yv8Slice){ concat, 8, 4 }, K3, NULL);
  residual->n_in = 2;
  residual->in[1] = (Yv8Slice){ concat, 4, 4 };
  for (guint i = 0; i < 2; i++)
    test_graph_op (
        graph, YV8_OP_CONV, (Yv8Slice){ concat, 0, 12 }, head[i], (Yv8Window){ 1, 1, 1, 0 }, NULL);
  Yv8Op *detect = test_graph_op (graph, YV8_OP_DETECT, head[0], (Yv8Slice){ 0 }, NONE, NULL);
  detect->n_in = 2;
  detect->in[1] = head[1];
  detect->reg_max = 4;
  detect->n_classes = 2;
  detect->strides[0] = 2;
  g_array_append_vals (graph->outputs, head, 2);
  return graph;
}

static void
test_good (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Graph) graph = make_graph ();

  g_assert_true (yv8_graph_check (graph, &error));
  g_assert_no_error (error);
  g_autofree Yv8Shape *shapes = yv8_graph_infer (graph, 64, 32, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (shapes[1].channels, ==, 12);
  g_assert_cmpuint (shapes[1].height, ==, 16);
  g_assert_cmpuint (shapes[1].width, ==, 32);
  const Yv8Op *conv = yv8_graph_op (graph, 1);
  g_assert_cmpuint (yv8_op_macs (conv, shapes), ==, 3 * 9 * 8 * 16 * 32);
  g_assert_cmpuint (yv8_op_parameters (conv), ==, 3 * 9 * 8 + 8);
  g_assert_cmpuint (
      yv8_op_bytes (conv, shapes), ==, 4 * (3 * 64 * 32 + 3 * 9 * 8 + 8 + 8 * 16 * 32));
  g_assert_cmpuint (yv8_graph_n_anchors (yv8_graph_detect (graph), 64, 32), ==, 16 * 32);
}

static void
test_dump (void)
{
  g_autoptr (Yv8Graph) graph = make_graph ();
  g_autofree Yv8Shape *shapes = yv8_graph_infer (graph, 64, 32, NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  yv8_graph_dump (graph, shapes, text);
  g_assert_cmpstr (text->str, ==,
      "0 input 'input' -> 0[0+3] 3x32x64\n"
      "1 conv 'op1' 0[0+3] -> 1[0+8] 8x16x32 3x3/2 pad 1 silu\n"
      "2 conv 'op2' 1[4+4] -> 2[0+4] 4x16x32 3x3/1 pad 1\n"
      "3 conv 'op3' 2[0+4] 1[4+4] -> 1[8+4] 4x16x32 3x3/1 pad 1\n"
      "4 conv 'op4' 1[0+12] -> 3[0+16] 16x16x32 1x1/1 pad 0\n"
      "5 conv 'op5' 1[0+12] -> 4[0+2] 2x16x32 1x1/1 pad 0\n"
      "6 detect 'op6' 3[0+16] 4[0+2] bins 4 classes 2 strides 2\n");
}

/* Each spoils one thing in a good graph; the check must see it. */
static void
spoil_slice (Yv8Graph *graph)
{
  g_array_index (graph->ops, Yv8Op, 1).out.channel = 5;
}

static void
spoil_overflow (Yv8Graph *graph)
{
  g_array_index (graph->ops, Yv8Op, 1).in[0].channels = G_MAXUINT;
}

static void
spoil_order (Yv8Graph *graph)
{
  g_array_index (graph->ops, Yv8Op, 2).in[0].channel = 8;
}

static void
spoil_twice (Yv8Graph *graph)
{
  g_array_index (graph->ops, Yv8Op, 3).out.channel = 0;
}

static void
spoil_kernel (Yv8Graph *graph)
{
  g_array_index (graph->ops, Yv8Op, 2).window.kernel_w = 0;
}

static void
spoil_pad (Yv8Graph *graph)
{
  g_array_index (graph->ops, Yv8Op, 2).window.pad = 3;
}

static void
spoil_weights (Yv8Graph *graph)
{
  g_clear_pointer (&g_array_index (graph->ops, Yv8Op, 2).weights, g_free);
}

static void
spoil_residual (Yv8Graph *graph)
{
  g_array_index (graph->ops, Yv8Op, 3).in[1].channels = 3;
}

static void
spoil_bins (Yv8Graph *graph)
{
  g_array_index (graph->ops, Yv8Op, 6).reg_max = 16;
}

static void
spoil_outputs (Yv8Graph *graph)
{
  g_array_set_size (graph->outputs, 1);
}

static void
spoil_buffer (Yv8Graph *graph)
{
  g_array_index (graph->buffer_channels, guint, 1) = 0;
}

static void
spoil_kind (Yv8Graph *graph)
{
  g_array_index (graph->ops, Yv8Op, 2).kind = 99;
}

static void
spoil_bias (Yv8Graph *graph)
{
  g_array_index (graph->ops, Yv8Op, 1).bias[1] = NAN;
}

static void
spoil_picture (Yv8Graph *graph)
{
  g_array_index (graph->buffer_channels, guint, 0) = 5;
  g_array_index (graph->ops, Yv8Op, 0).out.channels = 5;
}

static const struct {
  const char *name;
  void (*spoil) (Yv8Graph *graph);
  const char *says;
} SPOILS[] = {
  { "slice", spoil_slice, "outside of its buffer" },
  { "overflow", spoil_overflow, "outside of its buffer" },
  { "order", spoil_order, "before it is written" },
  { "twice", spoil_twice, "a second time" },
  { "kernel", spoil_kernel, "kernel" },
  { "pad", spoil_pad, "pad" },
  { "weights", spoil_weights, "no weights" },
  { "residual", spoil_residual, "residual" },
  { "bias", spoil_bias, "a bias is not within" },
  { "picture", spoil_picture, "5 channels of a picture" },
  { "bins", spoil_bins, "channels" },
  { "outputs", spoil_outputs, "outputs" },
  { "buffer", spoil_buffer, "out of range" },
  { "kind", spoil_kind, "unknown kind" },
};

static void
test_spoilt (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Graph) graph = make_graph ();

  SPOILS[i].spoil (graph);
  g_assert_false (yv8_graph_check (graph, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, SPOILS[i].says));
}

static void
test_sizes (void)
{
  static const struct {
    guint width, height;
    Yv8Error code;
  } bad[] = {
    { 0, 64, YV8_ERROR_ARGUMENT }, { 64, YV8_GRAPH_MAX_SIDE + 32, YV8_ERROR_ARGUMENT },
    { G_MAXUINT, G_MAXUINT, YV8_ERROR_ARGUMENT },
    { 33, 32, YV8_ERROR_UNSUPPORTED }, /* 17 cells where the head's stride says 16 */
  };
  g_autoptr (Yv8Graph) graph = make_graph ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (yv8_graph_infer (graph, bad[i].width, bad[i].height, &error));
    g_assert_error (error, YV8_ERROR, (gint) bad[i].code);
  }
}

/* 65,536 channels of 8192 x 8192 would overflow 32 bits many times over. */
static void
test_huge (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Graph) graph = yv8_graph_new ();

  test_graph_input (graph, YV8_GRAPH_MAX_CHANNELS);
  g_assert_true (yv8_graph_check (graph, NULL));
  g_assert_null (yv8_graph_infer (graph, 8192, 8192, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED);
}

static const Yv8Window K5 = { 5, 5, 1, 2 };

/* A pooling of buffer @from[channel] into buffer 1[@to], of @n channels. */
typedef struct {
  guint from, channel, to, n;
  const Yv8Window *window;
} Pooling;

/* Whether the second is a level of the first. */
static const struct {
  Pooling first, second;
  guint n_levels;
} POOLINGS[] = {
  { { 0, 0, 0, 8, &K5 }, { 1, 0, 8, 8, &K5 }, 2 },
  { { 0, 0, 4, 8, &K5 }, { 1, 4, 12, 8, &K5 }, 2 },
  { { 0, 3, 4, 8, &K5 }, { 1, 4, 12, 8, &K5 }, 2 },
  { { 0, 0, 0, 8, &K5 }, { 1, 0, 8, 8, &K3 }, 1 },  /* another window */
  { { 0, 0, 0, 8, &K5 }, { 0, 0, 8, 8, &K5 }, 1 },  /* of the same map */
  { { 0, 0, 0, 8, &K5 }, { 1, 0, 12, 8, &K5 }, 1 }, /* after a gap */
  { { 0, 0, 8, 8, &K5 }, { 1, 8, 0, 8, &K5 }, 1 },  /* in front of it */
  { { 0, 0, 0, 8, &K5 }, { 1, 4, 8, 4, &K5 }, 1 },  /* of a part */
  { { 0, 0, 0, 6, &K5 }, { 1, 0, 6, 6, &K5 }, 1 },  /* ends within four */
  { { 0, 0, 2, 8, &K5 }, { 1, 2, 10, 8, &K5 }, 1 }, /* begins within four */
  { { 0, 0, 0, 8, &(Yv8Window){ 4, 4, 1, 2 } }, { 1, 0, 8, 8, &(Yv8Window){ 4, 4, 1, 2 } }, 1 },
};

static void
add_pooling (Yv8Graph *graph, const Pooling *pooling)
{
  test_graph_op (graph, YV8_OP_MAXPOOL, (Yv8Slice){ pooling->from, pooling->channel, pooling->n },
      (Yv8Slice){ 1, pooling->to, pooling->n }, *pooling->window, NULL);
}

static void
test_fuse (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (POOLINGS); i++) {
    g_autoptr (Yv8Graph) graph = yv8_graph_new ();
    test_graph_input (graph, 16);
    yv8_graph_add_buffer (graph, 32);
    add_pooling (graph, &POOLINGS[i].first);
    add_pooling (graph, &POOLINGS[i].second);
    g_assert_true (yv8_graph_check (graph, NULL));
    g_autoptr (Yv8Graph) fused = yv8_graph_fuse (graph);
    const Yv8Op *pool = yv8_graph_op (fused, 1);
    g_assert_cmpuint (yv8_op_levels (pool), ==, POOLINGS[i].n_levels);
    g_assert_cmpuint (pool->out.channels, ==, POOLINGS[i].n_levels * POOLINGS[i].first.n);
    g_assert_cmpuint (yv8_graph_n_ops (fused), ==, 4 - POOLINGS[i].n_levels);
    g_assert_cmpint (yv8_graph_check (fused, NULL), ==, POOLINGS[i].n_levels == 1);
  }
}

/* An upsampling that a convolution can do, whatever lies between; and those that it cannot. */
static void
test_fuse_upsampled (void)
{
  static const struct {
    Yv8Slice conv, upsampled, to;
    gboolean fuses;
  } cases[] = {
    { { 1, 4, 8 }, { 1, 4, 8 }, { 2, 8, 8 }, TRUE },
    { { 1, 6, 8 }, { 1, 6, 8 }, { 2, 2, 8 }, TRUE },
    { { 1, 4, 8 }, { 1, 4, 8 }, { 2, 6, 8 }, FALSE }, /* elsewhere within four */
    { { 1, 4, 8 }, { 1, 8, 4 }, { 2, 4, 4 }, FALSE }, /* a part */
    { { 1, 4, 8 }, { 0, 0, 8 }, { 2, 8, 8 }, FALSE }, /* what no convolution wrote */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (Yv8Graph) graph = yv8_graph_new ();
    test_graph_input (graph, 8);
    yv8_graph_add_buffer (graph, 16);
    yv8_graph_add_buffer (graph, 24);
    test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 0, 0, 8 }, cases[i].conv, K3, NULL);
    test_graph_op (graph, YV8_OP_COPY, (Yv8Slice){ 0, 0, 2 }, (Yv8Slice){ 1, 0, 2 }, NONE, NULL);
    for (guint k = 0; k < 2; k++) /* a second one stays */
      test_graph_op (graph, YV8_OP_UPSAMPLE, cases[i].upsampled,
          (Yv8Slice){ 2, cases[i].to.channel + k * 8, cases[i].to.channels }, NONE, NULL);
    g_assert_true (yv8_graph_check (graph, NULL));
    g_autoptr (Yv8Graph) fused = yv8_graph_fuse (graph);
    const Yv8Op *conv = yv8_graph_op (fused, 1);
    g_assert_cmpuint (yv8_graph_n_ops (fused), ==, cases[i].fuses ? 4 : 5);
    g_assert_cmpuint (conv->upsampled.channels, ==, cases[i].fuses ? 8 : 0);
    g_autofree Yv8Shape *want = yv8_graph_infer (graph, 32, 64, NULL);
    g_autofree Yv8Shape *got = yv8_graph_infer (fused, 32, 64, NULL);
    g_assert_cmpmem (got, 3 * sizeof *got, want, 3 * sizeof *want);
    if (cases[i].fuses) {
      g_assert_cmpuint (conv->upsampled.buffer, ==, 2);
      g_assert_cmpuint (conv->upsampled.channel, ==, cases[i].to.channel);
      g_assert_cmpuint (yv8_op_bytes (conv, got) - yv8_op_bytes (yv8_graph_op (graph, 1), want), ==,
          4 * 8 * 64 * 128);
    }
  }
}

/* A long chain becomes ops of YV8_OP_MAX_LEVELS, and a rest. */
static void
test_fuse_many (void)
{
  g_autoptr (Yv8Graph) graph = yv8_graph_new ();
  guint n = 2 * YV8_OP_MAX_LEVELS + 1;

  test_graph_input (graph, 4);
  yv8_graph_add_buffer (graph, 4 * n);
  for (guint i = 0; i < n; i++)
    add_pooling (graph, &(Pooling){ i > 0, i ? 4 * i - 4 : 0, 4 * i, 4, &K3 });
  g_array_append_vals (graph->outputs, &(Yv8Slice){ 1, 0, 4 * n }, 1);
  g_assert_true (yv8_graph_check (graph, NULL));
  g_autoptr (Yv8Graph) fused = yv8_graph_fuse (graph);
  g_assert_cmpuint (yv8_graph_n_ops (fused), ==, 4);
  g_assert_cmpuint (yv8_op_levels (yv8_graph_op (fused, 2)), ==, YV8_OP_MAX_LEVELS);
  g_assert_cmpuint (yv8_op_levels (yv8_graph_op (fused, 3)), ==, 1);
  g_assert_cmpuint (yv8_graph_op (fused, 3)->in[0].channel, ==, 4 * (n - 2));
  g_assert_cmpuint (fused->outputs->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/graph/good", test_good);
  g_test_add_func ("/graph/dump", test_dump);
  g_test_add_func ("/graph/sizes", test_sizes);
  g_test_add_func ("/graph/huge", test_huge);
  g_test_add_func ("/graph/fuse", test_fuse);
  g_test_add_func ("/graph/fuse-upsampled", test_fuse_upsampled);
  g_test_add_func ("/graph/fuse-many", test_fuse_many);
  for (guint i = 0; i < G_N_ELEMENTS (SPOILS); i++) {
    g_autofree char *path = g_strdup_printf ("/graph/spoilt/%s", SPOILS[i].name);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_spoilt);
  }
  return g_test_run ();
}

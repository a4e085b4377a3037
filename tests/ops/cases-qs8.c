/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Int8 graphs of one op between guard channels.
 *
 * Buffer 0, given as values, is float32; buffer 1, int8, is made from it in pieces of their own
 * scales and zero points, which may begin and end anywhere: [before][in][after][gap][residual].
 * Buffer 2, float32 or int8: [before][out][after]. QUANTIZE itself goes from buffer 0 to 2. Buffer
 * 3, if any: buffer 2 upsampled; buffer 4, float32: a convolution of it. */
#include "cases.h"

#include <math.h>
#include <string.h>

#include "network.h"
#include "ref/backend.h"

#define MAX_PIECE 12

/* Scales that are powers of two make for sums that lie half way between two int8. */
static gboolean
is_power (float scale)
{
  int n;

  return frexpf (scale, &n) == 0.5f;
}

static Yv8Quant
random_quant (GRand *rand)
{
  static const float ENDS[] = { YV8_QUANT_MIN_SCALE, YV8_QUANT_MAX_SCALE };
  gboolean extreme = g_rand_int_range (rand, 0, 12) == 0;
  Yv8Quant quant = {
    .scale = extreme ? ENDS[g_rand_int_range (rand, 0, 2)]
                     : (float) exp (g_rand_double_range (rand, -7, 2)),
    .zero = g_rand_int_range (rand, -128, 128),
  };

  if (g_rand_int_range (rand, 0, 3) == 0)
    quant.scale = ldexpf (1, g_rand_int_range (rand, -10, 4));
  if (g_rand_int_range (rand, 0, 5) == 0)
    quant.zero = g_rand_boolean (rand) ? -128 : 127;
  return quant;
}

static gint8
random_q (CaseValues kind, Yv8Quant quant, gboolean high, GRand *rand)
{
  switch (kind) {
  case VALUES_EXTREME:
    return high ? 127 : -128;
  case VALUES_ZERO:
    return (gint8) quant.zero;
  default:
    return (gint8) g_rand_int_range (rand, -128, 128);
  }
}

static void
add_op (Yv8Graph *graph, Yv8OpKind kind, Yv8Slice in, Yv8Slice out, Yv8Window window, GRand *rand)
{
  Yv8Op op = {
    .kind = kind,
    .name = g_strdup_printf ("%s %u", yv8_op_kind_name (kind), yv8_graph_n_ops (graph)),
    .n_in = 1,
    .in = { in },
    .out = out,
    .window = window,
    .quant = random_quant (rand),
  };

  yv8_graph_add_op (graph, &op);
}

static void
add_pieces (Yv8Graph *graph, guint channels, guint align, GRand *rand)
{
  guint n;

  for (guint c = 0; c < channels; c += n) {
    n = (guint) g_rand_int_range (rand, 1, MAX_PIECE + 1);
    n = MIN ((n + align - 1) / align * align, channels - c);
    add_op (graph, YV8_OP_QUANTIZE, (Yv8Slice){ 0, c, n }, (Yv8Slice){ 1, c, n }, (Yv8Window){ 0 },
        rand);
  }
}

static void
fill_qweights (Yv8Op *op, CaseValues kind, GRand *rand)
{
  gsize k = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
  double usual = 1 / (5000 * sqrt (k));                 /* makes v a few units */
  static const double SHARES[] = { 0.3, 0.9, 0.99, 1 }; /* of zero blocks: some tiles have others */

  op->qweights = g_new (gint8, k * op->out.channels);
  op->multiplier = g_new (float, op->out.channels);
  op->bias = g_new (float, op->out.channels);
  for (guint c = 0; c < op->out.channels; c++) {
    gint8 worst = g_rand_boolean (rand) ? 127 : -127;
    op->bias[c] = (float) g_rand_double_range (rand, -2, 2);
    op->multiplier[c] = (float) (usual * exp (g_rand_double_range (rand, -3, 3)));
    if (is_power (op->quant.scale)) {
      op->multiplier[c] = ldexpf (op->quant.scale, -g_rand_int_range (rand, 5, 13));
      op->bias[c] = op->quant.scale / 2 * (float) g_rand_int_range (rand, -9, 10);
    }
    if (g_rand_int_range (rand, 0, 16) == 0)
      op->multiplier[c] = g_rand_boolean (rand) ? 1e9f : 1e-30f;
    for (gsize i = 0; i < k; i++)
      op->qweights[c * k + i] =
          kind == VALUES_EXTREME ? worst : (gint8) g_rand_int_range (rand, -127, 128);
  }
  if (g_rand_boolean (rand))
    network_prune (op, SHARES[g_rand_int_range (rand, 0, G_N_ELEMENTS (SHARES))], rand);
}

/* Zeroes the weights of blocks of 16 output channels by four input channels at one place of the
 * window, as pruning does; at a density of 1, all. */
static void
kill_blocks (Yv8Op *op, GRand *rand)
{
  static const double DENSITIES[] = { 0, 0, 0.3, 0.9, 1 };
  double density = DENSITIES[g_rand_int_range (rand, 0, G_N_ELEMENTS (DENSITIES))];
  guint taps = op->window.kernel_h * op->window.kernel_w, n = op->in[0].channels;
  guint first = op->in[0].channel % 4, blocks = (first + n + 3) / 4;
  g_autofree gboolean *dead = g_new (gboolean, (gsize) taps * blocks);

  for (guint o = 0; o < op->out.channels; o++) {
    for (guint i = 0; i < taps * blocks && (o == 0 || (op->out.channel + o) % 16 == 0); i++)
      dead[i] = g_rand_double (rand) < density;
    for (guint i = 0; i < n * taps; i++)
      if (dead[(first + i / taps) / 4 * taps + i % taps])
        op->qweights[(gsize) o * n * taps + i] = 0;
  }
}

/* Guards are made by an op that gives the same size; of the source's type for QUANTIZE, else of the
 * destination's. */
static void
add_guard (Yv8Graph *graph, const Case *test, gboolean f32, guint from, guint to, GRand *rand)
{
  guint channels = to ? test->after : test->before;
  Yv8Slice in = { f32 ? 0 : 1, from, channels }, out = { 2, to, channels };
  Yv8OpKind kind = test->kind;

  if (kind == YV8_OP_CONV)
    kind = YV8_OP_MAXPOOL;
  if (kind == YV8_OP_DEQUANTIZE)
    kind = YV8_OP_COPY;
  if (kind == YV8_OP_QUANTIZE)
    in.buffer = 0;
  if (channels)
    add_op (graph, kind, in, out, test->window, rand);
}

/* Sees the halo of what was upsampled. */
static void
add_reader (Yv8Graph *graph, gboolean f32, guint channels, GRand *rand)
{
  const Yv8Window window = { 3, 3, 1, 1 };

  yv8_graph_add_buffer (graph, 1);
  add_op (graph, YV8_OP_CONV, (Yv8Slice){ 3, 0, channels }, (Yv8Slice){ 4, 0, 1 }, window, rand);
  Yv8Op *op = &g_array_index (graph->ops, Yv8Op, graph->ops->len - 1);
  if (!f32) {
    fill_qweights (op, VALUES_RANDOM, rand);
    return;
  }
  op->weights = g_new0 (float, 9 * channels);
  op->bias = g_new0 (float, 1);
  op->weights[9 * g_rand_int_range (rand, 0, (gint) channels)] = 1;
}

static Yv8Graph *
qs8_graph (const Case *test, gboolean f32, guint align, GRand *rand)
{
  Yv8Graph *graph = yv8_graph_new ();
  guint in_channels = case_source_channels (test);
  guint out_channels = test->before + test->out_channels + test->after;
  guint source = test->kind == YV8_OP_QUANTIZE ? 0 : 1;
  Yv8Op input = { YV8_OP_INPUT, g_strdup ("input"), .out = { 0, 0, in_channels } };
  const Yv8Slice outs[] = { { source, 0, in_channels }, { 2, 0, out_channels },
    { 3, 0, out_channels }, { 4, 0, 1 } };

  yv8_graph_add_buffer (graph, in_channels);
  yv8_graph_add_typed_buffer (graph, in_channels, YV8_TYPE_QS8);
  yv8_graph_add_typed_buffer (graph, out_channels, f32 ? YV8_TYPE_F32 : YV8_TYPE_QS8);
  if (test->upsampled)
    yv8_graph_add_typed_buffer (graph, out_channels, f32 ? YV8_TYPE_F32 : YV8_TYPE_QS8);
  g_array_append_vals (graph->outputs, outs, test->upsampled ? 4 : 2);
  yv8_graph_add_op (graph, &input);
  add_pieces (graph, in_channels, align, rand);
  add_guard (graph, test, f32, 0, 0, rand);
  add_guard (
      graph, test, f32, test->before + test->in_channels, test->before + test->out_channels, rand);
  case_add_upsampled (graph, test, 2, 0, test->before);
  case_add_upsampled (graph, test, 2, test->before + test->out_channels, test->after);
  add_op (graph, test->kind, (Yv8Slice){ source, test->before, test->in_channels },
      (Yv8Slice){ 2, test->before, test->out_channels / MAX (test->levels, 1) }, test->window,
      rand);
  case_add_levels (graph, test);

  Yv8Op *op = &g_array_index (graph->ops, Yv8Op, graph->ops->len - 1);
  if (test->kind == YV8_OP_CONV) {
    op->activation = test->activation;
    fill_qweights (op, test->values, rand);
    kill_blocks (op, rand);
    if (test->residual)
      op->in[op->n_in++] = (Yv8Slice){ 1, case_residual_channel (test), test->out_channels };
  }
  case_add_upsampled (graph, test, 2, test->before, test->out_channels);
  if (test->upsampled)
    add_reader (graph, f32, out_channels, rand);
  return graph;
}

/* What the pieces quantise to the wanted int8; QUANTIZE also sees what lies half way between two,
 * and what no int8 stands for. */
static float *
qs8_values (const Case *test, const Yv8Graph *graph, GRand *rand)
{
  static const float WILD[] = { 0, 1e30f, -1e30f, INFINITY, -INFINITY, 1e-30f };
  gsize plane = (gsize) test->width * test->height;
  guint channels = case_source_channels (test);
  float *values = g_new (float, plane *channels);
  Yv8Quant **quants = yv8_graph_quants (graph);

  for (guint c = 0; c < channels; c++) {
    Yv8Quant quant = quants[1][c];
    gboolean high = g_rand_boolean (rand);
    for (gsize i = 0; i < plane; i++) {
      float *value = &values[c * plane + i];
      *value = quant.scale * (float) (random_q (test->values, quant, high, rand) - quant.zero);
      if (test->kind == YV8_OP_QUANTIZE && g_rand_int_range (rand, 0, 8) == 0)
        *value += quant.scale / 2;
      if (test->kind == YV8_OP_QUANTIZE && g_rand_int_range (rand, 0, 8) == 0)
        *value = WILD[g_rand_int_range (rand, 0, G_N_ELEMENTS (WILD))];
    }
  }
  yv8_quants_free (quants);
  return values;
}

/* Equal int8 of equal scales stand for equal float32, and others for others. */
static char *
compare (const Yv8Graph *graph, const Yv8Shape *shapes, float **got, float **want)
{
  static const char *const NAMES[] = { "source", "destination", "upsampled", "reader" };

  for (guint i = 0; i < graph->outputs->len; i++) {
    const Yv8Shape *shape = &shapes[yv8_graph_output (graph, i)->buffer];
    gsize n = (gsize) shape->channels * shape->height * shape->width;
    for (gsize j = 0; j < n; j++)
      if (memcmp (&got[i][j], &want[i][j], sizeof (float)) != 0)
        return g_strdup_printf ("%s, channel %" G_GSIZE_FORMAT ", value %" G_GSIZE_FORMAT
                                " is %.9g, want %.9g",
            NAMES[i], j / (shape->height * shape->width), j % (shape->height * shape->width),
            (double) got[i][j], (double) want[i][j]);
  }
  return NULL;
}

char *
case_check_qs8 (const Case *test, Yv8Backend *backend, guint align, GRand *rand)
{
  gboolean f32 = test->kind == YV8_OP_DEQUANTIZE ||
                 (test->kind == YV8_OP_CONV && !test->residual && g_rand_boolean (rand));
  g_autoptr (Yv8Graph) graph = qs8_graph (test, f32, align, rand);
  g_autofree float *values = qs8_values (test, graph, rand);
  g_autoptr (GError) error = NULL;
  const char *name = backend->klass->name;

  if (!yv8_graph_check (graph, &error)) {
    backend->klass->free (backend);
    return case_describe (test, name, error->message);
  }
  g_autofree Yv8Shape *shapes = yv8_graph_infer (graph, test->width, test->height, NULL);
  g_auto (GStrv) got = (char **) case_run (graph, test, backend, values, NULL, &error);
  g_auto (GStrv) want =
      (char **) case_run (graph, test, yv8_ref_backend_new (), values, NULL, NULL);
  g_autofree char *wrong =
      got ? compare (graph, shapes, (float **) got, (float **) want) : g_strdup (error->message);
  g_autofree char *where = g_strdup_printf ("%s, %s", name, f32 ? "to f32" : "to qs8");
  return wrong ? case_describe (test, where, wrong) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Int8 graphs for tests: valid in every respect, but with scales that nobody measured. */
#pragma once

#include <math.h>

#include "graphs.h"
#include "model/network.h"

/* Ranges of the input's channels are folded in, as engine/compress does. */
static inline void
test_quantize_weights (Yv8Op *op, const float *weights, const Yv8Quant *in)
{
  gsize window = (gsize) op->window.kernel_h * op->window.kernel_w;
  gsize n = op->in[0].channels * window;

  op->qweights = g_new (gint8, n * op->out.channels);
  op->multiplier = g_new (float, op->out.channels);
  for (guint o = 0; o < op->out.channels; o++) {
    float most = 1e-6f;
    for (gsize i = 0; i < n; i++)
      most = MAX (most, fabsf (weights[o * n + i] * in[i / window].scale));
    op->multiplier[o] = most / 127;
    for (gsize i = 0; i < n; i++)
      op->qweights[o * n + i] =
          (gint8) lrintf (weights[o * n + i] * in[i / window].scale / op->multiplier[o]);
  }
}

/**
 * test_quantize: Returns: (transfer full): @graph, a float one, with every map int8 but the
 * outputs; scales and zero points are drawn from @rand
 */
static inline Yv8Graph *
test_quantize (const Yv8Graph *graph, GRand *rand)
{
  Yv8Graph *result = yv8_graph_new ();

  for (guint i = 0; i < yv8_graph_n_buffers (graph); i++) {
    Yv8Type type = YV8_TYPE_QS8;
    for (guint j = 0; j < graph->outputs->len; j++)
      if (yv8_graph_output (graph, j)->buffer == i)
        type = YV8_TYPE_F32;
    yv8_graph_add_typed_buffer (result, g_array_index (graph->buffer_channels, guint, i), type);
  }
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *from = yv8_graph_op (graph, i);
    Yv8Quant **quants = yv8_graph_quants (result);
    Yv8Op op = *from;
    op.name = g_strdup (from->name);
    op.weights = NULL;
    op.quant = (Yv8Quant){ (float) g_rand_double_range (rand, 0.01, 0.05),
      g_rand_int_range (rand, -128, 128) };
    if (op.kind == YV8_OP_INPUT)
      op.quant = (Yv8Quant){ 1.0f / 255, -128 };
    if (op.kind == YV8_OP_CONV) {
      op.bias = g_memdup2 (from->bias, op.out.channels * sizeof (float));
      test_quantize_weights (&op, from->weights, quants[op.in[0].buffer] + op.in[0].channel);
    }
    yv8_graph_add_op (result, &op);
    yv8_quants_free (quants);
  }
  g_array_append_vals (result->outputs, graph->outputs->data, graph->outputs->len);
  return result;
}

/* A CONV whose input is int8. */
static inline Yv8Op *
test_int8_conv (Yv8Graph *graph, Yv8Slice in, Yv8Slice out, guint kernel, guint stride, GRand *rand)
{
  const Yv8Window window = { kernel, kernel, stride, kernel / 2 };
  Yv8Quant **quants = yv8_graph_quants (graph);
  Yv8Op *op = test_graph_op (graph, YV8_OP_CONV, in, out, window, rand);

  test_quantize_weights (op, op->weights, quants[in.buffer] + in.channel);
  g_clear_pointer (&op->weights, g_free);
  op->quant = (Yv8Quant){ 0.03125f, -90 };
  yv8_quants_free (quants);
  return op;
}

/**
 * test_int8_detector: Returns: (transfer full): the least int8 detector that has an op of every
 * kind, one layer in float, a concat and a residual; 2 classes, one scale of stride 2
 */
static inline Yv8Graph *
test_int8_detector (GRand *rand)
{
  static const struct {
    guint channels;
    Yv8Type type;
  } buffers[] = {
    { 3, YV8_TYPE_QS8 }, /* 0: picture */
    { 4, YV8_TYPE_QS8 }, /* 1: stem */
    { 8, YV8_TYPE_QS8 }, /* 2: concat of pool and copy */
    { 8, YV8_TYPE_F32 }, /* 3: the same in float */
    { 4, YV8_TYPE_F32 }, /* 4: a layer in float */
    { 4, YV8_TYPE_QS8 }, /* 5: the same in int8 */
    { 4, YV8_TYPE_QS8 }, /* 6: half the size */
    { 4, YV8_TYPE_QS8 }, /* 7: and back */
    { 4, YV8_TYPE_QS8 }, /* 8: with the residual 5 */
    { 8, YV8_TYPE_F32 }, /* 9: boxes */
    { 2, YV8_TYPE_F32 }, /* 10: classes */
  };
  static const Yv8Window none = { 0 }, pool = { 3, 3, 1, 1 }, half = { 2, 2, 2, 0 },
                         one = { 1, 1, 1, 0 };
  const Yv8Slice outputs[] = { { 9, 0, 8 }, { 10, 0, 2 } };
  Yv8Graph *graph = yv8_graph_new ();

  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++)
    yv8_graph_add_typed_buffer (graph, buffers[i].channels, buffers[i].type);
  Yv8Op input = { .kind = YV8_OP_INPUT, .name = g_strdup ("input"), .out = { 0, 0, 3 } };
  input.quant = (Yv8Quant){ 1.0f / 255, -128 };
  yv8_graph_add_op (graph, &input);
  test_int8_conv (graph, (Yv8Slice){ 0, 0, 3 }, (Yv8Slice){ 1, 0, 4 }, 3, 2, rand)->activation =
      YV8_ACTIVATION_SILU;
  test_graph_op (graph, YV8_OP_MAXPOOL, (Yv8Slice){ 1, 0, 4 }, (Yv8Slice){ 2, 0, 4 }, pool, NULL);
  test_graph_op (graph, YV8_OP_COPY, (Yv8Slice){ 1, 0, 4 }, (Yv8Slice){ 2, 4, 4 }, none, NULL);
  test_graph_op (
      graph, YV8_OP_DEQUANTIZE, (Yv8Slice){ 2, 0, 8 }, (Yv8Slice){ 3, 0, 8 }, none, NULL);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 3, 0, 8 }, (Yv8Slice){ 4, 0, 4 }, one, rand);
  test_graph_op (graph, YV8_OP_QUANTIZE, (Yv8Slice){ 4, 0, 4 }, (Yv8Slice){ 5, 0, 4 }, none, NULL)
      ->quant = (Yv8Quant){ 0.0123456789f, 7 };
  test_graph_op (graph, YV8_OP_MAXPOOL, (Yv8Slice){ 5, 0, 4 }, (Yv8Slice){ 6, 0, 4 }, half, NULL);
  test_graph_op (graph, YV8_OP_UPSAMPLE, (Yv8Slice){ 6, 0, 4 }, (Yv8Slice){ 7, 0, 4 }, none, NULL);
  Yv8Op *residual =
      test_int8_conv (graph, (Yv8Slice){ 7, 0, 4 }, (Yv8Slice){ 8, 0, 4 }, 3, 1, rand);
  residual->in[residual->n_in++] = (Yv8Slice){ 5, 0, 4 };
  for (guint i = 0; i < G_N_ELEMENTS (outputs); i++)
    test_int8_conv (graph, (Yv8Slice){ 8, 0, 4 }, outputs[i], 1, 1, rand);
  test_graph_detect (graph, outputs[0], outputs[1], 2);
  return graph;
}

/**
 * test_int8_network: Returns: (transfer full): test_int8_detector() with names that want escapes
 */
static inline Yv8Network *
test_int8_network (GRand *rand)
{
  Yv8Network *network = yv8_network_new ();

  network->graph = test_int8_detector (rand);
  network->width = 64;
  network->height = 32;
  g_hash_table_insert (
      network->metadata, g_strdup ("names"), g_strdup ("{0: 'one', 1: 'two \"\\u2\xc3\xbc'}"));
  g_hash_table_insert (network->metadata, g_strdup ("license"), g_strdup ("none\n\x01\x7f"));
  return network;
}

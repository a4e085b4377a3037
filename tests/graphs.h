/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small graphs for tests. */
#pragma once

#include <math.h>

#include "graph/graph.h"

/**
 * test_graph_input: adds buffer 0 of @channels and the INPUT op that fills it
 */
static inline void
test_graph_input (Yv8Graph *graph, guint channels)
{
  Yv8Op op = { .kind = YV8_OP_INPUT, .name = g_strdup ("input") };

  op.out = (Yv8Slice){ yv8_graph_add_buffer (graph, channels), 0, channels };
  yv8_graph_add_op (graph, &op);
}

/**
 * test_graph_op: adds an op of one input; a CONV gets weights and biases drawn from @rand, so
 * scaled that values keep their size, or zeroes where it is %NULL
 */
static inline Yv8Op *
test_graph_op (
    Yv8Graph *graph, Yv8OpKind kind, Yv8Slice in, Yv8Slice out, Yv8Window window, GRand *rand)
{
  Yv8Op op = { .kind = kind, .n_in = 1, .in = { in }, .out = out, .window = window };

  op.name = g_strdup_printf ("op%u", yv8_graph_n_ops (graph));
  if (kind == YV8_OP_CONV) {
    gsize k = (gsize) in.channels * window.kernel_h * window.kernel_w;
    gsize n = k * out.channels;
    op.weights = g_new0 (float, n);
    op.bias = g_new0 (float, out.channels);
    float scale = 1.7f / sqrtf ((float) k);
    for (gsize i = 0; rand && i < n; i++)
      op.weights[i] = scale * (float) g_rand_double_range (rand, -1, 1);
    for (guint i = 0; rand && i < out.channels; i++)
      op.bias[i] = (float) g_rand_double_range (rand, -1, 1);
  }
  return yv8_graph_add_op (graph, &op);
}

/**
 * test_graph_detect: adds a DETECT op of one scale, whose inputs become the outputs
 * @boxes: 4 * reg_max channels
 * @classes: a channel a class
 */
static inline void
test_graph_detect (Yv8Graph *graph, Yv8Slice boxes, Yv8Slice classes, guint stride)
{
  Yv8Op op = { .kind = YV8_OP_DETECT,
    .name = g_strdup ("detect"),
    .n_in = 2,
    .in = { boxes, classes },
    .reg_max = boxes.channels / 4,
    .n_classes = classes.channels,
    .strides = { stride } };

  yv8_graph_add_op (graph, &op);
  g_array_append_vals (graph->outputs, op.in, 2);
}

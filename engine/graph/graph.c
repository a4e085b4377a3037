/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Building and reading a graph, and the table of op kinds. */
#include "graph/graph.h"

static const char *const KIND_NAMES[YV8_N_OP_KINDS] = {
  [YV8_OP_INPUT] = "input",
  [YV8_OP_CONV] = "conv",
  [YV8_OP_MAXPOOL] = "maxpool",
  [YV8_OP_UPSAMPLE] = "upsample",
  [YV8_OP_COPY] = "copy",
  [YV8_OP_QUANTIZE] = "quantize",
  [YV8_OP_DEQUANTIZE] = "dequantize",
  [YV8_OP_DETECT] = "detect",
};

static void
op_clear (gpointer data)
{
  Yv8Op *op = data;

  g_clear_pointer (&op->name, g_free);
  g_clear_pointer (&op->weights, g_free);
  g_clear_pointer (&op->bias, g_free);
  g_clear_pointer (&op->qweights, g_free);
  g_clear_pointer (&op->multiplier, g_free);
}

Yv8Graph *
yv8_graph_new (void)
{
  Yv8Graph *graph = g_new0 (Yv8Graph, 1);

  graph->buffer_channels = g_array_new (FALSE, TRUE, sizeof (guint));
  graph->buffer_types = g_array_new (FALSE, TRUE, sizeof (Yv8Type));
  graph->ops = g_array_new (FALSE, TRUE, sizeof (Yv8Op));
  g_array_set_clear_func (graph->ops, op_clear);
  graph->outputs = g_array_new (FALSE, TRUE, sizeof (Yv8Slice));
  return graph;
}

void
yv8_graph_free (Yv8Graph *graph)
{
  if (!graph)
    return;
  g_array_unref (graph->buffer_channels);
  g_array_unref (graph->buffer_types);
  g_array_unref (graph->ops);
  g_array_unref (graph->outputs);
  g_free (graph);
}

guint
yv8_graph_add_typed_buffer (Yv8Graph *graph, guint channels, Yv8Type type)
{
  g_array_append_val (graph->buffer_channels, channels);
  g_array_append_val (graph->buffer_types, type);
  return graph->buffer_channels->len - 1;
}

guint
yv8_graph_add_buffer (Yv8Graph *graph, guint channels)
{
  return yv8_graph_add_typed_buffer (graph, channels, YV8_TYPE_F32);
}

Yv8Op *
yv8_graph_add_op (Yv8Graph *graph, const Yv8Op *op)
{
  g_array_append_vals (graph->ops, op, 1);
  return &g_array_index (graph->ops, Yv8Op, graph->ops->len - 1);
}

Yv8Op
yv8_op_copy (const Yv8Op *op)
{
  gsize rows = op->out.channels;
  gsize n = rows * op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
  Yv8Op copy = *op;

  copy.name = g_strdup (op->name);
  copy.weights = g_memdup2 (op->weights, op->weights ? n * sizeof (float) : 0);
  copy.bias = g_memdup2 (op->bias, op->bias ? rows * sizeof (float) : 0);
  copy.qweights = g_memdup2 (op->qweights, op->qweights ? n : 0);
  copy.multiplier = g_memdup2 (op->multiplier, op->multiplier ? rows * sizeof (float) : 0);
  return copy;
}

Yv8Graph *
yv8_graph_copy (const Yv8Graph *graph, guint n_ops)
{
  Yv8Graph *copy = yv8_graph_new ();

  g_array_append_vals (
      copy->buffer_channels, graph->buffer_channels->data, graph->buffer_channels->len);
  g_array_append_vals (copy->buffer_types, graph->buffer_types->data, graph->buffer_types->len);
  for (guint i = 0; i < n_ops; i++) {
    Yv8Op op = yv8_op_copy (yv8_graph_op (graph, i));
    yv8_graph_add_op (copy, &op);
  }
  if (n_ops == graph->ops->len)
    g_array_append_vals (copy->outputs, graph->outputs->data, graph->outputs->len);
  return copy;
}

guint
yv8_graph_n_ops (const Yv8Graph *graph)
{
  return graph->ops->len;
}

const Yv8Op *
yv8_graph_op (const Yv8Graph *graph, guint index)
{
  g_return_val_if_fail (index < graph->ops->len, NULL);
  return &g_array_index (graph->ops, Yv8Op, index);
}

guint
yv8_graph_n_buffers (const Yv8Graph *graph)
{
  return graph->buffer_channels->len;
}

const Yv8Slice *
yv8_graph_output (const Yv8Graph *graph, guint index)
{
  g_return_val_if_fail (index < graph->outputs->len, NULL);
  return &g_array_index (graph->outputs, Yv8Slice, index);
}

Yv8Type
yv8_graph_buffer_type (const Yv8Graph *graph, guint buffer)
{
  g_return_val_if_fail (buffer < graph->buffer_types->len, YV8_TYPE_F32);
  return g_array_index (graph->buffer_types, Yv8Type, buffer);
}

const Yv8Op *
yv8_graph_detect (const Yv8Graph *graph)
{
  guint n = graph->ops->len;

  if (n == 0)
    return NULL;
  const Yv8Op *last = yv8_graph_op (graph, n - 1);
  return last->kind == YV8_OP_DETECT ? last : NULL;
}

const char *
yv8_op_kind_name (Yv8OpKind kind)
{
  return (guint) kind < YV8_N_OP_KINDS ? KIND_NAMES[kind] : "unknown";
}

guint64
yv8_op_parameters (const Yv8Op *op)
{
  if (op->kind != YV8_OP_CONV)
    return 0;
  guint64 kernel = (guint64) op->window.kernel_h * op->window.kernel_w;
  return op->out.channels * (op->in[0].channels * kernel + 1);
}

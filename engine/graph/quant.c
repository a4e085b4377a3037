/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which scale and zero point each channel of each buffer has. */
#include "graph/graph.h"

static gboolean
hands_on (Yv8OpKind kind)
{
  return kind == YV8_OP_MAXPOOL || kind == YV8_OP_UPSAMPLE || kind == YV8_OP_COPY;
}

/* Of what @op writes at @out. */
static void
set_quants (Yv8Quant **quants, const Yv8Op *op, const Yv8Slice *out)
{
  const Yv8Slice *in = &op->in[0];

  for (guint c = 0; c < out->channels; c++)
    quants[out->buffer][out->channel + c] =
        hands_on (op->kind) ? quants[in->buffer][in->channel + c % in->channels] : op->quant;
}

Yv8Quant **
yv8_graph_quants (const Yv8Graph *graph)
{
  guint n = yv8_graph_n_buffers (graph);
  Yv8Quant **quants = g_new0 (Yv8Quant *, n + 1);

  for (guint i = 0; i < n; i++)
    quants[i] = g_new0 (Yv8Quant, g_array_index (graph->buffer_channels, guint, i));
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    if (op->kind == YV8_OP_DETECT || yv8_graph_buffer_type (graph, op->out.buffer) != YV8_TYPE_QS8)
      continue;
    set_quants (quants, op, &op->out);
    set_quants (quants, op, &op->upsampled);
  }
  return quants;
}

void
yv8_quants_free (Yv8Quant **quants)
{
  for (guint i = 0; quants && quants[i]; i++)
    g_free (quants[i]);
  g_free (quants);
}

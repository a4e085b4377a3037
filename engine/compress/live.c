/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Counting of weights that are not 0, and of blocks that have one. */
#include "compress/live.h"
#include "compress/block.h"

static gboolean
is_live (const Yv8Op *op, gsize index)
{
  return op->qweights ? op->qweights[index] != 0 : op->weights[index] != 0.0f;
}

static gboolean
writes_output (const Yv8Graph *graph, const Yv8Op *op)
{
  for (guint i = 0; i < graph->outputs->len; i++)
    if (yv8_graph_output (graph, i)->buffer == op->out.buffer)
      return TRUE;
  return FALSE;
}

/* Weights, alive or not, of blocks that are. */
static guint64
count_in_blocks (const Yv8Graph *graph, const Yv8Op *op)
{
  Yv8Blocks blocks = yv8_blocks_of (op, writes_output (graph, op));
  guint64 n = 0;

  for (guint group = 0; group < blocks.n_groups; group++) {
    guint first, end, columns[YV8_BLOCK_IN];
    yv8_blocks_rows (&blocks, group, &first, &end);
    for (guint block = 0; block < blocks.n_blocks; block++) {
      guint m = yv8_blocks_columns (&blocks, block, columns);
      gboolean live = FALSE;
      for (guint row = first; row < end && !live; row++)
        for (guint i = 0; i < m && !live; i++)
          live = is_live (op, (gsize) row * (blocks.n - 1) + columns[i]);
      n += live ? m * (end - first) : 0;
    }
  }
  return n;
}

guint64
yv8_live_op_macs (const Yv8Graph *graph, const Yv8Op *op, const Yv8Shape *shapes)
{
  if (op->kind != YV8_OP_CONV)
    return 0;
  Yv8Shape shape = yv8_op_out_shape (op, shapes);
  return count_in_blocks (graph, op) * shape.height * shape.width;
}

guint64
yv8_live_macs (const Yv8Graph *graph, const Yv8Shape *shapes)
{
  guint64 macs = 0;

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++)
    macs += yv8_live_op_macs (graph, yv8_graph_op (graph, i), shapes);
  return macs;
}

guint64
yv8_live_parameters (const Yv8Graph *graph)
{
  guint64 n = 0;

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    if (op->kind != YV8_OP_CONV)
      continue;
    guint64 all = yv8_op_parameters (op), weights = all - op->out.channels;
    n += op->out.channels;
    for (gsize k = 0; k < weights; k++)
      n += is_live (op, k) ? 1 : 0;
  }
  return n;
}

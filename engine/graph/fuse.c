/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ops that a backend runs better as one. */
#include "graph/graph.h"

guint
yv8_op_levels (const Yv8Op *op)
{
  return op->kind == YV8_OP_MAXPOOL ? op->out.channels / op->in[0].channels : 1;
}

static gboolean
keeps_size (const Yv8Window *window)
{
  guint kernel = 2 * window->pad + 1;

  return window->stride == 1 && window->kernel_h == kernel && window->kernel_w == kernel;
}

static gboolean
same_window (const Yv8Window *a, const Yv8Window *b)
{
  return a->kernel_h == b->kernel_h && a->kernel_w == b->kernel_w && a->stride == b->stride &&
         a->pad == b->pad;
}

/* Whether @op pools the last level of @pool, into the channels behind it. */
static gboolean
is_next_level (const Yv8Op *pool, const Yv8Op *op)
{
  guint end = pool->out.channel + pool->out.channels, n = pool->in[0].channels;

  return pool->kind == YV8_OP_MAXPOOL && op->kind == YV8_OP_MAXPOOL &&
         same_window (&pool->window, &op->window) && keeps_size (&op->window) && n % 4 == 0 &&
         end % 4 == 0 && op->in[0].buffer == pool->out.buffer && op->in[0].channel == end - n &&
         op->in[0].channels == n && op->out.buffer == pool->out.buffer && op->out.channel == end &&
         yv8_op_levels (pool) < YV8_OP_MAX_LEVELS;
}

/* Returns: (nullable): the op of @fused whose output @op upsamples, if it can do that, too */
static Yv8Op *
find_upsampled (const Yv8Graph *fused, const Yv8Op *op)
{
  for (guint i = 0; op->kind == YV8_OP_UPSAMPLE && i < yv8_graph_n_ops (fused); i++) {
    Yv8Op *conv = &g_array_index (fused->ops, Yv8Op, i);
    if (conv->kind == YV8_OP_CONV && !conv->upsampled.channels &&
        conv->out.buffer == op->in[0].buffer && conv->out.channel == op->in[0].channel &&
        conv->out.channels == op->in[0].channels && op->out.channel % 4 == conv->out.channel % 4)
      return conv;
  }
  return NULL;
}

Yv8Graph *
yv8_graph_fuse (const Yv8Graph *graph)
{
  Yv8Graph *fused = yv8_graph_copy (graph, 0);
  Yv8Op *last = NULL;

  g_array_set_clear_func (fused->ops, NULL);
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    Yv8Op *conv = find_upsampled (fused, op);
    if (last && is_next_level (last, op))
      last->out.channels += op->out.channels;
    else if (conv)
      conv->upsampled = op->out;
    else
      last = yv8_graph_add_op (fused, op);
  }
  g_array_append_vals (fused->outputs, graph->outputs->data, graph->outputs->len);
  return fused;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A graph as text. */
#include "graph/graph.h"

static void
append_slice (GString *text, const Yv8Slice *slice)
{
  g_string_append_printf (text, " %u[%u+%u]", slice->buffer, slice->channel, slice->channels);
}

static void
append_type (GString *text, const Yv8Op *op, Yv8Type type)
{
  char scale[G_ASCII_DTOSTR_BUF_SIZE];

  if (type != YV8_TYPE_QS8)
    return;
  g_string_append (text, " qs8");
  if (op->quant.scale > 0)
    g_string_append_printf (text, " scale %s zero %d",
        g_ascii_formatd (scale, sizeof scale, "%.9g", (double) op->quant.scale), op->quant.zero);
}

static void
append_op (GString *text, const Yv8Op *op, const Yv8Shape *shapes)
{
  const Yv8Window *window = &op->window;

  g_string_append_printf (text, "%s '%s'", yv8_op_kind_name (op->kind), op->name);
  for (guint i = 0; i < op->n_in; i++)
    append_slice (text, &op->in[i]);
  if (op->kind != YV8_OP_DETECT) {
    Yv8Shape out = yv8_op_out_shape (op, shapes);
    g_string_append (text, " ->");
    append_slice (text, &op->out);
    g_string_append_printf (text, " %ux%ux%u", out.channels, out.height, out.width);
    append_type (text, op, out.type);
  }
  if (op->kind == YV8_OP_CONV || op->kind == YV8_OP_MAXPOOL)
    g_string_append_printf (
        text, " %ux%u/%u pad %u", window->kernel_h, window->kernel_w, window->stride, window->pad);
  if (op->kind == YV8_OP_CONV && op->activation == YV8_ACTIVATION_SILU)
    g_string_append (text, " silu");
  if (op->kind == YV8_OP_DETECT) {
    g_string_append_printf (text, " bins %u classes %u strides", op->reg_max, op->n_classes);
    for (guint i = 0; i < op->n_in / 2; i++)
      g_string_append_printf (text, " %u", op->strides[i]);
  }
  g_string_append_c (text, '\n');
}

void
yv8_graph_dump (const Yv8Graph *graph, const Yv8Shape *shapes, GString *text)
{
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    g_string_append_printf (text, "%u ", i);
    append_op (text, yv8_graph_op (graph, i), shapes);
  }
}

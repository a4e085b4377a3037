/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What must hold of a graph before anything runs it. */
#include "graph/graph.h"

typedef struct {
  const Yv8Graph *graph;
  guint8 **written; /* per buffer, per channel */
} Checker;

G_GNUC_PRINTF (3, 4)
static gboolean
fail (const Yv8Op *op, GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT, "graph: op '%s' (%s): %s",
      op->name ? op->name : "?", yv8_op_kind_name (op->kind), reason);
  return FALSE;
}

static gboolean
slice_fits (const Yv8Graph *graph, const Yv8Slice *slice)
{
  if (slice->buffer >= yv8_graph_n_buffers (graph) || slice->channels == 0)
    return FALSE;
  guint channels = g_array_index (graph->buffer_channels, guint, slice->buffer);
  return slice->channels <= channels && slice->channel <= channels - slice->channels;
}

static gboolean
check_read (Checker *self, const Yv8Op *op, const Yv8Slice *slice, GError **error)
{
  if (!slice_fits (self->graph, slice))
    return fail (op, error, "input slice %u[%u+%u] is outside of its buffer", slice->buffer,
        slice->channel, slice->channels);
  for (guint i = 0; i < slice->channels; i++)
    if (!self->written[slice->buffer][slice->channel + i])
      return fail (op, error, "reads channel %u of buffer %u before it is written",
          slice->channel + i, slice->buffer);
  return TRUE;
}

static gboolean
check_write (Checker *self, const Yv8Op *op, GError **error)
{
  const Yv8Slice *out = &op->out;

  if (!slice_fits (self->graph, out))
    return fail (op, error, "output slice %u[%u+%u] is outside of its buffer", out->buffer,
        out->channel, out->channels);
  for (guint i = 0; i < out->channels; i++) {
    guint8 *written = &self->written[out->buffer][out->channel + i];
    if (*written)
      return fail (
          op, error, "writes channel %u of buffer %u a second time", out->channel + i, out->buffer);
    *written = TRUE;
  }
  return TRUE;
}

static gboolean
check_window (const Yv8Op *op, GError **error)
{
  const Yv8Window *window = &op->window;
  guint least = MIN (window->kernel_h, window->kernel_w);

  if (least == 0 || window->kernel_h > YV8_GRAPH_MAX_KERNEL ||
      window->kernel_w > YV8_GRAPH_MAX_KERNEL)
    return fail (op, error, "kernel %ux%u is out of range", window->kernel_h, window->kernel_w);
  if (window->stride == 0 || window->stride > YV8_GRAPH_MAX_KERNEL)
    return fail (op, error, "stride %u is out of range", window->stride);
  if (window->pad >= least)
    return fail (op, error, "pad %u is not less than the kernel", window->pad);
  return TRUE;
}

static gboolean
check_conv (const Yv8Op *op, GError **error)
{
  if (!op->weights || !op->bias)
    return fail (op, error, "has no weights");
  if (op->n_in == 2 && op->in[1].channels != op->out.channels)
    return fail (
        op, error, "residual has %u channels, not %u", op->in[1].channels, op->out.channels);
  if (op->activation != YV8_ACTIVATION_NONE && op->activation != YV8_ACTIVATION_SILU)
    return fail (op, error, "unknown activation");
  return check_window (op, error);
}

static gboolean
check_detect (const Yv8Op *op, GError **error)
{
  guint n_scales = op->n_in / 2;

  if (op->reg_max < 2 || op->reg_max > 256)
    return fail (op, error, "%u bins a side are out of range", op->reg_max);
  if (op->n_classes == 0)
    return fail (op, error, "has no classes");
  for (guint i = 0; i < n_scales; i++) {
    if (op->in[2 * i].channels != 4 * op->reg_max || op->in[2 * i + 1].channels != op->n_classes)
      return fail (op, error, "scale %u has %u + %u channels, not %u + %u", i,
          op->in[2 * i].channels, op->in[2 * i + 1].channels, 4 * op->reg_max, op->n_classes);
    if (op->strides[i] == 0 || op->strides[i] > 256)
      return fail (op, error, "stride %u is out of range", op->strides[i]);
  }
  return TRUE;
}

static gboolean
check_same_channels (const Yv8Op *op, GError **error)
{
  if (op->in[0].channels != op->out.channels)
    return fail (op, error, "%u channels in, %u out", op->in[0].channels, op->out.channels);
  return op->kind == YV8_OP_MAXPOOL ? check_window (op, error) : TRUE;
}

static gboolean
check_input (const Yv8Op *op, GError **error)
{
  if (op->out.buffer != 0 || op->out.channel != 0)
    return fail (op, error, "does not write to buffer 0");
  return TRUE;
}

static const struct {
  guint8 min_in, max_in;
  gboolean (*check) (const Yv8Op *op, GError **error);
} KINDS[YV8_N_OP_KINDS] = {
  [YV8_OP_INPUT] = { 0, 0, check_input },
  [YV8_OP_CONV] = { 1, 2, check_conv },
  [YV8_OP_MAXPOOL] = { 1, 1, check_same_channels },
  [YV8_OP_UPSAMPLE] = { 1, 1, check_same_channels },
  [YV8_OP_COPY] = { 1, 1, check_same_channels },
  [YV8_OP_DETECT] = { 2, YV8_OP_MAX_INPUTS, check_detect },
};

static gboolean
check_op (Checker *self, guint index, GError **error)
{
  const Yv8Op *op = yv8_graph_op (self->graph, index);
  gboolean last = index == yv8_graph_n_ops (self->graph) - 1;

  if ((guint) op->kind >= YV8_N_OP_KINDS || !op->name)
    return fail (op, error, "unknown kind %u, or no name", (guint) op->kind);
  if (op->n_in < KINDS[op->kind].min_in || op->n_in > KINDS[op->kind].max_in)
    return fail (op, error, "has %u inputs", op->n_in);
  if ((op->kind == YV8_OP_INPUT) != (index == 0))
    return fail (op, error, "the first op, and no other, must be the input");
  if (op->kind == YV8_OP_DETECT && (!last || op->n_in % 2))
    return fail (op, error, "must be the last op and have two inputs a scale");
  for (guint i = 0; i < op->n_in; i++)
    if (!check_read (self, op, &op->in[i], error))
      return FALSE;
  if (op->kind != YV8_OP_DETECT && !check_write (self, op, error))
    return FALSE;
  return KINDS[op->kind].check (op, error);
}

static gboolean
check_outputs (Checker *self, GError **error)
{
  for (guint i = 0; i < self->graph->outputs->len; i++) {
    static const Yv8Op reader = { .kind = YV8_OP_DETECT, .name = (char *) "output" };
    if (!check_read (self, &reader, yv8_graph_output (self->graph, i), error))
      return FALSE;
  }
  const Yv8Op *detect = yv8_graph_detect (self->graph);
  if (detect && detect->n_in != self->graph->outputs->len)
    return fail (
        detect, error, "%u inputs, but %u outputs", detect->n_in, self->graph->outputs->len);
  for (guint i = 0; detect && i < detect->n_in; i++) {
    const Yv8Slice *output = yv8_graph_output (self->graph, i);
    const Yv8Slice *in = &detect->in[i];
    if (output->buffer != in->buffer || output->channel != in->channel ||
        output->channels != in->channels)
      return fail (detect, error, "input %u is not output %u", i, i);
  }
  return TRUE;
}

gboolean
yv8_graph_check (const Yv8Graph *graph, GError **error)
{
  guint n = yv8_graph_n_buffers (graph);
  gboolean good = n > 0 && yv8_graph_n_ops (graph) > 0;

  for (guint i = 0; i < n; i++) {
    guint channels = g_array_index (graph->buffer_channels, guint, i);
    good = good && channels > 0 && channels <= YV8_GRAPH_MAX_CHANNELS;
  }
  if (!good) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_FORMAT,
        "graph: no ops, or a buffer whose channels are out of range");
    return FALSE;
  }

  Checker self = { graph, g_new0 (guint8 *, n) };
  for (guint i = 0; i < n; i++)
    self.written[i] = g_malloc0 (g_array_index (graph->buffer_channels, guint, i));
  for (guint i = 0; good && i < yv8_graph_n_ops (graph); i++)
    good = check_op (&self, i, error);
  good = good && check_outputs (&self, error);
  for (guint i = 0; i < n; i++)
    g_free (self.written[i]);
  g_free (self.written);
  return good;
}

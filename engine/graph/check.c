/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What must hold of a graph before anything runs it. */
#include "graph/graph.h"

#include <math.h>
#include <string.h>

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
is_quantized (const Yv8Graph *graph, const Yv8Slice *slice)
{
  return yv8_graph_buffer_type (graph, slice->buffer) == YV8_TYPE_QS8;
}

static gboolean
check_quant (const Yv8Op *op, GError **error)
{
  const Yv8Quant *quant = &op->quant;

  if (!(quant->scale >= YV8_QUANT_MIN_SCALE && quant->scale <= YV8_QUANT_MAX_SCALE))
    return fail (op, error, "scale %g is out of range", (double) quant->scale);
  if (quant->zero < -128 || quant->zero > 127)
    return fail (op, error, "zero point %d is out of range", quant->zero);
  return TRUE;
}

/* Written so that NaN fails. */
static gboolean
all_within (const float *values, gsize n, float min, float max)
{
  gboolean good = TRUE;

  for (gsize i = 0; i < n; i++)
    good &= values[i] >= min && values[i] <= max;
  return good;
}

static gboolean
check_numbers (const Yv8Op *op, GError **error)
{
  gsize n = op->out.channels;
  gsize n_weights = n * op->in[0].channels * op->window.kernel_h * op->window.kernel_w;

  if (!all_within (op->bias, n, -YV8_GRAPH_MAX_BIAS, YV8_GRAPH_MAX_BIAS))
    return fail (op, error, "a bias is not within %g", (double) YV8_GRAPH_MAX_BIAS);
  if (!op->qweights)
    return all_within (op->weights, n_weights, -G_MAXFLOAT, G_MAXFLOAT) ||
           fail (op, error, "a weight is not finite");
  if (!all_within (op->multiplier, n, nextafterf (0, 1), YV8_QUANT_MAX_MULTIPLIER))
    return fail (
        op, error, "a multiplier is not above 0 and at most %g", (double) YV8_QUANT_MAX_MULTIPLIER);
  if (memchr (op->qweights, G_MININT8, n_weights))
    return fail (op, error, "a weight is -128; they go from -127 to 127");
  return TRUE;
}

/* Float in, float out; int8 in, either out; a residual goes with an int8 or float op as a whole. */
static gboolean
check_conv_types (const Yv8Graph *graph, const Yv8Op *op, GError **error)
{
  gboolean in = is_quantized (graph, &op->in[0]), out = is_quantized (graph, &op->out);
  gsize terms = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;

  if (out && !in)
    return fail (op, error, "int8 output of float input");
  if (op->n_in == 2 && (is_quantized (graph, &op->in[1]) != out || in != out))
    return fail (op, error, "residual, input and output differ in type");
  if (!op->bias || !(in ? op->qweights && op->multiplier : op->weights != NULL))
    return fail (op, error, "has no weights");
  if (in && terms > YV8_QUANT_MAX_TERMS)
    return fail (op, error, "%" G_GSIZE_FORMAT " terms overflow the accumulator", terms);
  return check_numbers (op, error) && (!out || check_quant (op, error));
}

static gboolean
check_conv (const Yv8Graph *graph, const Yv8Op *op, GError **error)
{
  if (op->n_in == 2 && op->in[1].channels != op->out.channels)
    return fail (
        op, error, "residual has %u channels, not %u", op->in[1].channels, op->out.channels);
  if (op->activation != YV8_ACTIVATION_NONE && op->activation != YV8_ACTIVATION_SILU)
    return fail (op, error, "unknown activation");
  return check_window (op, error) && check_conv_types (graph, op, error);
}

static gboolean
check_detect (const Yv8Graph *graph, const Yv8Op *op, GError **error)
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
    if (is_quantized (graph, &op->in[2 * i]) || is_quantized (graph, &op->in[2 * i + 1]))
      return fail (op, error, "scale %u is int8", i);
    if (op->strides[i] == 0 || op->strides[i] > 256)
      return fail (op, error, "stride %u is out of range", op->strides[i]);
  }
  return TRUE;
}

static gboolean
check_same (const Yv8Graph *graph, const Yv8Op *op, GError **error)
{
  if (op->in[0].channels != op->out.channels)
    return fail (op, error, "%u channels in, %u out", op->in[0].channels, op->out.channels);
  if (is_quantized (graph, &op->in[0]) != is_quantized (graph, &op->out))
    return fail (op, error, "input and output differ in type");
  return op->kind == YV8_OP_MAXPOOL ? check_window (op, error) : TRUE;
}

static gboolean
check_change (const Yv8Graph *graph, const Yv8Op *op, GError **error)
{
  gboolean quantize = op->kind == YV8_OP_QUANTIZE;

  if (op->in[0].channels != op->out.channels)
    return fail (op, error, "%u channels in, %u out", op->in[0].channels, op->out.channels);
  if (is_quantized (graph, &op->in[0]) == quantize || is_quantized (graph, &op->out) != quantize)
    return fail (op, error, "input or output is of the wrong type");
  return !quantize || check_quant (op, error);
}

static gboolean
check_input (const Yv8Graph *graph, const Yv8Op *op, GError **error)
{
  if (op->out.buffer != 0 || op->out.channel != 0)
    return fail (op, error, "does not write to buffer 0");
  if (is_quantized (graph, &op->out) && (op->quant.scale != 1.0f / 255 || op->quant.zero != -128))
    return fail (op, error, "an int8 input has the scale 1/255 and the zero point -128");
  if (yv8_graph_detect (graph) && op->out.channels != YV8_GRAPH_PICTURE_CHANNELS)
    return fail (op, error, "%u channels of a picture, not %u", op->out.channels,
        YV8_GRAPH_PICTURE_CHANNELS);
  return TRUE;
}

static const struct {
  guint8 min_in, max_in;
  gboolean (*check) (const Yv8Graph *graph, const Yv8Op *op, GError **error);
} KINDS[YV8_N_OP_KINDS] = {
  [YV8_OP_INPUT] = { 0, 0, check_input },
  [YV8_OP_CONV] = { 1, 2, check_conv },
  [YV8_OP_MAXPOOL] = { 1, 1, check_same },
  [YV8_OP_UPSAMPLE] = { 1, 1, check_same },
  [YV8_OP_COPY] = { 1, 1, check_same },
  [YV8_OP_QUANTIZE] = { 1, 1, check_change },
  [YV8_OP_DEQUANTIZE] = { 1, 1, check_change },
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
  return KINDS[op->kind].check (self->graph, op, error);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Shape inference and what follows from shapes. */
#include "graph/graph.h"

/* floor ((side + 2 pad - kernel) / stride) + 1; 0 where the window does not fit. */
static guint
window_side (guint side, guint kernel, const Yv8Window *window)
{
  guint padded = side + 2 * window->pad;

  return padded < kernel ? 0 : (padded - kernel) / window->stride + 1;
}

static Yv8Shape
infer_op (const Yv8Op *op, const Yv8Shape *in)
{
  Yv8Shape out = { op->out.channels, in->height, in->width, YV8_TYPE_F32 };

  switch (op->kind) {
  case YV8_OP_CONV:
  case YV8_OP_MAXPOOL:
    out.height = window_side (in->height, op->window.kernel_h, &op->window);
    out.width = window_side (in->width, op->window.kernel_w, &op->window);
    break;
  case YV8_OP_UPSAMPLE:
    out.height *= 2;
    out.width *= 2;
    break;
  default:
    break;
  }
  return out;
}

static gboolean
same_size (const Yv8Shape *a, const Yv8Shape *b)
{
  return a->height == b->height && a->width == b->width;
}

static gboolean
set_shape (const Yv8Op *op, const Yv8Shape *out, Yv8Shape *buffer, GError **error)
{
  gsize elements;

  if (buffer->height && !same_size (buffer, out)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
        "op '%s' gives %ux%u where its concat holds %ux%u", op->name, out->width, out->height,
        buffer->width, buffer->height);
    return FALSE;
  }
  if (out->height == 0 || out->width == 0 || out->height > 2 * YV8_GRAPH_MAX_SIDE ||
      out->width > 2 * YV8_GRAPH_MAX_SIDE ||
      !g_size_checked_mul (&elements, (gsize) out->height * out->width, buffer->channels) ||
      elements > G_MAXINT32) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
        "op '%s' gives a map of %ux%u with %u channels, which is out of range", op->name,
        out->width, out->height, buffer->channels);
    return FALSE;
  }
  buffer->height = out->height;
  buffer->width = out->width;
  return TRUE;
}

/* Of what @op writes: @out, and that at twice the sides. */
static gboolean
set_shapes (const Yv8Op *op, const Yv8Shape *out, Yv8Shape *shapes, GError **error)
{
  const Yv8Shape upsampled = { out->channels, 2 * out->height, 2 * out->width, out->type };

  return set_shape (op, out, &shapes[op->out.buffer], error) &&
         (!op->upsampled.channels ||
             set_shape (op, &upsampled, &shapes[op->upsampled.buffer], error));
}

static gboolean
check_inputs (const Yv8Op *op, const Yv8Shape *shapes, guint width, guint height, GError **error)
{
  gboolean good = TRUE;

  if (op->kind == YV8_OP_CONV && op->n_in == 2)
    good = same_size (&shapes[op->in[1].buffer], &shapes[op->out.buffer]);
  for (guint i = 0; op->kind == YV8_OP_DETECT && i < op->n_in; i++) {
    guint stride = op->strides[i / 2];
    const Yv8Shape want = { .height = height / stride, .width = width / stride };
    good = good && same_size (&shapes[op->in[i].buffer], &want);
  }
  if (!good)
    g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
        "op '%s' (%s): its inputs do not fit together at %ux%u", op->name,
        yv8_op_kind_name (op->kind), width, height);
  return good;
}

Yv8Shape *
yv8_graph_infer (const Yv8Graph *graph, guint width, guint height, GError **error)
{
  if (width == 0 || height == 0 || width > YV8_GRAPH_MAX_SIDE || height > YV8_GRAPH_MAX_SIDE) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "input size %ux%u is out of range: sides go from 1 to %u", width, height,
        YV8_GRAPH_MAX_SIDE);
    return NULL;
  }

  guint n = yv8_graph_n_buffers (graph);
  g_autofree Yv8Shape *shapes = g_new0 (Yv8Shape, n);
  for (guint i = 0; i < n; i++) {
    shapes[i].channels = g_array_index (graph->buffer_channels, guint, i);
    shapes[i].type = yv8_graph_buffer_type (graph, i);
  }

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    const Yv8Shape input = { .height = height, .width = width };
    const Yv8Shape *in = op->kind == YV8_OP_INPUT ? &input : &shapes[op->in[0].buffer];
    Yv8Shape out = infer_op (op, in);
    if (op->kind != YV8_OP_DETECT && !set_shapes (op, &out, shapes, error))
      return NULL;
    if (!check_inputs (op, shapes, width, height, error))
      return NULL;
  }
  return g_steal_pointer (&shapes);
}

Yv8Shape
yv8_op_out_shape (const Yv8Op *op, const Yv8Shape *shapes)
{
  Yv8Shape out = { 0 };

  if (op->kind == YV8_OP_DETECT)
    return out;
  out = shapes[op->out.buffer];
  out.channels = op->out.channels;
  return out;
}

guint64
yv8_op_macs (const Yv8Op *op, const Yv8Shape *shapes)
{
  if (op->kind != YV8_OP_CONV)
    return 0;
  Yv8Shape out = yv8_op_out_shape (op, shapes);
  guint64 per_output = (guint64) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
  return per_output * out.channels * out.height * out.width;
}

static guint64
slice_bytes (const Yv8Slice *slice, const Yv8Shape *shapes)
{
  const Yv8Shape *shape = &shapes[slice->buffer];
  guint64 size = shape->type == YV8_TYPE_QS8 ? sizeof (gint8) : sizeof (float);

  return size * slice->channels * shape->height * shape->width;
}

guint64
yv8_op_bytes (const Yv8Op *op, const Yv8Shape *shapes)
{
  guint64 weight = op->qweights ? sizeof (gint8) : sizeof (float);
  guint64 bytes = weight * yv8_op_parameters (op);

  if (op->kind == YV8_OP_DETECT)
    return 0;
  for (guint i = 0; i < op->n_in; i++)
    bytes += slice_bytes (&op->in[i], shapes);
  if (op->upsampled.channels)
    bytes += slice_bytes (&op->upsampled, shapes);
  return bytes + slice_bytes (&op->out, shapes);
}

guint
yv8_graph_n_anchors (const Yv8Op *detect, guint width, guint height)
{
  guint n = 0;

  for (guint i = 0; i < detect->n_in / 2; i++)
    n += (width / detect->strides[i]) * (height / detect->strides[i]);
  return n;
}

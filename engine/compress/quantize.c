/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The int8 graph: each buffer of the float graph may have a counterpart of either type, made when
 * it is first wanted; values that are missing in one are converted from the other. */
#include "compress/quantize.h"

#define N_TYPES (YV8_TYPE_QS8 + 1)

typedef struct {
  guint buffers[N_TYPES]; /* the counterparts; G_MAXUINT until wanted */
  guint8 *written;        /* of each channel: a bit for each type it is there in */
} Map;

typedef struct {
  const Yv8Scheme *scheme;
  Yv8Graph *graph;
  Yv8Quant **quants; /* of the float graph's buffers */
  Map *maps;         /* of the float graph's buffers */
  guint n_maps;
} Builder;

static void
builder_init (Builder *self, const Yv8Scheme *scheme)
{
  self->scheme = scheme;
  self->graph = yv8_graph_new ();
  self->quants = yv8_scheme_quants (scheme);
  self->n_maps = yv8_graph_n_buffers (scheme->graph);
  self->maps = g_new0 (Map, self->n_maps);
  for (guint i = 0; i < self->n_maps; i++) {
    for (guint type = 0; type < N_TYPES; type++)
      self->maps[i].buffers[type] = G_MAXUINT;
    self->maps[i].written = g_malloc0 (g_array_index (scheme->graph->buffer_channels, guint, i));
  }
}

static void
builder_clear (Builder *self)
{
  for (guint i = 0; i < self->n_maps; i++)
    g_free (self->maps[i].written);
  g_free (self->maps);
  yv8_quants_free (self->quants);
  g_clear_pointer (&self->graph, yv8_graph_free);
}

static Yv8Slice
counterpart (Builder *self, const Yv8Slice *slice, Yv8Type type)
{
  guint *buffer = &self->maps[slice->buffer].buffers[type];

  if (*buffer == G_MAXUINT)
    *buffer = yv8_graph_add_typed_buffer (self->graph,
        g_array_index (self->scheme->graph->buffer_channels, guint, slice->buffer), type);
  return (Yv8Slice){ *buffer, slice->channel, slice->channels };
}

static void
mark (Builder *self, const Yv8Slice *slice, Yv8Type type)
{
  for (guint c = 0; c < slice->channels; c++)
    self->maps[slice->buffer].written[slice->channel + c] |= (guint8) (1 << type);
}

static gboolean
is_missing (const Builder *self, guint buffer, guint channel, Yv8Type type)
{
  return !(self->maps[buffer].written[channel] & 1 << type);
}

static void
convert (Builder *self, const Yv8Slice *slice, Yv8Type type)
{
  gboolean quantize = type == YV8_TYPE_QS8;
  Yv8Op op = { .kind = quantize ? YV8_OP_QUANTIZE : YV8_OP_DEQUANTIZE, .n_in = 1 };

  op.in[0] = counterpart (self, slice, quantize ? YV8_TYPE_F32 : YV8_TYPE_QS8);
  op.out = counterpart (self, slice, type);
  if (quantize)
    op.quant = self->quants[slice->buffer][slice->channel];
  op.name = g_strdup_printf ("%s/%u/%u", yv8_op_kind_name (op.kind), op.out.buffer, slice->channel);
  yv8_graph_add_op (self->graph, &op);
  mark (self, slice, type);
}

/* Values of @slice in @type; runs of channels that are not there are converted, each with its
 * quant. */
static Yv8Slice
want (Builder *self, const Yv8Slice *slice, Yv8Type type)
{
  const Yv8Quant *quants = self->quants[slice->buffer];
  guint end = slice->channel + slice->channels;

  for (guint c = slice->channel; c < end; c++) {
    Yv8Slice run = { slice->buffer, c, 0 };
    while (c < end && is_missing (self, slice->buffer, c, type) &&
           quants[c].scale == quants[run.channel].scale &&
           quants[c].zero == quants[run.channel].zero)
      c++;
    run.channels = c - run.channel;
    if (run.channels > 0) {
      convert (self, &run, type);
      c--;
    }
  }
  return counterpart (self, slice, type);
}

static gboolean
is_read_as_int8 (const Yv8Scheme *scheme, const Yv8Slice *slice)
{
  for (guint i = 0; i < yv8_graph_n_ops (scheme->graph); i++) {
    const Yv8Op *op = yv8_graph_op (scheme->graph, i);
    for (guint j = 0; j < op->n_in; j++)
      if (op->in[j].buffer == slice->buffer && !scheme->keep_float[i])
        return TRUE;
  }
  return FALSE;
}

/* What @op computes in. */
static Yv8Type
type_of (const Builder *self, guint index)
{
  const Yv8Op *op = yv8_graph_op (self->scheme->graph, index);

  if (op->kind == YV8_OP_CONV)
    return self->scheme->keep_float[index] ? YV8_TYPE_F32 : YV8_TYPE_QS8;
  if (op->kind == YV8_OP_INPUT)
    return is_read_as_int8 (self->scheme, &op->out) ? YV8_TYPE_QS8 : YV8_TYPE_F32;
  for (guint c = 0; c < op->in[0].channels; c++)
    if (!is_missing (self, op->in[0].buffer, op->in[0].channel + c, YV8_TYPE_QS8))
      return YV8_TYPE_QS8;
  return YV8_TYPE_F32;
}

/* Shape, name and weights, of @type. */
static Yv8Op
make_op (const Builder *self, guint index, Yv8Type type)
{
  const Yv8Op *op = yv8_graph_op (self->scheme->graph, index);
  gboolean quantize = op->kind == YV8_OP_CONV && type == YV8_TYPE_QS8;
  Yv8Op result = quantize ? *op : yv8_op_copy (op);

  if (quantize) {
    result.name = g_strdup (op->name);
    result.weights = NULL;
    yv8_quantize_conv (op, self->quants[op->in[0].buffer] + op->in[0].channel,
        self->scheme->corrections[index], &result);
  }
  if (type == YV8_TYPE_QS8)
    result.quant = self->scheme->quants[index];
  return result;
}

static void
add (Builder *self, guint index)
{
  const Yv8Op *op = yv8_graph_op (self->scheme->graph, index);
  Yv8Type type = op->kind == YV8_OP_DETECT ? YV8_TYPE_F32 : type_of (self, index);
  gboolean float_out = op->kind == YV8_OP_CONV && yv8_scheme_is_output (self->scheme, index);
  Yv8Type out_type = float_out ? YV8_TYPE_F32 : type;
  Yv8Op result = make_op (self, index, type);

  for (guint i = 0; i < op->n_in; i++)
    result.in[i] = want (self, &op->in[i], type);
  if (op->kind != YV8_OP_DETECT) {
    result.out = counterpart (self, &op->out, out_type);
    mark (self, &op->out, out_type);
  }
  yv8_graph_add_op (self->graph, &result);
}

Yv8Graph *
yv8_quantize (const Yv8Scheme *scheme, GError **error)
{
  Builder self;

  builder_init (&self, scheme);
  for (guint i = 0; i < yv8_graph_n_ops (scheme->graph); i++) {
    gboolean detect = yv8_graph_op (scheme->graph, i)->kind == YV8_OP_DETECT;
    for (guint j = 0; detect && j < scheme->graph->outputs->len; j++)
      want (&self, yv8_graph_output (scheme->graph, j), YV8_TYPE_F32);
    add (&self, i);
  }
  for (guint j = 0; j < scheme->graph->outputs->len; j++) {
    Yv8Slice output = want (&self, yv8_graph_output (scheme->graph, j), YV8_TYPE_F32);
    g_array_append_val (self.graph->outputs, output);
  }
  g_autoptr (Yv8Graph) graph = g_steal_pointer (&self.graph);
  builder_clear (&self);
  return yv8_graph_check (graph, error) ? g_steal_pointer (&graph) : NULL;
}

static Yv8Slice
own_buffer (Yv8Graph *graph, guint channels, Yv8Type type)
{
  return (Yv8Slice){ yv8_graph_add_typed_buffer (graph, channels, type), 0, channels };
}

static void
add_alone (Builder *self, guint index, Yv8Slice *slice)
{
  const Yv8Op *op = yv8_graph_op (self->scheme->graph, index);
  Yv8Op result = make_op (self, index, YV8_TYPE_QS8);

  for (guint i = 0; i < op->n_in; i++)
    result.in[i] = want (self, &op->in[i], YV8_TYPE_QS8);
  gboolean output = yv8_scheme_is_output (self->scheme, index);
  result.out = *slice =
      own_buffer (self->graph, op->out.channels, output ? YV8_TYPE_F32 : YV8_TYPE_QS8);
  g_free (result.name);
  result.name = g_strconcat (op->name, YV8_ALONE_SUFFIX, NULL);
  yv8_graph_add_op (self->graph, &result);
}

Yv8Graph *
yv8_quantize_alone (const Yv8Scheme *scheme, Yv8Slice **slices, GError **error)
{
  guint n = yv8_graph_n_ops (scheme->graph);
  Builder self;

  builder_init (&self, scheme);
  *slices = g_new0 (Yv8Slice, n);
  for (guint i = 0; i < self.n_maps; i++)
    counterpart (&self, &(Yv8Slice){ i, 0, 0 }, YV8_TYPE_F32);
  for (guint i = 0; i < n; i++) {
    const Yv8Op *op = yv8_graph_op (scheme->graph, i);
    Yv8Op copy = make_op (&self, i, YV8_TYPE_F32);
    if (op->kind == YV8_OP_CONV && !scheme->keep_float[i])
      add_alone (&self, i, &(*slices)[i]);
    if (op->kind != YV8_OP_DETECT)
      mark (&self, &op->out, YV8_TYPE_F32);
    yv8_graph_add_op (self.graph, &copy);
  }
  g_array_append_vals (
      self.graph->outputs, scheme->graph->outputs->data, scheme->graph->outputs->len);
  g_autoptr (Yv8Graph) graph = g_steal_pointer (&self.graph);
  builder_clear (&self);
  if (!yv8_graph_check (graph, error)) {
    g_clear_pointer (slices, g_free);
    return NULL;
  }
  return g_steal_pointer (&graph);
}

Yv8Graph *
yv8_graph_probe (const Yv8Graph *graph, Yv8Slice **slices, GError **error)
{
  g_autoptr (Yv8Graph) result = yv8_graph_copy (graph, 0);
  guint n = yv8_graph_n_ops (graph);

  *slices = g_new0 (Yv8Slice, n);
  for (guint i = 0; i < n; i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    if (op->kind == YV8_OP_CONV) {
      Yv8Op twin = yv8_op_copy (op);
      g_free (twin.name);
      twin.name = g_strdup_printf ("%s/probe", op->name);
      twin.n_in = 1;
      twin.activation = YV8_ACTIVATION_NONE;
      twin.out = (*slices)[i] = own_buffer (result, op->out.channels, YV8_TYPE_F32);
      yv8_graph_add_op (result, &twin);
    }
    Yv8Op copy = yv8_op_copy (op);
    yv8_graph_add_op (result, &copy);
  }
  g_array_append_vals (result->outputs, graph->outputs->data, graph->outputs->len);
  if (!yv8_graph_check (result, error)) {
    g_clear_pointer (slices, g_free);
    return NULL;
  }
  return g_steal_pointer (&result);
}

/* @copy: its output goes through int8. */
static void
add_rounded (Yv8Graph *graph, Yv8Op *copy, const Yv8Quant *quant)
{
  Yv8Op quantize = { .kind = YV8_OP_QUANTIZE, .n_in = 1, .quant = *quant };
  Yv8Op dequantize = { .kind = YV8_OP_DEQUANTIZE, .n_in = 1, .out = copy->out };

  copy->out = quantize.in[0] = own_buffer (graph, copy->out.channels, YV8_TYPE_F32);
  quantize.out = dequantize.in[0] = own_buffer (graph, copy->out.channels, YV8_TYPE_QS8);
  quantize.name = g_strconcat (copy->name, "/quantize", NULL);
  dequantize.name = g_strconcat (copy->name, "/dequantize", NULL);
  yv8_graph_add_op (graph, copy);
  yv8_graph_add_op (graph, &quantize);
  yv8_graph_add_op (graph, &dequantize);
}

Yv8Graph *
yv8_quantize_output (const Yv8Graph *graph, guint index, const Yv8Quant *quant, GError **error)
{
  g_autoptr (Yv8Graph) result = yv8_graph_copy (graph, 0);

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    Yv8Op copy = yv8_op_copy (yv8_graph_op (graph, i));
    if (i == index)
      add_rounded (result, &copy, quant);
    else
      yv8_graph_add_op (result, &copy);
  }
  g_array_append_vals (result->outputs, graph->outputs->data, graph->outputs->len);
  return yv8_graph_check (result, error) ? g_steal_pointer (&result) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Graph to JSON and back, both by one table of fields. */
#include "model/graph-json.h"

#include <string.h>

#include "model/file.h"
#include "model/json.h"

#define MAX_NUMBER G_MAXINT32

static const char *const TYPES[] = { "f32", "qs8", NULL };
static const char *const ACTIVATIONS[] = { "none", "silu", NULL };

enum { WIDTH, HEIGHT, BUFFERS, OPS, OUTPUTS };
static const char *const GRAPH_FIELDS[] = { "width", "height", "buffers", "ops", "outputs", NULL };
#define ALL_GRAPH_FIELDS 31u

enum { CHANNELS, TYPE };
static const char *const BUFFER_FIELDS[] = { "channels", "type", NULL };
#define ALL_BUFFER_FIELDS 3u

enum {
  KIND,
  NAME,
  INPUTS,
  OUTPUT,
  WINDOW,
  ACTIVATION,
  SCALE,
  ZERO,
  REG_MAX,
  CLASSES,
  STRIDES,
};
static const char *const OP_FIELDS[] = { "kind", "name", "inputs", "output", "window", "activation",
  "scale", "zero", "reg_max", "classes", "strides", NULL };

#define BIT(field) (1u << (field))
#define UNARY      (BIT (INPUTS) | BIT (OUTPUT))
#define QUANT      (BIT (SCALE) | BIT (ZERO))

/* What each kind has besides kind and name; a quant only where it writes int8. */
static const guint32 KIND_FIELDS[YV8_N_OP_KINDS] = {
  [YV8_OP_INPUT] = BIT (OUTPUT) | QUANT,
  [YV8_OP_CONV] = UNARY | BIT (WINDOW) | BIT (ACTIVATION) | QUANT,
  [YV8_OP_MAXPOOL] = UNARY | BIT (WINDOW),
  [YV8_OP_UPSAMPLE] = UNARY,
  [YV8_OP_COPY] = UNARY,
  [YV8_OP_QUANTIZE] = UNARY | QUANT,
  [YV8_OP_DEQUANTIZE] = UNARY,
  [YV8_OP_DETECT] = BIT (INPUTS) | BIT (REG_MAX) | BIT (CLASSES) | BIT (STRIDES),
};

static guint32
fields_of (const Yv8Graph *graph, const Yv8Op *op)
{
  guint32 fields = KIND_FIELDS[op->kind] | BIT (KIND) | BIT (NAME);
  gboolean quantized = op->out.buffer < yv8_graph_n_buffers (graph) &&
                       yv8_graph_buffer_type (graph, op->out.buffer) == YV8_TYPE_QS8;

  return quantized ? fields : fields & ~QUANT;
}

static void
append_slice (GString *text, const Yv8Slice *slice)
{
  g_string_append_printf (text, "[%u,%u,%u]", slice->buffer, slice->channel, slice->channels);
}

static void
append_slices (GString *text, const Yv8Slice *slices, guint n)
{
  g_string_append_c (text, '[');
  for (guint i = 0; i < n; i++) {
    g_string_append (text, i ? "," : "");
    append_slice (text, &slices[i]);
  }
  g_string_append_c (text, ']');
}

static void
append_value (GString *text, const Yv8Op *op, guint field)
{
  const Yv8Window *window = &op->window;

  switch (field) {
  case KIND:
    yv8_json_append_string (text, yv8_op_kind_name (op->kind));
    break;
  case NAME:
    yv8_json_append_string (text, op->name);
    break;
  case INPUTS:
    append_slices (text, op->in, op->n_in);
    break;
  case OUTPUT:
    append_slice (text, &op->out);
    break;
  case WINDOW:
    g_string_append_printf (
        text, "[%u,%u,%u,%u]", window->kernel_h, window->kernel_w, window->stride, window->pad);
    break;
  case ACTIVATION:
    yv8_json_append_string (text, ACTIVATIONS[op->activation]);
    break;
  case SCALE:
    yv8_json_append_float (text, op->quant.scale);
    break;
  case ZERO:
    g_string_append_printf (text, "%d", op->quant.zero);
    break;
  case REG_MAX:
    g_string_append_printf (text, "%u", op->reg_max);
    break;
  case CLASSES:
    g_string_append_printf (text, "%u", op->n_classes);
    break;
  case STRIDES:
    for (guint i = 0; i < op->n_in / 2; i++)
      g_string_append_printf (text, "%c%u", i ? ',' : '[', op->strides[i]);
    g_string_append_c (text, ']');
    break;
  }
}

static void
append_op (GString *text, const Yv8Graph *graph, const Yv8Op *op)
{
  guint32 fields = fields_of (graph, op);

  for (guint field = 0; OP_FIELDS[field]; field++)
    if (fields & BIT (field)) {
      g_string_append_printf (text, "%c\"%s\":", field ? ',' : '{', OP_FIELDS[field]);
      append_value (text, op, field);
    }
  g_string_append_c (text, '}');
}

char *
yv8_graph_to_json (const Yv8Network *network)
{
  const Yv8Graph *graph = network->graph;
  GString *text = g_string_new (NULL);

  g_string_append_printf (
      text, "{\"width\":%u,\"height\":%u,\"buffers\":[", network->width, network->height);
  for (guint i = 0; i < yv8_graph_n_buffers (graph); i++)
    g_string_append_printf (text, "%s{\"channels\":%u,\"type\":\"%s\"}", i ? "," : "",
        g_array_index (graph->buffer_channels, guint, i), TYPES[yv8_graph_buffer_type (graph, i)]);
  g_string_append (text, "],\"ops\":[");
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    g_string_append (text, i ? "," : "");
    append_op (text, graph, yv8_graph_op (graph, i));
  }
  g_string_append (text, "],\"outputs\":");
  append_slices (text, (const Yv8Slice *) graph->outputs->data, graph->outputs->len);
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

/* Returns how many of at most @max numbers there are. */
static guint
read_numbers (Yv8Json *json, guint *numbers, guint max)
{
  guint n = 0;

  yv8_json_begin (json, '[');
  while (yv8_json_more (json, ']')) {
    if (n == max) {
      yv8_json_fail (json, "more than %u numbers", max);
      break;
    }
    numbers[n++] = (guint) yv8_json_integer (json, 0, MAX_NUMBER);
  }
  return n;
}

static void
read_exactly (Yv8Json *json, guint *numbers, guint n)
{
  if (read_numbers (json, numbers, n) != n)
    yv8_json_fail (json, "%u numbers expected", n);
}

static Yv8Slice
read_slice (Yv8Json *json)
{
  guint numbers[3] = { 0 };

  read_exactly (json, numbers, 3);
  return (Yv8Slice){ numbers[0], numbers[1], numbers[2] };
}

static guint
read_slices (Yv8Json *json, Yv8Slice *slices, guint max)
{
  guint n = 0;

  yv8_json_begin (json, '[');
  while (yv8_json_more (json, ']')) {
    if (n == max) {
      yv8_json_fail (json, "more than %u slices", max);
      break;
    }
    slices[n++] = read_slice (json);
  }
  return n;
}

static Yv8OpKind
read_kind (Yv8Json *json)
{
  const char *names[YV8_N_OP_KINDS + 1] = { NULL };

  for (guint i = 0; i < YV8_N_OP_KINDS; i++)
    names[i] = yv8_op_kind_name ((Yv8OpKind) i);
  return (Yv8OpKind) yv8_json_name (json, names);
}

static void
read_value (Yv8Json *json, Yv8Op *op, int field)
{
  guint window[4] = { 0 };

  switch (field) {
  case KIND:
    op->kind = read_kind (json);
    break;
  case NAME:
    op->name = yv8_json_string (json, YV8_FILE_MAX_NAME);
    break;
  case INPUTS:
    op->n_in = read_slices (json, op->in, YV8_OP_MAX_INPUTS);
    break;
  case OUTPUT:
    op->out = read_slice (json);
    break;
  case WINDOW:
    read_exactly (json, window, 4);
    op->window = (Yv8Window){ window[0], window[1], window[2], window[3] };
    break;
  case ACTIVATION:
    op->activation = (Yv8Activation) yv8_json_name (json, ACTIVATIONS);
    break;
  case SCALE:
    op->quant.scale = yv8_json_float (json);
    break;
  case ZERO:
    op->quant.zero = (gint32) yv8_json_integer (json, -128, 127);
    break;
  case REG_MAX:
    op->reg_max = (guint) yv8_json_integer (json, 1, YV8_GRAPH_MAX_CHANNELS);
    break;
  case CLASSES:
    op->n_classes = (guint) yv8_json_integer (json, 1, YV8_GRAPH_MAX_CHANNELS);
    break;
  case STRIDES:
    read_numbers (json, op->strides, YV8_GRAPH_MAX_SCALES);
    break;
  }
}

/* @seen: (element-type guint32): gets the fields of each op. */
static void
read_ops (Yv8Json *json, Yv8Graph *graph, GArray *seen)
{
  yv8_json_begin (json, '[');
  while (yv8_json_more (json, ']')) {
    Yv8Op op = { YV8_OP_INPUT };
    guint32 fields = 0;

    if (yv8_graph_n_ops (graph) == YV8_FILE_MAX_OPS) {
      yv8_json_fail (json, "more than %u ops", YV8_FILE_MAX_OPS);
      break;
    }
    yv8_json_begin (json, '{');
    for (int field; (field = yv8_json_field (json, OP_FIELDS, &fields)) >= 0;)
      read_value (json, &op, field);
    yv8_graph_add_op (graph, &op);
    g_array_append_val (seen, fields);
  }
}

static void
read_buffers (Yv8Json *json, Yv8Graph *graph)
{
  guint total = 0;

  yv8_json_begin (json, '[');
  while (yv8_json_more (json, ']')) {
    guint channels = 0;
    guint type = 0;
    guint32 seen = 0;

    yv8_json_begin (json, '{');
    for (int field; (field = yv8_json_field (json, BUFFER_FIELDS, &seen)) >= 0;)
      if (field == CHANNELS)
        channels = (guint) yv8_json_integer (json, 1, YV8_GRAPH_MAX_CHANNELS);
      else
        type = yv8_json_name (json, TYPES);
    total += channels;
    if (seen != ALL_BUFFER_FIELDS)
      yv8_json_fail (json, "buffer %u lacks a field", yv8_graph_n_buffers (graph));
    if (total > YV8_FILE_MAX_CHANNELS)
      yv8_json_fail (json, "more than %u channels in all", YV8_FILE_MAX_CHANNELS);
    if (json->error)
      break;
    yv8_graph_add_typed_buffer (graph, channels, (Yv8Type) type);
  }
}

static void
read_outputs (Yv8Json *json, Yv8Graph *graph)
{
  Yv8Slice outputs[YV8_OP_MAX_INPUTS];
  guint n = read_slices (json, outputs, YV8_OP_MAX_INPUTS);

  g_array_append_vals (graph->outputs, outputs, n);
}

/* Known only when both ops and buffers are: fields may come in any order. */
static void
check_fields (Yv8Json *json, const Yv8Graph *graph, const GArray *seen)
{
  for (guint i = 0; !json->error && i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    guint32 wrong = g_array_index (seen, guint32, i) ^ fields_of (graph, op);
    if (wrong)
      yv8_json_fail (json, "op %u ('%s'): field '%s' is %s", i, op->name ? op->name : "?",
          OP_FIELDS[g_bit_nth_lsf (wrong, -1)],
          g_array_index (seen, guint32, i) & wrong & -wrong ? "not of its kind" : "missing");
  }
}

gboolean
yv8_graph_from_json (Yv8Network *network, const char *text, GError **error)
{
  g_autoptr (Yv8Graph) graph = yv8_graph_new ();
  g_autoptr (GArray) op_fields = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 seen = 0;
  Yv8Json json;

  yv8_json_init (&json, "graph", text, strlen (text));
  yv8_json_begin (&json, '{');
  for (int field; (field = yv8_json_field (&json, GRAPH_FIELDS, &seen)) >= 0;)
    switch (field) {
    case WIDTH:
      network->width = (guint) yv8_json_integer (&json, 1, YV8_GRAPH_MAX_SIDE);
      break;
    case HEIGHT:
      network->height = (guint) yv8_json_integer (&json, 1, YV8_GRAPH_MAX_SIDE);
      break;
    case BUFFERS:
      read_buffers (&json, graph);
      break;
    case OPS:
      read_ops (&json, graph, op_fields);
      break;
    case OUTPUTS:
      read_outputs (&json, graph);
      break;
    }
  if (seen != ALL_GRAPH_FIELDS)
    yv8_json_fail (&json, "lacks a field");
  check_fields (&json, graph, op_fields);
  if (!yv8_json_finish (&json, error))
    return FALSE;
  network->graph = g_steal_pointer (&graph);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model described, as a table and as JSON, from one list of rows. */
#include <json-glib/json-glib.h>

#include "api/model.h"
#include "api/size.h"
#include "compress/live.h"
#include "model/encoding.h"

typedef struct {
  const Yv8Op *op;
  char *shape;
  char *type;
  const char *precision; /* of what is read and what is written */
  const Yv8Quant *quant; /* NULL where none is its own */
  guint64 parameters, macs, live_macs;
  Yv8Encoding weights; /* of a CONV, as the model file stores them */
} Row;

static void
row_clear (gpointer data)
{
  Row *row = data;

  g_free (row->shape);
  g_free (row->type);
}

static char *
op_type (const Yv8Op *op)
{
  const char *kind = yv8_op_kind_name (op->kind);
  const char *activation = op->activation == YV8_ACTIVATION_SILU ? " silu" : "";
  const char *residual = op->kind == YV8_OP_CONV && op->n_in == 2 ? " +" : "";

  if (op->kind != YV8_OP_CONV && op->kind != YV8_OP_MAXPOOL)
    return g_strdup (kind);
  return g_strdup_printf ("%s %ux%u/%u%s%s", kind, op->window.kernel_h, op->window.kernel_w,
      op->window.stride, activation, residual);
}

static const char *
op_precision (const Yv8Graph *graph, const Yv8Op *op)
{
  static const char *const names[2][2] = { { "float32", "float32>int8" },
    { "int8>float32", "int8" } };
  gboolean out =
      op->kind != YV8_OP_DETECT && yv8_graph_buffer_type (graph, op->out.buffer) == YV8_TYPE_QS8;
  gboolean in = op->n_in ? yv8_graph_buffer_type (graph, op->in[0].buffer) == YV8_TYPE_QS8 : out;

  return names[in][out];
}

static const Yv8Quant *
op_quant (const Yv8Graph *graph, const Yv8Op *op)
{
  gboolean own = op->kind == YV8_OP_INPUT || op->kind == YV8_OP_CONV || op->kind == YV8_OP_QUANTIZE;

  return own && yv8_graph_buffer_type (graph, op->out.buffer) == YV8_TYPE_QS8 ? &op->quant : NULL;
}

/* The real value that @q stands for. */
static double
real_value (const Yv8Quant *quant, gint32 q)
{
  return (double) quant->scale * (q - quant->zero);
}

static guint64
n_weights (const Yv8Op *op)
{
  return (guint64) op->out.channels * op->in[0].channels * op->window.kernel_h *
         op->window.kernel_w;
}

static Yv8Encoding
op_weights (const Yv8Op *op)
{
  if (op->kind != YV8_OP_CONV)
    return (Yv8Encoding){ "", 0 };
  return op->qweights ? yv8_encoding_choose (op)
                      : (Yv8Encoding){ "float32", (gsize) n_weights (op) * sizeof (float) };
}

static GArray *
make_rows (const Yv8Model *model, guint width, guint height, GError **error)
{
  g_autofree Yv8Shape *shapes = yv8_graph_infer (model->graph, width, height, error);
  if (!shapes)
    return NULL;

  GArray *rows = g_array_new (FALSE, TRUE, sizeof (Row));
  g_array_set_clear_func (rows, row_clear);
  for (guint i = 0; i < yv8_graph_n_ops (model->graph); i++) {
    const Yv8Op *op = yv8_graph_op (model->graph, i);
    Yv8Shape out = yv8_op_out_shape (op, shapes);
    Row row = { op, NULL, op_type (op), op_precision (model->graph, op),
      op_quant (model->graph, op), yv8_op_parameters (op), yv8_op_macs (op, shapes),
      yv8_live_op_macs (model->graph, op, shapes), op_weights (op) };
    row.shape =
        op->kind == YV8_OP_DETECT
            ? g_strdup_printf ("%ux%u", 4 + op->n_classes, yv8_graph_n_anchors (op, width, height))
            : g_strdup_printf ("%ux%ux%u", out.channels, out.height, out.width);
    g_array_append_val (rows, row);
  }
  return rows;
}

static Row
total (const GArray *rows, guint *n_convs)
{
  Row sum = { 0 };

  *n_convs = 0;
  for (guint i = 0; i < rows->len; i++) {
    const Row *row = &g_array_index (rows, Row, i);
    sum.parameters += row->parameters;
    sum.macs += row->macs;
    sum.weights.bytes += row->weights.bytes;
    sum.live_macs += row->live_macs;
    *n_convs += row->op->kind == YV8_OP_CONV;
  }
  return sum;
}

static GList *
sorted_metadata (const Yv8Model *model)
{
  return g_list_sort (g_hash_table_get_keys (model->metadata), (GCompareFunc) g_strcmp0);
}

static void
append_labels (GString *text, const Yv8Model *model)
{
  g_string_append (text, "labels      ");
  for (guint i = 0; i < model->n_classes; i++)
    g_string_append_printf (text, "%s%u %s", i ? ", " : "", i, model->labels[i]);
  g_string_append_c (text, '\n');
}

static gboolean
is_int8 (const Yv8Model *model)
{
  for (guint i = 0; i < yv8_graph_n_buffers (model->graph); i++)
    if (yv8_graph_buffer_type (model->graph, i) == YV8_TYPE_QS8)
      return TRUE;
  return FALSE;
}

/* A value of several lines, as a recipe is, stays one column. */
static void
append_pair (GString *text, const char *key, const char *value)
{
  g_auto (GStrv) lines = g_strsplit (value, "\n", -1);

  g_string_append_printf (text, "%-11s %s\n", key, lines[0] ? lines[0] : "");
  for (guint i = 1; lines[0] && lines[i]; i++)
    if (*lines[i])
      g_string_append_printf (text, "%-11s %s\n", "", lines[i]);
}

/* Columns of an int8 model. */
static void
append_quant (GString *text, const Row *row)
{
  const double values[] = { row->quant ? (double) row->quant->scale : 0,
    row->quant ? real_value (row->quant, G_MININT8) : 0,
    row->quant ? real_value (row->quant, G_MAXINT8) : 0 };
  char numbers[G_N_ELEMENTS (values)][G_ASCII_DTOSTR_BUF_SIZE];

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    g_ascii_formatd (numbers[i], sizeof numbers[i], i ? "%.4g" : "%.6g", values[i]);
  if (row->quant)
    g_string_append_printf (text, "  %-12s %11s %5d %9s %9s", row->precision, numbers[0],
        row->quant->zero, numbers[1], numbers[2]);
  else
    g_string_append_printf (text, "  %-12s %37s", row->precision, "");
}

static void
append_weights (GString *text, const Row *row)
{
  if (row->op->kind == YV8_OP_CONV)
    g_string_append_printf (
        text, "  %-14s %8" G_GSIZE_FORMAT, row->weights.name, row->weights.bytes);
  else
    g_string_append_printf (text, "  %23s", "");
}

static char *
to_text (const Yv8Model *model, guint width, guint height, const GArray *rows)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GList) keys = sorted_metadata (model);
  gboolean quantized = is_int8 (model);
  guint n_convs;
  Row sum = total (rows, &n_convs);

  g_string_append_printf (
      text, "%4s  %-18s %-14s %10s %12s", "op", "type", "output", "parameters", "MACs");
  if (quantized)
    g_string_append_printf (text, "  %-14s %8s  %-12s %11s %5s %9s %9s", "stored", "bytes",
        "precision", "scale", "zero", "least", "most");
  g_string_append (text, "  name\n");
  for (guint i = 0; i < rows->len; i++) {
    const Row *row = &g_array_index (rows, Row, i);
    g_string_append_printf (text, "%4u  %-18s %-14s %10" G_GUINT64_FORMAT " %12" G_GUINT64_FORMAT,
        i, row->type, row->shape, row->parameters, row->macs);
    if (quantized) {
      append_weights (text, row);
      append_quant (text, row);
    }
    g_string_append_printf (text, "  %s\n", row->op->name);
  }
  g_string_append_printf (text,
      "\ntotal       %u ops, %u convolutions, %.3f M parameters, %.3f GMAC at %ux%u\n", rows->len,
      n_convs, sum.parameters / 1e6, sum.macs / 1e9, width, height);
  g_string_append_printf (text, "weights     %.3f MB in a model file\n", sum.weights.bytes / 1e6);
  if (sum.live_macs < sum.macs)
    g_string_append_printf (text, "live        %.3f M parameters, %.3f GMAC: without zeroes\n",
        yv8_live_parameters (model->graph) / 1e6, sum.live_macs / 1e9);
  g_string_append_printf (
      text, "input       %ux%u\nclasses     %u\n", model->width, model->height, model->n_classes);
  append_labels (text, model);
  for (GList *l = keys; l; l = l->next)
    if (!g_str_equal (l->data, "names"))
      append_pair (text, l->data, g_hash_table_lookup (model->metadata, l->data));
  g_string_append_printf (
      text, "bytes       %" G_GSIZE_FORMAT "\nsha256      %s\n", model->size, model->sha256);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
add_int (JsonBuilder *builder, const char *name, guint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64) value);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

static void
add_ops (JsonBuilder *builder, const GArray *rows)
{
  json_builder_set_member_name (builder, "ops");
  json_builder_begin_array (builder);
  for (guint i = 0; i < rows->len; i++) {
    const Row *row = &g_array_index (rows, Row, i);
    json_builder_begin_object (builder);
    add_string (builder, "name", row->op->name);
    add_string (builder, "type", row->type);
    add_string (builder, "output", row->shape);
    add_int (builder, "parameters", row->parameters);
    add_int (builder, "macs", row->macs);
    if (row->op->kind == YV8_OP_CONV) {
      add_string (builder, "stored", row->weights.name);
      add_int (builder, "stored_bytes", row->weights.bytes);
    }
    add_int (builder, "live_macs", row->live_macs);
    add_string (builder, "precision", row->precision);
    if (row->quant) {
      add_double (builder, "scale", (double) row->quant->scale);
      json_builder_set_member_name (builder, "zero");
      json_builder_add_int_value (builder, row->quant->zero);
      add_double (builder, "least", real_value (row->quant, G_MININT8));
      add_double (builder, "most", real_value (row->quant, G_MAXINT8));
    }
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
add_strings (JsonBuilder *builder, const Yv8Model *model)
{
  g_autoptr (GList) keys = sorted_metadata (model);

  json_builder_set_member_name (builder, "labels");
  json_builder_begin_array (builder);
  for (guint i = 0; i < model->n_classes; i++)
    json_builder_add_string_value (builder, model->labels[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "metadata");
  json_builder_begin_object (builder);
  for (GList *l = keys; l; l = l->next)
    add_string (builder, l->data, g_hash_table_lookup (model->metadata, l->data));
  json_builder_end_object (builder);
}

static char *
to_json (const Yv8Model *model, guint width, guint height, const GArray *rows)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  guint n_convs;
  Row sum = total (rows, &n_convs);

  json_builder_begin_object (builder);
  add_int (builder, "width", width);
  add_int (builder, "height", height);
  add_int (builder, "parameters", sum.parameters);
  add_int (builder, "macs", sum.macs);
  add_int (builder, "stored_bytes", sum.weights.bytes);
  add_int (builder, "live_parameters", yv8_live_parameters (model->graph));
  add_int (builder, "live_macs", sum.live_macs);
  add_int (builder, "convolutions", n_convs);
  add_strings (builder, model);
  add_int (builder, "bytes", model->size);
  add_string (builder, "sha256", model->sha256);
  add_ops (builder, rows);
  json_builder_end_object (builder);

  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

char *
yv8_model_inspect (const Yv8Model *model, guint width, guint height, gboolean json, GError **error)
{
  g_return_val_if_fail (model, NULL);

  if (!yv8_size_resolve (model, &width, &height, error))
    return NULL;
  g_autoptr (GArray) rows = make_rows (model, width, height, error);
  if (!rows)
    return NULL;
  return json ? to_json (model, width, height, rows) : to_text (model, width, height, rows);
}

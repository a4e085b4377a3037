/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Unpacking of ONNX files, and access to nodes. */
#include "onnx/model.h"

#include <string.h>

#define MAX_NAME 1024

/* Bytes that unpacking may take: messages of two bytes unpack to structs of about a hundred. */
#define BASE_MEMORY     (32u << 20)
#define MEMORY_PER_BYTE 4

#define TYPE_FLOAT      1
#define TYPE_STRING     3
#define TYPE_INT        2
#define TYPE_TENSOR     4
#define TYPE_INTS       7

typedef struct {
  ProtobufCAllocator allocator;
  gsize left;
} Bounded;

static void *
bounded_alloc (void *data, size_t size)
{
  Bounded *self = data;

  if (size > self->left)
    return NULL;
  self->left -= size;
  return g_try_malloc (size ? size : 1);
}

static void
bounded_free (void *data, void *memory)
{
  g_free (memory);
}

static ProtobufCAllocator FREE_ONLY = { .free = bounded_free };

static gboolean
format_error (GError **error, const char *what)
{
  g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT, "ONNX: %s", what);
  return FALSE;
}

static gboolean
good_name (const char *name)
{
  return !name || (strlen (name) <= MAX_NAME && g_utf8_validate (name, -1, NULL));
}

static gboolean
check_node (const Onnx__NodeProto *node, GError **error)
{
  gboolean good = good_name (node->name) && node->op_type && good_name (node->op_type) &&
                  node->n_output > 0 && good_name (node->domain);

  for (gsize i = 0; good && i < node->n_input; i++)
    good = good_name (node->input[i]);
  for (gsize i = 0; good && i < node->n_output; i++)
    good = good_name (node->output[i]);
  for (gsize i = 0; good && i < node->n_attribute; i++)
    good = node->attribute[i]->name && good_name (node->attribute[i]->name);
  if (!good)
    return format_error (error, "a node without type, without output or with a bad name");
  return TRUE;
}

static gboolean
check_tensor (const Onnx__TensorProto *tensor, GError **error)
{
  if (!tensor->name || !*tensor->name || !good_name (tensor->name))
    return format_error (error, "an initializer without name or with a bad one");
  return TRUE;
}

static gboolean
check_values (Onnx__ValueInfoProto **values, gsize n, GError **error)
{
  for (gsize i = 0; i < n; i++)
    if (!values[i]->name || !*values[i]->name || !good_name (values[i]->name))
      return format_error (error, "an input or output without name or with a bad one");
  return TRUE;
}

static gboolean
check_graph (const Onnx__GraphProto *graph, GError **error)
{
  for (gsize i = 0; i < graph->n_node; i++)
    if (!check_node (graph->node[i], error))
      return FALSE;
  for (gsize i = 0; i < graph->n_initializer; i++)
    if (!check_tensor (graph->initializer[i], error))
      return FALSE;
  if (graph->n_sparse_initializer) {
    g_set_error_literal (
        error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "ONNX: sparse initializers are not supported");
    return FALSE;
  }
  return check_values (graph->input, graph->n_input, error) &&
         check_values (graph->output, graph->n_output, error);
}

static gboolean
is_onnx_domain (const char *domain)
{
  return !domain || !*domain || g_str_equal (domain, "ai.onnx");
}

static gboolean
find_opset (Yv8OnnxModel *self, GError **error)
{
  const Onnx__ModelProto *proto = self->proto;

  for (gsize i = 0; i < proto->n_opset_import; i++)
    if (is_onnx_domain (proto->opset_import[i]->domain))
      self->opset = proto->opset_import[i]->version;
  if (self->opset <= 0)
    return format_error (error, "no operator set is named");
  if (self->opset < YV8_ONNX_MIN_OPSET) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
        "ONNX: operator set %" G_GINT64_FORMAT " is too old, export with opset %d or later",
        self->opset, YV8_ONNX_MIN_OPSET);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_model (Yv8OnnxModel *self, GError **error)
{
  const Onnx__ModelProto *proto = self->proto;

  if (!proto->graph || proto->graph->n_node == 0)
    return format_error (error, "the file holds no graph");
  if (proto->n_functions) {
    g_set_error_literal (
        error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "ONNX: functions are not supported");
    return FALSE;
  }
  if (!find_opset (self, error) || !check_graph (proto->graph, error))
    return FALSE;
  for (gsize i = 0; i < proto->graph->n_node; i++) {
    const Onnx__NodeProto *node = proto->graph->node[i];
    if (!is_onnx_domain (node->domain))
      return yv8_node_error (node, error, "operators of domain '%s' are not known", node->domain);
  }
  return TRUE;
}

Yv8OnnxModel *
yv8_onnx_model_new (const guint8 *bytes, gsize size, GError **error)
{
  gsize memory;
  g_autoptr (Yv8OnnxModel) self = g_new0 (Yv8OnnxModel, 1);

  if (!g_size_checked_mul (&memory, size, MEMORY_PER_BYTE) ||
      !g_size_checked_add (&memory, memory, BASE_MEMORY))
    memory = G_MAXSIZE;
  Bounded bounded = { { bounded_alloc, bounded_free, NULL }, memory };
  bounded.allocator.allocator_data = &bounded;

  self->size = size;
  self->proto = onnx__model_proto__unpack (&bounded.allocator, size, bytes);
  if (!self->proto) {
    format_error (error, "the file is truncated or is no ONNX file");
    return NULL;
  }
  return check_model (self, error) ? g_steal_pointer (&self) : NULL;
}

void
yv8_onnx_model_free (Yv8OnnxModel *self)
{
  if (!self)
    return;
  if (self->proto)
    onnx__model_proto__free_unpacked (self->proto, &FREE_ONLY);
  g_free (self);
}

void
yv8_onnx_model_drop_data (Yv8TensorProto *initializer)
{
  g_clear_pointer (&initializer->raw_data.data, g_free);
  initializer->raw_data.len = 0;
}

const char *
yv8_node_name (const Yv8NodeProto *node)
{
  return node->name && *node->name ? node->name : node->output[0];
}

gboolean
yv8_node_error (const Yv8NodeProto *node, GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "node '%s' (operator %s): %s",
      yv8_node_name (node), node->op_type, reason);
  return FALSE;
}

gboolean
yv8_node_check_attributes (const Yv8NodeProto *node, const char *known, GError **error)
{
  for (gsize i = 0; i < node->n_attribute; i++) {
    g_autofree char *word = g_strdup_printf (" %s ", node->attribute[i]->name);
    if (!strstr (known, word))
      return yv8_node_error (node, error, "attribute '%s' is not known", node->attribute[i]->name);
  }
  return TRUE;
}

const Onnx__AttributeProto *
yv8_node_attribute (const Yv8NodeProto *node, const char *name)
{
  for (gsize i = 0; i < node->n_attribute; i++)
    if (g_str_equal (node->attribute[i]->name, name))
      return node->attribute[i];
  return NULL;
}

static const Onnx__AttributeProto *
typed_attribute (const Yv8NodeProto *node, const char *name, int type)
{
  const Onnx__AttributeProto *attribute = yv8_node_attribute (node, name);

  return attribute && attribute->type == type ? attribute : NULL;
}

gint64
yv8_node_int (const Yv8NodeProto *node, const char *name, gint64 fallback)
{
  const Onnx__AttributeProto *attribute = typed_attribute (node, name, TYPE_INT);

  return attribute ? attribute->i : fallback;
}

const gint64 *
yv8_node_ints (const Yv8NodeProto *node, const char *name, gsize *n)
{
  const Onnx__AttributeProto *attribute = typed_attribute (node, name, TYPE_INTS);

  *n = attribute ? attribute->n_ints : 0;
  return attribute ? (const gint64 *) attribute->ints : NULL;
}

const Yv8TensorProto *
yv8_node_tensor (const Yv8NodeProto *node, const char *name)
{
  const Onnx__AttributeProto *attribute = typed_attribute (node, name, TYPE_TENSOR);

  return attribute ? attribute->t : NULL;
}

gboolean
yv8_node_string_is (
    const Yv8NodeProto *node, const char *name, const char *fallback, const char *value)
{
  const Onnx__AttributeProto *attribute = typed_attribute (node, name, TYPE_STRING);

  if (!attribute)
    return g_str_equal (fallback, value);
  return attribute->s.len == strlen (value) &&
         memcmp (attribute->s.data, value, attribute->s.len) == 0;
}

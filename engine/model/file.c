/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Network to container and back. */
#include "model/file.h"

#include <string.h>

#include "model/encoding.h"
#include "model/graph-json.h"
#include "model/json.h"
#include "model/safetensors.h"

#define KEY_FORMAT  "yv8.format"
#define KEY_VERSION "yv8.version"
#define KEY_GRAPH   "yv8.graph"
#define FORMAT      "yv8"

static const char *const OWN_KEYS[] = { KEY_FORMAT, KEY_VERSION, KEY_GRAPH };

/* A float tensor that an op has: its name is the op's and the suffix. */
typedef struct {
  const char *suffix;
  guint n_dims;
  void **values;
} Part;

#define MAX_PARTS 2

static gboolean
has_int8_weights (const Yv8Graph *graph, const Yv8Op *op)
{
  return op->kind == YV8_OP_CONV && op->in[0].buffer < yv8_graph_n_buffers (graph) &&
         yv8_graph_buffer_type (graph, op->in[0].buffer) == YV8_TYPE_QS8;
}

static guint
parts_of (const Yv8Graph *graph, Yv8Op *op, Part parts[MAX_PARTS])
{
  if (op->kind != YV8_OP_CONV)
    return 0;
  parts[0] = (Part){ ".bias", 1, (void **) &op->bias };
  parts[1] = has_int8_weights (graph, op) ? (Part){ ".multiplier", 1, (void **) &op->multiplier }
                                          : (Part){ ".weight", 4, (void **) &op->weights };
  return MAX_PARTS;
}

static Yv8Stored
stored_of (const Yv8Op *op, const Part *part)
{
  return (Yv8Stored){ .name = g_strconcat (op->name, part->suffix, NULL),
    .type = YV8_STORED_F32,
    .n_dims = part->n_dims,
    .dims = { op->out.channels, op->in[0].channels, op->window.kernel_h, op->window.kernel_w },
    .values = *part->values };
}

static gboolean
same_shape (const Yv8Stored *a, const Yv8Stored *b)
{
  return a->type == b->type && a->n_dims == b->n_dims &&
         memcmp (a->dims, b->dims, a->n_dims * sizeof a->dims[0]) == 0;
}

static void *
copy_values (const Yv8Stored *tensor)
{
  gsize size = tensor->end - tensor->begin;
  guint32 *values = g_try_malloc (size);

  if (values)
    memcpy (values, tensor->values, size);
  if (values && G_BYTE_ORDER != G_LITTLE_ENDIAN && tensor->type == YV8_STORED_F32)
    for (gsize i = 0; i < size / sizeof *values; i++)
      values[i] = GUINT32_FROM_LE (values[i]);
  return values;
}

/* @tensors: by name; what is read is taken out. */
static gboolean
read_part (GHashTable *tensors, const Yv8Op *op, const Part *part, GError **error)
{
  Yv8Stored want = stored_of (op, part);
  g_autofree char *name = want.name;
  const Yv8Stored *tensor = g_hash_table_lookup (tensors, name);

  if (!tensor || !same_shape (tensor, &want)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT,
        tensor ? "tensor '%s' is not of the type and shape that its op says"
               : "tensor '%s' is missing",
        name);
    return FALSE;
  }
  *part->values = copy_values (tensor);
  if (!*part->values)
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory for tensor '%s'", name);
  g_hash_table_remove (tensors, name);
  return *part->values != NULL;
}

static gboolean
read_weights (GHashTable *tensors, Yv8Op *op, GError **error)
{
  const Yv8Stored *parts[YV8_N_ENCODING_PARTS];

  for (guint i = 0; i < YV8_N_ENCODING_PARTS; i++) {
    g_autofree char *name = g_strdup_printf ("%s.%s", op->name, YV8_ENCODING_SUFFIXES[i]);
    parts[i] = g_hash_table_lookup (tensors, name);
    g_hash_table_remove (tensors, name);
  }
  op->qweights = yv8_encoding_read (op, parts, error);
  return op->qweights != NULL;
}

static gboolean
read_tensors (Yv8Graph *graph, const Yv8Safetensors *file, GError **error)
{
  g_autoptr (GHashTable) tensors = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < file->tensors->len; i++) {
    Yv8Stored *tensor = &g_array_index (file->tensors, Yv8Stored, i);
    g_hash_table_insert (tensors, tensor->name, tensor);
  }
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    Yv8Op *op = &g_array_index (graph->ops, Yv8Op, i);
    Part parts[MAX_PARTS];
    guint n = parts_of (graph, op, parts);
    for (guint j = 0; j < n; j++)
      if (!read_part (tensors, op, &parts[j], error))
        return FALSE;
    if (has_int8_weights (graph, op) && !read_weights (tensors, op, error))
      return FALSE;
  }
  for (guint i = 0; i < file->tensors->len; i++) {
    const char *name = g_array_index (file->tensors, Yv8Stored, i).name;
    if (g_hash_table_contains (tensors, name)) {
      g_set_error (
          error, YV8_ERROR, YV8_ERROR_FORMAT, "tensor '%s' belongs to no op of the graph", name);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
check_version (GHashTable *metadata, GError **error)
{
  const char *format = g_hash_table_lookup (metadata, KEY_FORMAT);
  const char *version = g_hash_table_lookup (metadata, KEY_VERSION);
  guint64 number;

  if (g_strcmp0 (format, FORMAT) != 0 || !g_hash_table_contains (metadata, KEY_GRAPH))
    g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT,
        "is a safetensors file without a graph: its metadata lack '%s' = '%s' or '%s'", KEY_FORMAT,
        FORMAT, KEY_GRAPH);
  else if (!version || !g_ascii_string_to_unsigned (version, 10, 1, G_MAXUINT64, &number, NULL))
    g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT, "metadata '%s' is no number", KEY_VERSION);
  else if (g_str_equal (version, YV8_FILE_VERSION) ||
           g_str_equal (version, YV8_FILE_VERSION_ENCODED))
    return TRUE;
  else
    g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
        "is of version %.16s; this program knows versions %s and %s alone", version,
        YV8_FILE_VERSION, YV8_FILE_VERSION_ENCODED);
  return FALSE;
}

static gboolean
is_encoded (const Yv8Safetensors *file)
{
  for (guint i = 0; i < file->tensors->len; i++)
    if (g_array_index (file->tensors, Yv8Stored, i).type == YV8_STORED_U8)
      return TRUE;
  return FALSE;
}

/* The first version knows no bits. */
static gboolean
check_encoded (const Yv8Safetensors *file, GError **error)
{
  const char *version = g_hash_table_lookup (file->metadata, KEY_VERSION);

  if (!is_encoded (file) || g_str_equal (version, YV8_FILE_VERSION_ENCODED))
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT,
      "has tensors of dtype U8, which version %s does not know", version);
  return FALSE;
}

gboolean
yv8_file_detect (const guint8 *bytes, gsize size)
{
  return size > sizeof (guint64) && bytes[7] == 0 && bytes[8] == '{';
}

Yv8Network *
yv8_file_read (const guint8 *bytes, gsize size, GError **error)
{
  g_autoptr (Yv8Safetensors) file = yv8_safetensors_read (bytes, size, error);

  if (!file || !check_version (file->metadata, error) ||
      !yv8_safetensors_check (file, bytes, size, error) || !check_encoded (file, error))
    return NULL;
  g_autoptr (Yv8Network) network = yv8_network_new ();
  if (!yv8_graph_from_json (network, g_hash_table_lookup (file->metadata, KEY_GRAPH), error) ||
      !read_tensors (network->graph, file, error) || !yv8_network_check (network, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (OWN_KEYS); i++)
    g_hash_table_remove (file->metadata, OWN_KEYS[i]);
  g_hash_table_unref (network->metadata);
  network->metadata = g_steal_pointer (&file->metadata);
  file->metadata = g_hash_table_new (NULL, NULL);
  return g_steal_pointer (&network);
}

static gboolean
copy_metadata (Yv8Safetensors *file, const Yv8Network *network, GError **error)
{
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, network->metadata);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    if (!g_utf8_validate (key, -1, NULL) || !g_utf8_validate (value, -1, NULL) ||
        strlen (key) > YV8_JSON_MAX_NAME) {
      g_set_error_literal (
          error, YV8_ERROR, YV8_ERROR_ARGUMENT, "a pair of the metadata is not UTF-8, or too long");
      return FALSE;
    }
    g_hash_table_insert (file->metadata, g_strdup (key), g_strdup (value));
  }
  g_hash_table_insert (file->metadata, g_strdup (KEY_FORMAT), g_strdup (FORMAT));
  g_hash_table_insert (file->metadata, g_strdup (KEY_VERSION),
      g_strdup (is_encoded (file) ? YV8_FILE_VERSION_ENCODED : YV8_FILE_VERSION));
  g_hash_table_insert (file->metadata, g_strdup (KEY_GRAPH), yv8_graph_to_json (network));
  return TRUE;
}

static void
stored_free_values (gpointer data)
{
  Yv8Stored *tensor = data;

  g_free (tensor->name);
  g_free ((void *) tensor->values);
}

/* In the order of the ops; @encoded: (element-type Yv8Stored): of all their int8 weights. */
static gboolean
encode_weights (const Yv8Graph *graph, GArray *encoded, GError **error)
{
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    Yv8Stored parts[YV8_N_ENCODING_PARTS];
    if (!has_int8_weights (graph, op))
      continue;
    gboolean good = yv8_encoding_write (op, parts, error);
    for (guint j = 0; j < YV8_N_ENCODING_PARTS; j++)
      if (parts[j].name)
        g_array_append_val (encoded, parts[j]);
    if (!good)
      return FALSE;
  }
  return TRUE;
}

/* All tensors of one type after those of the one before, in the order of the ops. */
static void
add_tensors (Yv8Safetensors *file, const Yv8Graph *graph, const GArray *encoded)
{
  static const int types[] = { YV8_STORED_I8, YV8_STORED_U8 };

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    Yv8Op *op = &g_array_index (graph->ops, Yv8Op, i);
    Part parts[MAX_PARTS];
    guint n = parts_of (graph, op, parts);
    for (guint j = 0; j < n; j++) {
      Yv8Stored tensor = stored_of (op, &parts[j]);
      g_array_append_val (file->tensors, tensor);
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    for (guint j = 0; j < encoded->len; j++) {
      Yv8Stored tensor = g_array_index (encoded, Yv8Stored, j);
      if (tensor.type != types[i])
        continue;
      tensor.name = g_strdup (tensor.name);
      g_array_append_val (file->tensors, tensor);
    }
}

GBytes *
yv8_file_write (const Yv8Network *network, GError **error)
{
  g_autoptr (Yv8Safetensors) file = yv8_safetensors_new ();
  g_autoptr (GArray) encoded = g_array_new (FALSE, FALSE, sizeof (Yv8Stored));

  g_array_set_clear_func (encoded, stored_free_values);
  if (!yv8_network_check (network, error) || !encode_weights (network->graph, encoded, error))
    return NULL;
  add_tensors (file, network->graph, encoded);
  return copy_metadata (file, network, error) ? yv8_safetensors_write (file, error) : NULL;
}

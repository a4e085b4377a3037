/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading and writing the container. */
#include "model/safetensors.h"

#include <string.h>

#include <yv8/error.h>

#include "model/json.h"

#define ALIGNMENT    64
#define LENGTH_BYTES sizeof (guint64)

static const char *const TYPES[] = { "I8", "F32", "U8", NULL };
static const gsize TYPE_BYTES[YV8_N_STORED_TYPES] = { 1, 4, 1 };

enum { DTYPE, SHAPE, OFFSETS };
static const char *const FIELDS[] = { "dtype", "shape", "data_offsets", NULL };
#define ALL_FIELDS 7u

static void
stored_clear (gpointer data)
{
  g_free (((Yv8Stored *) data)->name);
}

Yv8Safetensors *
yv8_safetensors_new (void)
{
  Yv8Safetensors *self = g_new0 (Yv8Safetensors, 1);

  self->tensors = g_array_new (FALSE, FALSE, sizeof (Yv8Stored));
  g_array_set_clear_func (self->tensors, stored_clear);
  self->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
yv8_safetensors_free (Yv8Safetensors *self)
{
  if (!self)
    return;
  g_array_unref (self->tensors);
  g_hash_table_unref (self->metadata);
  g_free (self);
}

G_GNUC_PRINTF (2, 3)
static gboolean
fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, YV8_ERROR, YV8_ERROR_FORMAT, reason);
  return FALSE;
}

static void
read_metadata (Yv8Json *json, GHashTable *metadata)
{
  yv8_json_begin (json, '{');
  while (yv8_json_more (json, '}')) {
    char *key = yv8_json_key (json), *value = yv8_json_string (json, json->size);
    if (key && value && g_hash_table_contains (metadata, key))
      yv8_json_fail (json, "metadata '%s' a second time", key);
    if (key && value) {
      g_hash_table_insert (metadata, key, value);
    } else {
      g_free (key);
      g_free (value);
    }
  }
}

static void
read_shape (Yv8Json *json, Yv8Stored *tensor)
{
  yv8_json_begin (json, '[');
  while (yv8_json_more (json, ']')) {
    guint64 dim = (guint64) yv8_json_integer (json, 0, G_MAXINT64);
    if (tensor->n_dims < YV8_STORED_MAX_DIMS)
      tensor->dims[tensor->n_dims] = dim;
    tensor->n_dims++;
  }
}

static void
read_offsets (Yv8Json *json, Yv8Stored *tensor)
{
  gsize *offsets[] = { &tensor->begin, &tensor->end };
  guint n = 0;

  yv8_json_begin (json, '[');
  while (yv8_json_more (json, ']')) {
    if (n == G_N_ELEMENTS (offsets))
      yv8_json_fail (json, "more than two offsets");
    else
      *offsets[n++] = (gsize) yv8_json_integer (json, 0, G_MAXSSIZE);
  }
  if (n < G_N_ELEMENTS (offsets))
    yv8_json_fail (json, "two offsets expected");
}

static int
type_of (const char *name)
{
  for (int i = 0; name && TYPES[i]; i++)
    if (g_str_equal (name, TYPES[i]))
      return i;
  return -1;
}

static void
read_tensor (Yv8Json *json, Yv8Stored *tensor)
{
  guint32 seen = 0;

  yv8_json_begin (json, '{');
  for (int field; (field = yv8_json_field (json, FIELDS, &seen)) >= 0;)
    if (field == DTYPE) {
      g_autofree char *type = yv8_json_string (json, YV8_JSON_MAX_NAME);
      tensor->type = type_of (type);
    } else if (field == SHAPE) {
      read_shape (json, tensor);
    } else {
      read_offsets (json, tensor);
    }
  if (seen != ALL_FIELDS)
    yv8_json_fail (json, "tensor '%s' lacks dtype, shape or data_offsets", tensor->name);
}

static void
read_header (Yv8Json *json, Yv8Safetensors *self)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  yv8_json_begin (json, '{');
  while (yv8_json_more (json, '}')) {
    char *name = yv8_json_key (json);
    if (!name)
      break;
    if (!g_hash_table_add (names, name)) {
      yv8_json_fail (json, "a name that was there before");
    } else if (g_str_equal (name, "__metadata__")) {
      read_metadata (json, self->metadata);
    } else {
      Yv8Stored tensor = { .name = g_strdup (name), .type = -1 };
      read_tensor (json, &tensor);
      g_array_append_val (self->tensors, tensor);
    }
  }
}

static guint64
header_length (const guint8 *bytes)
{
  guint64 length;

  memcpy (&length, bytes, LENGTH_BYTES);
  return GUINT64_FROM_LE (length);
}

Yv8Safetensors *
yv8_safetensors_read (const guint8 *bytes, gsize size, GError **error)
{
  g_autoptr (Yv8Safetensors) self = yv8_safetensors_new ();
  Yv8Json json;

  if (size < LENGTH_BYTES) {
    fail (error, "%" G_GSIZE_FORMAT " bytes are no header", size);
    return NULL;
  }
  guint64 length = header_length (bytes);
  if (length > YV8_SAFETENSORS_MAX_HEADER || length > size - LENGTH_BYTES) {
    fail (error,
        "a header of %" G_GUINT64_FORMAT " bytes, in a file of %" G_GSIZE_FORMAT
        "; at most %u are allowed",
        length, size, YV8_SAFETENSORS_MAX_HEADER);
    return NULL;
  }
  yv8_json_init (&json, "header", (const char *) bytes + LENGTH_BYTES, (gsize) length);
  read_header (&json, self);
  return yv8_json_finish (&json, error) ? g_steal_pointer (&self) : NULL;
}

/* Bytes of a tensor of this type and shape; 0 where that overflows or is no shape of ours. */
static gsize
stored_size (const Yv8Stored *tensor)
{
  gsize size = TYPE_BYTES[tensor->type];

  if (tensor->n_dims == 0 || tensor->n_dims > YV8_STORED_MAX_DIMS)
    return 0;
  for (guint i = 0; i < tensor->n_dims; i++)
    if (!g_size_checked_mul (&size, size, tensor->dims[i]))
      return 0;
  return size;
}

static int
compare_place (gconstpointer a, gconstpointer b)
{
  const Yv8Stored *x = a, *y = b;

  return x->begin != y->begin ? (x->begin < y->begin ? -1 : 1) : strcmp (x->name, y->name);
}

gboolean
yv8_safetensors_check (Yv8Safetensors *self, const guint8 *bytes, gsize size, GError **error)
{
  const guint8 *data = bytes + LENGTH_BYTES + header_length (bytes);
  gsize data_size = size - (gsize) (data - bytes), at = 0;

  g_array_sort (self->tensors, compare_place);
  for (guint i = 0; i < self->tensors->len; i++) {
    Yv8Stored *tensor = &g_array_index (self->tensors, Yv8Stored, i);
    if (tensor->type < 0)
      return fail (error, "tensor '%s' is of a dtype that is none of F32, I8, U8", tensor->name);
    if (tensor->begin != at)
      return fail (error,
          "tensor '%s' begins at byte %" G_GSIZE_FORMAT ", not at %" G_GSIZE_FORMAT
          ": a hole or an overlap",
          tensor->name, tensor->begin, at);
    if (tensor->end > data_size || tensor->end <= at)
      return fail (error,
          "tensor '%s' ends at byte %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
          " and begins at %" G_GSIZE_FORMAT,
          tensor->name, tensor->end, data_size, at);
    if (tensor->end - at != stored_size (tensor))
      return fail (error,
          "tensor '%s' has %" G_GSIZE_FORMAT " bytes, which are not those of its shape",
          tensor->name, tensor->end - at);
    tensor->values = data + at;
    at = tensor->end;
  }
  if (at != data_size)
    return fail (error,
        "%" G_GSIZE_FORMAT " bytes of tensors, where the header speaks of %" G_GSIZE_FORMAT,
        data_size, at);
  return TRUE;
}

static void
append_metadata (GString *header, GHashTable *metadata)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (metadata), (GCompareFunc) g_strcmp0);

  g_string_append (header, "{\"__metadata__\":{");
  for (GList *l = keys; l; l = l->next) {
    if (l != keys)
      g_string_append_c (header, ',');
    yv8_json_append_string (header, l->data);
    g_string_append_c (header, ':');
    yv8_json_append_string (header, g_hash_table_lookup (metadata, l->data));
  }
  g_string_append_c (header, '}');
}

static void
append_tensor (GString *header, const Yv8Stored *tensor)
{
  g_string_append_c (header, ',');
  yv8_json_append_string (header, tensor->name);
  g_string_append_printf (header, ":{\"dtype\":\"%s\",\"shape\":[", TYPES[tensor->type]);
  for (guint i = 0; i < tensor->n_dims; i++)
    g_string_append_printf (header, "%s%" G_GUINT64_FORMAT, i ? "," : "", tensor->dims[i]);
  g_string_append_printf (header, "],\"data_offsets\":[%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT "]}",
      tensor->begin, tensor->end);
}

static void
copy_values (guint8 *to, const Yv8Stored *tensor)
{
  gsize size = tensor->end - tensor->begin;

  memcpy (to, tensor->values, size);
  if (G_BYTE_ORDER != G_LITTLE_ENDIAN && tensor->type == YV8_STORED_F32)
    for (gsize i = 0; i < size; i += 4) {
      guint32 bits;
      memcpy (&bits, to + i, 4);
      bits = GUINT32_TO_LE (bits);
      memcpy (to + i, &bits, 4);
    }
}

GBytes *
yv8_safetensors_write (Yv8Safetensors *self, GError **error)
{
  g_autoptr (GString) header = g_string_new (NULL);
  gsize at = 0, size;
  gboolean fits = TRUE;

  append_metadata (header, self->metadata);
  for (guint i = 0; i < self->tensors->len; i++) {
    Yv8Stored *tensor = &g_array_index (self->tensors, Yv8Stored, i);
    tensor->begin = at;
    fits = fits && g_size_checked_add (&at, at, stored_size (tensor));
    tensor->end = at;
    append_tensor (header, tensor);
  }
  g_string_append_c (header, '}');
  while ((LENGTH_BYTES + header->len) % ALIGNMENT)
    g_string_append_c (header, ' ');
  if (header->len > YV8_SAFETENSORS_MAX_HEADER) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "names and metadata take %" G_GSIZE_FORMAT " bytes; at most %u are allowed", header->len,
        YV8_SAFETENSORS_MAX_HEADER);
    return NULL;
  }

  fits = fits && g_size_checked_add (&size, at, LENGTH_BYTES + header->len);
  guint8 *bytes = fits ? g_try_malloc (size) : NULL;
  if (!bytes) {
    g_set_error_literal (
        error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory for the bytes of the model file");
    return NULL;
  }
  guint64 length = GUINT64_TO_LE ((guint64) header->len);
  memcpy (bytes, &length, LENGTH_BYTES);
  memcpy (bytes + LENGTH_BYTES, header->str, header->len);
  for (guint i = 0; i < self->tensors->len; i++) {
    const Yv8Stored *tensor = &g_array_index (self->tensors, Yv8Stored, i);
    copy_values (bytes + LENGTH_BYTES + header->len + tensor->begin, tensor);
  }
  return g_bytes_new_take (bytes, size);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loading and saving a model. */
#include <gio/gio.h>

#include "api/labels.h"
#include "api/model.h"
#include "model/file.h"
#include "onnx/import.h"

/* Not mapped: a file that is overwritten in place must not take the process with it. */
static gboolean
read_file (const char *path, char **bytes, gsize *size, GError **error)
{
  g_autoptr (GError) reason = NULL;
  gint code = YV8_ERROR_READ;

  if (g_file_test (path, G_FILE_TEST_EXISTS) && !g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    g_set_error (error, YV8_ERROR, code, "'%s' is not a regular file", path);
    return FALSE;
  }
  if (g_file_get_contents (path, bytes, size, &reason))
    return TRUE;
  if (g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    code = YV8_ERROR_NOT_FOUND;
  else if (g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOMEM))
    code = YV8_ERROR_MEMORY;
  g_set_error (error, YV8_ERROR, code, "cannot open the model '%s': %s", path, reason->message);
  return FALSE;
}

Yv8Model *
yv8_model_new (Yv8Network *network, const guint8 *bytes, gsize size)
{
  Yv8Model *model = g_new0 (Yv8Model, 1);

  g_atomic_ref_count_init (&model->ref_count);
  model->graph = g_steal_pointer (&network->graph);
  model->metadata = g_steal_pointer (&network->metadata);
  model->width = network->width;
  model->height = network->height;
  model->n_classes = yv8_graph_detect (model->graph)->n_classes;
  model->labels = yv8_labels_parse (yv8_model_metadata (model, "names"), model->n_classes);
  model->sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, size);
  model->size = size;
  yv8_network_free (network);
  return model;
}

Yv8Model *
yv8_model_make (Yv8Graph *graph, GHashTable *metadata, guint width, guint height, GError **error)
{
  g_autoptr (Yv8Network) network = yv8_network_new ();

  g_hash_table_unref (network->metadata);
  network->metadata = metadata;
  network->graph = graph;
  network->width = width;
  network->height = height;
  g_autoptr (GBytes) bytes = yv8_file_write (network, error);
  if (!bytes)
    return NULL;
  return yv8_model_new (
      g_steal_pointer (&network), g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

gboolean
yv8_model_is_float (const Yv8Model *model)
{
  for (guint i = 0; i < yv8_graph_n_buffers (model->graph); i++)
    if (yv8_graph_buffer_type (model->graph, i) != YV8_TYPE_F32)
      return FALSE;
  return TRUE;
}

GHashTable *
yv8_model_derive_metadata (const Yv8Model *model)
{
  GHashTable *metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_insert (metadata, g_strdup ("yv8.source_sha256"), g_strdup (model->sha256));
  g_hash_table_iter_init (&iter, model->metadata);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (metadata, g_strdup (key), g_strdup (value));
  return metadata;
}

Yv8Model *
yv8_model_load (const char *path, GError **error)
{
  g_autofree char *contents = NULL;
  gsize size;

  g_return_val_if_fail (path, NULL);

  if (!read_file (path, &contents, &size, error))
    return NULL;
  const guint8 *bytes = (const guint8 *) contents;
  Yv8Network *network = yv8_file_detect (bytes, size) ? yv8_file_read (bytes, size, error)
                                                      : yv8_onnx_import (bytes, size, error);
  if (!network) {
    g_prefix_error (error, "model '%s': ", path);
    return NULL;
  }
  return yv8_model_new (network, bytes, size);
}

gboolean
yv8_model_save (const Yv8Model *model, const char *path, GError **error)
{
  g_return_val_if_fail (model && path, FALSE);

  const Yv8Network network = { model->graph, model->metadata, model->width, model->height };
  g_autoptr (GError) reason = NULL;
  g_autoptr (GBytes) bytes = yv8_file_write (&network, error);
  if (!bytes) {
    g_prefix_error (error, "model '%s': ", path);
    return FALSE;
  }
  if (!g_file_set_contents_full (path, g_bytes_get_data (bytes, NULL),
          (gssize) g_bytes_get_size (bytes),
          G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666, &reason)) {
    g_set_error (
        error, YV8_ERROR, YV8_ERROR_READ, "cannot write the model '%s': %s", path, reason->message);
    return FALSE;
  }
  return TRUE;
}

Yv8Model *
yv8_model_ref (Yv8Model *model)
{
  g_return_val_if_fail (model, NULL);

  g_atomic_ref_count_inc (&model->ref_count);
  return model;
}

void
yv8_model_unref (Yv8Model *model)
{
  if (!model || !g_atomic_ref_count_dec (&model->ref_count))
    return;
  yv8_graph_free (model->graph);
  g_hash_table_unref (model->metadata);
  g_strfreev (model->labels);
  g_free (model->sha256);
  g_free (model);
}

guint
yv8_model_n_classes (const Yv8Model *model)
{
  g_return_val_if_fail (model, 0);
  return model->n_classes;
}

const char *
yv8_model_label (const Yv8Model *model, guint class_id)
{
  g_return_val_if_fail (model && class_id < model->n_classes, NULL);
  return model->labels[class_id];
}

void
yv8_model_input_size (const Yv8Model *model, guint *width, guint *height)
{
  g_return_if_fail (model && width && height);

  *width = model->width;
  *height = model->height;
}

const char *
yv8_model_metadata (const Yv8Model *model, const char *key)
{
  g_return_val_if_fail (model && key, NULL);
  return g_hash_table_lookup (model->metadata, key);
}

const char *
yv8_model_sha256 (const Yv8Model *model)
{
  g_return_val_if_fail (model, NULL);
  return model->sha256;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loading a model file. */
#include <gio/gio.h>

#include "api/labels.h"
#include "api/model.h"
#include "onnx/import.h"

static GMappedFile *
map_file (const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GMappedFile) file = NULL;

  if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_READ, "'%s' is a folder, not a model file", path);
    return NULL;
  }
  file = g_mapped_file_new (path, FALSE, &reason);
  if (!file) {
    gboolean absent = g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_set_error (error, YV8_ERROR, absent ? YV8_ERROR_NOT_FOUND : YV8_ERROR_READ,
        "cannot open the model '%s': %s", path, reason->message);
  }
  return g_steal_pointer (&file);
}

Yv8Model *
yv8_model_load (const char *path, GError **error)
{
  g_return_val_if_fail (path, NULL);

  g_autoptr (GMappedFile) file = map_file (path, error);
  if (!file)
    return NULL;
  const guint8 *bytes = (const guint8 *) g_mapped_file_get_contents (file);
  gsize size = g_mapped_file_get_length (file);
  g_autoptr (Yv8Import) import = yv8_onnx_import (bytes, size, error);
  if (!import) {
    g_prefix_error (error, "model '%s': ", path);
    return NULL;
  }

  Yv8Model *model = g_new0 (Yv8Model, 1);
  g_atomic_ref_count_init (&model->ref_count);
  model->graph = g_steal_pointer (&import->graph);
  model->metadata = g_steal_pointer (&import->metadata);
  model->width = import->width;
  model->height = import->height;
  model->n_classes = yv8_graph_detect (model->graph)->n_classes;
  model->labels = yv8_labels_parse (yv8_model_metadata (model, "names"), model->n_classes);
  model->sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, size);
  return model;
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

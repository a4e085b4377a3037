/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads reference results and labels: what the golden tests share. */
#pragma once

#include <json-glib/json-glib.h>
#include <string.h>
#include <yv8/detector.h>

#include "testing.h"

/**
 * golden_results_read:
 * @path: of a file with results in COCO's form
 *
 * Returns: (transfer full): file name to GArray of Yv8Detection
 */
static inline GHashTable *
golden_results_read (const char *path)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);

  GHashTable *results =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_array_unref);
  JsonArray *entries = json_node_get_array (json_parser_get_root (parser));
  for (guint i = 0; i < json_array_get_length (entries); i++) {
    JsonObject *entry = json_array_get_object_element (entries, i);
    JsonArray *box = json_object_get_array_member (entry, "bbox");
    Yv8Detection detection = {
      .class_id = (guint) json_object_get_int_member (entry, "category_id"),
      .score = (float) json_object_get_double_member (entry, "score"),
      .x = (float) json_array_get_double_element (box, 0),
      .y = (float) json_array_get_double_element (box, 1),
      .width = (float) json_array_get_double_element (box, 2),
      .height = (float) json_array_get_double_element (box, 3),
    };
    const char *file = json_object_get_string_member (entry, "file_name");
    GArray *detections = g_hash_table_lookup (results, file);
    if (!detections) {
      detections = g_array_new (FALSE, FALSE, sizeof (Yv8Detection));
      g_hash_table_insert (results, g_strdup (file), detections);
    }
    g_array_append_val (detections, detection);
  }
  return results;
}

/**
 * golden_results_load:
 * @name: of a file with results in COCO's form, in the test data
 *
 * Returns: (transfer full) (nullable): as golden_results_read(); %NULL with the test skipped
 */
static inline GHashTable *
golden_results_load (const char *name)
{
  g_autofree char *path = test_data_path (name);

  return path ? golden_results_read (path) : NULL;
}

/**
 * golden_jpeg_size:
 *
 * Reads width and height from the frame header (SOF0 to SOF2) of a JPEG file; fails the test if
 * there is none.
 */
static inline void
golden_jpeg_size (const char *path, guint *width, guint *height)
{
  g_autofree char *contents = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  const guint8 *bytes = (const guint8 *) contents;
  for (gsize i = 2; i + 9 <= size; i += 2u + (bytes[i + 2] << 8 | bytes[i + 3]))
    if (bytes[i + 1] >= 0xc0 && bytes[i + 1] <= 0xc2) {
      *height = bytes[i + 5] << 8 | bytes[i + 6];
      *width = bytes[i + 7] << 8 | bytes[i + 8];
      return;
    }
  g_error ("%s: no frame header", path);
}

/**
 * golden_labels_load:
 * @image: path of a JPEG file NAME.jpg in a folder "images"; its labels are in ../labels/NAME.txt,
 *   "class cx cy width height" a line, in parts of the picture's sides
 *
 * Returns: (transfer full): of Yv8Detection, in pixels; empty where nothing is labelled
 */
static inline GArray *
golden_labels_load (const char *image)
{
  GArray *labels = g_array_new (FALSE, FALSE, sizeof (Yv8Detection));
  g_autofree char *dir = g_path_get_dirname (image);
  g_autofree char *name = g_path_get_basename (image);
  g_autofree char *path =
      g_strdup_printf ("%s/../labels/%.*s.txt", dir, (int) (strlen (name) - strlen (".jpg")), name);
  g_autofree char *text = NULL;
  guint width, height;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return labels;
  golden_jpeg_size (image, &width, &height);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    char *next = lines[i];
    double value[5];
    if (!*g_strstrip (lines[i]))
      continue;
    for (guint j = 0; j < 5; j++)
      value[j] = g_ascii_strtod (next, &next);
    Yv8Detection label = {
      .class_id = (guint) value[0],
      .x = (float) ((value[1] - value[3] / 2) * width),
      .y = (float) ((value[2] - value[4] / 2) * height),
      .width = (float) (value[3] * width),
      .height = (float) (value[4] * height),
    };
    g_array_append_val (labels, label);
  }
  return labels;
}

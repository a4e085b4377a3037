/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The truth about a picture, as YOLO's training tools write it. */
#include "labels.h"

#include <math.h>
#include <string.h>

/* Fills values with the numbers of a line: their count, at most max, or -1 if one is no number. */
static int
parse_numbers (const char *line, double *values, int max)
{
  int n = 0;

  for (;;) {
    char *end;
    while (g_ascii_isspace (*line))
      line++;
    if (*line == 0 || n == max)
      return *line == 0 ? n : -1;
    values[n] = g_ascii_strtod (line, &end);
    if (end == line || (*end && !g_ascii_isspace (*end)) || !isfinite (values[n]))
      return -1;
    line = end;
    n++;
  }
}

static const char *
parse_line (const char *line, guint n_classes, Yv8Detection *label)
{
  double v[5];

  if (parse_numbers (line, v, 5) != 5)
    return "expected 'class cx cy w h'";
  if (v[0] != floor (v[0]) || v[0] < 0 || v[0] >= n_classes)
    return "the model has no such class";
  for (int i = 1; i < 5; i++)
    if (v[i] < 0 || v[i] > 1)
      return "a box must be within 0 to 1";
  *label = (Yv8Detection){
    .class_id = (guint) v[0],
    .score = 1,
    .x = (float) (v[1] - v[3] / 2),
    .y = (float) (v[2] - v[4] / 2),
    .width = (float) v[3],
    .height = (float) v[4],
  };
  return NULL;
}

GArray *
yv8_labels_load (const char *path, guint n_classes, guint width, guint height, GError **error)
{
  g_autoptr (GArray) labels = g_array_new (FALSE, FALSE, sizeof (Yv8Detection));
  g_autofree char *text = NULL;
  g_autoptr (GError) reason = NULL;

  if (!g_file_get_contents (path, &text, NULL, &reason)) {
    if (g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
      return g_steal_pointer (&labels);
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_READ, reason->message);
    return NULL;
  }
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    Yv8Detection label;
    if (*g_strstrip (lines[i]) == 0)
      continue;
    const char *problem = parse_line (lines[i], n_classes, &label);
    if (problem) {
      g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT, "%s:%u: %s", path, i + 1, problem);
      return NULL;
    }
    label.x *= (float) width;
    label.y *= (float) height;
    label.width *= (float) width;
    label.height *= (float) height;
    g_array_append_val (labels, label);
  }
  return g_steal_pointer (&labels);
}

GArray *
yv8_labels_of_picture (const char *folder, const char *name, guint n_classes, guint width,
    guint height, GError **error)
{
  const char *dot = strrchr (name, '.');
  g_autofree char *stem = dot ? g_strndup (name, (gsize) (dot - name)) : g_strdup (name);
  g_autofree char *file = g_strconcat (stem, ".txt", NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);

  return yv8_labels_load (path, n_classes, width, height, error);
}

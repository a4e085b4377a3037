/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names of files that commands read and write. */
#include "files.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <yv8/error.h>

gboolean
yv8_files_is_picture (const char *name)
{
  static const char *const suffixes[] = { ".jpg", ".jpeg", ".png", ".bmp", ".webp" };
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (lower, suffixes[i]))
      return TRUE;
  return FALSE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
yv8_files_list_pictures (const char *folder, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  const char *name;

  if (!dir)
    return NULL;
  while ((name = g_dir_read_name (dir)))
    if (yv8_files_is_picture (name))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  if (names->len > 0)
    return g_steal_pointer (&names);
  g_set_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND,
      "%s: no pictures (.jpg, .jpeg, .png, .bmp, .webp)", folder);
  return NULL;
}

gboolean
yv8_files_same (const char *a, const char *b)
{
  GStatBuf x, y;

  return g_stat (a, &x) == 0 && g_stat (b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

gint64
yv8_files_size (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 ? (gint64) status.st_size : 0;
}

gboolean
yv8_files_check_output (const char *path, GError **error)
{
  if (!path)
    return TRUE;
  g_autofree char *folder = g_path_get_dirname (path);
  if (access (folder, W_OK) == 0 && !g_file_test (path, G_FILE_TEST_IS_DIR))
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_READ, "%s: cannot be written", path);
  return FALSE;
}

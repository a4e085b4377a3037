/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Recipes that are installed, and those in files. */
#include "config.h"

#include <gio/gio.h>
#include <string.h>
#include <yv8/recipe.h>

#define SUFFIX ".recipe"

static const char *
find_folder (void)
{
  const char *folder = g_getenv ("YV8_RECIPE_DIR");

  return folder && *folder ? folder : YV8_RECIPE_DIR;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
yv8_recipe_list (void)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GDir) dir = g_dir_open (find_folder (), 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    if (g_str_has_suffix (name, SUFFIX) && g_utf8_validate (name, -1, NULL))
      g_ptr_array_add (names, g_strndup (name, strlen (name) - strlen (SUFFIX)));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

/* No more than a recipe may have, and one byte to tell that there is more. */
static char *
read_start (const char *path, gsize *size, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_autofree char *text = g_malloc (YV8_RECIPE_MAX_SIZE + 1);

  if (!stream || !g_input_stream_read_all (
                     G_INPUT_STREAM (stream), text, YV8_RECIPE_MAX_SIZE + 1, size, NULL, error))
    return NULL;
  return g_steal_pointer (&text);
}

static gboolean
check_installed (const char *name, const char *path, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_auto (GStrv) names = yv8_recipe_list ();
  g_autofree char *list = g_strjoinv (", ", names);
  g_set_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND, "there is no recipe '%s'; there are: %s (%s)",
      name, *list ? list : "none", find_folder ());
  return FALSE;
}

Yv8Recipe *
yv8_recipe_load (const char *name, GError **error)
{
  g_autoptr (GError) reason = NULL;
  gsize size;

  g_return_val_if_fail (name, NULL);

  gboolean is_path = strchr (name, G_DIR_SEPARATOR) || g_str_has_suffix (name, SUFFIX);
  g_autofree char *path =
      is_path ? g_strdup (name) : g_strdup_printf ("%s/%s" SUFFIX, find_folder (), name);
  if (!is_path && !check_installed (name, path, error))
    return NULL;
  g_autofree char *text = read_start (path, &size, &reason);
  if (!text) {
    gboolean missing = g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    g_set_error (error, YV8_ERROR, missing ? YV8_ERROR_NOT_FOUND : YV8_ERROR_READ,
        "cannot read the recipe '%s': %s", path, reason->message);
    return NULL;
  }
  Yv8Recipe *recipe = yv8_recipe_parse (text, (gssize) size, error);
  if (!recipe)
    g_prefix_error (error, "%s: ", path);
  return recipe;
}

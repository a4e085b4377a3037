/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Exports made by tests/data/make_onnx.py while a test runs, and runs of them. */
#pragma once

#include <glib/gstdio.h>
#include <string.h>

#include "exec/executor.h"
#include "onnx/import.h"
#include "ref/backend.h"
#include "testing.h"

/**
 * test_exports:
 * @options: (array length=n): of make_onnx.py, separated by blanks
 *
 * One call of the script for all, for that is what takes time.
 *
 * Returns: (transfer full) (element-type GBytes): the files
 */
static inline GPtrArray *
test_exports (const char *const *options, guint n)
{
  const char *source = g_getenv ("YV8_SOURCE_DIR");
  g_autofree char *script =
      g_build_filename (source ? source : ".", "tests", "data", "make_onnx.py", NULL);
  g_autofree char *quoted = g_shell_quote (script);
  g_autoptr (GString) command = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("exports-XXXXXX", &error);
  GPtrArray *files = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  int status;

  g_assert_no_error (error);
  g_string_printf (command, "python3 %s", quoted);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (command, "%s %s %s/%u.onnx", i ? " ," : "", options[i], dir, i);
  g_spawn_command_line_sync (command->str, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  for (guint i = 0; i < n; i++) {
    g_autofree char *path = g_strdup_printf ("%s/%u.onnx", dir, i);
    char *contents;
    gsize size;
    g_file_get_contents (path, &contents, &size, &error);
    g_assert_no_error (error);
    g_remove (path);
    g_ptr_array_add (files, g_bytes_new_take (contents, size));
  }
  g_rmdir (dir);
  return files;
}

/**
 * test_export: Returns: (transfer full): the file of one export
 */
static inline GBytes *
test_export (const char *options)
{
  g_autoptr (GPtrArray) files = test_exports (&options, 1);

  return g_bytes_ref (g_ptr_array_index (files, 0));
}

/**
 * test_import: Returns: (transfer full): the import, which must succeed
 */
static inline Yv8Network *
test_import (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  Yv8Network *import = yv8_onnx_import (data, size, &error);

  g_assert_no_error (error);
  return import;
}

/**
 * test_import_dump: Returns: (transfer full): the graph as text, at the export's own size
 */
static inline char *
test_import_dump (const Yv8Network *import)
{
  g_autoptr (GError) error = NULL;
  g_autofree Yv8Shape *shapes =
      yv8_graph_infer (import->graph, import->width, import->height, &error);
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  yv8_graph_dump (import->graph, shapes, text);
  return g_string_free (text, FALSE);
}

/**
 * test_import_run: Returns: (transfer full) (element-type float): all outputs, one behind the
 * other, of the backend ref for a fixed random picture
 */
static inline GArray *
test_import_run (const Yv8Network *import)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Executor) executor = yv8_executor_new (
      import->graph, import->width, import->height, yv8_ref_backend_new (), FALSE, &error);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  gsize n = (gsize) 3 * import->width * import->height;
  g_autofree float *values = g_new (float, n);
  GArray *all = g_array_new (FALSE, FALSE, sizeof (float));

  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double (rand);
  yv8_executor_load_values (executor, values, &error);
  g_assert_no_error (error);
  yv8_executor_run (executor, &error);
  g_assert_no_error (error);
  const Yv8Shape *shapes = yv8_executor_shapes (executor);
  for (guint i = 0; i < import->graph->outputs->len; i++) {
    const Yv8Slice *slice = yv8_graph_output (import->graph, i);
    const Yv8Shape *shape = &shapes[slice->buffer];
    g_array_append_vals (
        all, yv8_executor_output (executor, i), slice->channels * shape->height * shape->width);
  }
  return all;
}

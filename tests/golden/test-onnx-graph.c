/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The importer's graph of a generated export, line by line against a committed dump. With
 * YV8_UPDATE_GOLDEN set the dump is written anew; look at the difference before you commit it. */
#include "exports.h"

static void
test_tiny (void)
{
  const char *source = g_getenv ("YV8_SOURCE_DIR");
  g_autofree char *path =
      g_build_filename (source ? source : ".", "tests", "golden", "tiny.graph", NULL);
  g_autoptr (GBytes) bytes = test_export ("");
  g_autoptr (Yv8Network) import = test_import (bytes);
  g_autofree char *given = test_import_dump (import);
  g_autofree char *wanted = NULL;
  g_autoptr (GError) error = NULL;

  if (g_getenv ("YV8_UPDATE_GOLDEN"))
    g_file_set_contents (path, given, -1, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &wanted, NULL, &error);
  g_assert_no_error (error);

  g_auto (GStrv) given_lines = g_strsplit (given, "\n", 0);
  g_auto (GStrv) wanted_lines = g_strsplit (wanted, "\n", 0);
  for (guint i = 0; given_lines[i] && wanted_lines[i]; i++)
    g_assert_cmpstr (given_lines[i], ==, wanted_lines[i]);
  g_assert_cmpstr (given, ==, wanted);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/golden/onnx-graph/tiny", test_tiny);
  return g_test_run ();
}

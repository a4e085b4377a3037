/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * In place of libFuzzer: runs a fuzzer on files, and on all files of directories. */
#include "fuzz.h"

/* A file that takes longer is a finding, too; sanitizers and busy machines are allowed for. */
#define MAX_SECONDS 10.0

static void
replay (gconstpointer data)
{
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  g_file_get_contents (data, &contents, &size, &error);
  g_assert_no_error (error);
  g_test_timer_start ();
  LLVMFuzzerTestOneInput ((const guint8 *) contents, size);
  g_assert_cmpfloat (g_test_timer_elapsed (), <, MAX_SECONDS);
}

static void
add (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = g_strdup_printf ("/replay/%s", base);

  g_test_add_data_func_full (name, g_strdup (path), replay, g_free);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (int i = 1; i < argc; i++) {
    g_autoptr (GDir) dir = g_dir_open (argv[i], 0, NULL);
    const char *name;
    if (!dir)
      add (argv[i]);
    while (dir && (name = g_dir_read_name (dir))) {
      g_autofree char *path = g_build_filename (argv[i], name, NULL);
      add (path);
    }
  }
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checkpoints, and the search that they make cheap. */
#include "compress/checkpoint.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "compress/search.h"
#include "testing.h"

static void
test_keys (void)
{
  g_autofree char *one = yv8_checkpoint_key ("a", "bc", NULL);
  g_autofree char *two = yv8_checkpoint_key ("ab", "c", NULL);
  g_autofree char *again = yv8_checkpoint_key ("a", "bc", NULL);

  g_assert_cmpuint (strlen (one), ==, 64);
  g_assert_cmpstr (one, ==, again);
  g_assert_cmpstr (one, !=, two);
}

static void
check_kept (const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Checkpoint) checkpoint = yv8_checkpoint_new (folder, &error);
  g_autofree char *key = yv8_checkpoint_key ("key", NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("one\ntwo", 7);

  g_assert_no_error (error);
  g_assert_true (yv8_checkpoint_on_disk (checkpoint) == (folder != NULL));
  g_assert_null (yv8_checkpoint_load (checkpoint, key));
  yv8_checkpoint_save (checkpoint, key, bytes);
  g_autoptr (GBytes) loaded = yv8_checkpoint_load (checkpoint, key);
  g_assert_nonnull (loaded);
  g_assert_true (g_bytes_equal (bytes, loaded));
}

static void
test_kept (void)
{
  g_autofree char *top = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (top, "a", "b", NULL);
  g_autofree char *parent = g_path_get_dirname (folder);
  g_autofree char *other = g_build_filename (folder, "other", NULL);

  check_kept (NULL);
  check_kept (folder);
  g_assert_true (g_file_set_contents (other, "", 0, NULL));
  g_autoptr (Yv8Checkpoint) checkpoint = yv8_checkpoint_new (folder, NULL);
  g_autofree char *key = yv8_checkpoint_key ("key", NULL);
  yv8_checkpoint_clear (checkpoint);
  g_assert_null (yv8_checkpoint_load (checkpoint, key));
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
  g_remove (other);
  yv8_checkpoint_clear (checkpoint);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  g_rmdir (parent);
  g_rmdir (top);
}

static void
count_message (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  (*(guint *) data)++;
}

/* Every bit matters, and every length; a file of another key is none. */
static void
test_broken (void)
{
  g_autofree char *folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  g_autoptr (Yv8Checkpoint) checkpoint = yv8_checkpoint_new (folder, NULL);
  g_autofree char *key = yv8_checkpoint_key ("key", NULL), *wrong = yv8_checkpoint_key ("no", NULL);
  g_autofree char *path = g_strdup_printf ("%s/%s.checkpoint", folder, key);
  g_autofree char *other = g_strdup_printf ("%s/%s.checkpoint", folder, wrong);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("result", 6);
  g_autofree char *contents = NULL;
  gsize size;

  guint n = 0, handler = g_log_set_handler ("yv8", G_LOG_LEVEL_MESSAGE, count_message, &n);
  yv8_checkpoint_save (checkpoint, key, bytes);
  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  for (gsize i = 0; i < size; i++) {
    contents[i] ^= 1;
    g_assert_true (g_file_set_contents (path, contents, (gssize) size, NULL));
    g_assert_null (yv8_checkpoint_load (checkpoint, key));
    contents[i] ^= 1;
    g_assert_true (g_file_set_contents (path, contents, (gssize) i, NULL));
    g_assert_null (yv8_checkpoint_load (checkpoint, key));
  }
  g_assert_true (g_file_set_contents (other, contents, (gssize) size, NULL));
  g_assert_null (yv8_checkpoint_load (checkpoint, wrong));
  g_assert_cmpuint (n, ==, 2 * size + 1);
  g_log_remove_handler ("yv8", handler);
  yv8_checkpoint_clear (checkpoint);
}

/* A folder that cannot be written to is no reason to stop. */
static void
test_nowhere (void)
{
  g_autofree char *folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (folder, "file", NULL);
  g_autofree char *below = g_build_filename (file, "folder", NULL);
  g_autofree char *key = yv8_checkpoint_key ("key", NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("result", 6);
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Checkpoint) checkpoint = yv8_checkpoint_new (folder, NULL);

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_null (yv8_checkpoint_new (below, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_READ);
  g_remove (file);
  g_rmdir (folder);
  yv8_checkpoint_save (checkpoint, key, bytes);
  g_assert_null (yv8_checkpoint_load (checkpoint, key));
}

typedef struct {
  double limit;
  gboolean greatest;
  guint n;
} Trials;

static gboolean
try (double factor, gboolean *good, gpointer data, GError **error)
{
  Trials *trials = data;

  trials->n++;
  *good = (factor <= trials->limit) == trials->greatest;
  return TRUE;
}

static gboolean
fail (double factor, gboolean *good, gpointer data, GError **error)
{
  g_set_error_literal (error, YV8_ERROR, YV8_ERROR_DEVICE, "lost");
  return FALSE;
}

static void
test_search (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 100; i++) {
    Trials up = { g_rand_double_range (rand, 0.2, 2.9), TRUE, 0 };
    Trials down = { up.limit, FALSE, 0 };
    double greatest = yv8_search_factor (TRUE, 3, 0.01, 20, try, &up, NULL);
    double least = yv8_search_factor (FALSE, 3, 0.01, 20, try, &down, NULL);
    g_assert_cmpfloat (greatest, <=, up.limit);
    g_assert_cmpfloat (greatest, >, up.limit - 0.011);
    g_assert_cmpfloat (least, >, up.limit);
    g_assert_cmpfloat (least, <, up.limit + 0.011);
    g_assert_cmpuint (up.n, <, 12);
  }
  Trials never = { -1, TRUE, 0 };
  g_assert_cmpfloat (yv8_search_factor (TRUE, 3, 0, 6, try, &never, NULL), ==, 0);
  g_assert_cmpuint (never.n, ==, 6);
  g_assert_true (isnan (yv8_search_factor (TRUE, 3, 0, 6, fail, NULL, &error)));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_DEVICE);
}

static void
test_macs (void)
{
  const double shares[] = { 0.1, 0.3 };
  double factor = yv8_search_macs (shares, 2, 0.9, 0.5);

  g_assert_cmpfloat (fabs ((1 - 0.1 * factor) * (1 - 0.3 * factor) - 0.5), <, 1e-9);
  g_assert_cmpfloat (yv8_search_macs (shares, 2, 0.9, 1), ==, 0);
  g_assert_cmpfloat (yv8_search_macs (shares, 2, 0.9, 0.02), >, 3); /* both at their most */
  g_assert_true (isinf (yv8_search_macs (shares, 2, 0.9, 0.005)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/checkpoint/keys", test_keys);
  g_test_add_func ("/checkpoint/kept", test_kept);
  g_test_add_func ("/checkpoint/broken", test_broken);
  g_test_add_func ("/checkpoint/nowhere", test_nowhere);
  g_test_add_func ("/search/factor", test_search);
  g_test_add_func ("/search/macs", test_macs);
  return g_test_run ();
}

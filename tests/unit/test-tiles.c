/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tiles that were measured: their file, and what tuning does. */
#include "config.h"

#include <glib/gstdio.h>

#include "exec/executor.h"
#include "ops/network.h"
#include "ref/backend.h"
#include "testing.h"
#include "vulkan/backend.h"
#include "vulkan/cache.h"
#include "vulkan/tiles.h"

#define SIDE 64

static const Yv8VulkanDevice DEVICE = { .properties = { .vendorID = 0x1234, .deviceID = 0x5678 } };

static void
clear_dir (const char *dir)
{
  g_autoptr (GDir) files = g_dir_open (dir, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (files))) {
    g_autofree char *path = g_build_filename (dir, name, NULL);
    g_unlink (path);
  }
  g_rmdir (dir);
}

static Yv8VulkanTiles *
open_tiles (gboolean good)
{
  if (!good)
    g_test_expect_message ("yv8", G_LOG_LEVEL_MESSAGE, "*tiles*ignored");
  Yv8VulkanTiles *tiles = yv8_vulkan_tiles_new (&DEVICE);
  g_test_assert_expected_messages ();
  return tiles;
}

/* Data with a right checksum. */
static void
write_tiles (const char *path, gconstpointer data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;

  g_assert_true (
      yv8_vulkan_cache_save (YV8_VULKAN_CACHE_TILES, path, &DEVICE.properties, bytes, &error));
  g_assert_no_error (error);
}

#define RECORD (sizeof ((Yv8VulkanKernel *) NULL)->key + sizeof (Yv8VulkanTile))

/* Records whose tile is in no table, whose key has no end, that are cut off, of other shaders. */
static void
check_hostile_tiles (const char *path)
{
  g_autofree guint8 *good = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, (char **) &good, &size, NULL));
  const guint8 *data = good + 80; /* behind the header of cache.c */
  gsize n = size - 80;
  g_autofree guint8 *bad = g_memdup2 (data, n);
  g_assert_cmpuint (n, ==, 32 + 2 * RECORD);
  bad[n - sizeof (guint32)] ^= 64;
  memset (bad + 32, 'x', sizeof ((Yv8VulkanKernel *) NULL)->key);
  write_tiles (path, bad, n);
  Yv8VulkanTiles *tiles = open_tiles (TRUE);
  g_assert_null (yv8_vulkan_tiles_find (tiles, "one"));
  g_assert_null (yv8_vulkan_tiles_find (tiles, "two"));
  yv8_vulkan_tiles_free (tiles);

  write_tiles (path, data, n - 1);
  yv8_vulkan_tiles_free (open_tiles (FALSE));
  write_tiles (path, data, 31);
  yv8_vulkan_tiles_free (open_tiles (FALSE));
  bad[0] ^= 1;
  write_tiles (path, bad, n);
  yv8_vulkan_tiles_free (open_tiles (FALSE));
  good[size - 1] ^= 1;
  g_assert_true (g_file_set_contents (path, (const char *) good, (gssize) size, NULL));
  tiles = open_tiles (FALSE);
  g_assert_null (yv8_vulkan_tiles_find (tiles, "one"));
  yv8_vulkan_tiles_free (tiles);
}

static void
test_tiles (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("yv8-cache-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("YV8_CACHE_DIR", dir, TRUE);
  g_autofree char *path = g_build_filename (dir, "vulkan-1234-5678.tiles", NULL);

  Yv8VulkanTiles *first = open_tiles (TRUE), *second = open_tiles (TRUE);
  g_assert_null (yv8_vulkan_tiles_find (first, "one"));
  yv8_vulkan_tiles_add (first, "one", yv8_vulkan_tile_nth (1));
  yv8_vulkan_tiles_save (first);
  yv8_vulkan_tiles_add (second, "two", yv8_vulkan_tile_nth (2));
  yv8_vulkan_tiles_save (second); /* what the other one wrote stays */
  yv8_vulkan_tiles_free (first);
  yv8_vulkan_tiles_free (second);
  first = open_tiles (TRUE);
  g_assert_true (yv8_vulkan_tiles_find (first, "one") == yv8_vulkan_tile_nth (1));
  g_assert_true (yv8_vulkan_tiles_find (first, "two") == yv8_vulkan_tile_nth (2));
  yv8_vulkan_tiles_free (first);
  check_hostile_tiles (path);

  g_setenv ("YV8_CACHE_DIR", "", TRUE);
  g_unlink (path);
  g_rmdir (dir);
}

/* Returns: (transfer full): the first convolution of an int8 network, and what it reads */
static Yv8Graph *
small_network (GRand *rand)
{
  g_autoptr (Yv8Graph) whole = network_new (16, rand);
  Yv8Graph *graph = yv8_graph_new ();
  Yv8Slice output = { 1, 0, 16 };

  network_quantize (whole);
  yv8_graph_add_typed_buffer (graph, 3, YV8_TYPE_QS8);
  yv8_graph_add_typed_buffer (graph, 16, YV8_TYPE_QS8);
  for (guint i = 0; i < 2; i++) {
    Yv8Op op = yv8_op_copy (yv8_graph_op (whole, i));
    op.in[0].buffer = 0;
    op.out.buffer = i;
    yv8_graph_add_op (graph, &op);
  }
  g_array_append_val (graph->outputs, output);
  return graph;
}

/* Returns: microseconds that the loading took */
static gint64
run_tuned (const Yv8Graph *graph, Yv8Backend *backend, const float *values, float *output)
{
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  g_autoptr (Yv8Executor) executor =
      yv8_executor_new (graph, SIDE, SIDE, backend, YV8_EXECUTOR_TUNE, &error);
  gint64 end = g_get_monotonic_time ();

  g_assert_no_error (error);
  g_assert_true (yv8_executor_load_values (executor, values, &error));
  g_assert_true (yv8_executor_run (executor, &error));
  g_assert_true (yv8_executor_read (executor, yv8_graph_output (graph, 0), output, &error));
  return end - start;
}

/* What is measured once is found the next time, and changes nothing but the time. */
static void
test_tune (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = small_network (rand);
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("yv8-cache-XXXXXX", &error);
  g_autofree float *values = g_new (float, 3 * SIDE * SIDE);
  const gsize size = sizeof (float) * 16 * SIDE / 2 * SIDE / 2;
  g_autofree float *want = g_malloc (size), *got = g_malloc (size);
  gint64 first = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < 3 * SIDE * SIDE; i++)
    values[i] = (float) g_rand_double (rand);
  run_tuned (graph, yv8_ref_backend_new (), values, want);
  g_setenv ("YV8_CACHE_DIR", dir, TRUE);
  for (guint i = 0; i < 2; i++) {
    Yv8Backend *backend = yv8_vulkan_backend_new (0, &error);
    if (!backend) {
      g_test_skip (error->message);
      break;
    }
    gint64 time = run_tuned (graph, backend, values, got);
    g_test_message ("loaded in %.0f ms", (double) time / 1e3);
    g_assert_cmpmem (got, size, want, size);
    g_assert_true (i == 0 || 2 * time < first);
    first = time;
  }
  g_setenv ("YV8_CACHE_DIR", "", TRUE);
  clear_dir (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tiles/file", test_tiles);
  g_test_add_func ("/tiles/tune", test_tune);
  return g_test_run ();
}

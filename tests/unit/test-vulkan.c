/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backend "vulkan": devices, the cache on disk, float16, a whole network in every variant. */
#include "config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <sys/stat.h>

#include "exec/executor.h"
#include "ops/network.h"
#include "ref/backend.h"
#include "ref/letterbox.h"
#include "testing.h"
#include "vulkan/backend.h"
#include "vulkan/cache.h"
#include "vulkan/weights.h"

#define SIDE 64

static const struct {
  const char *precision, *access;
} VARIANTS[] = { { "f32", "ssbo" }, { "f32", "texel" }, { "f16", "ssbo" }, { "f16", "texel" } };

static const struct {
  const char *dot, *access;
} INT8_VARIANTS[] = { { "signed", "ssbo" }, { "signed", "texel" }, { "mixed", "ssbo" },
  { "mixed", "texel" }, { "none", "ssbo" }, { "none", "texel" } };

static void
set_variant (const char *precision, const char *access, const char *dot)
{
  g_setenv ("YV8_VULKAN_DOT", dot, TRUE);
  g_setenv ("YV8_VULKAN_PRECISION", precision, TRUE);
  g_setenv ("YV8_VULKAN_ACCESS", access, TRUE);
}

/* Returns: (nullable): a backend on the first device; %NULL with the test skipped. */
static Yv8Backend *
new_backend (void)
{
  g_autoptr (GError) error = NULL;
  Yv8Backend *backend = yv8_vulkan_backend_new (0, &error);

  if (g_error_matches (error, YV8_ERROR, YV8_ERROR_NOT_FOUND))
    g_test_skip (error->message);
  else
    g_assert_no_error (error);
  return backend;
}

static void
free_device (gpointer data)
{
  Yv8Device *device = data;

  g_free (device->id);
  g_free (device->name);
  g_free (device->driver);
  g_free (device);
}

static void
test_devices (void)
{
  g_autoptr (GPtrArray) devices = g_ptr_array_new_with_free_func (free_device);
  g_autoptr (GError) error = NULL;

  yv8_vulkan_devices_append (devices);
  for (guint i = 0; i < devices->len; i++) {
    const Yv8Device *device = g_ptr_array_index (devices, i);
    g_autofree char *id = g_strdup_printf ("vulkan:%u", i);
    g_assert_cmpstr (device->id, ==, id);
    g_assert_true (*device->name && *device->driver);
    g_assert_false (device->automatic);
    g_test_message (
        "%s: %s, %s%s", id, device->name, device->driver, device->software ? ", software" : "");
  }
  g_assert_null (yv8_vulkan_backend_new (devices->len, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND);
}

static void
test_no_driver (void)
{
  g_autoptr (GPtrArray) devices = g_ptr_array_new_with_free_func (free_device);
  g_autoptr (GError) error = NULL;

  if (g_test_subprocess ()) {
    yv8_vulkan_devices_append (devices);
    g_assert_cmpuint (devices->len, ==, 0);
    g_assert_null (yv8_vulkan_backend_new (0, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND);
    return;
  }
  g_autofree char *before = g_strdup (g_getenv ("VK_ICD_FILENAMES"));
  g_setenv ("VK_ICD_FILENAMES", "/nonexistent.json", TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  if (before)
    g_setenv ("VK_ICD_FILENAMES", before, TRUE);
  else
    g_unsetenv ("VK_ICD_FILENAMES");
  g_test_trap_assert_passed ();
}

static void
test_environment (void)
{
  g_autoptr (GError) error = NULL;
  Yv8Backend *backend = new_backend ();

  if (!backend)
    return;
  backend->klass->free (backend);
  set_variant ("f64", "ssbo", "");
  g_assert_null (yv8_vulkan_backend_new (0, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "f64"));
  g_clear_error (&error);
  set_variant ("", "", "cross");
  g_assert_null (yv8_vulkan_backend_new (0, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "cross"));
  g_clear_error (&error);
  set_variant ("", "", "");
  g_setenv ("YV8_VULKAN_TILE", "1000", TRUE);
  g_assert_null (yv8_vulkan_backend_new (0, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "1000"));
  g_unsetenv ("YV8_VULKAN_TILE");
  set_variant ("", "", "");
  g_clear_error (&error);
  static const char *const places[] = { "YV8_VULKAN_LETTERBOX", "YV8_VULKAN_DETECT" };
  for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
    g_setenv (places[i], "nowhere", TRUE);
    g_assert_null (yv8_vulkan_backend_new (0, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
    g_clear_error (&error);
    g_unsetenv (places[i]);
  }
}

static const VkPhysicalDeviceProperties DEVICE = {
  .vendorID = 0x1234,
  .deviceID = 0x5678,
  .driverVersion = 9,
  .pipelineCacheUUID = { 1, 2, 3 },
};

static gboolean
loads (const char *path, const VkPhysicalDeviceProperties *device)
{
  g_autoptr (GBytes) data = yv8_vulkan_cache_load (YV8_VULKAN_CACHE_PIPELINES, path, device);

  return data != NULL;
}

static void
write_file (const char *path, gconstpointer data, gsize size)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, data, (gssize) size, &error);
  g_assert_no_error (error);
}

/* Every truncation, a longer file, a flip in every byte. */
static void
check_damage (const char *path)
{
  g_autofree char *good = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &good, &size, NULL));
  g_autofree char *bad = g_malloc0 (size + 1);
  for (gsize n = 0; n <= size + 1; n++) {
    memcpy (bad, good, MIN (n, size));
    write_file (path, bad, n);
    g_assert_cmpint (loads (path, &DEVICE), ==, n == size);
  }
  for (gsize i = 0; i < size; i++) {
    memcpy (bad, good, size);
    bad[i] ^= 1 << i % 8;
    write_file (path, bad, size);
    g_assert_false (loads (path, &DEVICE));
  }
  write_file (path, good, size);
  g_assert_true (loads (path, &DEVICE));
}

static void
check_foreign (const char *path)
{
  VkPhysicalDeviceProperties other[] = { DEVICE, DEVICE, DEVICE, DEVICE };

  other[0].vendorID++;
  other[1].deviceID++;
  other[2].driverVersion++;
  other[3].pipelineCacheUUID[VK_UUID_SIZE - 1]++;
  for (guint i = 0; i < G_N_ELEMENTS (other); i++)
    g_assert_false (loads (path, &other[i]));
}

static void
test_cache (void)
{
  static const char bytes[] = "what a driver wrote";
  g_autoptr (GBytes) data = g_bytes_new_static (bytes, sizeof bytes);
  g_autoptr (GError) error = NULL;
  g_autofree char *top = g_dir_make_tmp ("yv8-cache-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *dir = g_build_filename (top, "a", "b", NULL);

  g_setenv ("YV8_CACHE_DIR", "", TRUE);
  g_assert_null (yv8_vulkan_cache_path (YV8_VULKAN_CACHE_PIPELINES, &DEVICE));
  g_setenv ("YV8_CACHE_DIR", dir, TRUE);
  g_autofree char *path = yv8_vulkan_cache_path (YV8_VULKAN_CACHE_PIPELINES, &DEVICE);
  g_assert_true (g_str_has_prefix (path, dir));

  g_assert_false (loads (NULL, &DEVICE));
  g_assert_false (loads (path, &DEVICE));
  g_assert_true (yv8_vulkan_cache_save (YV8_VULKAN_CACHE_PIPELINES, path, &DEVICE, data, &error));
  g_assert_no_error (error);
  g_autoptr (GBytes) back = yv8_vulkan_cache_load (YV8_VULKAN_CACHE_PIPELINES, path, &DEVICE);
  g_assert_nonnull (back);
  g_assert_true (g_bytes_equal (back, data));
  check_damage (path);
  check_foreign (path);

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  g_assert_false (loads (path, &DEVICE));
  g_assert_false (loads (dir, &DEVICE));
  g_assert_false (
      yv8_vulkan_cache_save (YV8_VULKAN_CACHE_PIPELINES, "/dev/null/x", &DEVICE, data, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_READ);

  g_setenv ("YV8_CACHE_DIR", "", TRUE);
  g_unlink (path);
  g_rmdir (dir);
  g_autofree char *middle = g_build_filename (top, "a", NULL);
  g_rmdir (middle);
  g_rmdir (top);
}

/* A good file of ours with rubbish in it must not stop a backend; nor may it stay. */
static void
test_cache_rubbish (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("yv8-cache-XXXXXX", &error);
  g_assert_no_error (error);

  g_setenv ("YV8_CACHE_DIR", dir, TRUE);
  Yv8Backend *backend = new_backend ();
  if (backend) {
    g_autoptr (GRand) rand = g_rand_new_with_seed (1);
    g_autoptr (Yv8Graph) graph = network_new (16, rand);
    g_autoptr (Yv8Executor) executor = yv8_executor_new (graph, SIDE, SIDE, backend, FALSE, &error);
    g_assert_no_error (error);
    g_assert_true (yv8_executor_run (executor, &error));
    g_autoptr (GDir) files = g_dir_open (dir, 0, NULL);
    g_autofree char *path = g_build_filename (dir, g_dir_read_name (files), NULL);
    g_assert_null (g_dir_read_name (files));
    write_file (path, "rubbish", 7);
    backend = new_backend ();
    backend->klass->free (backend);
    g_unlink (path);
  }
  g_setenv ("YV8_CACHE_DIR", "", TRUE);
  g_rmdir (dir);
}

static float
half_value (guint16 half)
{
  gint exponent = half >> 10 & 31;
  gint mantissa = half & 1023;
  float value =
      exponent ? ldexpf ((float) (mantissa + 1024), exponent - 25) : ldexpf ((float) mantissa, -24);

  return half & 0x8000 ? -value : value;
}

static void
test_half (void)
{
  static const guint16 LAST = 0x7bff;

  for (guint16 half = 0; half < LAST; half++) {
    float low = half_value (half), high = half_value (half + 1), middle = (low + high) / 2;
    guint16 even = half % 2 ? half + 1 : half;
    g_assert_cmphex (yv8_vulkan_half (low), ==, half);
    g_assert_cmphex (yv8_vulkan_half (-low), ==, half | 0x8000);
    g_assert_cmphex (yv8_vulkan_half (middle), ==, even);
    g_assert_cmphex (yv8_vulkan_half (nextafterf (middle, 0)), ==, half);
    g_assert_cmphex (yv8_vulkan_half (nextafterf (middle, INFINITY)), ==, half + 1);
  }
  g_assert_cmphex (yv8_vulkan_half (1e9f), ==, LAST);
  g_assert_cmphex (yv8_vulkan_half (-INFINITY), ==, LAST | 0x8000);
  g_assert_cmphex (yv8_vulkan_half (NAN) & 0x7fff, >, 0x7c00);
}

static Yv8Executor *
run_network (const Yv8Graph *graph, Yv8Backend *backend, const float *values)
{
  g_autoptr (GError) error = NULL;
  Yv8Executor *executor = yv8_executor_new (graph, SIDE, SIDE, backend, TRUE, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++) { /* what is recorded must serve a second frame */
    g_assert_true (yv8_executor_load_values (executor, values, &error));
    g_assert_true (yv8_executor_run (executor, &error));
    g_assert_no_error (error);
  }
  return executor;
}

static void
compare_outputs (const Yv8Graph *graph, Yv8Executor *executor, Yv8Executor *ref, double tolerance)
{
  for (guint i = 0; i < graph->outputs->len; i++) {
    const Yv8Slice *slice = yv8_graph_output (graph, i);
    const Yv8Shape *shape = &yv8_executor_shapes (ref)[slice->buffer];
    gsize n = (gsize) slice->channels * shape->height * shape->width;
    const float *got = yv8_executor_output (executor, i), *want = yv8_executor_output (ref, i);
    g_autofree float *read = g_new (float, n);
    double difference = 0, size = 0;
    g_assert_true (yv8_executor_read (executor, slice, read, NULL));
    for (gsize k = 0; k < n; k++) {
      g_assert_true (isfinite (got[k]) && read[k] == got[k]);
      difference += (got[k] - want[k]) * (got[k] - want[k]);
      size += want[k] * want[k];
    }
    g_assert_cmpfloat (size, >, 0);
    g_test_message ("output %u: relative error %.2e", i, sqrt (difference / size));
    g_assert_cmpfloat (sqrt (difference / size), <, tolerance);
  }
}

/* Relative errors in the 2-norm. float16 rounds each map and weight by up to 2^-11 = 4.9e-4, with
 * random signs, so that the layers add up to no more than a few of them. float32 sums of up to 2304
 * terms in another order: some 2^-24 sqrt (2304) = 2.9e-6. */
static void
test_network (gconstpointer data)
{
  guint index = GPOINTER_TO_UINT (data);
  gboolean f16 = g_str_equal (VARIANTS[index].precision, "f16");
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = network_new (16, rand);
  g_autofree float *values = g_new (float, 3 * SIDE * SIDE);

  set_variant (VARIANTS[index].precision, VARIANTS[index].access, "");
  Yv8Backend *backend = new_backend ();
  set_variant ("", "", "");
  if (!backend)
    return;
  for (guint i = 0; i < 3 * SIDE * SIDE; i++)
    values[i] = (float) g_rand_double (rand);
  g_autoptr (Yv8Executor) executor = run_network (graph, backend, values);
  g_autoptr (Yv8Executor) ref = run_network (graph, yv8_ref_backend_new (), values);
  compare_outputs (graph, executor, ref, f16 ? 2e-3 : 3e-6);

  g_assert_nonnull (strstr (yv8_executor_kernel_name (executor, 1), VARIANTS[index].precision));
  g_assert_cmpint (strstr (yv8_executor_kernel_name (executor, 1), "texel") != NULL, ==,
      g_str_equal (VARIANTS[index].access, "texel"));
  g_assert_cmpuint (yv8_executor_op_nanoseconds (executor, 1), <, 60u * G_USEC_PER_SEC * 1000ull);
}

/* An int8 network gives the same bits, whatever is forced. */
static void
test_network_qs8 (gconstpointer data)
{
  guint index = GPOINTER_TO_UINT (data);
  const char *dot = INT8_VARIANTS[index].dot, *access = INT8_VARIANTS[index].access;
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = network_new (16, rand);
  g_autofree float *values = g_new (float, 3 * SIDE * SIDE);

  network_quantize (graph);
  set_variant ("f16", access, dot);
  Yv8Backend *backend = new_backend ();
  set_variant ("", "", "");
  if (!backend)
    return;
  for (guint i = 0; i < 3 * SIDE * SIDE; i++)
    values[i] = (float) g_rand_double (rand);
  g_autoptr (Yv8Executor) executor = run_network (graph, backend, values);
  g_autoptr (Yv8Executor) ref = run_network (graph, yv8_ref_backend_new (), values);
  for (guint i = 0; i < graph->outputs->len; i++) {
    const Yv8Slice *slice = yv8_graph_output (graph, i);
    const Yv8Shape *shape = &yv8_executor_shapes (ref)[slice->buffer];
    gsize size = sizeof (float) * slice->channels * shape->height * shape->width;
    g_assert_cmpmem (yv8_executor_output (executor, i), size, yv8_executor_output (ref, i), size);
  }
  g_assert_nonnull (strstr (yv8_executor_kernel_name (executor, 1), dot));
}

static void
add_conv (Yv8Graph *graph, const char *name, Yv8Slice in, Yv8Slice out)
{
  Yv8Op op = {
    .kind = YV8_OP_CONV,
    .name = g_strdup (name),
    .n_in = 1,
    .in = { in },
    .out = out,
    .window = { 1, 1, 1, 0 },
    .weights = g_new0 (float, in.channels *out.channels),
    .bias = g_new0 (float, out.channels),
  };

  yv8_graph_add_op (graph, &op);
}

static Yv8Graph *
small_graph (guint channel)
{
  Yv8Graph *graph = yv8_graph_new ();
  Yv8Op input = { YV8_OP_INPUT, g_strdup ("input"), .out = { 0, 0, 3 } };
  Yv8Slice output = { 1, 0, channel + 4 };

  yv8_graph_add_buffer (graph, 3);
  yv8_graph_add_buffer (graph, channel + 4);
  yv8_graph_add_op (graph, &input);
  add_conv (graph, "first", (Yv8Slice){ 0, 0, 3 }, (Yv8Slice){ 1, 0, channel });
  add_conv (graph, "second", (Yv8Slice){ 0, 0, 3 }, (Yv8Slice){ 1, channel, 4 });
  g_array_append_val (graph->outputs, output);
  g_assert_true (yv8_graph_check (graph, NULL));
  return graph;
}

static void
test_unsupported (void)
{
  g_autoptr (Yv8Graph) graph = small_graph (6);
  g_autoptr (GError) error = NULL;
  Yv8Backend *backend = new_backend ();

  if (!backend)
    return;
  g_assert_null (yv8_executor_new (graph, 32, 32, backend, FALSE, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "second"));
}

static void
test_picture (void)
{
  static const guint8 pixels[3 * 5 * 7] = { 255, 128, 0, 7, 9, 200 };
  g_autoptr (Yv8Graph) graph = small_graph (4);
  g_autoptr (GError) error = NULL;
  const Yv8Slice input = { 0, 0, 3 };
  guint32 picture[32 * 32];
  float values[3 * 32 * 32];
  Yv8Letterbox letterbox;
  Yv8Frame frame;
  Yv8Backend *backend = new_backend ();

  if (!backend)
    return;
  g_assert_true (yv8_frame_init_packed (&frame, YV8_FORMAT_RGB, 5, 7, pixels, sizeof pixels));
  yv8_letterbox_init (&letterbox, 5, 7, 32, 32);
  g_autoptr (Yv8Resampler) resampler = yv8_resampler_new (&letterbox, &frame);
  yv8_resampler_run (resampler, &frame, picture, 0, 32);
  g_array_index (graph->outputs, Yv8Slice, 0) = input; /* keeps it to the end */
  g_autoptr (Yv8Executor) executor = yv8_executor_new (graph, 32, 32, backend, FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (yv8_executor_load (executor, &frame, &letterbox, &error));
  g_assert_true (yv8_executor_run (executor, &error));
  g_assert_true (yv8_executor_read (executor, &input, values, &error));
  for (guint c = 0; c < 3; c++)
    for (guint i = 0; i < 32 * 32; i++)
      g_assert_cmpfloat_with_epsilon (
          values[c * 32 * 32 + i], (picture[i] >> (8 * c) & 255) / 255.0, 5e-4);
}

static void
test_repeat (void)
{
  g_autoptr (Yv8Graph) graph = small_graph (4);

  for (guint i = 0; i < 100; i++) {
    g_autoptr (GError) error = NULL;
    Yv8Backend *backend = new_backend ();
    if (!backend)
      return;
    g_autoptr (Yv8Executor) executor = yv8_executor_new (graph, 32, 32, backend, FALSE, &error);
    g_assert_no_error (error);
    g_assert_true (i % 10 || yv8_executor_run (executor, &error));
  }
}

static gpointer
run_thread (gpointer data)
{
  const Yv8Graph *graph = data;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 5; i++) {
    Yv8Backend *backend = yv8_vulkan_backend_new (0, &error);
    g_assert_no_error (error);
    g_autoptr (Yv8Executor) executor = yv8_executor_new (graph, 32, 32, backend, FALSE, &error);
    g_assert_no_error (error);
    for (guint frame = 0; frame < 5; frame++)
      g_assert_true (yv8_executor_run (executor, &error));
  }
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (Yv8Graph) graph = small_graph (4);
  GThread *threads[4];
  Yv8Backend *backend = new_backend ();

  if (!backend)
    return;
  backend->klass->free (backend);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("vulkan", run_thread, graph);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("YV8_CACHE_DIR", "", TRUE);

  g_test_add_func ("/vulkan/devices", test_devices);
  g_test_add_func ("/vulkan/no-driver", test_no_driver);
  g_test_add_func ("/vulkan/environment", test_environment);
  g_test_add_func ("/vulkan/cache", test_cache);
  g_test_add_func ("/vulkan/cache/rubbish", test_cache_rubbish);
  g_test_add_func ("/vulkan/half", test_half);
  for (guint i = 0; i < G_N_ELEMENTS (VARIANTS); i++) {
    g_autofree char *path =
        g_strdup_printf ("/vulkan/network/%s-%s", VARIANTS[i].precision, VARIANTS[i].access);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_network);
  }
  for (guint i = 0; i < G_N_ELEMENTS (INT8_VARIANTS); i++) {
    g_autofree char *path = g_strdup_printf (
        "/vulkan/network-qs8/%s-%s", INT8_VARIANTS[i].dot, INT8_VARIANTS[i].access);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_network_qs8);
  }
  g_test_add_func ("/vulkan/unsupported", test_unsupported);
  g_test_add_func ("/vulkan/picture", test_picture);
  g_test_add_func ("/vulkan/repeat", test_repeat);
  g_test_add_func ("/vulkan/threads", test_threads);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames that a Vulkan shader resamples: the network's input and what follows from it are those of
 * the letterbox in plain C, to the bit. */
#include "config.h"

#include <math.h>

#include "exec/executor.h"
#include "noise.h"
#include "ops/network.h"
#include "ref/letterbox.h"
#include "testing.h"
#include "vulkan/backend.h"

#define MOST_PIXELS (96 * 96)

static const struct {
  const char *path, *precision, *access;
  gboolean int8;
} VARIANTS[] = {
  { "/vulkan-input/qs8-ssbo", "", "ssbo", TRUE },
  { "/vulkan-input/qs8-texel", "", "texel", TRUE },
  { "/vulkan-input/f32-ssbo", "f32", "ssbo", FALSE },
  { "/vulkan-input/f32-texel", "f32", "texel", FALSE },
  { "/vulkan-input/f16-ssbo", "f16", "ssbo", FALSE },
  { "/vulkan-input/f16-texel", "f16", "texel", FALSE },
};

/* A convolution of 3x3 sees the map's halo. */
static Yv8Graph *
make_graph (GRand *rand, gboolean int8)
{
  const Yv8Slice in = { 0, 0, 3 }, out = { 1, 0, 4 };
  Yv8Graph *graph = yv8_graph_new ();
  Yv8Op input = { YV8_OP_INPUT, g_strdup ("input"), .out = in };
  Yv8Op conv = { YV8_OP_CONV, g_strdup ("conv"), 1, { in }, out, .window = { 3, 3, 1, 1 },
    .weights = g_new (float, 4 * 27), .bias = g_new0 (float, 4) };

  for (guint i = 0; i < 4 * 27; i++)
    conv.weights[i] = (float) g_rand_double_range (rand, -1, 1);
  yv8_graph_add_buffer (graph, 3);
  yv8_graph_add_buffer (graph, 4);
  yv8_graph_add_op (graph, &input);
  yv8_graph_add_op (graph, &conv);
  g_array_append_val (graph->outputs, out);
  if (int8)
    network_quantize (graph);
  g_assert_true (yv8_graph_check (graph, NULL));
  return graph;
}

/* Returns: (nullable): %NULL with the test skipped */
static Yv8Executor *
make_executor (const Yv8Graph *graph, guint width, guint height, guint variant, const char *where)
{
  g_autoptr (GError) error = NULL;

  g_setenv ("YV8_VULKAN_LETTERBOX", where, TRUE);
  g_setenv ("YV8_VULKAN_ACCESS", VARIANTS[variant].access, TRUE);
  g_setenv ("YV8_VULKAN_PRECISION", VARIANTS[variant].precision, TRUE);
  Yv8Backend *backend = yv8_vulkan_backend_new (0, &error);
  if (g_error_matches (error, YV8_ERROR, YV8_ERROR_NOT_FOUND)) {
    g_test_skip (error->message);
    return NULL;
  }
  g_assert_no_error (error);
  Yv8Executor *executor =
      yv8_executor_new (graph, width, height, backend, YV8_EXECUTOR_KEEP, &error);
  g_assert_no_error (error);
  return executor;
}

static void
run (Yv8Executor *executor, const Yv8Frame *frame, const Yv8Letterbox *letterbox)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (yv8_executor_load (executor, frame, letterbox, &error));
  g_assert_no_error (error);
  g_assert_true (yv8_executor_run (executor, &error));
  g_assert_no_error (error);
}

/* Returns: pixels of the input that are not the letterbox's */
static guint
count_wrong (Yv8Executor *executor, const Yv8Frame *frame, const Yv8Letterbox *letterbox)
{
  static guint32 picture[MOST_PIXELS];
  static float values[3 * MOST_PIXELS];
  g_autoptr (Yv8Resampler) resampler = yv8_resampler_new (letterbox, frame);
  const Yv8Slice input = { 0, 0, 3 };
  guint n = letterbox->width * letterbox->height, n_wrong = 0;

  yv8_resampler_run (resampler, frame, picture, 0, letterbox->height);
  g_assert_true (yv8_executor_read (executor, &input, values, NULL));
  for (guint i = 0; i < n; i++) {
    guint32 pixel = 0;
    for (guint c = 0; c < 3; c++)
      pixel |= (guint32) lrintf (values[c * n + i] * 255) << 8 * c;
    n_wrong += pixel != picture[i];
  }
  return n_wrong;
}

static guint
random_side (GRand *rand)
{
  return (guint) g_rand_int_range (rand, 1, g_rand_boolean (rand) ? 20 : 300);
}

/* All formats and many sizes by one executor, as in a stream whose caps change. */
static void
test_frames (gconstpointer data)
{
  guint variant = GPOINTER_TO_UINT (data);
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_graph (rand, VARIANTS[variant].int8);
  guint width = 32 * (guint) g_rand_int_range (rand, 1, 4);
  guint height = 32 * (guint) g_rand_int_range (rand, 1, 4);
  g_autoptr (Yv8Executor) device = make_executor (graph, width, height, variant, "device");
  g_autoptr (Yv8Executor) host = make_executor (graph, width, height, variant, "host");

  if (!device || !host)
    return;
  for (guint i = 0; i < 2 * YV8_N_FORMATS; i++) {
    g_auto (Noise) noise = { 0 };
    Yv8Letterbox letterbox;
    noise_init (&noise, rand, i % YV8_N_FORMATS, random_side (rand), random_side (rand));
    yv8_letterbox_init (&letterbox, noise.frame.width, noise.frame.height, width, height);
    run (device, &noise.frame, &letterbox);
    run (host, &noise.frame, &letterbox);
    g_assert_cmpuint (count_wrong (device, &noise.frame, &letterbox), ==, 0);
    g_assert_cmpuint (count_wrong (host, &noise.frame, &letterbox), ==, 0);
    gsize size = sizeof (float) * 4 * width * height;
    g_assert_cmpmem (yv8_executor_output (device, 0), size, yv8_executor_output (host, 0), size);
    g_assert_nonnull (strstr (yv8_executor_kernel_name (device, 0), "letterbox"));
    g_assert_nonnull (strstr (yv8_executor_kernel_name (host, 0), "input"));
  }
}

/* What the test above compares would tell of one wrong sample; and a second frame of the same kind
 * takes the place of the first. */
static void
test_second (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_graph (rand, TRUE);
  g_autoptr (Yv8Executor) executor = make_executor (graph, 64, 64, 0, "device");
  g_auto (Noise) noise = { 0 };
  Yv8Letterbox letterbox;

  if (!executor)
    return;
  noise_init (&noise, rand, YV8_FORMAT_I420, 64, 64);
  yv8_letterbox_init (&letterbox, 64, 64, 64, 64);
  run (executor, &noise.frame, &letterbox);
  ((guint8 *) noise.frame.data[0])[17] ^= 128;
  g_assert_cmpuint (count_wrong (executor, &noise.frame, &letterbox), ==, 1);
  run (executor, &noise.frame, &letterbox);
  g_assert_cmpuint (count_wrong (executor, &noise.frame, &letterbox), ==, 0);
}

/* Values after a frame, and a frame after them. */
static void
test_values (void)
{
  static float values[3 * 32 * 32], read[3 * 32 * 32];
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_graph (rand, FALSE);
  g_autoptr (Yv8Executor) executor = make_executor (graph, 32, 32, 2, "device");
  g_auto (Noise) noise = { 0 };
  Yv8Letterbox letterbox;
  const Yv8Slice input = { 0, 0, 3 };

  if (!executor)
    return;
  noise_init (&noise, rand, YV8_FORMAT_NV12, 33, 17);
  yv8_letterbox_init (&letterbox, 33, 17, 32, 32);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = (float) g_rand_double (rand);
  for (guint i = 0; i < 2; i++) {
    run (executor, &noise.frame, &letterbox);
    g_assert_cmpuint (count_wrong (executor, &noise.frame, &letterbox), ==, 0);
    g_assert_true (yv8_executor_load_values (executor, values, NULL));
    g_assert_true (yv8_executor_run (executor, NULL));
    g_assert_true (yv8_executor_read (executor, &input, read, NULL));
    g_assert_cmpmem (values, sizeof values, read, sizeof read);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("YV8_CACHE_DIR", "", TRUE);

  for (guint i = 0; i < G_N_ELEMENTS (VARIANTS); i++)
    g_test_add_data_func (VARIANTS[i].path, GUINT_TO_POINTER (i), test_frames);
  g_test_add_func ("/vulkan-input/second", test_second);
  g_test_add_func ("/vulkan-input/values", test_values);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames that are begun before others are finished: their detections are those of frames one at a
 * time, to the bit, on every device and in any order of calls. */
#include <string.h>

#include "devices.h"
#include "noise.h"
#include "tiny.h"

#define WIDTH     192 /* of the input: 1890 candidates at a threshold of 0 */
#define HEIGHT    160
#define N_FRAMES  40
#define N_CLASSES 3

static const struct {
  const char *path, *device, *letterbox, *detect;
} VARIANTS[] = {
  { "cpu", "cpu", "", "" },
  { "ref", "ref", "", "" },
  { "vulkan/host-host", "vulkan", "host", "host" },
  { "vulkan/host-device", "vulkan", "host", "device" },
  { "vulkan/device-host", "vulkan", "device", "host" },
  { "vulkan/device-device", "vulkan", "device", "device" },
};

/* A frame, what is wanted of it, and what one at a time found in it. */
typedef struct {
  Noise noise;
  Yv8DetectParams params;
  guint8 classes[N_CLASSES];
  GArray *expected;
} Case;

/* Returns: (transfer full) (nullable): %NULL with the test skipped */
static Yv8Detector *
make_detector (guint variant)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = tiny_load ();

  g_setenv ("YV8_VULKAN_LETTERBOX", VARIANTS[variant].letterbox, TRUE);
  g_setenv ("YV8_VULKAN_DETECT", VARIANTS[variant].detect, TRUE);
  g_autofree char *device = test_device (VARIANTS[variant].device);
  if (!device)
    return NULL;
  const Yv8DetectorOptions options = { device, WIDTH, HEIGHT, .threads = 2, .profile = TRUE };
  Yv8Detector *detector = yv8_detector_new (model, &options, &error);
  g_assert_no_error (error);
  return detector;
}

/* Runs of one kind of frame, as in a stream, and changes of it. */
static void
draw_case (Case *drawn, GRand *rand, const Case *before)
{
  gboolean same = before && g_rand_int_range (rand, 0, 3) > 0;

  noise_init (&drawn->noise, rand,
      same ? before->noise.frame.format : (Yv8Format) g_rand_int_range (rand, 0, YV8_N_FORMATS),
      same ? before->noise.frame.width : (guint) g_rand_int_range (rand, 1, 300),
      same ? before->noise.frame.height : (guint) g_rand_int_range (rand, 1, 300));
  for (guint i = 0; i < N_CLASSES; i++)
    drawn->classes[i] = g_rand_boolean (rand);
  drawn->params = (Yv8DetectParams){
    .threshold = g_rand_boolean (rand) ? 0 : (float) g_rand_double (rand),
    .iou_threshold = (float) g_rand_double (rand),
    .max_detections = g_rand_boolean (rand) ? 0 : (guint) g_rand_int_range (rand, 1, 50),
    .classes = g_rand_boolean (rand) ? drawn->classes : NULL,
  };
}

static void
detect_case (Yv8Detector *detector, Case *drawn)
{
  g_autoptr (GError) error = NULL;
  const Yv8Detection *found;
  guint n;

  yv8_detector_detect (detector, &drawn->noise.frame, &drawn->params, &found, &n, &error);
  g_assert_no_error (error);
  drawn->expected = g_array_new (FALSE, FALSE, sizeof *found);
  g_array_append_vals (drawn->expected, found, n);
}

/* The frame and what is wanted of it are gone when it is begun. */
static void
begin_case (Yv8Detector *detector, Case *drawn)
{
  g_autoptr (GError) error = NULL;

  yv8_detector_begin (detector, &drawn->noise.frame, &drawn->params, &error);
  g_assert_no_error (error);
  noise_clear (&drawn->noise);
  drawn->noise = (Noise){ 0 };
  memset (drawn->classes, 0, N_CLASSES);
  drawn->params = (Yv8DetectParams){ 0 };
}

static void
finish_case (Yv8Detector *detector, Case *drawn)
{
  g_autoptr (GError) error = NULL;
  const Yv8Detection *found;
  Yv8Timing timing;
  guint n;

  yv8_detector_finish (detector, &found, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (
      found, n * sizeof *found, drawn->expected->data, drawn->expected->len * sizeof *found);
  yv8_detector_timing (detector, &timing);
  g_assert_cmpfloat (timing.inference, >, 0);
  g_array_unref (drawn->expected);
}

static void
test_interleaved (gconstpointer data)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Detector) detector = make_detector (GPOINTER_TO_UINT (data));
  static Case cases[N_FRAMES];
  guint begun = 0, finished = 0, n_detections = 0;

  if (!detector)
    return;
  for (guint i = 0; i < N_FRAMES; i++) {
    draw_case (&cases[i], rand, i ? &cases[i - 1] : NULL);
    detect_case (detector, &cases[i]);
    n_detections += cases[i].expected->len;
  }
  g_assert_cmpuint (n_detections, >, N_FRAMES);
  while (finished < N_FRAMES) {
    guint n = begun - finished;
    gboolean more = begun < N_FRAMES && n < YV8_DETECTOR_IN_FLIGHT;
    if (more && (n == 0 || g_rand_int_range (rand, 0, 3) > 0))
      begin_case (detector, &cases[begun++]);
    else
      finish_case (detector, &cases[finished++]);
  }
}

static void
assert_refused (gboolean done, GError **error, const char *says)
{
  g_assert_false (done);
  g_assert_error (*error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_assert_nonnull (strstr ((*error)->message, says));
  g_clear_error (error);
}

/* What is refused does no harm to what is in flight. */
static void
test_misuse (gconstpointer data)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Detector) detector = make_detector (GPOINTER_TO_UINT (data));
  g_auto (Noise) noise = { 0 };
  Case cases[YV8_DETECTOR_IN_FLIGHT] = { 0 };
  const Yv8Detection *found;
  guint n = 1;

  if (!detector)
    return;
  noise_init (&noise, rand, YV8_FORMAT_NV12, 77, 55);
  assert_refused (yv8_detector_finish (detector, &found, &n, &error), &error, "no frame");
  g_assert_cmpuint (n, ==, 0);
  for (guint i = 0; i < YV8_DETECTOR_IN_FLIGHT; i++) {
    draw_case (&cases[i], rand, NULL);
    detect_case (detector, &cases[i]);
  }
  for (guint i = 0; i < YV8_DETECTOR_IN_FLIGHT; i++) {
    Yv8Frame bad = noise.frame;
    bad.width = 0;
    assert_refused (yv8_detector_begin (detector, &bad, NULL, &error), &error, "");
    begin_case (detector, &cases[i]);
    assert_refused (
        yv8_detector_detect (detector, &noise.frame, NULL, &found, &n, &error), &error, "finished");
  }
  assert_refused (yv8_detector_begin (detector, &noise.frame, NULL, &error), &error, "finished");
  for (guint i = 0; i < YV8_DETECTOR_IN_FLIGHT; i++)
    finish_case (detector, &cases[i]);
  assert_refused (yv8_detector_finish (detector, &found, &n, &error), &error, "no frame");
  g_assert_true (yv8_detector_detect (detector, &noise.frame, NULL, &found, &n, NULL));
}

/* A detector that goes while frames are in flight. */
static void
test_left (gconstpointer data)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_auto (Noise) noise = { 0 };

  noise_init (&noise, rand, YV8_FORMAT_I420, 200, 100);
  for (guint left = 1; left <= YV8_DETECTOR_IN_FLIGHT; left++) {
    g_autoptr (Yv8Detector) detector = make_detector (GPOINTER_TO_UINT (data));
    for (guint i = 0; detector && i < left; i++)
      g_assert_true (yv8_detector_begin (detector, &noise.frame, NULL, NULL));
  }
}

static void
add (const char *name, GTestDataFunc func)
{
  for (guint i = 0; i < G_N_ELEMENTS (VARIANTS); i++) {
    g_autofree char *path = g_strdup_printf ("/in-flight/%s/%s", name, VARIANTS[i].path);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), func);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("YV8_CACHE_DIR", "", TRUE);

  add ("interleaved", test_interleaved);
  add ("misuse", test_misuse);
  add ("left", test_left);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public API on a generated model: loading, devices, sizes, and what a caller can get wrong. */
#include <glib/gstdio.h>
#include <string.h>

#include "tiny.h"

static void
test_model (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = tiny_load ();
  guint width, height;

  yv8_model_input_size (model, &width, &height);
  g_assert_cmpuint (width, ==, 64);
  g_assert_cmpuint (height, ==, 64);
  g_assert_cmpuint (yv8_model_n_classes (model), ==, 3);
  g_assert_cmpuint (strlen (yv8_model_sha256 (model)), ==, 64);
  g_assert_nonnull (yv8_model_metadata (model, "license"));
  g_assert_null (yv8_model_metadata (model, "nothing of the kind"));
  g_autofree char *text = yv8_model_inspect (model, 0, 0, FALSE, &error);
  g_autofree char *large = yv8_model_inspect (model, 128, 64, FALSE, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, yv8_model_label (model, 2)));
  g_assert_nonnull (strstr (large, "at 128x64"));
  g_assert_null (yv8_model_inspect (model, 33, 64, FALSE, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
}

static void
test_no_model (void)
{
  g_autofree char *empty = NULL;
  gint fd = g_file_open_tmp (NULL, &empty, NULL);
  const struct {
    const char *path;
    Yv8Error code;
  } cases[] = {
    { "/nonexistent/model.onnx", YV8_ERROR_NOT_FOUND },
    { "/", YV8_ERROR_READ },
    { empty, YV8_ERROR_FORMAT },
    { "/proc/self/exe", YV8_ERROR_FORMAT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (yv8_model_load (cases[i].path, &error));
    g_assert_error (error, YV8_ERROR, (gint) cases[i].code);
    g_assert_nonnull (strstr (error->message, cases[i].path));
  }
  g_close (fd, NULL);
  g_remove (empty);
}

static guint8 pixels[96 * 80 * 3];

static Yv8Frame
make_frame (void)
{
  Yv8Frame frame;

  for (gsize i = 0; i < sizeof pixels; i++)
    pixels[i] = (guint8) (i * 2654435761u >> 24);
  g_assert_true (yv8_frame_init_packed (&frame, YV8_FORMAT_RGB, 96, 80, pixels, sizeof pixels));
  return frame;
}

/* Every device that is there finds the same objects. */
static void
test_devices (void)
{
  g_autoptr (GPtrArray) devices = yv8_devices_list ();
  g_autoptr (Yv8Model) model = tiny_load ();
  Yv8Frame frame = make_frame ();
  guint n_automatic = 0, n_reference = 0;

  for (guint i = devices->len; i-- > 0;) {
    const Yv8Device *device = g_ptr_array_index (devices, i);
    const Yv8DetectorOptions options = { .device = device->id, .profile = TRUE };
    g_autoptr (GError) error = NULL;
    g_autoptr (Yv8Detector) detector = yv8_detector_new (model, &options, &error);
    const Yv8Detection *found;
    guint n;

    g_assert_no_error (error);
    g_assert_true (yv8_detector_detect (detector, &frame, NULL, &found, &n, &error));
    g_assert_no_error (error);
    g_test_message ("%s: %u objects", device->id, n);
    n_reference = n_reference ? n_reference : n;
    g_assert_cmpuint (n, ==, n_reference);
    g_assert_cmpuint (n, >, 0);
    for (guint j = 0; j < n; j++) {
      g_assert_cmpfloat (found[j].x + found[j].width, <=, 96);
      g_assert_cmpfloat (found[j].y + found[j].height, <=, 80);
    }
    g_assert_cmpstr (yv8_detector_device (detector)->id, ==, device->id);
    g_assert_cmpuint (yv8_detector_n_ops (detector), >, 60);
    n_automatic += device->automatic;
    g_assert_false (device->automatic && device->software);
  }
  g_assert_cmpuint (n_automatic, ==, 1);
}

static void
test_bad_options (void)
{
  static const struct {
    Yv8DetectorOptions options;
    Yv8Error code;
    const char *says;
  } cases[] = {
    { { .device = "vulkan:999" }, YV8_ERROR_NOT_FOUND, "cpu" },
    { { .device = "vulkan:no such device" }, YV8_ERROR_NOT_FOUND, "there are" },
    { { .device = "gpu" }, YV8_ERROR_NOT_FOUND, "there are" },
    { { .device = "vulkan:" }, YV8_ERROR_NOT_FOUND, "there are" },
    { { .device = "cpu", .width = 100, .height = 64 }, YV8_ERROR_ARGUMENT, "multiples of 32" },
    { { .device = "cpu", .width = 64 }, YV8_ERROR_ARGUMENT, "multiples of 32" },
    { { .device = "cpu", .width = 1 << 20, .height = 32 }, YV8_ERROR_ARGUMENT, "multiples of 32" },
  };
  g_autoptr (Yv8Model) model = tiny_load ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (yv8_detector_new (model, &cases[i].options, &error));
    g_assert_error (error, YV8_ERROR, (gint) cases[i].code);
    g_assert_nonnull (strstr (error->message, cases[i].says));
  }
}

static void
test_bad_frame (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = tiny_load ();
  const Yv8DetectorOptions options = { .device = "cpu" };
  g_autoptr (Yv8Detector) detector = yv8_detector_new (model, &options, &error);
  Yv8Frame frame = make_frame ();
  const Yv8Detection *found;
  guint n;

  frame.width = 0;
  g_assert_false (yv8_detector_detect (detector, &frame, NULL, &found, &n, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_clear_error (&error);
  frame = make_frame ();
  g_assert_true (yv8_detector_detect (detector, &frame, NULL, &found, &n, &error));
  g_assert_no_error (error);
}

static void
test_params (void)
{
  g_autoptr (Yv8Model) model = tiny_load ();
  const Yv8DetectorOptions options = { .device = "cpu", .threads = 1, .width = 96, .height = 64 };
  g_autoptr (Yv8Detector) detector = yv8_detector_new (model, &options, NULL);
  Yv8Frame frame = make_frame ();
  const guint8 none[3] = { 0, 0, 0 }, first[3] = { 1, 0, 0 };
  const Yv8DetectParams all = { 0.001f, 1, 0, NULL }, one = { 0.001f, 1, 1, first },
                        nothing = { 0.001f, 1, 0, none };
  const Yv8Detection *found;
  guint n;

  g_assert_true (yv8_detector_detect (detector, &frame, &all, &found, &n, NULL));
  g_assert_cmpuint (n, >, 1);
  for (guint i = 1; i < n; i++)
    g_assert_cmpfloat (found[i - 1].score, >=, found[i].score);
  g_assert_true (yv8_detector_detect (detector, &frame, &one, &found, &n, NULL));
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (found[0].class_id, ==, 0);
  g_assert_true (yv8_detector_detect (detector, &frame, &nothing, &found, &n, NULL));
  g_assert_cmpuint (n, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/api/model", test_model);
  g_test_add_func ("/api/no-model", test_no_model);
  g_test_add_func ("/api/devices", test_devices);
  g_test_add_func ("/api/bad-options", test_bad_options);
  g_test_add_func ("/api/bad-frame", test_bad_frame);
  g_test_add_func ("/api/params", test_params);
  return g_test_run ();
}

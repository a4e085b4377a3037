/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calibration through the public API, on a generated model. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "tiny.h"

static Yv8Calibrator *
new_calibrator (Yv8Model *model, const Yv8CalibratorOptions *options)
{
  g_autoptr (GError) error = NULL;
  Yv8CalibratorOptions on_ref = options ? *options : (Yv8CalibratorOptions){ 0 };

  on_ref.device = "ref";
  Yv8Calibrator *calibrator = yv8_calibrator_new (model, &on_ref, &error);
  g_assert_no_error (error);
  return calibrator;
}

static void
add (Yv8Calibrator *calibrator, guint n, Yv8FrameUse use, const char *name)
{
  g_autofree guint8 *pixels = g_malloc (TINY_SIZE);
  g_autoptr (GError) error = NULL;
  Yv8Frame frame;

  for (guint i = 0; i < n; i++) {
    tiny_draw (&frame, pixels, 100 * use + i);
    yv8_calibrator_add (calibrator, &frame, name, use, &error);
    g_assert_no_error (error);
  }
}

static gboolean
check_progress (const char *stage, double fraction, gpointer data)
{
  double *last = data;

  g_assert_nonnull (stage);
  g_assert_cmpfloat (fraction, >=, *last);
  g_assert_cmpfloat (fraction, <=, 1);
  *last = fraction;
  return TRUE;
}

static Yv8Model *
calibrate (Yv8Method method, const char *keep_float)
{
  const Yv8CalibratorOptions options = { .method = method, .keep_float = keep_float };
  g_autoptr (Yv8Model) model = tiny_load ();
  g_autoptr (Yv8Calibrator) calibrator = new_calibrator (model, &options);
  g_autoptr (GError) error = NULL;
  double last = 0;

  add (calibrator, 6, YV8_FRAME_CALIBRATE, NULL);
  add (calibrator, 2, YV8_FRAME_VALIDATE, NULL);
  g_assert_cmpuint (yv8_calibrator_n_frames (calibrator, YV8_FRAME_CALIBRATE), ==, 6);
  g_assert_cmpuint (yv8_calibrator_n_frames (calibrator, YV8_FRAME_VALIDATE), ==, 2);
  Yv8Model *int8 = yv8_calibrator_finish (calibrator, check_progress, &last, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (last, ==, 1);
  return int8;
}

/* The same frames give the same file, and another method another; the file is a model. */
static void
test_same (void)
{
  g_autofree char *folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "int8.bin", NULL);
  g_autofree char *contents[3] = { NULL };
  gsize sizes[3];
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3; i++) {
    g_autoptr (Yv8Model) int8 = calibrate (i < 2 ? YV8_METHOD_MSE : YV8_METHOD_MINMAX, NULL);
    yv8_model_save (int8, path, &error);
    g_assert_no_error (error);
    g_autoptr (Yv8Model) again = yv8_model_load (path, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (yv8_model_sha256 (again), ==, yv8_model_sha256 (int8));
    g_assert_true (g_file_get_contents (path, &contents[i], &sizes[i], NULL));
  }
  g_assert_cmpmem (contents[0], sizes[0], contents[1], sizes[1]);
  g_assert_false (sizes[0] == sizes[2] && memcmp (contents[0], contents[2], sizes[0]) == 0);
  for (guint i = 1; i < 3; i++)
    g_free (contents[i]);
  contents[1] = contents[2] = NULL;
  g_remove (path);
  g_rmdir (folder);
}

static void
test_metadata (void)
{
  g_autoptr (Yv8Model) model = tiny_load ();
  g_autoptr (Yv8Model) int8 = calibrate (YV8_METHOD_KL, "*cv3.2.2*");
  const char *ap = yv8_model_metadata (int8, "yv8.agreement_ap");

  g_assert_cmpstr (yv8_model_metadata (int8, "yv8.source_sha256"), ==, yv8_model_sha256 (model));
  g_assert_cmpstr (yv8_model_metadata (int8, "yv8.method"), ==, "kl");
  g_assert_cmpstr (yv8_model_metadata (int8, "yv8.frames"), ==, "6");
  g_assert_nonnull (strstr (yv8_model_metadata (int8, "yv8.float_layers"), "cv3.2.2"));
  g_assert_cmpstr (yv8_model_metadata (int8, "license"), ==, yv8_model_metadata (model, "license"));
  g_assert_nonnull (ap);
  g_assert_cmpfloat (g_ascii_strtod (ap, NULL), >, 0.5);
  g_assert_cmpstr (yv8_model_label (int8, 2), ==, yv8_model_label (model, 2));
}

/* The int8 model finds what the float model finds. */
static void
test_detect (void)
{
  const Yv8DetectorOptions options = { .device = "ref" };
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = tiny_load ();
  g_autoptr (Yv8Model) int8 = calibrate (YV8_METHOD_MSE, NULL);
  g_autoptr (Yv8Detector) of_float = yv8_detector_new (model, &options, &error);
  g_autoptr (Yv8Detector) of_int8 = yv8_detector_new (int8, &options, &error);
  guint8 pixels[TINY_SIZE];
  const Yv8Detection *found[2];
  guint n[2];
  Yv8Frame frame;

  g_assert_no_error (error);
  tiny_draw (&frame, pixels, 4711);
  g_assert_true (yv8_detector_detect (of_float, &frame, NULL, &found[0], &n[0], NULL));
  g_assert_true (yv8_detector_detect (of_int8, &frame, NULL, &found[1], &n[1], NULL));
  g_assert_cmpuint (n[0], >, 0);
  g_assert_cmpuint (n[1], >, 0);
  g_assert_cmpuint (found[0][0].class_id, ==, found[1][0].class_id);
  g_assert_cmpfloat (yv8_detection_iou (&found[0][0], &found[1][0]), >, 0.8f);
  g_assert_cmpfloat_with_epsilon (found[0][0].score, found[1][0].score, 0.1f);
}

static void
test_bad_options (void)
{
  static const Yv8CalibratorOptions cases[] = {
    { .max_drop = -0.1 },
    { .max_drop = 1.5 },
    { .max_drop = NAN },
    { .method = (Yv8Method) YV8_N_METHODS },
    { .keep_float = "no such layer" },
    { .width = 65, .height = 64 },
  };
  g_autoptr (Yv8Model) model = tiny_load ();
  g_autoptr (Yv8Model) int8 = calibrate (YV8_METHOD_MSE, NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Yv8CalibratorOptions options = cases[i];
    options.device = "ref";
    g_assert_null (yv8_calibrator_new (model, &options, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
    g_clear_error (&error);
  }
  g_assert_null (yv8_calibrator_new (int8, NULL, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
}

static gboolean
stop (const char *stage, double fraction, gpointer data)
{
  guint *left = data;

  return (*left)-- > 0;
}

static void
test_stop (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = tiny_load ();
  g_autoptr (Yv8Calibrator) calibrator = new_calibrator (model, NULL);
  guint left = 0;

  g_assert_null (yv8_calibrator_finish (calibrator, NULL, NULL, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_clear_error (&error);
  add (calibrator, 2, YV8_FRAME_CALIBRATE, NULL);
  for (guint after = 0; after < 6; after += 5) {
    left = after;
    g_assert_null (yv8_calibrator_finish (calibrator, stop, &left, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_clear_error (&error);
  }
  /* It can be taken up again. */
  add (calibrator, 1, YV8_FRAME_CALIBRATE, NULL);
  g_autoptr (Yv8Model) int8 = yv8_calibrator_finish (calibrator, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (int8);
}

static void
test_budget (void)
{
  const Yv8CalibratorOptions tight = { .max_drop = 1e-6 };
  const Yv8CalibratorOptions whole = { .max_drop = 1e-6, .keep_float = "*" };
  g_autoptr (Yv8Model) model = tiny_load ();
  g_autoptr (Yv8Calibrator) calibrator = new_calibrator (model, &tight);
  g_autoptr (Yv8Calibrator) float_calibrator = new_calibrator (model, &whole);
  g_autoptr (GError) error = NULL;
  Yv8Agreement agreement;

  /* Nothing was held out: nothing can be promised. */
  add (calibrator, 2, YV8_FRAME_CALIBRATE, NULL);
  g_assert_null (yv8_calibrator_finish (calibrator, NULL, NULL, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ACCURACY);
  g_clear_error (&error);
  yv8_calibrator_agreement (calibrator, &agreement);
  g_assert_cmpuint (agreement.n_boxes, ==, 0);
  g_assert_true (isnan (agreement.ap));

  /* A float network agrees with itself. */
  add (float_calibrator, 2, YV8_FRAME_CALIBRATE, NULL);
  add (float_calibrator, 2, YV8_FRAME_VALIDATE, NULL);
  g_autoptr (Yv8Model) same = yv8_calibrator_finish (float_calibrator, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (same);
  yv8_calibrator_agreement (float_calibrator, &agreement);
  g_assert_cmpfloat_with_epsilon (agreement.ap, 1, 1e-9);
  g_assert_cmpfloat (agreement.score_shift, ==, 0);
  g_assert_cmpuint (agreement.n_frames, ==, 2);
}

static void
test_report (void)
{
  static const char *const bad_name = "<script>alert(1)</script>&\xff";
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = tiny_load ();
  g_autoptr (Yv8Calibrator) calibrator = new_calibrator (model, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();

  add (calibrator, 3, YV8_FRAME_CALIBRATE, bad_name);
  add (calibrator, 1, YV8_FRAME_VALIDATE, NULL);
  g_autoptr (Yv8Model) int8 = yv8_calibrator_finish (calibrator, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (int8);

  g_autofree char *json = yv8_calibrator_report (calibrator, TRUE);
  json_parser_load_from_data (parser, json, -1, &error);
  g_assert_no_error (error);
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  JsonArray *layers = json_object_get_array_member (root, "layers");
  g_assert_cmpuint (json_array_get_length (layers), >, 60);
  for (guint i = 0; i < json_array_get_length (layers); i++) {
    JsonObject *layer = json_array_get_object_element (layers, i);
    JsonObject *alone = json_object_get_object_member (layer, "alone");
    JsonObject *accumulated = json_object_get_object_member (layer, "accumulated");
    g_assert_cmpfloat (json_object_get_double_member (alone, "cosine"), >, 0.9);
    g_assert_cmpfloat (json_object_get_double_member (accumulated, "snr"), >, 5);
  }
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "frames")), ==, 3);

  g_autofree char *html = yv8_calibrator_report (calibrator, FALSE);
  g_assert_true (g_utf8_validate (html, -1, NULL));
  g_assert_null (strstr (html, "<script"));
  g_assert_nonnull (strstr (html, "&lt;script&gt;"));
  g_assert_null (strstr (html, "src="));
  g_assert_null (strstr (html, "href="));
  g_assert_null (strstr (html, "url("));
  g_assert_nonnull (strstr (html, "<svg"));
  g_assert_true (g_str_has_suffix (html, "</html>\n"));
  g_assert_null (strstr (html, ">nan"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calibrator/same", test_same);
  g_test_add_func ("/calibrator/metadata", test_metadata);
  g_test_add_func ("/calibrator/detect", test_detect);
  g_test_add_func ("/calibrator/bad-options", test_bad_options);
  g_test_add_func ("/calibrator/stop", test_stop);
  g_test_add_func ("/calibrator/budget", test_budget);
  g_test_add_func ("/calibrator/report", test_report);
  return g_test_run ();
}

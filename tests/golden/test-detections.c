/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The whole detector, from decoded pictures to boxes, against reference results. */
#include <math.h>
#include <yv8/yv8.h>

#include "golden.h"
#include "picture.h"

/* What counts as the same detection. */
#define LEAST_IOU       0.98f
#define SCORE_TOLERANCE 0.01f
#define LEAST_SCORE     0.25f

typedef struct {
  guint n;
  float least_iou, greatest_difference;
} Agreement;

/* Every detection of @a with at least LEAST_SCORE has a partner of its own in @b. */
static void
match_all (const char *file, const Yv8Detection *a, guint n_a, const Yv8Detection *b, guint n_b,
    Agreement *agreement)
{
  g_autofree gboolean *is_taken = g_new0 (gboolean, n_b);

  for (guint i = 0; i < n_a; i++) {
    float best = 0;
    guint partner = 0;
    if (a[i].score < LEAST_SCORE)
      continue;
    for (guint j = 0; j < n_b; j++) {
      float iou = yv8_detection_iou (&a[i], &b[j]);
      if (!is_taken[j] && a[i].class_id == b[j].class_id && iou > best) {
        best = iou;
        partner = j;
      }
    }
    float difference = best > 0 ? fabsf (a[i].score - b[partner].score) : 1;
    agreement->n++;
    agreement->least_iou = MIN (agreement->least_iou, best);
    agreement->greatest_difference = MAX (agreement->greatest_difference, difference);
    if (best < LEAST_IOU || difference > SCORE_TOLERANCE) {
      g_test_message ("%s: class %u, score %.4f: IoU %.4f, score off by %.4f", file, a[i].class_id,
          a[i].score, best, difference);
      g_test_fail ();
      continue;
    }
    is_taken[partner] = TRUE;
  }
}

static void
check_picture (Yv8Detector *detector, const char *path, const GArray *expected,
    Yv8Evaluator *evaluator, const GArray *labels, Agreement *agreement)
{
  static const Yv8DetectParams params = { 0.001f, YV8_DEFAULT_IOU_THRESHOLD,
    YV8_DEFAULT_MAX_DETECTIONS, NULL };
  g_autofree char *file = g_path_get_basename (path);
  g_autoptr (GError) error = NULL;
  g_auto (GoldenPicture) picture;
  const Yv8Detection *detections;
  guint n;

  golden_picture_load (&picture, path);
  yv8_detector_detect (detector, &picture.frame, &params, &detections, &n, &error);
  g_assert_no_error (error);
  const Yv8Detection *reference = (const Yv8Detection *) expected->data;
  match_all (file, reference, expected->len, detections, n, agreement);
  match_all (file, detections, n, reference, expected->len, agreement);
  if (evaluator)
    yv8_evaluator_add_image (
        evaluator, (const Yv8Detection *) labels->data, labels->len, detections, n);
}

static Yv8Detector *
make_detector (const char *device)
{
  g_autofree char *path = test_data_path ("yolov8n.onnx");
  g_autoptr (GError) error = NULL;
  Yv8DetectorOptions options = { .device = device };

  if (!path || !golden_decoder_present ())
    return NULL;
  g_autoptr (Yv8Model) model = yv8_model_load (path, &error);
  g_assert_no_error (error);
  Yv8Detector *detector = yv8_detector_new (model, &options, &error);
  if (g_error_matches (error, YV8_ERROR, YV8_ERROR_NOT_FOUND)) {
    g_test_skip (error->message);
    return NULL;
  }
  g_assert_no_error (error);
  return detector;
}

static void
report (const Agreement *agreement)
{
  g_test_message ("%u compared, IoU at least %.5f, scores off by at most %.5f", agreement->n,
      agreement->least_iou, agreement->greatest_difference);
}

static void
test_bus_and_zidane (gconstpointer device)
{
  static const char *const files[] = { "bus", "zidane" };
  g_autoptr (Yv8Detector) detector = make_detector (device);
  Agreement agreement = { .least_iou = 1 };

  for (guint i = 0; detector && i < G_N_ELEMENTS (files); i++) {
    g_autofree char *golden = g_strdup_printf ("golden/%s-fp32.json", files[i]);
    g_autofree char *name = g_strdup_printf ("%s.jpg", files[i]);
    g_autofree char *path = test_data_path (name);
    g_autoptr (GHashTable) results = golden_results_load (golden);
    if (!path || !results)
      return;
    check_picture (detector, path, g_hash_table_lookup (results, name), NULL, NULL, &agreement);
  }
  if (detector)
    report (&agreement);
}

static void
test_val64 (gconstpointer device)
{
  g_autofree char *images = test_data_path ("coco-val64/images");
  g_autoptr (GHashTable) results = golden_results_load ("golden/val64-fp32.json");
  g_autoptr (Yv8Detector) detector = make_detector (device);
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (80);
  Agreement agreement = { .least_iou = 1 };
  Yv8Average average;

  if (!images || !results || !detector)
    return;
  g_autoptr (GDir) dir = g_dir_open (images, 0, NULL);
  for (const char *name; (name = g_dir_read_name (dir));) {
    g_autofree char *path = g_build_filename (images, name, NULL);
    GArray *expected = g_hash_table_lookup (results, name);
    g_assert_nonnull (expected);
    g_autoptr (GArray) labels = golden_labels_load (path);
    check_picture (detector, path, expected, evaluator, labels, &agreement);
  }
  yv8_evaluator_average (evaluator, &average);
  report (&agreement);
  g_test_message ("mAP50-95 %.4f mAP50 %.4f", average.map, average.map50);
  g_assert_cmpfloat_with_epsilon (average.map, 0.4589, 0.003);
  g_assert_cmpfloat_with_epsilon (average.map50, 0.6207, 0.003);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_data_func ("/golden/detections/ref/two", "ref", test_bus_and_zidane);
  g_test_add_data_func ("/golden/detections/cpu/two", "cpu", test_bus_and_zidane);
  g_test_add_data_func ("/golden/detections/cpu/val64", "cpu", test_val64);
  g_test_add_data_func ("/golden/detections/vulkan/two", "vulkan", test_bus_and_zidane);
  if (g_test_thorough ())
    g_test_add_data_func ("/golden/detections/vulkan/val64", "vulkan", test_val64);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 eval on 64 pictures of COCO val2017: average precision, and the detections above 0.25 one to
 * one, against what ONNX Runtime finds with the same model. */
#include "devices.h"
#include "golden.h"
#include "tools/program.h"

#include <math.h>
#include <yv8/yv8.h>

#define N_IMAGES        64
#define MAP             0.4589
#define MAP50           0.6207
#define MAP_TOLERANCE   0.003
#define THRESHOLD       0.25
#define SCORE_TOLERANCE 0.01
#define IOU_MIN         0.98

/* How many pictures a device is given: always, and with YV8_TEST_LONG set. */
typedef struct {
  const char *device;
  guint n_images, n_images_long;
} Case;

static gboolean
agrees (const Yv8Detection *a, const Yv8Detection *b)
{
  return a->class_id == b->class_id && fabsf (a->score - b->score) <= SCORE_TOLERANCE &&
         yv8_detection_iou (a, b) >= IOU_MIN;
}

/* How many of a above the threshold have no partner of their own in b, which may lie below it by
 * the tolerance of the scores. */
static guint
count_unmatched (const char *file, const GArray *a, const GArray *b, guint *n)
{
  g_autofree gboolean *taken = g_new0 (gboolean, b->len + 1);
  guint n_unmatched = 0;

  for (guint i = 0; i < a->len; i++) {
    const Yv8Detection *detection = &g_array_index (a, Yv8Detection, i);
    guint j = 0;
    if (detection->score <= THRESHOLD)
      continue;
    while (j < b->len && (taken[j] || !agrees (detection, &g_array_index (b, Yv8Detection, j))))
      j++;
    taken[j] = TRUE;
    ++*n;
    if (j < b->len)
      continue;
    g_test_message ("no partner: %s class %u score %.4f box %.1f %.1f %.1f %.1f", file,
        detection->class_id, (double) detection->score, (double) detection->x,
        (double) detection->y, (double) detection->width, (double) detection->height);
    n_unmatched++;
  }
  return n_unmatched;
}

/* Of the first n pictures. Returns the average precisions that the program prints. */
static Yv8Average
run_eval (const char *data, const char *device, guint n, const char *results)
{
  g_autofree char *line = g_strdup_printf (
      "eval --model %s/yolov8n.onnx --images %s/coco-val64/images --labels %s/coco-val64/labels "
      "--device %s --limit %u --results %s --json",
      data, data, data, device, n, results);
  g_auto (Program) program = program_run_good (line);
  g_autoptr (JsonNode) node = program_json (program.out);
  JsonObject *root = json_node_get_object (node);

  g_assert_cmpint (json_object_get_int_member (root, "images"), ==, n);
  return (Yv8Average){
    .map = json_object_get_double_member (root, "map"),
    .map50 = json_object_get_double_member (root, "map50"),
  };
}

static void
assert_results (GHashTable *golden, GHashTable *ours, guint n_images)
{
  guint n_golden = 0, n_ours = 0, n_missed = 0, n_false = 0;
  GHashTableIter iter;
  gpointer file, detections;

  g_assert_cmpuint (g_hash_table_size (ours), ==, n_images);
  g_hash_table_iter_init (&iter, ours);
  while (g_hash_table_iter_next (&iter, &file, &detections)) {
    const GArray *expected = g_hash_table_lookup (golden, file);
    g_assert_nonnull (expected);
    n_missed += count_unmatched (file, expected, detections, &n_golden);
    n_false += count_unmatched (file, detections, expected, &n_ours);
  }
  g_test_message ("above %g: %u in golden, %u ours; %u missed, %u false", THRESHOLD, n_golden,
      n_ours, n_missed, n_false);
  g_assert_cmpuint (n_golden, >, 0);
  g_assert_cmpuint (n_missed, ==, 0);
  g_assert_cmpuint (n_false, ==, 0);
}

static void
test_eval (gconstpointer user_data)
{
  const Case *test = user_data;
  guint n = g_getenv ("YV8_TEST_LONG") ? test->n_images_long : test->n_images;
  g_autofree char *data = test_data_path ("");
  g_autoptr (GHashTable) golden = data ? golden_results_load ("golden/val64-fp32.json") : NULL;
  Yv8Average expected = { .map = MAP, .map50 = MAP50 };

  if (!golden)
    return;
  g_autofree char *device = test_device (test->device);
  if (!device)
    return;
  char *folder = program_enter_folder ();
  if (n < N_IMAGES)
    expected = run_eval (data, "cpu", n, "expected.json");
  Yv8Average average = run_eval (data, test->device, n, "found.json");
  g_test_message ("%u pictures on %s: mAP50-95 %.4f, mAP50 %.4f; expected %.4f, %.4f", n,
      test->device, average.map, average.map50, expected.map, expected.map50);
  g_autoptr (GHashTable) ours = golden_results_read ("found.json");
  assert_results (golden, ours, n);
  g_assert_cmpfloat_with_epsilon (average.map, expected.map, MAP_TOLERANCE);
  g_assert_cmpfloat_with_epsilon (average.map50, expected.map50, MAP_TOLERANCE);
  program_leave_folder (folder);
}

int
main (int argc, char **argv)
{
  static const Case cases[] = {
    { "cpu", N_IMAGES, N_IMAGES },
    { "vulkan", 8, N_IMAGES },
    { "ref", 2, 8 },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strconcat ("/golden/eval/", cases[i].device, NULL);
    g_test_add_data_func (path, &cases[i], test_eval);
  }
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The evaluator against the accuracy known of reference results on real labels. */
#include <yv8/evaluator.h>

#include "golden.h"

static void
test_val64 (void)
{
  g_autoptr (GHashTable) results = golden_results_load ("golden/val64-fp32.json");
  g_autofree char *images = test_data_path ("coco-val64/images");
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (80);
  Yv8Average average;

  if (!results || !images)
    return;
  g_autoptr (GDir) dir = g_dir_open (images, 0, NULL);
  for (const char *name; (name = g_dir_read_name (dir));) {
    g_autofree char *path = g_build_filename (images, name, NULL);
    g_autoptr (GArray) labels = golden_labels_load (path);
    GArray *detections = g_hash_table_lookup (results, name);
    yv8_evaluator_add_image (evaluator, (const Yv8Detection *) labels->data, labels->len,
        detections ? (const Yv8Detection *) detections->data : NULL,
        detections ? detections->len : 0);
  }
  yv8_evaluator_average (evaluator, &average);
  g_test_message ("mAP50-95 %.6f mAP50 %.6f of %u images, %u labels", average.map, average.map50,
      average.n_images, average.n_labels);
  g_assert_cmpuint (average.n_images, ==, 64);
  g_assert_cmpuint (average.n_labels, ==, 461);
  g_assert_cmpfloat_with_epsilon (average.map, 0.4589, 0.0001);
  g_assert_cmpfloat_with_epsilon (average.map50, 0.6207, 0.0001);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/golden/average-precision/val64", test_val64);
  return g_test_run ();
}

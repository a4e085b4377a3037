/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Average precision of cases small enough to be worked out by hand. */
#include <math.h>
#include <yv8/evaluator.h>

#include "testing.h"

static const Yv8Detection label = { 0, 0, 10, 10, 100, 100 };

static void
add (Yv8Evaluator *evaluator, const Yv8Detection *labels, guint n_labels,
    const Yv8Detection *detections, guint n_detections)
{
  yv8_evaluator_add_image (evaluator, labels, n_labels, detections, n_detections);
}

static void
assert_average (const Yv8Evaluator *evaluator, double map, double map50)
{
  Yv8Average average;

  yv8_evaluator_average (evaluator, &average);
  g_assert_cmpfloat_with_epsilon (average.map, map, 1e-9);
  g_assert_cmpfloat_with_epsilon (average.map50, map50, 1e-9);
}

static void
test_empty (void)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (2);
  Yv8Average average;
  Yv8ClassAverage class_average;

  yv8_evaluator_average (evaluator, &average);
  g_assert_true (isnan (average.map) && isnan (average.map50));
  add (evaluator, NULL, 0, &label, 1);
  yv8_evaluator_average (evaluator, &average);
  g_assert_true (isnan (average.map));
  g_assert_cmpuint (average.n_images, ==, 1);
  yv8_evaluator_class_average (evaluator, 0, &class_average);
  g_assert_true (isnan (class_average.ap));
  g_assert_cmpuint (class_average.n_detections, ==, 1);
  yv8_evaluator_class_average (evaluator, 2, &class_average);
  g_assert_true (isnan (class_average.ap));
  add (evaluator, &label, 1, NULL, 0);
  assert_average (evaluator, 0, 0);
}

static void
test_perfect (void)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (2);

  add (evaluator, &label, 1, &label, 1);
  assert_average (evaluator, 1, 1);
}

/* Three labels of one class are found, the one of another is not. */
static void
test_by_label (void)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (2);
  Yv8Detection other = { 1, 0, 200, 200, 10, 10 };
  Yv8Average average;

  for (guint i = 0; i < 3; i++)
    add (evaluator, &label, 1, &label, 1);
  add (evaluator, &other, 1, NULL, 0);
  assert_average (evaluator, 0.5, 0.5);
  yv8_evaluator_average (evaluator, &average);
  g_assert_cmpfloat_with_epsilon (average.by_label, 0.75, 1e-9);
  g_assert_cmpfloat_with_epsilon (average.by_label50, 0.75, 1e-9);
}

/* An IoU of 0.72 counts at five of the ten thresholds. */
static void
test_iou_thresholds (void)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (1);
  Yv8Detection detection = { 0, 0.5f, 10, 10, 72, 100 };

  add (evaluator, &label, 1, &detection, 1);
  assert_average (evaluator, 0.5, 1);
}

/* An IoU of exactly a threshold counts at it: 0.65 counts at four. */
static void
test_iou_equal (void)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (1);
  Yv8Detection detection = { 0, 0.5f, 10, 10, 65, 100 };

  add (evaluator, &label, 1, &detection, 1);
  assert_average (evaluator, 0.4, 1);
}

/* The second of two detections of one label is false. By falling score: true, false, true, of
 * three labels. Recall 1/3 at precision 1, 2/3 at 2/3: of the 101 recalls 0..0.33 are 34 and
 * 0.34..0.66 are 33. */
static void
test_duplicate (void)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (1);
  Yv8Detection labels[] = { label, { 0, 0, 200, 200, 10, 10 }, { 0, 0, 300, 300, 10, 10 } };
  Yv8Detection detections[] = { { 0, 0.1f, 200, 200, 10, 10 }, { 0, 0.9f, 10, 10, 100, 100 },
    { 0, 0.8f, 10, 10, 100, 100 } };
  double ap = (34 + 33 * 2 / 3.0) / 101;

  add (evaluator, labels, 3, detections, 3);
  assert_average (evaluator, ap, ap);
}

/* False first, true after: precision 1/2 at all recalls. Of two images, the score decides. */
static void
test_score_order (void)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (1);
  Yv8Detection right = { 0, 0.2f, 10, 10, 100, 100 };
  Yv8Detection wrong = { 0, 0.3f, 500, 500, 20, 20 };

  add (evaluator, &label, 1, &right, 1);
  add (evaluator, NULL, 0, &wrong, 1);
  assert_average (evaluator, 0.5, 0.5);
}

/* Precision at a recall is the best at that recall or any later: false, true, true of two labels
 * is 2/3 everywhere. */
static void
test_envelope (void)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (1);
  Yv8Detection labels[] = { label, { 0, 0, 200, 200, 10, 10 } };
  Yv8Detection detections[] = { { 0, 0.9f, 400, 400, 10, 10 }, { 0, 0.8f, 10, 10, 100, 100 },
    { 0, 0.7f, 200, 200, 10, 10 } };

  add (evaluator, labels, 2, detections, 3);
  assert_average (evaluator, 2 / 3.0, 2 / 3.0);
}

/* Each detection takes the free label that it overlaps most, so both are matched although the first
 * overlaps both. */
static void
test_best_label (void)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (1);
  Yv8Detection labels[] = { { 0, 0, 0, 0, 100, 100 }, { 0, 0, 0, 20, 100, 100 } };
  Yv8Detection detections[] = { { 0, 0.9f, 0, 20, 100, 100 }, { 0, 0.8f, 0, 0, 100, 100 } };

  add (evaluator, labels, 2, detections, 2);
  assert_average (evaluator, 1, 1);
}

/* A class counts as much as another whatever its labels; one without labels does not count; ids
 * out of range are ignored. */
static void
test_classes (void)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (3);
  Yv8Detection labels[] = { label, label, label, label };
  Yv8Detection detections[] = { label, label, label };
  Yv8ClassAverage average;

  labels[1].class_id = 1;
  labels[2].class_id = 1;
  labels[3].class_id = 3;
  detections[1].class_id = 2;
  detections[2].class_id = G_MAXUINT;
  add (evaluator, labels, 4, detections, 3);
  assert_average (evaluator, 0.5, 0.5);
  yv8_evaluator_class_average (evaluator, 1, &average);
  g_assert_cmpfloat (average.ap, ==, 0);
  g_assert_cmpuint (average.n_labels, ==, 2);
  yv8_evaluator_class_average (evaluator, 2, &average);
  g_assert_cmpuint (average.n_detections, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evaluator/empty", test_empty);
  g_test_add_func ("/evaluator/perfect", test_perfect);
  g_test_add_func ("/evaluator/by-label", test_by_label);
  g_test_add_func ("/evaluator/iou-thresholds", test_iou_thresholds);
  g_test_add_func ("/evaluator/iou-equal", test_iou_equal);
  g_test_add_func ("/evaluator/duplicate", test_duplicate);
  g_test_add_func ("/evaluator/score-order", test_score_order);
  g_test_add_func ("/evaluator/envelope", test_envelope);
  g_test_add_func ("/evaluator/best-label", test_best_label);
  g_test_add_func ("/evaluator/classes", test_classes);
  return g_test_run ();
}

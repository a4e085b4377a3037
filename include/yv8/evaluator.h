/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Average precision of detections against labels, as COCO defines it (pycocotools' COCOeval, all
 * areas, no crowds): 101 recall points, IoU 0.50:0.05:0.95. Detections that are given all count
 * (COCOeval's maxDets): a detector that gives 300 an image is judged by these 300. */
#pragma once

#include <glib.h>
#include <yv8/detector.h>

G_BEGIN_DECLS

/**
 * Yv8Evaluator:
 *
 * Gathers images one by one, then answers. Not thread-safe.
 */
typedef struct _Yv8Evaluator Yv8Evaluator;

/**
 * Yv8Average:
 * @map: mean over classes with labels of AP over IoU 0.50:0.05:0.95; NaN when there are no labels
 * @map50: the same at IoU 0.50
 * @by_label: as @map, but a mean over labels: each class counts as often as it has any. Classes of
 *   one or two labels, which make @map noisy, hardly move it
 * @by_label50: the same at IoU 0.50
 * @n_images: images added
 * @n_labels: labels added
 */
typedef struct {
  double map, map50;
  double by_label, by_label50;
  guint n_images, n_labels;
} Yv8Average;

/**
 * Yv8ClassAverage:
 * @ap: AP over IoU 0.50:0.05:0.95 of one class; NaN when the class has no labels
 * @ap50: the same at IoU 0.50
 * @n_labels: labels of this class
 * @n_detections: detections of this class
 */
typedef struct {
  double ap, ap50;
  guint n_labels, n_detections;
} Yv8ClassAverage;

YV8_API Yv8Evaluator *yv8_evaluator_new (guint n_classes);
YV8_API void yv8_evaluator_free (Yv8Evaluator *evaluator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Evaluator, yv8_evaluator_free)

/**
 * yv8_evaluator_add_image:
 * @labels: (array length=n_labels): the truth in pixels; field score is ignored
 * @detections: (array length=n_detections): any order
 *
 * Both are copied. Entries whose class_id is out of range are ignored.
 */
YV8_API void yv8_evaluator_add_image (Yv8Evaluator *evaluator, const Yv8Detection *labels,
    guint n_labels, const Yv8Detection *detections, guint n_detections);

YV8_API void yv8_evaluator_average (const Yv8Evaluator *evaluator, Yv8Average *average);

YV8_API void yv8_evaluator_class_average (
    const Yv8Evaluator *evaluator, guint class_id, Yv8ClassAverage *average);

/**
 * yv8_detection_iou:
 *
 * Returns: intersection over union of two boxes, 0 to 1; 0 where the union is empty
 */
YV8_API float yv8_detection_iou (const Yv8Detection *a, const Yv8Detection *b);

/**
 * yv8_score_shift:
 * @truth: (array length=n_truth): boxes, each of which is matched with the free one of @found of
 * its class that it overlaps most, by an IoU of at least 0.5
 * @n_matched: (inout): the number of matches is added
 *
 * Returns: the sum of the scores of what was matched in @found, less those in @truth
 */
YV8_API double yv8_score_shift (const Yv8Detection *truth, guint n_truth, const Yv8Detection *found,
    guint n_found, guint *n_matched);

G_END_DECLS

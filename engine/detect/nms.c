/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Intersection over union, and greedy suppression by it. */
#include "detect/nms.h"

#include <yv8/evaluator.h>

#include "shaders/lib/numeric.h"

float
yv8_detection_iou (const Yv8Detection *a, const Yv8Detection *b)
{
  double width = MIN ((double) a->x + a->width, (double) b->x + b->width) - MAX (a->x, b->x);
  double height = MIN ((double) a->y + a->height, (double) b->y + b->height) - MAX (a->y, b->y);

  if (!(width > 0 && height > 0))
    return 0;
  double intersection = width * height;
  double sum = (double) a->width * a->height + (double) b->width * b->height;
  return (float) MIN (intersection / (sum - intersection), 1);
}

static float
intersection (const Yv8Detection *a, const Yv8Detection *b)
{
  return yv8_overlap (a->x, a->width, b->x, b->width) *
         yv8_overlap (a->y, a->height, b->y, b->height);
}

static gboolean
overlaps (const Yv8Detection *a, const Yv8Detection *b, float threshold)
{
  float both = intersection (a, b);

  return both > 0 &&
         both > yv8_iou_bound (both, intersection (a, a), intersection (b, b), threshold);
}

static gboolean
is_suppressed (const Yv8Detection *kept, guint n, const Yv8Detection *detection, float threshold)
{
  for (guint i = 0; i < n; i++)
    if (kept[i].class_id == detection->class_id && overlaps (&kept[i], detection, threshold))
      return TRUE;
  return FALSE;
}

guint
yv8_nms (Yv8Detection *detections, guint n, float iou_threshold, guint max_detections)
{
  guint n_kept = 0;
  guint limit = max_detections ? max_detections : n;

  for (guint i = 0; i < n && n_kept < limit; i++)
    if (!is_suppressed (detections, n_kept, &detections[i], iou_threshold))
      detections[n_kept++] = detections[i];
  return n_kept;
}

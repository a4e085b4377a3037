/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Non-maximum suppression per class. */
#pragma once

#include <yv8/detector.h>

G_BEGIN_DECLS

/**
 * yv8_nms:
 * @detections: (array length=n): sorted by falling score; survivors are moved to the front, in
 * order
 * @n: at most G_MAXUINT16 * 16
 * @iou_threshold: a box is dropped when it overlaps a better one of its class by more than this
 * @max_detections: stop after so many; 0 for no limit
 *
 * Works in place, without allocating. IoU is compared by yv8_iou_bound() of shaders/lib/numeric.h:
 * the same boxes survive on every machine.
 *
 * Returns: how many survived
 */
guint yv8_nms (Yv8Detection *detections, guint n, float iou_threshold, guint max_detections);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compares the running model with a shadow model on single frames, in a thread of its own, and
 * tells when they drift apart. */
#pragma once

#include <gst/video/video.h>
#include <yv8/yv8.h>

G_BEGIN_DECLS

#define YV8_DRIFT_WINDOW 8

/**
 * Yv8Drift:
 *
 * After each comparison the element message `yolov8-agreement` is posted with
 *
 *  - `agreement` (double): F1 of the boxes of both models over the last YV8_DRIFT_WINDOW
 *    comparisons, 2 m / (a + b), where m of the a boxes of the one and the b boxes of the other are
 *    pairs of one class with an IoU of at least 0.5; 1 where neither has any,
 *  - `frames` (guint): so many comparisons are in it,
 *  - `boxes` (guint): of the shadow model in them.
 *
 * When the window is full and its agreement below the floor, `yolov8-drift` is posted once with
 * `agreement` (double), `floor` (double) and `frames` (guint); it can come again after the
 * agreement was at the floor or above.
 */
typedef struct _Yv8Drift Yv8Drift;

/**
 * Yv8DriftFrame:
 * @video: mapped for reading; copied
 * @params: that @detections were found with; copied
 * @detections: of the running model
 * @n_classes: of the running model; @params has as many
 * @width: of the running model's input
 * @height: likewise
 * @floor: of agreement; 0: never tell of drift
 */
typedef struct {
  const GstVideoFrame *video;
  const Yv8DetectParams *params;
  const Yv8Detection *detections;
  guint n_detections, n_classes;
  guint width, height;
  double floor;
} Yv8DriftFrame;

/**
 * yv8_drift_new:
 * @element: whose messages and warnings are posted; outlives the drift watch
 */
Yv8Drift *yv8_drift_new (GstElement *element);

/**
 * yv8_drift_free:
 *
 * Waits for a comparison that is under way.
 */
void yv8_drift_free (Yv8Drift *drift);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Drift, yv8_drift_free)

/**
 * yv8_drift_set_model:
 * @path: (nullable): of the shadow model, which is loaded for the next frame; %NULL or empty: none.
 * One that fails is told of in a warning, and frames are ignored until it is set again
 *
 * Forgets all comparisons.
 */
void yv8_drift_set_model (Yv8Drift *drift, const char *path);

/**
 * yv8_drift_reset:
 *
 * Forgets all comparisons, also one that is under way: the running model is another one.
 */
void yv8_drift_reset (Yv8Drift *drift);

/**
 * yv8_drift_offer:
 *
 * Copies @frame and compares in the background. Never waits.
 *
 * Returns: %FALSE where it is ignored: there is no shadow model, or it is busy, or memory is short
 */
gboolean yv8_drift_offer (Yv8Drift *drift, const Yv8DriftFrame *frame);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Detections as metadata of a buffer. */
#pragma once

#include <gst/gst.h>
#include <yv8/yv8.h>

G_BEGIN_DECLS

/**
 * yv8_meta_attach:
 * @buffer: writable
 * @width: of the frame in pixels
 * @height: of the frame in pixels
 * @carried: whether the boxes were found in an earlier frame
 *
 * Adds a #GstVideoRegionOfInterestMeta for each detection, best first: `roi_type` is the label,
 * `id` counts from 0, the box is rounded to pixels inside the frame, and the params hold a
 * structure `detection` with
 *
 *  - `confidence` (double) 0 to 1,
 *  - `label` (string) and `label_id` (int),
 *  - `x`, `y`, `width`, `height` (double): the box as it was found, in pixels,
 *  - `carried` (boolean): the value of @carried.
 *
 * Where GStreamer has it (1.24), each is a GstAnalyticsODMtd of the buffer's
 * GstAnalyticsRelationMeta too.
 */
void yv8_meta_attach (GstBuffer *buffer, guint width, guint height, const Yv8Model *model,
    const Yv8Detection *detections, guint n_detections, gboolean carried);

G_END_DECLS

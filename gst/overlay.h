/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Draws boxes and labels into a video frame, in the frame's own format. */
#pragma once

#include <gst/video/video.h>
#include <yv8/yv8.h>

G_BEGIN_DECLS

/**
 * Yv8Overlay:
 *
 * Owns the bitmaps of the labels that it drew last. Not thread-safe.
 */
typedef struct _Yv8Overlay Yv8Overlay;

Yv8Overlay *yv8_overlay_new (void);
void yv8_overlay_free (Yv8Overlay *overlay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Overlay, yv8_overlay_free)

/**
 * yv8_overlay_draw:
 * @frame: mapped for reading and writing, any format of YV8_VIDEO_FORMATS (frame.h)
 * @model: names the classes
 * @detections: (array length=n_detections): best first; the best are drawn on top
 *
 * Draws for each detection the outline of its box, inside the box, and above it (inside where there
 * is no room above) its label and confidence on a filled rectangle, all within the frame. Line and
 * font grow with the height of the frame. Colours are those of the class, converted by the frame's
 * colorimetry; chroma samples that a rectangle touches are filled whole.
 */
void yv8_overlay_draw (Yv8Overlay *overlay, GstVideoFrame *frame, const Yv8Model *model,
    const Yv8Detection *detections, guint n_detections);

G_END_DECLS

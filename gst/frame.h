/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GStreamer's video frames as the engine sees them. */
#pragma once

#include <gst/video/video.h>
#include <yv8/yv8.h>

G_BEGIN_DECLS

/* The formats of Yv8Format as a caps list. */
#define YV8_VIDEO_FORMATS                                                                          \
  "{ NV12, I420, YV12, YUY2, UYVY, RGB, BGR, RGBA, BGRA, RGBx, BGRx, xRGB, xBGR, ARGB, ABGR, "     \
  "GRAY8 }"

#define YV8_VIDEO_CAPS                                                                             \
  "video/x-raw, format = (string) " YV8_VIDEO_FORMATS ", width = (int) [ 1, " G_STRINGIFY (        \
      YV8_FRAME_MAX_SIDE) " ]"                                                                     \
                          ", height = (int) [ 1, " G_STRINGIFY (                                   \
                              YV8_FRAME_MAX_SIDE) " ]"                                             \
                                                  ", framerate = (fraction) [ 0, max ]"

/**
 * yv8_frame_from_video:
 * @frame: (out): a view of @video, good while that stays mapped
 * @video: mapped for reading
 *
 * Matrix and range are those of the colorimetry; a matrix that the engine does not know is answered
 * by the nearest that it does.
 *
 * Returns: %FALSE if the format is none of YV8_VIDEO_FORMATS
 */
gboolean yv8_frame_from_video (Yv8Frame *frame, const GstVideoFrame *video);

/**
 * yv8_detection_rectangle:
 * @rectangle: (out): the box of @detection in whole pixels, inside a frame of @width x @height and
 *   at least one pixel wide and high
 */
void yv8_detection_rectangle (
    const Yv8Detection *detection, guint width, guint height, GstVideoRectangle *rectangle);

G_END_DECLS

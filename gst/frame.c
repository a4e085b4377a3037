/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GStreamer's video frames as the engine sees them. */
#include "frame.h"

static Yv8Matrix
matrix_from_colorimetry (GstVideoColorMatrix matrix)
{
  switch (matrix) {
  case GST_VIDEO_COLOR_MATRIX_BT709:
  case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
    return YV8_MATRIX_BT709;
  case GST_VIDEO_COLOR_MATRIX_BT2020:
    return YV8_MATRIX_BT2020;
  default:
    return YV8_MATRIX_BT601;
  }
}

gboolean
yv8_frame_from_video (Yv8Frame *frame, const GstVideoFrame *video)
{
  const GstVideoColorimetry *colorimetry = &video->info.colorimetry;

  *frame = (Yv8Frame){
    .matrix = matrix_from_colorimetry (colorimetry->matrix),
    .full_range = colorimetry->range == GST_VIDEO_COLOR_RANGE_0_255,
    .width = GST_VIDEO_FRAME_WIDTH (video),
    .height = GST_VIDEO_FRAME_HEIGHT (video),
  };
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES (video) && i < YV8_FRAME_MAX_PLANES; i++) {
    frame->data[i] = GST_VIDEO_FRAME_PLANE_DATA (video, i);
    frame->stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE (video, i);
  }
  return yv8_format_from_name (
      gst_video_format_to_string (GST_VIDEO_FRAME_FORMAT (video)), &frame->format);
}

/* Whole pixels first..end of the span start..start+length; at least one, inside 0..limit. */
static void
span_round (float start, float length, gint limit, gint *first, gint *n)
{
  *first = (gint) CLAMP (start + 0.5f, 0.f, (float) (limit - 1));
  *n = (gint) CLAMP (start + length + 0.5f, (float) (*first + 1), (float) limit) - *first;
}

void
yv8_detection_rectangle (
    const Yv8Detection *detection, guint width, guint height, GstVideoRectangle *rectangle)
{
  span_round (detection->x, detection->width, (gint) width, &rectangle->x, &rectangle->w);
  span_round (detection->y, detection->height, (gint) height, &rectangle->y, &rectangle->h);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Decodes pictures for the golden tests. */
#pragma once

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>
#include <yv8/frame.h>

#include "testing.h"

/**
 * GoldenPicture:
 * @frame: a view of the decoded picture, RGB
 */
typedef struct {
  Yv8Frame frame;
  GstSample *sample;
  GstVideoFrame mapped;
} GoldenPicture;

/**
 * golden_picture_clear: frees what the picture holds
 */
static inline void
golden_picture_clear (GoldenPicture *picture)
{
  gst_video_frame_unmap (&picture->mapped);
  gst_sample_unref (picture->sample);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GoldenPicture, golden_picture_clear)

/**
 * golden_decoder_present:
 *
 * GdkPixbuf and not jpegdec decodes: it keeps the full chroma of 4:4:4 pictures, as the reference
 * results want it.
 *
 * Returns: whether pictures can be decoded; if not, the running test is marked as skipped
 */
static inline gboolean
golden_decoder_present (void)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find ("gdkpixbufdec");

  if (!factory)
    g_test_skip ("no GStreamer element gdkpixbufdec");
  return factory != NULL;
}

/**
 * golden_picture_load: decodes the file at @path; fails the test if it cannot
 */
static inline void
golden_picture_load (GoldenPicture *picture, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "filesrc name=source ! gdkpixbufdec ! appsink name=sink sync=false", &error);
  g_assert_no_error (error);
  g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstVideoInfo info;

  g_object_set (source, "location", path, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  picture->sample = gst_app_sink_pull_sample (GST_APP_SINK (sink));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_nonnull (picture->sample);
  g_assert_true (gst_video_info_from_caps (&info, gst_sample_get_caps (picture->sample)));
  g_assert_true (gst_video_frame_map (
      &picture->mapped, &info, gst_sample_get_buffer (picture->sample), GST_MAP_READ));
  g_assert_cmpuint (GST_VIDEO_INFO_FORMAT (&info), ==, GST_VIDEO_FORMAT_RGB);
  picture->frame = (Yv8Frame){ .format = YV8_FORMAT_RGB,
    .width = (guint) GST_VIDEO_INFO_WIDTH (&info),
    .height = (guint) GST_VIDEO_INFO_HEIGHT (&info),
    .data = { GST_VIDEO_FRAME_PLANE_DATA (&picture->mapped, 0) },
    .stride = { GST_VIDEO_FRAME_PLANE_STRIDE (&picture->mapped, 0) } };
}

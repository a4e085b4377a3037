/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Makes pictures and clips for tests. */
#pragma once

#include "testing.h"

#include <gst/gst.h>

/**
 * media_make:
 * @format: description of a pipeline that ends by itself
 *
 * Returns: whether it ran to its end; if an element is missing the running test is marked as
 * skipped
 */
static inline gboolean
media_make (const char *format, ...)
{
  g_autoptr (GError) error = NULL;
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *description = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autoptr (GstElement) pipeline = gst_parse_launch (description, &error);
  if (error) {
    g_test_skip (error->message);
    return FALSE;
  }
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, 30 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  return TRUE;
}

static inline gboolean
media_make_picture (const char *path, const char *pattern, guint width, guint height)
{
  return media_make ("videotestsrc num-buffers=1 pattern=%s ! "
                     "video/x-raw,format=RGB,width=%u,height=%u ! pngenc ! filesink location=%s",
      pattern, width, height, path);
}

static inline gboolean
media_make_clip (const char *path, guint n_frames)
{
  return media_make ("videotestsrc num-buffers=%u ! "
                     "video/x-raw,format=I420,width=160,height=120,framerate=10/1 ! "
                     "jpegenc ! avimux ! filesink location=%s",
      n_frames, path);
}

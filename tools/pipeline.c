/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What reading and writing by GStreamer share: building a pipeline and hearing of its errors. */
#include "pipeline.h"

#include <gst/pbutils/pbutils.h>
#include <string.h>

static const struct {
  const char *element, *package;
} packages[] = {
  { "uridecodebin", "gstreamer1.0-plugins-base" },
  { "videoconvert", "gstreamer1.0-plugins-base" },
  { "appsink", "gstreamer1.0-plugins-base" },
  { "appsrc", "gstreamer1.0-plugins-base" },
  { "avenc_", "gstreamer1.0-libav" },
  { "x264enc", "gstreamer1.0-plugins-ugly" },
  { "", "gstreamer1.0-plugins-good" },
};

static void
set_missing (GError **error, const GError *reason)
{
  gsize i = 0;

  while (!strstr (reason->message, packages[i].element))
    i++;
  g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "GStreamer: %s; on Debian: apt install %s",
      reason->message, packages[i].package);
}

char *
yv8_pipeline_uri (const char *path, GError **error)
{
  if (gst_uri_is_valid (path))
    return g_strdup (path);
  if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return gst_filename_to_uri (path, error);
  gboolean there = g_file_test (path, G_FILE_TEST_EXISTS);
  g_set_error (error, YV8_ERROR, there ? YV8_ERROR_READ : YV8_ERROR_NOT_FOUND, "%s: %s", path,
      there ? "not a file" : "no such file");
  return NULL;
}

Yv8Pipeline *
yv8_pipeline_new (const char *description, const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (!gst_init_check (NULL, NULL, error))
    return NULL;
  gst_pb_utils_init ();
  GstElement *element =
      gst_parse_launch_full (description, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &reason);
  if (!element) {
    if (g_error_matches (reason, GST_PARSE_ERROR, GST_PARSE_ERROR_NO_SUCH_ELEMENT))
      set_missing (error, reason);
    else
      g_propagate_error (error, g_steal_pointer (&reason));
    return NULL;
  }
  Yv8Pipeline *pipeline = g_new0 (Yv8Pipeline, 1);
  pipeline->element = element;
  pipeline->path = g_filename_display_name (path);
  return pipeline;
}

void
yv8_pipeline_free (Yv8Pipeline *pipeline)
{
  gst_element_set_state (pipeline->element, GST_STATE_NULL);
  gst_object_unref (pipeline->element);
  g_free (pipeline->path);
  g_free (pipeline->missing);
  g_free (pipeline);
}

gboolean
yv8_pipeline_start (Yv8Pipeline *pipeline, GError **error)
{
  if (gst_element_set_state (pipeline->element, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
    return TRUE;
  if (yv8_pipeline_check (pipeline, 0, error))
    g_set_error (error, YV8_ERROR, YV8_ERROR_READ, "%s: GStreamer cannot start", pipeline->path);
  return FALSE;
}

gpointer
yv8_pipeline_get (const Yv8Pipeline *pipeline, const char *name)
{
  return gst_bin_get_by_name (GST_BIN (pipeline->element), name);
}

static void
set_failure (GError **error, GstMessage *message, const Yv8Pipeline *pipeline)
{
  g_autoptr (GError) reason = NULL;

  gst_message_parse_error (message, &reason, NULL);
  if (pipeline->missing)
    g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
        "%s: GStreamer lacks a %s; on Debian: apt install gstreamer1.0-libav "
        "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad",
        pipeline->path, pipeline->missing);
  else if (g_error_matches (reason, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN))
    g_set_error (
        error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "%s: neither picture nor video", pipeline->path);
  else
    g_set_error (error, YV8_ERROR, YV8_ERROR_READ, "%s: %s", pipeline->path, reason->message);
}

gboolean
yv8_pipeline_check (Yv8Pipeline *pipeline, GstClockTime wait, GError **error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline->element);
  GstMessage *next;

  for (; (next = gst_bus_timed_pop_filtered (
              bus, wait, GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS));
       wait = 0) {
    g_autoptr (GstMessage) message = next;
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      set_failure (error, message, pipeline);
      return FALSE;
    }
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
      pipeline->ended = TRUE;
    else if (gst_is_missing_plugin_message (message) && !pipeline->missing)
      pipeline->missing = gst_missing_plugin_message_get_description (message);
  }
  return TRUE;
}

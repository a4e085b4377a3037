/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pictures and clips, decoded to frames by GStreamer. */
#include "source.h"
#include "frame.h"
#include "pipeline.h"

#include <gst/app/app.h>

#define POLL (20 * GST_MSECOND)

struct _Yv8Source {
  Yv8Pipeline *pipeline;
  GstAppSink *sink;
  GstSample *sample;   /* the last */
  GstVideoFrame video; /* mapped while sample is set */
  Yv8Frame frame;
  double time;
};

#define TO_SINK                                                                                    \
  " ! videoconvert ! " YV8_VIDEO_CAPS                                                              \
  " ! appsink name=sink sync=false max-buffers=2 enable-last-sample=false"

/* jpegdec would halve the chroma of a 4:4:4 picture and use the fast inverse DCT, which costs up to
 * 0.01 of mAP. gdk-pixbuf decodes as everyone else does. */
static gboolean
is_jpeg (const char *path)
{
  g_autofree char *name = g_ascii_strdown (path, -1);

  return g_str_has_suffix (name, ".jpg") || g_str_has_suffix (name, ".jpeg");
}

static gboolean
start (Yv8Source *source, const char *path, const char *uri, GError **error)
{
  gboolean picture = is_jpeg (path) && !gst_uri_is_valid (path);

  source->pipeline = yv8_pipeline_new (
      picture ? "filesrc name=input ! gdkpixbufdec" TO_SINK
              : "uridecodebin name=input expose-all-streams=false caps=video/x-raw(ANY)" TO_SINK,
      path, error);
  if (!source->pipeline)
    return FALSE;
  g_autoptr (GstElement) input = yv8_pipeline_get (source->pipeline, "input");
  source->sink = yv8_pipeline_get (source->pipeline, "sink");
  g_object_set (input, picture ? "location" : "uri", picture ? path : uri, NULL);
  return yv8_pipeline_start (source->pipeline, error);
}

Yv8Source *
yv8_source_new (const char *path, GError **error)
{
  g_autofree char *uri = yv8_pipeline_uri (path, error);

  if (!uri)
    return NULL;
  g_autoptr (Yv8Source) source = g_new0 (Yv8Source, 1);
  return start (source, path, uri, error) ? g_steal_pointer (&source) : NULL;
}

static void
drop_sample (Yv8Source *source)
{
  if (source->sample)
    gst_video_frame_unmap (&source->video);
  g_clear_pointer (&source->sample, gst_sample_unref);
}

void
yv8_source_free (Yv8Source *source)
{
  drop_sample (source);
  g_clear_object (&source->sink);
  g_clear_pointer (&source->pipeline, yv8_pipeline_free);
  g_free (source);
}

static GstSample *
pull (Yv8Source *source, GError **error)
{
  for (;;) {
    GstSample *sample = gst_app_sink_try_pull_sample (source->sink, POLL);
    if (sample)
      return sample;
    /* An error comes before the end of stream that it causes: ask for the end first. */
    gboolean end = gst_app_sink_is_eos (source->sink);
    if (!yv8_pipeline_check (source->pipeline, 0, error) || end)
      return NULL;
  }
}

static gboolean
map (Yv8Source *source, GstSample *sample, GError **error)
{
  GstVideoInfo info;

  if (!gst_video_info_from_caps (&info, gst_sample_get_caps (sample)) ||
      !gst_video_frame_map (&source->video, &info, gst_sample_get_buffer (sample), GST_MAP_READ)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT, "%s: unusable frame", source->pipeline->path);
    return FALSE;
  }
  if (yv8_frame_from_video (&source->frame, &source->video))
    return TRUE;
  gst_video_frame_unmap (&source->video);
  g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "%s: pixel format %s",
      source->pipeline->path, gst_video_format_to_string (GST_VIDEO_INFO_FORMAT (&info)));
  return FALSE;
}

const Yv8Frame *
yv8_source_next (Yv8Source *source, GError **error)
{
  drop_sample (source);
  g_autoptr (GstSample) sample = pull (source, error);
  if (!sample || !map (source, sample, error))
    return NULL;
  source->sample = g_steal_pointer (&sample);
  GstClockTime time = gst_segment_to_stream_time (gst_sample_get_segment (source->sample),
      GST_FORMAT_TIME, GST_BUFFER_PTS (gst_sample_get_buffer (source->sample)));
  source->time = GST_CLOCK_TIME_IS_VALID (time) ? (double) time / GST_SECOND : 0;
  return &source->frame;
}

double
yv8_source_time (const Yv8Source *source)
{
  return source->time;
}

guint64
yv8_source_n_frames (const Yv8Source *source)
{
  const GstVideoInfo *info = &source->video.info;
  gint64 duration;

  if (!source->sample || GST_VIDEO_INFO_FPS_N (info) <= 0 ||
      !gst_element_query_duration (source->pipeline->element, GST_FORMAT_TIME, &duration) ||
      duration <= 0)
    return 0;
  return gst_util_uint64_scale_round ((guint64) duration, (guint64) GST_VIDEO_INFO_FPS_N (info),
      (guint64) GST_VIDEO_INFO_FPS_D (info) * GST_SECOND);
}

GstSample *
yv8_source_take (Yv8Source *source)
{
  gst_video_frame_unmap (&source->video);
  return g_steal_pointer (&source->sample);
}

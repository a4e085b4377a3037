/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Annotated pictures and clips, encoded into files by GStreamer. */
#include "sink.h"
#include "overlay.h"
#include "pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gst/app/app.h>
#include <gst/video/video.h>
#include <signal.h>
#include <unistd.h>

#define QUEUED_MAX 2
#define POLL       (5 * GST_MSECOND)

/* JPEG is BT.601 in full range, whatever the frame was; the clips' codecs expect limited range. */
#define FULL_RANGE    "video/x-raw, format = I420, colorimetry = (string) 1:4:0:0 ! "
#define LIMITED_RANGE "video/x-raw, format = I420, colorimetry = (string) bt601 ! "

/* Of a format's encoders the first that is installed is used; the last is what to install. */
static const struct {
  const char *suffix;
  gboolean still;
  const char *encoders[4];
} formats[] = {
  { ".png", TRUE, { "pngenc" } },
  { ".jpg", TRUE, { FULL_RANGE "jpegenc quality=92" } },
  { ".jpeg", TRUE, { FULL_RANGE "jpegenc quality=92" } },
  { ".avi", FALSE, { FULL_RANGE "jpegenc quality=90 ! avimux" } },
  { ".mkv", FALSE,
      { LIMITED_RANGE "x264enc ! matroskamux", FULL_RANGE "jpegenc quality=90 ! matroskamux" } },
  { ".webm", FALSE,
      { LIMITED_RANGE "vp8enc deadline=1 cpu-used=8 end-usage=cq cq-level=15 "
                      "target-bitrate=20000000 ! webmmux" } },
  { ".mp4", FALSE,
      { LIMITED_RANGE "x264enc ! mp4mux", LIMITED_RANGE "openh264enc ! h264parse ! mp4mux",
          LIMITED_RANGE "avenc_mpeg4 bitrate=8000000 ! mp4mux" } },
};

struct _Yv8Sink {
  char *path, *temporary;
  gsize format;
  const Yv8Model *model;
  Yv8Overlay *overlay;
  Yv8Pipeline *pipeline;
  GstAppSrc *source;
  GstCaps *caps;
  guint64 n_frames;
};

static gboolean
find_format (const char *path, gsize *format, GError **error)
{
  g_autofree char *name = g_ascii_strdown (path, -1);
  g_autoptr (GString) known = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    *format = i;
    if (g_str_has_suffix (name, formats[i].suffix))
      return TRUE;
    g_string_append_printf (known, " %s", formats[i].suffix);
  }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--output %s: the suffix must be one of%s", path, known->str);
  return FALSE;
}

gboolean
yv8_sink_check_name (const char *path, GError **error)
{
  gsize format;

  return find_format (path, &format, error);
}

static Yv8Pipeline *
make_pipeline (const char *path, const char *const *encoders, GError **error)
{
  for (;; encoders++) {
    g_autofree char *description = g_strdup_printf (
        "appsrc name=source format=time ! videoconvert ! %s ! filesink name=file", *encoders);
    g_autoptr (GError) reason = NULL;
    Yv8Pipeline *pipeline = yv8_pipeline_new (description, path, &reason);
    if (pipeline)
      return pipeline;
    if (!encoders[1]) {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  }
}

/* What is half written when the program is interrupted; there is one sink at a time. */
static const char *volatile unfinished;
static const int interrupts[] = { SIGINT, SIGTERM, SIGHUP };

static void
on_interrupt (int number)
{
  if (unfinished)
    unlink (unfinished);
  signal (number, SIG_DFL);
  raise (number);
}

static gboolean
make_temporary (Yv8Sink *sink, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (sink->path);
  g_autofree char *base = g_path_get_basename (sink->path);
  g_autofree char *name = g_strconcat (".", base, ".XXXXXX", NULL);

  sink->temporary = g_build_filename (folder, name, NULL);
  /* Before the file is made, so that there is no moment at which it would be left behind. */
  unfinished = sink->temporary;
  for (gsize i = 0; i < G_N_ELEMENTS (interrupts); i++)
    if (signal (interrupts[i], on_interrupt) == SIG_IGN)
      signal (interrupts[i], SIG_IGN);
  int fd = g_mkstemp_full (sink->temporary, O_RDWR | O_CLOEXEC, 0666);
  if (fd >= 0) {
    close (fd);
    return TRUE;
  }
  int number = errno;
  unfinished = NULL;
  g_clear_pointer (&sink->temporary, g_free);
  g_set_error (error, YV8_ERROR, YV8_ERROR_READ, "%s: cannot be written: %s", sink->path,
      g_strerror (number));
  return FALSE;
}

Yv8Sink *
yv8_sink_new (const char *path, const Yv8Model *model, GError **error)
{
  g_autoptr (Yv8Sink) sink = g_new0 (Yv8Sink, 1);

  sink->path = g_strdup (path);
  sink->model = model;
  sink->overlay = yv8_overlay_new ();
  if (!find_format (path, &sink->format, error))
    return NULL;
  sink->pipeline = make_pipeline (path, formats[sink->format].encoders, error);
  if (!sink->pipeline || !make_temporary (sink, error))
    return NULL;
  sink->source = yv8_pipeline_get (sink->pipeline, "source");
  g_autoptr (GstElement) file = yv8_pipeline_get (sink->pipeline, "file");
  g_object_set (file, "location", sink->temporary, NULL);
  return yv8_pipeline_start (sink->pipeline, error) ? g_steal_pointer (&sink) : NULL;
}

void
yv8_sink_free (Yv8Sink *sink)
{
  g_clear_object (&sink->source);
  g_clear_pointer (&sink->pipeline, yv8_pipeline_free);
  gst_clear_caps (&sink->caps);
  yv8_overlay_free (sink->overlay);
  if (sink->temporary)
    g_unlink (sink->temporary);
  unfinished = NULL;
  g_free (sink->temporary);
  g_free (sink->path);
  g_free (sink);
}

static gboolean
draw (Yv8Sink *sink, GstBuffer *buffer, const Yv8Detection *detections, guint n_detections)
{
  GstVideoInfo info;
  GstVideoFrame video;

  if (!gst_video_info_from_caps (&info, sink->caps) ||
      !gst_video_frame_map (&video, &info, buffer, GST_MAP_READWRITE))
    return FALSE;
  yv8_overlay_draw (sink->overlay, &video, sink->model, detections, n_detections);
  gst_video_frame_unmap (&video);
  return TRUE;
}

gboolean
yv8_sink_write (Yv8Sink *sink, Yv8Source *source, const Yv8Detection *detections,
    guint n_detections, GError **error)
{
  GstSample *sample = yv8_source_take (source);
  GstBuffer *buffer = gst_buffer_ref (gst_sample_get_buffer (sample));

  gst_caps_replace (&sink->caps, gst_sample_get_caps (sample));
  gst_sample_unref (sample); /* first, so that the pixels need not be copied */
  buffer = gst_buffer_make_writable (buffer);
  if (formats[sink->format].still && sink->n_frames > 0) {
    gst_buffer_unref (buffer);
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--output %s is a picture, but the input a clip: use .avi, .mkv, .mp4 or .webm",
        sink->path);
    return FALSE;
  }
  if (!draw (sink, buffer, detections, n_detections)) {
    gst_buffer_unref (buffer);
    g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT, "%s: unusable frame", sink->path);
    return FALSE;
  }
  if (!GST_BUFFER_PTS_IS_VALID (buffer))
    GST_BUFFER_PTS (buffer) = 0;
  sink->n_frames++;
  gst_app_src_set_caps (sink->source, sink->caps);
  gst_app_src_push_buffer (sink->source, buffer);
  /* Not appsrc's own blocking: it would never end after an error downstream. */
  GstClockTime wait = 0;
  do {
    if (!yv8_pipeline_check (sink->pipeline, wait, error))
      return FALSE;
    wait = POLL;
  } while (gst_app_src_get_current_level_buffers (sink->source) > QUEUED_MAX);
  return TRUE;
}

gboolean
yv8_sink_finish (Yv8Sink *sink, GError **error)
{
  gst_app_src_end_of_stream (sink->source);
  while (!sink->pipeline->ended)
    if (!yv8_pipeline_check (sink->pipeline, POLL, error))
      return FALSE;
  gst_element_set_state (sink->pipeline->element, GST_STATE_NULL);
  if (g_rename (sink->temporary, sink->path) != 0) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_READ, "%s: cannot be written: %s", sink->path,
        g_strerror (errno));
    return FALSE;
  }
  unfinished = NULL;
  g_clear_pointer (&sink->temporary, g_free);
  return TRUE;
}

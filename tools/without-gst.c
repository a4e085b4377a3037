/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Stands in for what reads and writes by GStreamer where the program is built without it. */
#include "bench.h"
#include "sink.h"

static void
set_error (GError **error)
{
  g_set_error_literal (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
      "this build cannot read or write pictures and clips: build with -Dgst=enabled");
}

Yv8Source *
yv8_source_new (const char *path, GError **error)
{
  set_error (error);
  return NULL;
}

void
yv8_source_free (Yv8Source *source)
{
}

const Yv8Frame *
yv8_source_next (Yv8Source *source, GError **error)
{
  set_error (error);
  return NULL;
}

double
yv8_source_time (const Yv8Source *source)
{
  return 0;
}

guint64
yv8_source_n_frames (const Yv8Source *source)
{
  return 0;
}

Yv8Sink *
yv8_sink_new (const char *path, const Yv8Model *model, GError **error)
{
  set_error (error);
  return NULL;
}

void
yv8_sink_free (Yv8Sink *sink)
{
}

gboolean
yv8_sink_write (Yv8Sink *sink, Yv8Source *source, const Yv8Detection *detections,
    guint n_detections, GError **error)
{
  set_error (error);
  return FALSE;
}

gboolean
yv8_sink_finish (Yv8Sink *sink, GError **error)
{
  set_error (error);
  return FALSE;
}

gboolean
yv8_sink_check_name (const char *path, GError **error)
{
  set_error (error);
  return FALSE;
}

Yv8BenchOverlay *
yv8_bench_overlay_new (Yv8Model *model, const Yv8Frame *frame, guint n_boxes, GError **error)
{
  set_error (error);
  return NULL;
}

void
yv8_bench_overlay_free (Yv8BenchOverlay *overlay)
{
}

double
yv8_bench_overlay_draw (Yv8BenchOverlay *overlay)
{
  return 0;
}

gboolean
yv8_bench_pipeline (
    const Yv8Options *options, const char *clip, guint n_frames, guint n_warmup, GError **error)
{
  set_error (error);
  return FALSE;
}

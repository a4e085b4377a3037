/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 bench --pipeline: what the element costs in a pipeline, against the same one without it. */
#include "bench.h"
#include "frame.h"
#include "memory.h"
#include "pipeline.h"
#include "progress.h"
#include "summary.h"
#include "text.h"

#include <sys/resource.h>

#define POLL (20 * GST_MSECOND)

#define DECODE                                                                                              \
  "uridecodebin name=input expose-all-streams=false caps=video/x-raw(ANY) ! videoconvert ! " YV8_VIDEO_CAPS \
  " ! "
#define DETECT "yolov8detect name=detect ! "
#define SINK   "fakesink name=sink sync=false enable-last-sample=false"

static const struct {
  const char *name, *description;
  gboolean detect, overlay;
} kinds[] = {
  { "decode", DECODE SINK, FALSE, FALSE },
  { "detect", DECODE DETECT SINK, TRUE, FALSE },
  { "overlay", DECODE DETECT SINK, TRUE, TRUE },
};

#define N_KINDS G_N_ELEMENTS (kinds)

typedef struct {
  gint64 wall, cpu; /* microseconds */
} Clock;

/* One pipeline's measurements. Of its streaming thread until @n_seen has come to the end. */
typedef struct {
  guint n_warmup, n_frames;
  gint n_seen; /* atomic: frames that have come to the sink */
  gint64 entered;
  Clock begin, end;
  double *latency; /* of each frame, milliseconds */
  GstVideoInfo info;
  guint64 resident;
} Run;

typedef struct {
  const Yv8Options *options;
  const char *clip;
  char *uri, *device;
  guint n_warmup, n_frames;
  Run runs[N_KINDS];
} Bench;

static void
bench_clear (Bench *bench)
{
  for (gsize i = 0; i < N_KINDS; i++)
    g_free (bench->runs[i].latency);
  g_free (bench->uri);
  g_free (bench->device);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

static gint64
microseconds (const struct timeval *time)
{
  return time->tv_sec * G_USEC_PER_SEC + time->tv_usec;
}

static Clock
look_at_clock (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (Clock){ g_get_monotonic_time (),
    microseconds (&usage.ru_utime) + microseconds (&usage.ru_stime) };
}

static GstPadProbeReturn
on_enter (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Run *run = data;

  run->entered = g_get_monotonic_time ();
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_leave (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Run *run = data;
  guint seen = (guint) run->n_seen;

  if (seen >= run->n_warmup && seen < run->n_warmup + run->n_frames)
    run->latency[seen - run->n_warmup] = (double) (g_get_monotonic_time () - run->entered) / 1e3;
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_arrive (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Run *run = data;
  guint seen = (guint) run->n_seen + 1;

  if (seen > run->n_warmup + run->n_frames)
    return GST_PAD_PROBE_DROP;
  if (seen == run->n_warmup) {
    g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
    run->begin = look_at_clock ();
    if (caps)
      gst_video_info_from_caps (&run->info, caps);
  }
  run->end = look_at_clock ();
  g_atomic_int_inc (&run->n_seen);
  return GST_PAD_PROBE_OK;
}

static void
add_probe (Yv8Pipeline *pipeline, const char *element, const char *pad, GstPadProbeCallback probe,
    Run *run)
{
  g_autoptr (GstElement) found = yv8_pipeline_get (pipeline, element);
  g_autoptr (GstPad) found_pad = gst_element_get_static_pad (found, pad);

  gst_pad_add_probe (found_pad, GST_PAD_PROBE_TYPE_BUFFER, probe, run, NULL);
}

static Yv8Pipeline *
make_pipeline (const Bench *bench, gsize kind, Run *run, GError **error)
{
  g_autoptr (Yv8Pipeline) pipeline = yv8_pipeline_new (kinds[kind].description, bench->clip, error);

  if (!pipeline)
    return NULL;
  g_autoptr (GstElement) input = yv8_pipeline_get (pipeline, "input");
  g_object_set (input, "uri", bench->uri, NULL);
  add_probe (pipeline, "sink", "sink", on_arrive, run);
  if (kinds[kind].detect) {
    g_autoptr (GstElement) detect = yv8_pipeline_get (pipeline, "detect");
    g_object_set (detect, "model", bench->options->model, "input-size", bench->options->size,
        "overlay", kinds[kind].overlay, NULL);
    if (bench->options->device)
      g_object_set (detect, "device", bench->options->device, NULL);
    add_probe (pipeline, "detect", "sink", on_enter, run);
    add_probe (pipeline, "detect", "src", on_leave, run);
  }
  return g_steal_pointer (&pipeline);
}

static char *
device_of (const Yv8Pipeline *pipeline)
{
  g_autoptr (GstElement) detect = yv8_pipeline_get (pipeline, "detect");
  g_autoptr (GstStructure) stats = NULL;

  g_object_get (detect, "stats", &stats, NULL);
  return g_strdup (gst_structure_get_string (stats, "device"));
}

static gboolean
play (Bench *bench, gsize kind, Yv8Progress *progress, GError **error)
{
  Run *run = &bench->runs[kind];
  guint wanted = bench->n_warmup + bench->n_frames, seen = 0;

  *run = (Run){ .n_warmup = bench->n_warmup,
    .n_frames = bench->n_frames,
    .latency = g_new0 (double, bench->n_frames) };
  g_autoptr (Yv8Pipeline) pipeline = make_pipeline (bench, kind, run, error);
  if (!pipeline || !yv8_pipeline_start (pipeline, error))
    return FALSE;
  while (seen < wanted && !pipeline->ended) {
    if (!yv8_pipeline_check (pipeline, POLL, error))
      return FALSE;
    seen = (guint) g_atomic_int_get (&run->n_seen);
    yv8_progress_update (progress, kind * wanted + seen);
  }
  run->resident = yv8_memory_resident ();
  if (kinds[kind].detect && !bench->device)
    bench->device = device_of (pipeline);
  if (seen > bench->n_warmup) {
    run->n_frames = seen - bench->n_warmup;
    return TRUE;
  }
  g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT,
      "%s: holds %u frames, no more than those of warm-up (--warmup)", pipeline->path, seen);
  return FALSE;
}

static double
frames_per_second (const Run *run)
{
  return (double) run->n_frames * 1e6 / (double) MAX (1, run->end.wall - run->begin.wall);
}

static double
cpu_milliseconds (const Run *run)
{
  return (double) (run->end.cpu - run->begin.cpu) / 1e3 / (double) run->n_frames;
}

static double
added_bytes (const Bench *bench, gsize kind)
{
  return (double) bench->runs[kind].resident - (double) bench->runs[0].resident;
}

static void
print_json (Bench *bench)
{
  g_autoptr (Yv8Json) json = yv8_json_new ();
  const GstVideoInfo *info = &bench->runs[0].info;

  yv8_json_object (json, NULL);
  yv8_json_string (json, "clip", bench->clip);
  yv8_json_string (json, "model", bench->options->model);
  yv8_json_string (json, "device", bench->device);
  yv8_json_integer (json, "frame_width", (guint64) info->width);
  yv8_json_integer (json, "frame_height", (guint64) info->height);
  yv8_json_string (json, "format", info->finfo->name);
  yv8_json_integer (json, "warmup", bench->n_warmup);
  yv8_json_array (json, "pipelines");
  for (gsize i = 0; i < N_KINDS; i++) {
    Run *run = &bench->runs[i];
    yv8_json_newline (json);
    yv8_json_object (json, NULL);
    yv8_json_string (json, "name", kinds[i].name);
    yv8_json_integer (json, "frames", run->n_frames);
    yv8_json_number (json, "fps", frames_per_second (run), 2);
    yv8_json_number (json, "cpu_ms", cpu_milliseconds (run), 3);
    yv8_json_integer (json, "resident_bytes", run->resident);
    if (kinds[i].detect) {
      Yv8Summary latency = yv8_summarise (run->latency, run->n_frames);
      yv8_json_object (json, "latency_ms");
      yv8_json_number (json, "min", latency.min, 3);
      yv8_json_number (json, "median", latency.median, 3);
      yv8_json_number (json, "p95", latency.p95, 3);
      yv8_json_end (json);
      yv8_json_number (json, "added_bytes", added_bytes (bench, i), 0);
    }
    yv8_json_end (json);
  }
  yv8_json_newline (json);
  yv8_json_end (json);
  yv8_json_end (json);
  yv8_json_print (json);
}

static void
print_table (Bench *bench)
{
  const char *titles[] = { "<", "frames/s", "CPU ms", "latency ms", "p95", "memory MB", NULL };
  g_autoptr (Yv8Table) table = yv8_table_new (titles);
  const GstVideoInfo *info = &bench->runs[0].info;

  g_print ("clip    %s, %dx%d %s\n", bench->clip, info->width, info->height, info->finfo->name);
  g_print ("model   %s\n", bench->options->model);
  g_print ("device  %s\n", bench->device);
  g_print ("frames  %u after %u of warm-up\n\n", bench->runs[0].n_frames, bench->n_warmup);
  for (gsize i = 0; i < N_KINDS; i++) {
    Run *run = &bench->runs[i];
    yv8_table_add (table, "%s", kinds[i].name);
    yv8_table_add (table, "%.1f", frames_per_second (run));
    yv8_table_add (table, "%.2f", cpu_milliseconds (run));
    if (kinds[i].detect) {
      Yv8Summary latency = yv8_summarise (run->latency, run->n_frames);
      yv8_table_add (table, "%.2f", latency.median);
      yv8_table_add (table, "%.2f", latency.p95);
      yv8_table_add (table, "%+.0f", added_bytes (bench, i) / 1e6);
    } else {
      yv8_table_add (table, "%s", "");
      yv8_table_add (table, "%s", "");
      yv8_table_add (table, "%.0f", (double) run->resident / 1e6);
    }
  }
  yv8_table_print (table);
}

static gboolean
check (const Yv8Options *options, GError **error)
{
  if (options->threads) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--threads: the element has a thread on each processor, so not with --pipeline");
    return FALSE;
  }
  if (!gst_init_check (NULL, NULL, error))
    return FALSE;
  g_autoptr (GstElementFactory) factory = gst_element_factory_find ("yolov8detect");
  if (!factory)
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
        "GStreamer has no element yolov8detect; GST_PLUGIN_PATH names folders to look for it");
  return factory != NULL;
}

gboolean
yv8_bench_pipeline (
    const Yv8Options *options, const char *clip, guint n_frames, guint n_warmup, GError **error)
{
  g_auto (Bench)
      bench = { .options = options, .clip = clip, .n_frames = n_frames, .n_warmup = n_warmup };

  if (!check (options, error))
    return FALSE;
  bench.uri = yv8_pipeline_uri (clip, error);
  if (!bench.uri)
    return FALSE;
  g_autoptr (Yv8Progress) progress =
      yv8_progress_new ("bench", N_KINDS * ((guint64) n_frames + n_warmup));
  for (gsize kind = 0; kind < N_KINDS; kind++)
    if (!play (&bench, kind, progress, error))
      return FALSE;
  yv8_progress_hide ();
  if (options->json)
    print_json (&bench);
  else
    print_table (&bench);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 bench: latency, per-op profile and memory of a model on a device. */
#include "bench.h"
#include "memory.h"
#include "progress.h"
#include "summary.h"
#include "text.h"

#define NOISE_SEED 20230110

static int n_frames = 20, n_warmup = 3, n_boxes, n_in_flight = 1;
static char *frame_size, *clip;
static gboolean ops, tune;

enum { PREPROCESS, INFERENCE, POSTPROCESS, OVERLAY, TOTAL, N_STAGES };

static const char *const stages[N_STAGES] = { "preprocess", "inference", "postprocess", "overlay",
  "total" };

/* Times are in milliseconds; a row of samples per stage or op, one sample per frame. */
typedef struct {
  const Yv8Options *options;
  Yv8Model *model;
  Yv8Detector *detector;
  guint8 *pixels;
  Yv8Frame frame;
  Yv8BenchOverlay *overlay; /* NULL: none */
  double *samples[N_STAGES];
  Yv8BenchOps *ops;   /* NULL: not asked for */
  double load, first; /* from the beginning of loading to its end, and to the first detections */
  gint64 end;         /* of the last frame, in microseconds */
} Bench;

static void
bench_clear (Bench *bench)
{
  g_clear_pointer (&bench->overlay, yv8_bench_overlay_free);
  g_clear_pointer (&bench->detector, yv8_detector_free);
  g_clear_pointer (&bench->model, yv8_model_unref);
  for (guint stage = 0; stage < N_STAGES; stage++)
    g_free (bench->samples[stage]);
  g_clear_pointer (&bench->ops, yv8_bench_ops_free);
  g_free (bench->pixels);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

static gboolean
make_frame (Bench *bench, GError **error)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (NOISE_SEED);
  guint width = 1280, height = 720;

  if (frame_size && !yv8_size_parse ("frame", frame_size, &width, &height, error))
    return FALSE;
  gsize size = (gsize) width * height + 2 * (gsize) ((width + 1) / 2) * ((height + 1) / 2);
  bench->pixels = g_try_malloc (size);
  if (!bench->pixels) {
    g_set_error (
        error, YV8_ERROR, YV8_ERROR_MEMORY, "no memory for a frame of %ux%u", width, height);
    return FALSE;
  }
  for (gsize i = 0; i < size; i++)
    bench->pixels[i] = (guint8) g_rand_int (rand);
  return yv8_frame_init_packed (&bench->frame, YV8_FORMAT_NV12, width, height, bench->pixels, size);
}

static gboolean
make_detector (Bench *bench, GError **error)
{
  const Yv8Detection *detections;
  guint n;
  Yv8Options options = *bench->options;
  gint64 start = g_get_monotonic_time ();

  options.tune = tune;
  bench->detector = yv8_options_open (&options, ops, &bench->model, error);
  if (!bench->detector)
    return FALSE;
  bench->load = (double) (g_get_monotonic_time () - start) / 1e3;
  if (!yv8_detector_detect (bench->detector, &bench->frame, NULL, &detections, &n, error))
    return FALSE;
  bench->first = (double) (g_get_monotonic_time () - start) / 1e3;
  if (ops)
    bench->ops = yv8_bench_ops_new (bench->detector, (guint) n_frames);
  for (guint stage = 0; stage < N_STAGES; stage++)
    bench->samples[stage] = g_new0 (double, (guint) n_frames);
  if (n_boxes)
    bench->overlay = yv8_bench_overlay_new (bench->model, &bench->frame, (guint) n_boxes, error);
  return !n_boxes || bench->overlay;
}

/* @index: negative in the warm-up */
static gboolean
finish_frame (Bench *bench, int index, GError **error)
{
  const Yv8Detection *detections;
  guint n;
  Yv8Timing timing;

  if (!yv8_detector_finish (bench->detector, &detections, &n, error))
    return FALSE;
  double overlay = bench->overlay ? yv8_bench_overlay_draw (bench->overlay) : 0;
  gint64 start = bench->end;
  bench->end = g_get_monotonic_time ();
  if (index < 0)
    return TRUE;
  yv8_detector_timing (bench->detector, &timing);
  bench->samples[PREPROCESS][index] = timing.preprocess / 1e3;
  bench->samples[INFERENCE][index] = timing.inference / 1e3;
  bench->samples[POSTPROCESS][index] = timing.postprocess / 1e3;
  bench->samples[OVERLAY][index] = overlay;
  bench->samples[TOTAL][index] = (double) (bench->end - start) / 1e3;
  if (bench->ops)
    yv8_bench_ops_take (bench->ops, (guint) index);
  return TRUE;
}

/* A frame's total is the time from the end of the one before to its own. */
static gboolean
measure (Bench *bench, GError **error)
{
  g_autoptr (Yv8Progress) progress = yv8_progress_new ("bench", (guint64) (n_warmup + n_frames));
  int n = n_warmup + n_frames, begun = 0;

  bench->end = g_get_monotonic_time ();
  for (int i = 0; i < n; i++) {
    for (; begun < MIN (i + n_in_flight, n); begun++)
      if (!yv8_detector_begin (bench->detector, &bench->frame, NULL, error))
        return FALSE;
    if (!finish_frame (bench, i - n_warmup, error))
      return FALSE;
    yv8_progress_update (progress, (guint64) i + 1);
  }
  return TRUE;
}

static double
frames_per_second (const Bench *bench)
{
  double sum = 0;

  for (int i = 0; i < n_frames; i++)
    sum += bench->samples[TOTAL][i];
  return 1e3 * n_frames / sum;
}

static void
print_json (const Bench *bench)
{
  g_autoptr (Yv8Json) json = yv8_json_new ();
  const Yv8Device *device = yv8_detector_device (bench->detector);
  double fps = frames_per_second (bench);
  guint width, height;

  yv8_detector_input_size (bench->detector, &width, &height);
  yv8_json_object (json, NULL);
  yv8_json_string (json, "model", bench->options->model);
  yv8_json_string (json, "sha256", yv8_model_sha256 (bench->model));
  yv8_json_string (json, "device", device->id);
  yv8_json_string (json, "device_name", device->name);
  yv8_json_string (json, "driver", device->driver);
  yv8_json_integer (json, "threads", (guint) bench->options->threads);
  yv8_json_integer (json, "input_width", width);
  yv8_json_integer (json, "input_height", height);
  yv8_json_integer (json, "frame_width", bench->frame.width);
  yv8_json_integer (json, "frame_height", bench->frame.height);
  yv8_json_integer (json, "frames", (guint) n_frames);
  yv8_json_integer (json, "warmup", (guint) n_warmup);
  yv8_json_integer (json, "in_flight", (guint) n_in_flight);
  yv8_json_number (json, "load_ms", bench->load, 1);
  yv8_json_number (json, "first_ms", bench->first, 1);
  yv8_json_object (json, "latency_ms");
  for (guint stage = 0; stage < N_STAGES; stage++) {
    if (stage == OVERLAY && !bench->overlay)
      continue;
    Yv8Summary summary = yv8_summarise (bench->samples[stage], (gsize) n_frames);
    yv8_json_object (json, stages[stage]);
    yv8_json_number (json, "min", summary.min, 3);
    yv8_json_number (json, "median", summary.median, 3);
    yv8_json_number (json, "p95", summary.p95, 3);
    yv8_json_end (json);
  }
  yv8_json_end (json);
  yv8_json_number (json, "fps", fps, 2);
  yv8_json_integer (json, "resident_bytes", yv8_memory_resident ());
  yv8_json_integer (json, "peak_bytes", yv8_memory_peak ());
  if (bench->ops)
    yv8_bench_ops_json (bench->ops, json);
  yv8_json_end (json);
  yv8_json_print (json);
}

static void
print_tables (const Bench *bench)
{
  const char *titles[] = { "<ms", "min", "median", "p95", NULL };
  g_autoptr (Yv8Table) table = yv8_table_new (titles);
  const Yv8Device *device = yv8_detector_device (bench->detector);
  double fps = frames_per_second (bench);
  guint width, height;

  yv8_detector_input_size (bench->detector, &width, &height);
  g_print ("model   %s\n", bench->options->model);
  g_print ("device  %s: %s, %s\n", device->id, device->name, device->driver);
  g_print ("input   %ux%u of %ux%u NV12 frames\n", width, height, bench->frame.width,
      bench->frame.height);
  g_print ("load    %.0f ms, %.0f ms to the first detections\n", bench->load, bench->first);
  g_print ("frames  %d after %d of warm-up, %d in flight\n\n", n_frames, n_warmup, n_in_flight);
  for (guint stage = 0; stage < N_STAGES; stage++) {
    if (stage == OVERLAY && !bench->overlay)
      continue;
    Yv8Summary summary = yv8_summarise (bench->samples[stage], (gsize) n_frames);
    yv8_table_add (table, "%s", stages[stage]);
    yv8_table_add (table, "%.2f", summary.min);
    yv8_table_add (table, "%.2f", summary.median);
    yv8_table_add (table, "%.2f", summary.p95);
  }
  yv8_table_print (table);
  g_print ("\n%.1f frames/s, %.2f ms a frame; memory %.0f MB, at its peak %.0f MB\n", fps,
      1e3 / fps, (double) yv8_memory_resident () / 1e6, (double) yv8_memory_peak () / 1e6);
  if (bench->ops)
    yv8_bench_ops_print (bench->ops);
}

static gboolean
run (const Yv8Options *options, GError **error)
{
  g_auto (Bench) bench = { .options = options };

  if (n_frames < 1 || n_warmup < 0 || n_boxes < 0) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--frames must be at least 1, --warmup and --overlay at least 0");
    return FALSE;
  }
  if (n_in_flight < 1 || n_in_flight > YV8_DETECTOR_IN_FLIGHT) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--in-flight must be 1 to %d",
        YV8_DETECTOR_IN_FLIGHT);
    return FALSE;
  }
  if (clip)
    return yv8_bench_pipeline (options, clip, (guint) n_frames, (guint) MAX (n_warmup, 1), error);
  if (!make_frame (&bench, error) || !make_detector (&bench, error) || !measure (&bench, error))
    return FALSE;
  if (options->json)
    print_json (&bench);
  else
    print_tables (&bench);
  return TRUE;
}

static const GOptionEntry entries[] = {
  { "frames", 'n', 0, G_OPTION_ARG_INT, &n_frames, "Frames to time (20)", "N" },
  { "warmup", 0, 0, G_OPTION_ARG_INT, &n_warmup, "Frames before them (3)", "N" },
  { "in-flight", 0, 0, G_OPTION_ARG_INT, &n_in_flight,
      "Frames that are begun before the first of them is finished (1)", "1|2" },
  { "frame", 0, 0, G_OPTION_ARG_STRING, &frame_size, "Size of the frames (1280x720)", "WxH" },
  { "overlay", 0, 0, G_OPTION_ARG_INT, &n_boxes,
      "Draw so many boxes with labels on each frame (none)", "N" },
  { "pipeline", 'p', 0, G_OPTION_ARG_FILENAME, &clip,
      "Time the element in a pipeline that plays this clip", "CLIP" },
  { "ops", 0, 0, G_OPTION_ARG_NONE, &ops, "Profile op by op", NULL },
  { "tune", 0, 0, G_OPTION_ARG_NONE, &tune,
      "On Vulkan, measure first which kernels are the fastest, for all that run later", NULL },
  { NULL },
};

const Yv8Command yv8_bench_command = {
  .name = "bench",
  .summary = "Time a model on a device",
  .details =
      "The frames are noise, the same on every run. Times are of the wall clock: total is from\n"
      "the end of one frame to the end of the next. With 2 in flight a GPU computes one while\n"
      "the next is laid ready, and inference is what is waited for it.\n"
      "With a CLIP: frames per second and CPU time per frame as it is decoded alone, with\n"
      "detection, and with overlay; the latency and the memory that the element adds.\n\n"
      "Examples:\n"
      "  yv8 bench --model yolov8n.onnx\n"
      "  yv8 bench --model yolov8n.onnx --device cpu --threads 2 --ops\n"
      "  yv8 bench --model yolov8n.onnx --device vulkan --size 320x320 --json\n"
      "  yv8 bench --model int8.bin --device vulkan --tune\n"
      "  yv8 bench --model int8.bin --device vulkan --in-flight 2\n"
      "  yv8 bench --model yolov8n.onnx --pipeline vtest.avi --frames 200",
  .groups = YV8_OPTIONS_DETECTOR,
  .entries = entries,
  .run = run,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 detect: finds objects in pictures and clips. */
#include "command.h"
#include "files.h"
#include "progress.h"
#include "sink.h"
#include "source.h"
#include "text.h"

#include <glib/gstdio.h>
#include <unistd.h>

static char *output;

typedef struct {
  const Yv8Options *options;
  Yv8Model *model;
  Yv8Detector *detector;
  Yv8DetectParams params;
  guint8 *classes;
  Yv8Json *json;
  Yv8Progress *progress;
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->progress, yv8_progress_free);
  g_clear_pointer (&job->json, yv8_json_free);
  g_clear_pointer (&job->detector, yv8_detector_free);
  g_clear_pointer (&job->model, yv8_model_unref);
  g_free (job->classes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

/* One frame and what was found in it. */
typedef struct {
  const char *file;
  guint64 index;
  double time;
  gboolean clip;
  guint width, height;
  const Yv8Detection *detections;
  guint n_detections;
} Result;

static void
print_json (const Job *job, const Result *result)
{
  Yv8Json *json = job->json;

  yv8_json_object (json, NULL);
  yv8_json_string (json, "file", result->file);
  yv8_json_integer (json, "frame", result->index);
  yv8_json_number (json, "time", result->time, 6);
  yv8_json_integer (json, "width", result->width);
  yv8_json_integer (json, "height", result->height);
  yv8_json_array (json, "detections");
  for (guint i = 0; i < result->n_detections; i++) {
    const Yv8Detection *detection = &result->detections[i];
    yv8_json_object (json, NULL);
    yv8_json_integer (json, "class_id", detection->class_id);
    yv8_json_string (json, "label", yv8_model_label (job->model, detection->class_id));
    yv8_json_number (json, "score", detection->score, 5);
    yv8_json_box (json, "bbox", detection);
    yv8_json_end (json);
  }
  yv8_json_end (json);
  yv8_json_end (json);
  yv8_json_print (json);
}

static void
print_table (const Job *job, const Result *result)
{
  const char *titles[] = { "<class", "score", "x", "y", "width", "height", NULL };
  g_autoptr (Yv8Table) table = yv8_table_new (titles);

  g_print ("%s", result->file);
  if (result->clip)
    g_print (", frame %" G_GUINT64_FORMAT " at %.3f s", result->index, result->time);
  g_print (": %ux%u, %u object%s\n", result->width, result->height, result->n_detections,
      result->n_detections == 1 ? "" : "s");
  if (result->n_detections == 0)
    return;
  for (guint i = 0; i < result->n_detections; i++) {
    const Yv8Detection *detection = &result->detections[i];
    yv8_table_add (table, "%s", yv8_model_label (job->model, detection->class_id));
    yv8_table_add (table, "%.3f", (double) detection->score);
    yv8_table_add (table, "%.1f", (double) detection->x);
    yv8_table_add (table, "%.1f", (double) detection->y);
    yv8_table_add (table, "%.1f", (double) detection->width);
    yv8_table_add (table, "%.1f", (double) detection->height);
  }
  yv8_table_print (table);
}

static gboolean
detect_frame (Job *job, const Yv8Frame *frame, Result *result, GError **error)
{
  if (!yv8_detector_detect (
          job->detector, frame, &job->params, &result->detections, &result->n_detections, error))
    return FALSE;
  result->width = frame->width;
  result->height = frame->height;
  if (isatty (STDOUT_FILENO))
    yv8_progress_hide ();
  if (job->options->json)
    print_json (job, result);
  else
    print_table (job, result);
  return TRUE;
}

/* Where the annotated form of an input goes, with a suffix that can be written. */
static char *
output_path (const char *input, gboolean folder, gboolean clip)
{
  if (!folder)
    return g_strdup (output);
  g_autofree char *base = g_path_get_basename (input);
  g_autofree char *name = g_strconcat (base,
      yv8_sink_check_name (base, NULL) ? ""
      : clip                           ? ".mkv"
                                       : ".png",
      NULL);
  return g_build_filename (output, name, NULL);
}

/* The bar counts inputs where there are several, else frames. */
static void
show_progress (Job *job, guint64 done, guint64 total)
{
  if (!job->progress)
    job->progress = yv8_progress_new ("detect", total);
  yv8_progress_update (job->progress, done);
}

static gboolean
detect_file (Job *job, const char *input, gboolean folder, GError **error)
{
  g_autoptr (Yv8Source) source = yv8_source_new (input, error);
  g_autoptr (Yv8Sink) sink = NULL;
  g_autofree char *name = g_filename_display_name (input);
  g_autoptr (GError) reason = NULL;
  Result result = { .file = name };
  const Yv8Frame *frame;

  if (!source)
    return FALSE;
  for (; (frame = yv8_source_next (source, &reason)); result.index++) {
    guint64 total = yv8_source_n_frames (source);
    result.time = yv8_source_time (source);
    result.clip = total > 0 || result.index > 0;
    if (!detect_frame (job, frame, &result, error))
      return FALSE;
    if (output && !sink) {
      g_autofree char *path = output_path (input, folder, result.clip);
      sink = yv8_sink_new (path, job->model, error);
      if (!sink)
        return FALSE;
    }
    if (sink && !yv8_sink_write (sink, source, result.detections, result.n_detections, error))
      return FALSE;
    if (!job->options->arguments[1] && result.clip)
      show_progress (job, result.index + 1, total);
  }
  if (!reason && result.index == 0)
    g_set_error (&reason, YV8_ERROR, YV8_ERROR_FORMAT, "%s: holds no frame", name);
  if (reason) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  return !sink || yv8_sink_finish (sink, error);
}

/* Refuses what would write two inputs into one file, or one over itself. */
static gboolean
check_outputs (char **inputs, gboolean folder, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (!folder && !yv8_sink_check_name (output, error))
    return FALSE;
  for (char **input = inputs; *input; input++) {
    char *path = output_path (*input, folder, FALSE);
    gboolean own = yv8_files_same (*input, path);
    if (g_hash_table_add (seen, path) && !own)
      continue;
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        own ? "--output %s: would overwrite the input %s" : "--output %s: two inputs are named %s",
        output, *input);
    return FALSE;
  }
  return TRUE;
}

static gboolean
prepare_outputs (char **inputs, gboolean *folder, GError **error)
{
  *folder = output && (inputs[1] || g_file_test (output, G_FILE_TEST_IS_DIR) ||
                          g_str_has_suffix (output, G_DIR_SEPARATOR_S));
  if (!output)
    return TRUE;
  if (!check_outputs (inputs, *folder, error))
    return FALSE;
  if (*folder && g_mkdir_with_parents (output, 0777) != 0) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_READ, "%s: cannot make this directory", output);
    return FALSE;
  }
  return TRUE;
}

/* A broken input does not keep the others from being looked at. */
static gboolean
detect_all (Job *job, char **inputs, gboolean folder, GError **error)
{
  guint n = g_strv_length (inputs), n_failed = 0;

  if (n == 1)
    return detect_file (job, inputs[0], folder, error);
  for (guint i = 0; i < n; i++) {
    g_autoptr (GError) reason = NULL;
    if (!detect_file (job, inputs[i], folder, &reason)) {
      yv8_progress_hide ();
      g_printerr ("%s: %s\n", g_get_prgname (), reason->message);
      n_failed++;
    }
    show_progress (job, i + 1, n);
  }
  if (n_failed == 0)
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_READ, "%u of %u inputs failed", n_failed, n);
  return FALSE;
}

static gboolean
run (const Yv8Options *options, GError **error)
{
  g_auto (Job) job = { .options = options, .json = yv8_json_new () };
  gboolean folder;

  if (!prepare_outputs (options->arguments, &folder, error))
    return FALSE;
  job.detector = yv8_options_open (options, FALSE, &job.model, error);
  if (!job.detector || !yv8_options_params (options, job.model, &job.params, &job.classes, error))
    return FALSE;
  return detect_all (&job, options->arguments, folder, error);
}

static const GOptionEntry entries[] = {
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
      "Write annotated pictures or clips: a file, or a directory for several inputs", "OUT" },
  { NULL },
};

const Yv8Command yv8_detect_command = {
  .name = "detect",
  .summary = "Find objects in pictures and clips",
  .usage = "INPUT…",
  .details =
      "INPUT is a file or a URI that GStreamer can play. The least score is 0.25 by default.\n"
      "OUT is written as its suffix says: .png, .jpg; .avi, .mkv, .mp4, .webm.\n\n"
      "Examples:\n"
      "  yv8 detect --model yolov8n.onnx bus.jpg\n"
      "  yv8 detect --model yolov8n.onnx --output found.png bus.jpg\n"
      "  yv8 detect --model yolov8n.onnx --classes person,car --json vtest.avi\n"
      "  yv8 detect --model yolov8n.onnx --size 320x320 --output found.avi vtest.avi\n"
      "  yv8 detect --model yolov8n.onnx --output found/ *.jpg",
  .groups = YV8_OPTIONS_DETECTOR | YV8_OPTIONS_PARAMS,
  .entries = entries,
  .min_arguments = 1,
  .max_arguments = G_MAXUINT,
  .threshold = 0.25,
  .run = run,
};

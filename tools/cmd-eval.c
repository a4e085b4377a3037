/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 eval: finds objects in a directory of pictures and scores them against labels. */
#include "command.h"
#include "files.h"
#include "labels.h"
#include "progress.h"
#include "source.h"
#include "text.h"

#include <math.h>

#define REFERENCE_THRESHOLD 0.25f

static char *images_folder, *labels_folder, *results_path, *reference_path;
static int limit;

typedef struct {
  const Yv8Options *options;
  GPtrArray *names; /* of the pictures, sorted */
  Yv8Model *model;
  Yv8Detector *detector;
  Yv8Model *reference_model;
  Yv8Detector *reference; /* its boxes are the labels */
  Yv8DetectParams params;
  guint8 *classes;
  Yv8Evaluator *evaluator; /* with labels or a reference only */
  Yv8Json *results;
  guint64 n_detections;
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->evaluator, yv8_evaluator_free);
  g_clear_pointer (&job->reference, yv8_detector_free);
  g_clear_pointer (&job->reference_model, yv8_model_unref);
  g_clear_pointer (&job->detector, yv8_detector_free);
  g_clear_pointer (&job->model, yv8_model_unref);
  g_clear_pointer (&job->names, g_ptr_array_unref);
  g_clear_pointer (&job->results, yv8_json_free);
  g_free (job->classes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

static GPtrArray *
list_pictures (GError **error)
{
  GPtrArray *names = yv8_files_list_pictures (images_folder, error);

  if (names && limit > 0 && names->len > (guint) limit)
    g_ptr_array_set_size (names, limit);
  return names;
}

static void
add_results (Job *job, const char *name, const Yv8Detection *detections, guint n_detections)
{
  g_autofree char *display = g_filename_display_name (name);

  for (guint i = 0; i < n_detections; i++) {
    const Yv8Detection *detection = &detections[i];
    yv8_json_newline (job->results);
    yv8_json_object (job->results, NULL);
    yv8_json_string (job->results, "file_name", display);
    yv8_json_integer (job->results, "category_id", detection->class_id);
    yv8_json_box (job->results, "bbox", detection);
    yv8_json_number (job->results, "score", detection->score, 5);
    yv8_json_end (job->results);
  }
}

static gboolean
add_labels (Job *job, const char *name, const Yv8Frame *frame, const Yv8Detection *detections,
    guint n_detections, GError **error)
{
  g_autoptr (GArray) labels = yv8_labels_of_picture (
      labels_folder, name, yv8_model_n_classes (job->model), frame->width, frame->height, error);

  if (!labels)
    return FALSE;
  yv8_evaluator_add_image (job->evaluator, (const Yv8Detection *) (gpointer) labels->data,
      labels->len, detections, n_detections);
  return TRUE;
}

static gboolean
add_reference (Job *job, const Yv8Frame *frame, const Yv8Detection *detections, guint n_detections,
    GError **error)
{
  Yv8DetectParams params = job->params;
  const Yv8Detection *labels;
  guint n;

  params.threshold = REFERENCE_THRESHOLD;
  if (!yv8_detector_detect (job->reference, frame, &params, &labels, &n, error))
    return FALSE;
  yv8_evaluator_add_image (job->evaluator, labels, n, detections, n_detections);
  return TRUE;
}

static gboolean
evaluate_picture (Job *job, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (images_folder, name, NULL);
  g_autoptr (Yv8Source) source = yv8_source_new (path, error);
  g_autoptr (GError) reason = NULL;
  const Yv8Detection *detections;
  guint n;

  if (!source)
    return FALSE;
  const Yv8Frame *frame = yv8_source_next (source, &reason);
  if (!frame) {
    if (!reason)
      g_set_error (&reason, YV8_ERROR, YV8_ERROR_FORMAT, "%s: holds no picture", path);
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  if (!yv8_detector_detect (job->detector, frame, &job->params, &detections, &n, error)) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  job->n_detections += n;
  if (job->results)
    add_results (job, name, detections, n);
  if (job->reference)
    return add_reference (job, frame, detections, n, error);
  return !job->evaluator || add_labels (job, name, frame, detections, n, error);
}

static gboolean
evaluate (Job *job, GError **error)
{
  g_autoptr (Yv8Progress) progress = yv8_progress_new ("eval", job->names->len);

  for (guint i = 0; i < job->names->len; i++) {
    if (!evaluate_picture (job, job->names->pdata[i], error))
      return FALSE;
    yv8_progress_update (progress, i + 1);
  }
  return TRUE;
}

static gboolean
write_results (Job *job, GError **error)
{
  if (!job->results)
    return TRUE;
  yv8_json_newline (job->results);
  yv8_json_end (job->results);
  g_autofree char *array = yv8_json_take (job->results);
  g_autofree char *text = g_strconcat (array, "\n", NULL);
  return g_file_set_contents_full (
      results_path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0666, error);
}

static void
print_json (const Job *job)
{
  g_autoptr (Yv8Json) json = yv8_json_new ();
  Yv8Average average = { .map = NAN, .map50 = NAN };

  if (job->evaluator)
    yv8_evaluator_average (job->evaluator, &average);
  yv8_json_object (json, NULL);
  yv8_json_string (json, "model", job->options->model);
  yv8_json_string (json, "sha256", yv8_model_sha256 (job->model));
  yv8_json_string (json, "device", yv8_detector_device (job->detector)->id);
  yv8_json_integer (json, "images", job->names->len);
  yv8_json_integer (json, "labels", average.n_labels);
  yv8_json_integer (json, "detections", job->n_detections);
  yv8_json_number (json, "map", average.map, 5);
  yv8_json_number (json, "map50", average.map50, 5);
  yv8_json_array (json, "classes");
  for (guint i = 0; job->evaluator && i < yv8_model_n_classes (job->model); i++) {
    Yv8ClassAverage class;
    yv8_evaluator_class_average (job->evaluator, i, &class);
    yv8_json_newline (json);
    yv8_json_object (json, NULL);
    yv8_json_integer (json, "class_id", i);
    yv8_json_string (json, "label", yv8_model_label (job->model, i));
    yv8_json_integer (json, "labels", class.n_labels);
    yv8_json_integer (json, "detections", class.n_detections);
    yv8_json_number (json, "ap", class.ap, 5);
    yv8_json_number (json, "ap50", class.ap50, 5);
    yv8_json_end (json);
  }
  yv8_json_end (json);
  yv8_json_end (json);
  yv8_json_print (json);
}

static void
print_averages (const Job *job)
{
  const char *titles[] = { "<class", "labels", "detections", "AP50-95", "AP50", NULL };
  g_autoptr (Yv8Table) table = yv8_table_new (titles);
  Yv8Average average;

  yv8_evaluator_average (job->evaluator, &average);
  g_print ("labels      %u\n", average.n_labels);
  if (average.n_labels == 0)
    return;
  g_print ("mAP50-95    %.4f\nmAP50       %.4f\n\n", average.map, average.map50);
  for (guint i = 0; i < yv8_model_n_classes (job->model); i++) {
    Yv8ClassAverage class;
    yv8_evaluator_class_average (job->evaluator, i, &class);
    if (class.n_labels == 0)
      continue;
    yv8_table_add (table, "%s", yv8_model_label (job->model, i));
    yv8_table_add (table, "%u", class.n_labels);
    yv8_table_add (table, "%u", class.n_detections);
    yv8_table_add (table, "%.4f", class.ap);
    yv8_table_add (table, "%.4f", class.ap50);
  }
  yv8_table_print (table);
}

static void
print_table (const Job *job)
{
  const Yv8Device *device = yv8_detector_device (job->detector);

  g_print ("model       %s\n", job->options->model);
  g_print ("device      %s: %s\n", device->id, device->name);
  g_print ("images      %u\n", job->names->len);
  g_print ("detections  %" G_GUINT64_FORMAT "\n", job->n_detections);
  if (job->evaluator)
    print_averages (job);
}

/* What would fail only after all the work. */
static gboolean
check_folders (GError **error)
{
  if (!images_folder || limit < 0) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        images_folder ? "--limit must be at least 1" : "missing option --images");
    return FALSE;
  }
  if (labels_folder && reference_path) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "--labels and --reference: only one of them can be the truth");
    return FALSE;
  }
  if (labels_folder && !g_file_test (labels_folder, G_FILE_TEST_IS_DIR)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND, "%s: no such directory", labels_folder);
    return FALSE;
  }
  return yv8_files_check_output (results_path, error);
}

static gboolean
open_reference (Job *job, GError **error)
{
  Yv8Options options = *job->options;

  options.model = reference_path;
  job->reference = yv8_options_open (&options, FALSE, &job->reference_model, error);
  if (!job->reference)
    return FALSE;
  guint n = yv8_model_n_classes (job->model), others = yv8_model_n_classes (job->reference_model);
  if (n == others)
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "%s has %u classes, %s has %u",
      job->options->model, n, reference_path, others);
  return FALSE;
}

static gboolean
run (const Yv8Options *options, GError **error)
{
  g_auto (Job) job = { .options = options };

  if (!check_folders (error))
    return FALSE;
  job.names = list_pictures (error);
  if (!job.names)
    return FALSE;
  job.detector = yv8_options_open (options, FALSE, &job.model, error);
  if (!job.detector || !yv8_options_params (options, job.model, &job.params, &job.classes, error))
    return FALSE;
  if (reference_path && !open_reference (&job, error))
    return FALSE;
  if (labels_folder || reference_path)
    job.evaluator = yv8_evaluator_new (yv8_model_n_classes (job.model));
  if (results_path) {
    job.results = yv8_json_new ();
    yv8_json_array (job.results, NULL);
  }
  if (!evaluate (&job, error) || !write_results (&job, error))
    return FALSE;
  if (options->json)
    print_json (&job);
  else
    print_table (&job);
  return TRUE;
}

static const GOptionEntry entries[] = {
  { "images", 'i', 0, G_OPTION_ARG_FILENAME, &images_folder, "Directory of pictures", "DIR" },
  { "labels", 'l', 0, G_OPTION_ARG_FILENAME, &labels_folder,
      "Directory of YOLO labels: lines 'class cx cy w h'", "DIR" },
  { "reference", 0, 0, G_OPTION_ARG_FILENAME, &reference_path,
      "Instead of labels: the boxes of this model with scores of at least 0.25", "MODEL" },
  { "results", 'r', 0, G_OPTION_ARG_FILENAME, &results_path, "Write COCO results", "FILE" },
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "Only the first so many pictures", "N" },
  { NULL },
};

const Yv8Command yv8_eval_command = {
  .name = "eval",
  .summary = "Measure average precision on pictures with labels",
  .details =
      "The least score is 0.001 by default. A picture without a file of labels has none.\n\n"
      "Examples:\n"
      "  yv8 eval --model yolov8n.onnx --images val/images --labels val/labels\n"
      "  yv8 eval --model yolov8n.onnx --images val/images --results found.json\n"
      "  yv8 eval --model int8.bin --images val/images --reference yolov8n.onnx\n"
      "  yv8 eval --model yolov8n.onnx --images val/images --labels val/labels --limit 8 \\\n"
      "      --device vulkan --json",
  .groups = YV8_OPTIONS_DETECTOR | YV8_OPTIONS_PARAMS,
  .entries = entries,
  .threshold = 0.001,
  .run = run,
};

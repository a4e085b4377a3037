/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 compare: tells two models apart, on frames. */
#include "files.h"
#include "inputs.h"
#include "interrupt.h"
#include "labels.h"
#include "progress.h"
#include "spread.h"
#include "summary.h"
#include "text.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define TRUTH_THRESHOLD 0.25f
#define N_SIDES         2

static char **input_options;
static char *labels_folder;
static int n_frames = 128;

/* A, or B. */
typedef struct {
  Yv8Options options;
  Yv8Model *model;
  Yv8Detector *detector;
  JsonNode *about; /* yv8_model_inspect() */
  Yv8DetectParams params;
  GArray *boxes;          /* of the frame, with the classes of A */
  GArray *ms;             /* double, by frame */
  guint *n_boxes;         /* of TRUTH_THRESHOLD, by class */
  Yv8Evaluator *accuracy; /* against labels */
} Side;

typedef struct {
  const Yv8Options *options;
  Side sides[N_SIDES];
  int *classes;   /* of B: its number in A, or -1 */
  guint8 *shared; /* whether B has the class of A, too */
  guint n_classes;
  Yv8Evaluator *agreement;
  double shift;
  guint n_matched, n_frames;
  Yv8Spread *spread;
  Yv8Progress *progress;
} Job;

static void
job_clear (Job *job)
{
  for (guint i = 0; i < N_SIDES; i++) {
    Side *side = &job->sides[i];
    g_clear_pointer (&side->detector, yv8_detector_free);
    g_clear_pointer (&side->model, yv8_model_unref);
    g_clear_pointer (&side->about, json_node_unref);
    g_clear_pointer (&side->boxes, g_array_unref);
    g_clear_pointer (&side->ms, g_array_unref);
    g_clear_pointer (&side->accuracy, yv8_evaluator_free);
    g_free (side->n_boxes);
  }
  g_clear_pointer (&job->agreement, yv8_evaluator_free);
  g_clear_pointer (&job->spread, yv8_spread_free);
  g_clear_pointer (&job->progress, yv8_progress_free);
  g_free (job->classes);
  g_free (job->shared);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

static gboolean
detect (Job *job, guint index, const Yv8Frame *frame, GError **error)
{
  Side *side = &job->sides[index];
  const Yv8Detection *found;
  guint n;

  if (!yv8_detector_detect (side->detector, frame, &side->params, &found, &n, error))
    return FALSE;
  g_array_set_size (side->boxes, 0);
  for (guint i = 0; i < n; i++) {
    Yv8Detection box = found[i];
    if (index > 0 && job->classes[box.class_id] < 0)
      continue;
    if (index > 0)
      box.class_id = (guint) job->classes[box.class_id];
    g_array_append_val (side->boxes, box);
  }
  return TRUE;
}

static guint
count_truth (Side *side)
{
  guint n = 0;

  /* The best come first. */
  while (
      n < side->boxes->len && g_array_index (side->boxes, Yv8Detection, n).score >= TRUTH_THRESHOLD)
    side->n_boxes[g_array_index (side->boxes, Yv8Detection, n++).class_id]++;
  return n;
}

static gboolean
judge_by_labels (Job *job, const Yv8Frame *frame, const char *name, GError **error)
{
  if (!yv8_files_is_picture (name)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "%s: only pictures have labels; leave --labels away", name);
    return FALSE;
  }
  g_autoptr (GArray) labels = yv8_labels_of_picture (
      labels_folder, name, job->n_classes, frame->width, frame->height, error);
  if (!labels)
    return FALSE;
  for (guint i = labels->len; i-- > 0;)
    if (!job->shared[g_array_index (labels, Yv8Detection, i).class_id])
      g_array_remove_index (labels, i);
  for (guint i = 0; i < N_SIDES; i++)
    yv8_evaluator_add_image (job->sides[i].accuracy, (const Yv8Detection *) labels->data,
        labels->len, (const Yv8Detection *) job->sides[i].boxes->data, job->sides[i].boxes->len);
  return TRUE;
}

static gboolean
add_frame (const Yv8Frame *frame, const char *name, gpointer data, GError **error)
{
  Job *job = data;
  Side *a = &job->sides[0], *b = &job->sides[1];

  if (!yv8_interrupt_check (error))
    return FALSE;
  for (guint warm = job->n_frames ? 1 : 0; warm < 2; warm++)
    for (guint i = 0; i < N_SIDES; i++)
      if (!detect (job, i, frame, error)) {
        g_prefix_error (error, "%s: ", name);
        return FALSE;
      }
  for (guint i = 0; i < N_SIDES; i++) {
    Yv8Timing timing;
    yv8_detector_timing (job->sides[i].detector, &timing);
    double ms = timing.inference / 1e3;
    g_array_append_val (job->sides[i].ms, ms);
  }
  const Yv8Detection *truth = (const Yv8Detection *) a->boxes->data;
  const Yv8Detection *found = (const Yv8Detection *) b->boxes->data;
  guint n_truth = count_truth (a);
  count_truth (b);
  yv8_evaluator_add_image (job->agreement, truth, n_truth, found, b->boxes->len);
  job->shift += yv8_score_shift (truth, n_truth, found, b->boxes->len, &job->n_matched);
  yv8_progress_update (job->progress, ++job->n_frames);
  return !labels_folder || judge_by_labels (job, frame, name, error);
}

/* By their names, since one of the models may have lost some. */
static gboolean
match_classes (Job *job, GError **error)
{
  const Yv8Model *a = job->sides[0].model, *b = job->sides[1].model;
  guint n = yv8_model_n_classes (a), n_matched = 0;

  job->n_classes = n;
  job->shared = g_new0 (guint8, n);
  job->classes = g_new0 (int, yv8_model_n_classes (b));
  for (guint i = 0; i < yv8_model_n_classes (b); i++) {
    job->classes[i] = -1;
    for (guint k = 0; k < n && job->classes[i] < 0; k++)
      if (!job->shared[k] && g_str_equal (yv8_model_label (a, k), yv8_model_label (b, i)))
        job->classes[i] = (int) k;
    if (job->classes[i] >= 0)
      job->shared[job->classes[i]] = 1;
    n_matched += job->classes[i] >= 0;
  }
  job->sides[0].params.classes = job->shared;
  if (n_matched == 0)
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "%s and %s have no class in common",
        job->sides[0].options.model, job->sides[1].options.model);
  return n_matched > 0;
}

static gboolean
open_side (Job *job, guint index, GError **error)
{
  Side *side = &job->sides[index];
  guint width, height;

  side->options = *job->options;
  side->options.model = job->options->arguments[index];
  side->params = (Yv8DetectParams){ (float) job->options->threshold, (float) job->options->iou,
    (guint) job->options->max_detections, NULL };
  side->detector = yv8_options_open (&side->options, FALSE, &side->model, error);
  if (!side->detector)
    return FALSE;
  yv8_detector_input_size (side->detector, &width, &height);
  g_autofree char *text = yv8_model_inspect (side->model, width, height, TRUE, error);
  side->about = text ? json_from_string (text, error) : NULL;
  side->boxes = g_array_new (FALSE, FALSE, sizeof (Yv8Detection));
  side->ms = g_array_new (FALSE, FALSE, sizeof (double));
  return side->about != NULL;
}

static void
make_evaluators (Job *job)
{
  job->agreement = yv8_evaluator_new (job->n_classes);
  for (guint i = 0; i < N_SIDES; i++) {
    job->sides[i].n_boxes = g_new0 (guint, job->n_classes);
    if (labels_folder)
      job->sides[i].accuracy = yv8_evaluator_new (job->n_classes);
  }
}

/* A number that is told of each side. */
typedef struct {
  const char *title, *key;
  double unit;
  guint decimals;
} Fact;

static const Fact facts[] = {
  { "MB", "bytes", 1e6, 3 },
  { "M parameters", "parameters", 1e6, 3 },
  { "not 0", "live_parameters", 1e6, 3 },
  { "GMAC", "macs", 1e9, 3 },
  { "live", "live_macs", 1e9, 3 },
};

static gint64
get_fact (const Side *side, const char *key)
{
  return json_object_get_int_member (json_node_get_object (side->about), key);
}

static void
print_row (Yv8Table *table, const char *title, guint decimals, double a, double b)
{
  yv8_table_add (table, "%s", title);
  yv8_table_add (table, isfinite (a) ? "%.*f" : "-", (int) decimals, a);
  yv8_table_add (table, isfinite (b) ? "%.*f" : "-", (int) decimals, b);
  yv8_table_add (table, isfinite (b / a) ? "%.3f" : "-", b / a);
}

static void
print_sides (Job *job)
{
  const char *titles[] = { "<", "A", "B", "B / A", NULL };
  g_autoptr (Yv8Table) table = yv8_table_new (titles);
  const Side *a = &job->sides[0], *b = &job->sides[1];
  Yv8Average accuracy[N_SIDES];
  Yv8Summary ms[N_SIDES];

  for (gsize i = 0; i < G_N_ELEMENTS (facts); i++)
    print_row (table, facts[i].title, facts[i].decimals,
        (double) get_fact (a, facts[i].key) / facts[i].unit,
        (double) get_fact (b, facts[i].key) / facts[i].unit);
  for (guint i = 0; i < N_SIDES; i++) {
    ms[i] = yv8_summarise ((double *) (gpointer) job->sides[i].ms->data, job->sides[i].ms->len);
    if (labels_folder)
      yv8_evaluator_average (job->sides[i].accuracy, &accuracy[i]);
  }
  print_row (table, "ms, median", 2, ms[0].median, ms[1].median);
  print_row (table, "ms, least", 2, ms[0].min, ms[1].min);
  if (labels_folder) {
    print_row (table, "mAP50-95", 4, accuracy[0].map, accuracy[1].map);
    print_row (table, "mAP50", 4, accuracy[0].map50, accuracy[1].map50);
  }
  g_print ("\n");
  yv8_table_print (table);
}

static double
mean_shift (const Job *job)
{
  return job->n_matched ? job->shift / job->n_matched : NAN;
}

/* Where a model comes from, in lines. */
static void
print_origin (const Side *side, char letter)
{
  static const char *const keys[] = { "license", "yv8.source_sha256", "yv8.quantization",
    "yv8.method", "yv8.frames" };
  const char *recipe = yv8_model_metadata (side->model, "yv8.recipe");
  g_autoptr (Yv8Recipe) steps = recipe ? yv8_recipe_parse (recipe, -1, NULL) : NULL;
  guint width, height;

  yv8_detector_input_size (side->detector, &width, &height);
  g_print ("%c           %s, %ux%u, %u classes\n", letter, side->options.model, width, height,
      yv8_model_n_classes (side->model));
  g_print ("  sha256    %s\n", yv8_model_sha256 (side->model));
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    const char *value = yv8_model_metadata (side->model, keys[i]);
    const char *dot = strchr (keys[i], '.');
    if (value)
      g_print ("  %-9s %s\n",
          g_str_equal (keys[i], "yv8.source_sha256") ? "made of"
          : dot                                      ? dot + 1
                                                     : keys[i],
          value);
  }
  for (guint i = 0; steps && i < yv8_recipe_n_steps (steps); i++) {
    g_autofree char *text = yv8_recipe_step_text (steps, i);
    g_print ("  %-9s %s %s\n", i ? "" : "recipe", yv8_recipe_step (steps, i), text);
  }
}

static void
print_classes (const Job *job)
{
  const char *titles[] = { "<class", "boxes A", "boxes B", "AP50-95", "AP50",
    labels_folder ? "labels" : NULL, "AP50-95 A", "AP50-95 B", NULL };
  g_autoptr (Yv8Table) table = yv8_table_new (titles);

  for (guint i = 0; i < job->n_classes; i++) {
    Yv8ClassAverage class, accuracy[N_SIDES] = { { .n_labels = 0 }, { .n_labels = 0 } };
    yv8_evaluator_class_average (job->agreement, i, &class);
    for (guint k = 0; labels_folder && k < N_SIDES; k++)
      yv8_evaluator_class_average (job->sides[k].accuracy, i, &accuracy[k]);
    if (!job->sides[0].n_boxes[i] && !job->sides[1].n_boxes[i] && !accuracy[0].n_labels)
      continue;
    yv8_table_add (table, "%s", yv8_model_label (job->sides[0].model, i));
    for (guint k = 0; k < N_SIDES; k++)
      yv8_table_add (table, "%u", job->sides[k].n_boxes[i]);
    yv8_table_add (table, isnan (class.ap) ? "-" : "%.4f", class.ap);
    yv8_table_add (table, isnan (class.ap50) ? "-" : "%.4f", class.ap50);
    if (!labels_folder)
      continue;
    yv8_table_add (table, "%u", accuracy[0].n_labels);
    for (guint k = 0; k < N_SIDES; k++)
      yv8_table_add (table, isnan (accuracy[k].ap) ? "-" : "%.4f", accuracy[k].ap);
  }
  g_print ("\n");
  yv8_table_print (table);
}

static void
print_tables (Job *job)
{
  const Yv8Device *device = yv8_detector_device (job->sides[0].detector);
  Yv8Average average;

  yv8_evaluator_average (job->agreement, &average);
  for (guint i = 0; i < N_SIDES; i++)
    print_origin (&job->sides[i], (char) ('A' + (int) i));
  g_print ("device      %s: %s\nframes      %u\n", device->id, device->name, job->n_frames);
  if (average.n_labels == 0)
    g_print ("agreement   not known: A sees nothing\n");
  else
    g_print ("agreement   AP50-95 %.4f, AP50 %.4f of %u boxes\n"
             "by box      AP50-95 %.4f, AP50 %.4f: classes count by their boxes\n",
        average.map, average.map50, average.n_labels, average.by_label, average.by_label50);
  if (job->n_matched)
    g_print ("score shift %+.4f\n", mean_shift (job));
  print_sides (job);
  print_classes (job);
}

static void
write_side (Yv8Json *json, const Side *side)
{
  Yv8Summary ms = yv8_summarise ((double *) (gpointer) side->ms->data, side->ms->len);
  JsonObject *metadata =
      json_object_get_object_member (json_node_get_object (side->about), "metadata");
  g_autoptr (GList) keys = json_object_get_members (metadata);
  guint width, height;

  yv8_detector_input_size (side->detector, &width, &height);
  yv8_json_newline (json);
  yv8_json_object (json, NULL);
  yv8_json_string (json, "model", side->options.model);
  yv8_json_string (json, "sha256", yv8_model_sha256 (side->model));
  yv8_json_integer (json, "input_width", width);
  yv8_json_integer (json, "input_height", height);
  yv8_json_integer (json, "n_classes", yv8_model_n_classes (side->model));
  for (gsize i = 0; i < G_N_ELEMENTS (facts); i++)
    yv8_json_integer (json, facts[i].key, (guint64) get_fact (side, facts[i].key));
  yv8_json_number (json, "ms_median", ms.median, 3);
  yv8_json_number (json, "ms_min", ms.min, 3);
  if (side->accuracy) {
    Yv8Average accuracy;
    yv8_evaluator_average (side->accuracy, &accuracy);
    yv8_json_number (json, "map", accuracy.map, 5);
    yv8_json_number (json, "map50", accuracy.map50, 5);
  }
  yv8_json_object (json, "metadata");
  for (GList *l = keys; l; l = l->next)
    if (!g_str_equal (l->data, "names"))
      yv8_json_string (json, l->data, json_object_get_string_member (metadata, l->data));
  yv8_json_end (json);
  yv8_json_end (json);
}

static void
write_class (Yv8Json *json, const Job *job, guint class_id)
{
  Yv8ClassAverage class;

  yv8_evaluator_class_average (job->agreement, class_id, &class);
  yv8_json_newline (json);
  yv8_json_object (json, NULL);
  yv8_json_string (json, "label", yv8_model_label (job->sides[0].model, class_id));
  yv8_json_integer (json, "boxes_a", job->sides[0].n_boxes[class_id]);
  yv8_json_integer (json, "boxes_b", job->sides[1].n_boxes[class_id]);
  yv8_json_number (json, "agreement_ap", class.ap, 5);
  yv8_json_number (json, "agreement_ap50", class.ap50, 5);
  for (guint k = 0; labels_folder && k < N_SIDES; k++) {
    yv8_evaluator_class_average (job->sides[k].accuracy, class_id, &class);
    if (k == 0)
      yv8_json_integer (json, "labels", class.n_labels);
    yv8_json_number (json, k ? "ap_b" : "ap_a", class.ap, 5);
  }
  yv8_json_end (json);
}

static void
print_json (const Job *job)
{
  g_autoptr (Yv8Json) json = yv8_json_new ();
  Yv8Average average;

  yv8_evaluator_average (job->agreement, &average);
  yv8_json_object (json, NULL);
  yv8_json_string (json, "device", yv8_detector_device (job->sides[0].detector)->id);
  yv8_json_string (json, "device_name", yv8_detector_device (job->sides[0].detector)->name);
  yv8_json_integer (json, "frames", job->n_frames);
  yv8_json_integer (json, "agreement_boxes", average.n_labels);
  yv8_json_number (json, "agreement_ap", average.map, 5);
  yv8_json_number (json, "agreement_ap50", average.map50, 5);
  yv8_json_number (json, "agreement_by_box_ap", average.by_label, 5);
  yv8_json_number (json, "agreement_by_box_ap50", average.by_label50, 5);
  yv8_json_number (json, "score_shift", mean_shift (job), 5);
  yv8_json_array (json, "models");
  for (guint i = 0; i < N_SIDES; i++)
    write_side (json, &job->sides[i]);
  yv8_json_end (json);
  yv8_json_array (json, "classes");
  for (guint i = 0; i < job->n_classes; i++)
    if (job->shared[i])
      write_class (json, job, i);
  yv8_json_end (json);
  yv8_json_end (json);
  yv8_json_print (json);
}

static char **
list_inputs (const Yv8Options *options, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *message = NULL;

  if (input_options)
    g_strv_builder_addv (builder, (const char **) input_options);
  g_strv_builder_addv (builder, (const char **) options->arguments + N_SIDES);
  g_auto (GStrv) inputs = g_strv_builder_end (builder);
  if (!inputs[0])
    message = "missing argument INPUT";
  else if (n_frames < 1)
    message = "--frames must be at least 1";
  if (message) {
    yv8_usage_error (error, message);
    return NULL;
  }
  if (!labels_folder || g_file_test (labels_folder, G_FILE_TEST_IS_DIR))
    return g_steal_pointer (&inputs);
  g_set_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND, "%s: no such directory", labels_folder);
  return NULL;
}

static gboolean
run (const Yv8Options *options, GError **error)
{
  g_auto (Job) job = { .options = options };
  g_auto (GStrv) inputs = list_inputs (options, error);

  if (!inputs)
    return FALSE;
  for (guint i = 0; i < N_SIDES; i++)
    if (!open_side (&job, i, error))
      return FALSE;
  if (!match_classes (&job, error))
    return FALSE;
  make_evaluators (&job);
  job.spread = yv8_spread_new (inputs, (guint) n_frames, error);
  if (!job.spread)
    return FALSE;
  yv8_interrupt_watch ();
  job.progress = yv8_progress_new ("compare", yv8_spread_n_frames (job.spread));
  if (!yv8_spread_run (job.spread, add_frame, &job, error))
    return FALSE;
  g_clear_pointer (&job.progress, yv8_progress_free);
  if (options->json)
    print_json (&job);
  else
    print_tables (&job);
  return TRUE;
}

static const GOptionEntry entries[] = {
  { "input", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &input_options,
      "Picture, clip or directory of pictures, or a part of it: CLIP#0-50%", "INPUT" },
  { "frames", 'n', 0, G_OPTION_ARG_INT, &n_frames, "Use so many frames at most (128)", "N" },
  { "labels", 'l', 0, G_OPTION_ARG_FILENAME, &labels_folder,
      "Directory of YOLO labels of the pictures, with the classes of A", "DIR" },
  { NULL },
};

const Yv8Command yv8_compare_command = {
  .name = "compare",
  .summary = "Tell two models apart, on frames",
  .usage = "A B [INPUT…]",
  .details =
      "Agreement is AP of B's boxes with A's of at least 0.25 as the truth: 1 where all boxes are\n"
      "the same. Classes are matched by their names; those that only one of the models has do not\n"
      "count. Live MACs are without those of blocks of weights that are 0, which int8 kernels leave\n"
      "out. The networks are timed frame by frame in turn.\n\n"
      "Examples:\n"
      "  yv8 compare yolov8n.onnx int8.bin val/images\n"
      "  yv8 compare int8.bin pruned.bin --input 'vtest.avi#50-100%' --frames 64 --device cpu\n"
      "  yv8 compare yolov8n.onnx int8.bin --input val/images --labels val/labels --json",
  .groups = YV8_OPTIONS_DEVICE,
  .entries = entries,
  .min_arguments = N_SIDES,
  .max_arguments = G_MAXUINT,
  .threshold = 0.001,
  .run = run,
};

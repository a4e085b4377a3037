/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 compress: makes a smaller and faster model of a float model and frames, in steps. */
#include "command.h"
#include "files.h"
#include "interrupt.h"
#include "progress.h"
#include "spread.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define VALIDATE 8 /* every so many frames one is held out */

static char *output, *prune, *criterion_name;
static char **input_options;
static int n_frames = 128;
static gboolean keep_float;

typedef struct _Job Job;

/* A step makes a model of the one before it. */
typedef struct {
  const char *name;
  gboolean (*wanted) (const Job *job);
  gboolean (*run) (Job *job, GError **error);
} Step;

struct _Job {
  const Yv8Options *options;
  Yv8PrunerOptions prune;
  Yv8Spread *spread;
  Yv8Model *source, *model;
  Yv8Pruner *pruner;
  Yv8Calibrator *calibrator;
  Yv8Progress *progress;
  Yv8Agreement agreement;
  guint n_added;
};

#define BAR 1000 /* of a step; the first tenth are its frames */

static gboolean
show_stage (const char *stage, double fraction, gpointer data)
{
  Job *job = data;

  yv8_progress_set_title (job->progress, stage);
  yv8_progress_update (job->progress, (guint64) (BAR * (0.1 + 0.9 * fraction)));
  return !yv8_interrupt_seen ();
}

static gboolean
add_frame (const Yv8Frame *frame, const char *name, gpointer data, GError **error)
{
  Job *job = data;
  gboolean held_out = ++job->n_added % VALIDATE == 0;

  if (!yv8_interrupt_check (error))
    return FALSE;
  gboolean good = job->pruner ? yv8_pruner_add (job->pruner, frame, error)
                              : yv8_calibrator_add (job->calibrator, frame, name,
                                    held_out ? YV8_FRAME_VALIDATE : YV8_FRAME_CALIBRATE, error);
  if (!good)
    g_prefix_error (error, "%s: ", name);
  yv8_progress_update (job->progress, job->n_added * BAR / 10 / yv8_spread_n_frames (job->spread));
  return good;
}

static gboolean
wants_prune (const Job *job)
{
  return job->prune.blocks > 0;
}

static gboolean
run_prune (Job *job, GError **error)
{
  job->pruner = yv8_pruner_new (job->model, &job->prune, error);
  if (!job->pruner || !yv8_spread_run (job->spread, add_frame, job, error))
    return FALSE;
  Yv8Model *model = yv8_pruner_finish (job->pruner, show_stage, job, error);
  g_clear_pointer (&job->pruner, yv8_pruner_free);
  if (!model)
    return FALSE;
  yv8_model_unref (job->model);
  job->model = model;
  return TRUE;
}

static gboolean
wants_quantize (const Job *job)
{
  return !keep_float;
}

static gboolean
run_quantize (Job *job, GError **error)
{
  const Yv8CalibratorOptions wanted = { .device = job->prune.device,
    .width = job->prune.width,
    .height = job->prune.height,
    .threads = job->prune.threads,
    .reference = job->source };

  job->calibrator = yv8_calibrator_new (job->model, &wanted, error);
  if (!job->calibrator || !yv8_spread_run (job->spread, add_frame, job, error))
    return FALSE;
  Yv8Model *model = yv8_calibrator_finish (job->calibrator, show_stage, job, error);
  if (!model)
    return FALSE;
  yv8_calibrator_agreement (job->calibrator, &job->agreement);
  yv8_model_unref (job->model);
  job->model = model;
  return TRUE;
}

static const Step STEPS[] = {
  { "prune", wants_prune, run_prune },
  { "quantize", wants_quantize, run_quantize },
};

static gboolean
run_steps (Job *job, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (STEPS); i++) {
    if (!STEPS[i].wanted (job))
      continue;
    job->n_added = 0;
    job->progress = yv8_progress_new (STEPS[i].name, BAR);
    gboolean good = STEPS[i].run (job, error);
    g_clear_pointer (&job->progress, yv8_progress_free);
    if (!yv8_interrupt_check (good ? error : NULL) || !good)
      return FALSE;
  }
  return TRUE;
}

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->progress, yv8_progress_free);
  g_clear_pointer (&job->calibrator, yv8_calibrator_free);
  g_clear_pointer (&job->pruner, yv8_pruner_free);
  g_clear_pointer (&job->spread, yv8_spread_free);
  g_clear_pointer (&job->model, yv8_model_unref);
  g_clear_pointer (&job->source, yv8_model_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

static gboolean
set_usage (GError **error, const char *message)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);
  return FALSE;
}

/* "blocks:0.3" */
static gboolean
parse_prune (Job *job, GError **error)
{
  char *end = NULL;

  if (criterion_name && (!yv8_criterion_from_name (criterion_name, &job->prune.criterion) ||
                            !yv8_criterion_for_blocks (job->prune.criterion)))
    return set_usage (error, "--criterion must be obs, l1, l2 or random");
  if (!prune)
    return TRUE;
  if (g_str_has_prefix (prune, "blocks:"))
    job->prune.blocks = g_ascii_strtod (prune + strlen ("blocks:"), &end);
  if (!end || *end || end == prune + strlen ("blocks:") ||
      !(job->prune.blocks >= 0 && job->prune.blocks <= 0.9))
    return set_usage (error, "--prune must be blocks:SHARE, a share of the MACs from 0 to 0.9");
  return TRUE;
}

static gboolean
check_usage (Job *job, char *const *inputs, GError **error)
{
  if (!output)
    return set_usage (error, "missing option --output");
  if (!inputs[0])
    return set_usage (error, "missing argument INPUT");
  if (n_frames < 1)
    return set_usage (error, "--frames must be at least 1");
  if (!parse_prune (job, error))
    return FALSE;
  gboolean own = yv8_files_same (output, job->options->model);
  for (char *const *input = inputs; *input; input++)
    own |= !g_file_test (*input, G_FILE_TEST_IS_DIR) && yv8_files_same (output, *input);
  if (own)
    return set_usage (error, "--output must not be a file that is read");
  return yv8_files_check_output (output, error);
}

static void
print_json (const Job *job, double seconds)
{
  g_autoptr (JsonObject) root = json_object_new ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_object_set_string_member (root, "source", job->options->model);
  json_object_set_int_member (root, "source_bytes", yv8_files_size (job->options->model));
  json_object_set_string_member (root, "output", output);
  json_object_set_int_member (root, "output_bytes", yv8_files_size (output));
  json_object_set_string_member (root, "sha256", yv8_model_sha256 (job->model));
  json_object_set_string_member (root, "criterion", yv8_criterion_name (job->prune.criterion));
  json_object_set_double_member (root, "blocks", job->prune.blocks);
  json_object_set_int_member (root, "frames", yv8_spread_n_frames (job->spread));
  if (job->agreement.n_boxes > 0) {
    json_object_set_double_member (root, "agreement_ap", job->agreement.ap);
    json_object_set_double_member (root, "agreement_ap50", job->agreement.ap50);
  }
  json_object_set_int_member (root, "agreement_boxes", job->agreement.n_boxes);
  json_object_set_double_member (root, "seconds", seconds);
  json_node_set_object (node, root);
  g_autofree char *text = json_to_string (node, FALSE);
  g_print ("%s\n", text);
}

static void
print_table (const Job *job, double seconds)
{
  const char *license = yv8_model_metadata (job->source, "license");
  double before = (double) yv8_files_size (job->options->model);
  double after = (double) yv8_files_size (output);

  g_print ("model       %s, %.2f MB\n", job->options->model, before / 1e6);
  g_print ("license     %s\n", license ? license : "not stated");
  g_print ("frames      %u\n", yv8_spread_n_frames (job->spread));
  if (wants_prune (job))
    g_print ("pruned      %.1f %% of MACs in blocks, %s\n", 100 * job->prune.blocks,
        yv8_criterion_name (job->prune.criterion));
  if (job->agreement.n_boxes > 0)
    g_print ("agreement   AP50-95 %.4f of %u boxes\n", job->agreement.ap, job->agreement.n_boxes);
  g_print ("output      %s, %.2f MB, %.1f %%\n", output, after / 1e6, 100 * after / before);
  g_print ("time        %.1f s\n", seconds);
}

static gboolean
run (const Yv8Options *options, GError **error)
{
  g_auto (Job) job = { .options = options,
    .prune = { .device = options->device,
        .width = options->width,
        .height = options->height,
        .threads = (guint) options->threads } };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gint64 start = g_get_monotonic_time ();

  if (input_options)
    g_strv_builder_addv (builder, (const char **) input_options);
  if (options->arguments)
    g_strv_builder_addv (builder, (const char **) options->arguments);
  g_auto (GStrv) inputs = g_strv_builder_end (builder);
  if (!check_usage (&job, inputs, error))
    return FALSE;
  job.source = yv8_model_load (options->model, error);
  job.spread = job.source ? yv8_spread_new (inputs, (guint) n_frames, error) : NULL;
  if (!job.spread)
    return FALSE;
  job.model = yv8_model_ref (job.source);
  yv8_interrupt_watch ();
  if (!run_steps (&job, error) || !yv8_model_save (job.model, output, error))
    return FALSE;
  double seconds = (double) ((g_get_monotonic_time () - start) / 1000) / 1000;
  if (options->json)
    print_json (&job, seconds);
  else
    print_table (&job, seconds);
  return TRUE;
}

static const GOptionEntry entries[] = {
  { "input", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &input_options,
      "Picture, clip or directory of pictures; may be repeated", "INPUT" },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write the model", "FILE" },
  { "frames", 'n', 0, G_OPTION_ARG_INT, &n_frames, "Use so many frames at most (128)", "N" },
  { "prune", 'p', 0, G_OPTION_ARG_STRING, &prune,
      "Remove this share of the MACs in blocks of weights", "blocks:SHARE" },
  { "criterion", 0, 0, G_OPTION_ARG_STRING, &criterion_name,
      "Which blocks go: obs, l1, l2 or random (obs)", "CRITERION" },
  { "keep-float", 0, 0, G_OPTION_ARG_NONE, &keep_float, "Do not quantize", NULL },
  { NULL },
};

const Yv8Command yv8_compress_command = {
  .name = "compress",
  .summary = "Make a smaller, faster model from a float model and frames",
  .usage = "[INPUT…]",
  .details =
      "Steps, in this order: prune, where it is asked for, and quantize to int8. No labels are\n"
      "needed: take frames like those that the model will see.\n\n"
      "Examples:\n"
      "  yv8 compress --model yolov8n.onnx --output pruned.bin --prune blocks:0.3 train/images\n"
      "  yv8 compress --model yolov8n.onnx --output pruned.bin --prune blocks:0.2 --json \\\n"
      "      --input day.mp4 night.mp4",
  .groups = YV8_OPTIONS_DETECTOR,
  .entries = entries,
  .max_arguments = G_MAXUINT,
  .run = run,
};

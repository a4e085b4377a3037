/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 compress: makes a smaller and faster model of a float model and frames, by a recipe. */
#include "files.h"
#include "inputs.h"
#include "interrupt.h"
#include "progress.h"
#include "spread.h"
#include "text.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define BAR 1000 /* of the work after the frames */

static char *recipe_name, *criterion, *classes, *checkpoint, *report_path;
static char **prunes;
static int palette;
static double target_macs, target_ms;
static gboolean keep_float, measure;

typedef struct {
  const Yv8Options *options;
  char *folder; /* of checkpoints */
  Yv8Recipe *recipe;
  Yv8Model *source, *model;
  Yv8Spread *spread;
  Yv8Compressor *compressor;
  Yv8Progress *progress;
  guint n_added;
  gint64 start;
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->progress, yv8_progress_free);
  g_clear_pointer (&job->compressor, yv8_compressor_free);
  g_clear_pointer (&job->spread, yv8_spread_free);
  g_clear_pointer (&job->model, yv8_model_unref);
  g_clear_pointer (&job->source, yv8_model_unref);
  g_clear_pointer (&job->recipe, yv8_recipe_unref);
  if (job->folder)
    g_rmdir (job->folder); /* unless there is something in it */
  g_free (job->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

/* "blocks:0.3", "2:4" */
static void
write_prune (GKeyFile *file, const char *text, guint index)
{
  g_autofree char *group = index ? g_strdup_printf ("prune %u", index + 1) : g_strdup ("prune");
  const char *colon = strrchr (text, ':');
  gboolean shared = colon && !g_str_equal (text, "2:4");
  g_autofree char *unit = shared ? g_strndup (text, (gsize) (colon - text)) : g_strdup (text);

  g_key_file_set_string (file, group, "unit", unit);
  if (shared)
    g_key_file_set_string (file, group, "share", colon + 1);
  if (criterion)
    g_key_file_set_string (file, group, "criterion", criterion);
}

/* A recipe of the options that are short for one. */
static Yv8Recipe *
write_recipe (GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *centroids = g_strdup_printf ("%d", palette);
  g_autoptr (GError) reason = NULL;

  if (classes)
    g_key_file_set_string (file, "classes", "keep", classes);
  for (guint i = 0; prunes && prunes[i]; i++)
    write_prune (file, prunes[i], i);
  if (!keep_float)
    g_key_file_set_string (file, "quantize", "method", "mse");
  if (palette)
    g_key_file_set_string (file, "palette", "centroids", centroids);
  g_autofree char *text = g_key_file_to_data (file, NULL, NULL);
  Yv8Recipe *recipe = yv8_recipe_parse (text, -1, &reason);
  if (!recipe)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--prune, --criterion, --classes, --keep-float, --palette as a %s", reason->message);
  return recipe;
}

static gboolean
choose_recipe (Job *job, GError **error)
{
  gboolean written = prunes || criterion || classes || palette || keep_float;

  if (recipe_name && written)
    return yv8_usage_error (error,
        "--recipe has steps of its own: no --prune, --criterion, --classes, --keep-float, "
        "--palette beside it");
  if (criterion && !prunes)
    return yv8_usage_error (error, "--criterion needs --prune");
  job->recipe = recipe_name ? yv8_recipe_load (recipe_name, error) : write_recipe (error);
  return job->recipe != NULL;
}

static gboolean
open_compressor (Job *job, GError **error)
{
  const Yv8Options *options = job->options;
  g_autoptr (GError) reason = NULL;

  job->folder =
      checkpoint ? g_strdup (checkpoint) : g_strconcat (options->output, ".checkpoint", NULL);
  const Yv8CompressorOptions wanted = {
    .device = options->device,
    .width = options->width,
    .height = options->height,
    .threads = (guint) options->threads,
    .checkpoint = job->folder,
    .target_macs = target_macs,
    .target_ms = target_ms,
    .max_drop = options->max_drop,
    .measure = measure || report_path,
  };
  job->source = yv8_model_load (options->model, error);
  if (!job->source)
    return FALSE;
  job->compressor = yv8_compressor_new (job->source, job->recipe, &wanted, &reason);
  if (job->compressor)
    return TRUE;
  if (g_error_matches (reason, YV8_ERROR, YV8_ERROR_ARGUMENT))
    return yv8_usage_error (error, reason->message);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

static gboolean
add_frame (const Yv8Frame *frame, const char *name, gpointer data, GError **error)
{
  Job *job = data;
  guint n = yv8_spread_n_frames (job->spread);
  Yv8FrameUse use = yv8_inputs_use (job->options, n, job->n_added);

  if (!yv8_interrupt_check (error))
    return FALSE;
  if (!yv8_compressor_add (job->compressor, frame, name, use, error)) {
    g_prefix_error (error, "%s: ", name);
    return FALSE;
  }
  yv8_progress_update (job->progress, ++job->n_added);
  return TRUE;
}

static gboolean
add_frames (Job *job, char *const *inputs, GError **error)
{
  job->spread = yv8_spread_new (inputs, (guint) job->options->frames, error);
  if (!job->spread)
    return FALSE;
  job->progress = yv8_progress_new ("reading frames", yv8_spread_n_frames (job->spread));
  gboolean good = yv8_spread_run (job->spread, add_frame, job, error);
  g_clear_pointer (&job->progress, yv8_progress_free);
  return good;
}

static gboolean
show_stage (const char *stage, double fraction, gpointer data)
{
  Job *job = data;

  yv8_progress_set_title (job->progress, stage);
  yv8_progress_update (job->progress, (guint64) (BAR * fraction));
  return !yv8_interrupt_seen ();
}

static const char *
settings_of (const Job *job, guint point, char **text)
{
  *text = point ? yv8_recipe_step_text (yv8_compressor_recipe (job->compressor), point - 1)
                : g_strdup ("");
  return *text;
}

static void
print_points (const Job *job)
{
  const char *titles[] = { "<step", "<settings", "GMAC", "M weights", "MB", "AP50-95", "AP50", "ms",
    NULL };
  g_autoptr (Yv8Table) table = yv8_table_new (titles);

  for (guint i = 0; i < yv8_compressor_n_points (job->compressor); i++) {
    Yv8CompressorPoint point;
    g_autofree char *settings = NULL;
    yv8_compressor_point (job->compressor, i, &point);
    yv8_table_add (table, "%s", point.name);
    yv8_table_add (table, "%s", settings_of (job, i, &settings));
    yv8_table_add (table, "%.3f", (double) point.macs / 1e9);
    yv8_table_add (table, "%.3f", (double) point.parameters / 1e6);
    yv8_table_add (table, "%.2f", (double) point.bytes / 1e6);
    yv8_table_add (table, isnan (point.agreement.ap) ? "-" : "%.4f", point.agreement.ap);
    yv8_table_add (table, isnan (point.agreement.ap50) ? "-" : "%.4f", point.agreement.ap50);
    yv8_table_add (table, isnan (point.ms) ? "-" : "%.2f", point.ms);
  }
  g_print ("\n");
  yv8_table_print (table);
}

/* The curve that the search walked. */
static void
print_trials (const Job *job)
{
  const char *titles[] = { "<trial", "shares times", "GMAC", "MB", "AP by box", "ms", NULL };
  g_autoptr (Yv8Table) table = yv8_table_new (titles);
  guint n = yv8_compressor_n_trials (job->compressor);

  if (n < 2)
    return;
  for (guint i = 0; i < n; i++) {
    Yv8CompressorTrial trial;
    yv8_compressor_trial (job->compressor, i, &trial);
    yv8_table_add (table, "%u%s", i + 1, trial.kept ? ", taken" : "");
    yv8_table_add (table, "%.4f", trial.factor);
    yv8_table_add (table, "%.3f", (double) trial.macs / 1e9);
    yv8_table_add (table, "%.2f", (double) trial.bytes / 1e6);
    yv8_table_add (table, isnan (trial.agreement.by_box) ? "-" : "%.4f", trial.agreement.by_box);
    yv8_table_add (table, isnan (trial.ms) ? "-" : "%.2f", trial.ms);
  }
  g_print ("\n");
  yv8_table_print (table);
}

static gboolean
write_report (const Job *job, GError **error)
{
  if (!report_path)
    return TRUE;
  g_autofree char *page = yv8_compressor_report (job->compressor, error);
  return page && g_file_set_contents_full (
                     report_path, page, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0666, error);
}

static gboolean
finish (Job *job, GError **error)
{
  const char *output = job->options->output;
  g_autoptr (GError) reason = NULL;

  job->progress = yv8_progress_new ("compress", BAR);
  job->model = yv8_compressor_finish (job->compressor, show_stage, job, &reason);
  g_clear_pointer (&job->progress, yv8_progress_free);
  if (!yv8_interrupt_check (error)) {
    g_prefix_error (error, "the same command goes on from what is in %s: ", job->folder);
    return FALSE;
  }
  if (job->model)
    return yv8_model_save (job->model, output, error) && write_report (job, error);
  if (!g_error_matches (reason, YV8_ERROR, YV8_ERROR_ACCURACY)) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  if (!job->options->json)
    print_trials (job);
  if (yv8_compressor_n_points (job->compressor) > 0)
    write_report (job, NULL);
  g_set_error (
      error, YV8_ERROR, YV8_ERROR_ACCURACY, "%s: not written: %s", output, reason->message);
  return FALSE;
}

static void
write_agreement (Yv8Json *json, const Yv8Agreement *agreement)
{
  yv8_json_number (json, "agreement_ap", agreement->ap, 6);
  yv8_json_number (json, "agreement_ap50", agreement->ap50, 6);
  yv8_json_number (json, "agreement_by_box_ap", agreement->by_box, 6);
}

static void
write_points (Yv8Json *json, const Job *job)
{
  yv8_json_array (json, "points");
  for (guint i = 0; i < yv8_compressor_n_points (job->compressor); i++) {
    Yv8CompressorPoint point;
    g_autofree char *settings = NULL;
    yv8_compressor_point (job->compressor, i, &point);
    yv8_json_newline (json);
    yv8_json_object (json, NULL);
    yv8_json_string (json, "step", point.name);
    yv8_json_string (json, "settings", settings_of (job, i, &settings));
    yv8_json_integer (json, "macs", point.macs);
    yv8_json_integer (json, "parameters", point.parameters);
    yv8_json_integer (json, "bytes", point.bytes);
    write_agreement (json, &point.agreement);
    yv8_json_number (json, "ms", point.ms, 3);
    yv8_json_end (json);
  }
  yv8_json_end (json);
}

static void
write_trials (Yv8Json *json, const Job *job)
{
  yv8_json_array (json, "trials");
  for (guint i = 0; i < yv8_compressor_n_trials (job->compressor); i++) {
    Yv8CompressorTrial trial;
    yv8_compressor_trial (job->compressor, i, &trial);
    yv8_json_newline (json);
    yv8_json_object (json, NULL);
    yv8_json_number (json, "factor", trial.factor, 6);
    yv8_json_integer (json, "macs", trial.macs);
    yv8_json_integer (json, "bytes", trial.bytes);
    write_agreement (json, &trial.agreement);
    yv8_json_number (json, "ms", trial.ms, 3);
    yv8_json_boolean (json, "kept", trial.kept);
    yv8_json_end (json);
  }
  yv8_json_end (json);
}

static void
print_json (const Job *job, double seconds)
{
  const Yv8Compressor *compressor = job->compressor;
  g_autoptr (Yv8Json) json = yv8_json_new ();
  Yv8CompressorPoint last;

  yv8_compressor_point (compressor, yv8_compressor_n_points (compressor) - 1, &last);
  yv8_json_object (json, NULL);
  yv8_json_string (json, "source", job->options->model);
  yv8_json_integer (json, "source_bytes", (guint64) yv8_files_size (job->options->model));
  yv8_json_string (json, "output", job->options->output);
  yv8_json_integer (json, "output_bytes", (guint64) yv8_files_size (job->options->output));
  yv8_json_string (json, "sha256", yv8_model_sha256 (job->model));
  yv8_json_string (json, "device", yv8_compressor_device (compressor)->name);
  yv8_json_string (json, "recipe", yv8_recipe_text (yv8_compressor_recipe (compressor)));
  yv8_json_integer (json, "frames", yv8_compressor_n_frames (compressor, YV8_FRAME_CALIBRATE));
  yv8_json_integer (json, "held_out", yv8_compressor_n_frames (compressor, YV8_FRAME_VALIDATE));
  yv8_json_integer (json, "agreement_boxes", last.agreement.n_boxes);
  write_agreement (json, &last.agreement);
  write_points (json, job);
  write_trials (json, job);
  yv8_json_number (json, "seconds", seconds, 3);
  yv8_json_end (json);
  yv8_json_print (json);
}

static void
print_table (const Job *job, double seconds)
{
  const Yv8Compressor *compressor = job->compressor;
  const char *license = yv8_model_metadata (job->source, "license");
  double before = (double) yv8_files_size (job->options->model);
  double after = (double) yv8_files_size (job->options->output);

  g_print ("model       %s, %.2f MB\n", job->options->model, before / 1e6);
  g_print ("license     %s\n", license ? license : "not stated");
  g_print ("device      %s\n", yv8_compressor_device (compressor)->name);
  g_print ("recipe      %s\n", recipe_name ? recipe_name : "of options");
  g_print ("frames      %u\n", yv8_compressor_n_frames (compressor, YV8_FRAME_CALIBRATE));
  g_print ("held out    %u\n", yv8_compressor_n_frames (compressor, YV8_FRAME_VALIDATE));
  g_print ("output      %s, %.2f MB, %.1f %%\n", job->options->output, after / 1e6,
      100 * after / before);
  g_print ("time        %.1f s\n", seconds);
  print_points (job);
  print_trials (job);
}

static gboolean
run (const Yv8Options *options, GError **error)
{
  g_auto (Job) job = { .options = options, .start = g_get_monotonic_time () };
  g_auto (GStrv) inputs = yv8_inputs_list (options, error);

  if (!inputs || !yv8_inputs_check_outputs (options, inputs, report_path, error) ||
      !choose_recipe (&job, error) || !open_compressor (&job, error))
    return FALSE;
  yv8_interrupt_watch ();
  if (!add_frames (&job, inputs, error) || !finish (&job, error))
    return FALSE;
  if (!checkpoint)
    yv8_compressor_forget (job.compressor);
  double seconds = (double) ((g_get_monotonic_time () - job.start) / 1000) / 1000;
  if (options->json)
    print_json (&job, seconds);
  else
    print_table (&job, seconds);
  return TRUE;
}

static const GOptionEntry entries[] = {
  { "recipe", 0, 0, G_OPTION_ARG_FILENAME, &recipe_name,
      "Steps: balanced, fast, scene, small, or a file", "RECIPE" },
  { "checkpoint", 0, 0, G_OPTION_ARG_FILENAME, &checkpoint,
      "Keep intermediate results there (OUTPUT.checkpoint while it runs)", "FOLDER" },
  { "target-macs", 0, 0, G_OPTION_ARG_DOUBLE, &target_macs,
      "Share of the multiply-accumulates to be left", "SHARE" },
  { "target-ms", 0, 0, G_OPTION_ARG_DOUBLE, &target_ms,
      "Milliseconds that the network may take on the device", "MS" },
  { "report", 'r', 0, G_OPTION_ARG_FILENAME, &report_path, "Write a page of HTML", "FILE" },
  { "measure", 0, 0, G_OPTION_ARG_NONE, &measure, "Time the network after each step", NULL },
  { "prune", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &prunes,
      "Remove a share in blocks, channels or weights; 2:4; may be repeated", "UNIT:SHARE" },
  { "criterion", 0, 0, G_OPTION_ARG_STRING, &criterion,
      "What goes first: obs, l1, l2, energy or random (obs)", "CRITERION" },
  { "classes", 0, 0, G_OPTION_ARG_STRING, &classes, "Keep only these: labels or numbers", "A,B" },
  { "keep-float", 0, 0, G_OPTION_ARG_NONE, &keep_float, "Do not quantize", NULL },
  { "palette", 0, 0, G_OPTION_ARG_INT, &palette, "Share weights: 16, 32 or 64 of a group", "N" },
  { NULL },
};

const Yv8Command yv8_compress_command = {
  .name = "compress",
  .summary = "Make a smaller, faster model from a float model and frames",
  .usage = "[INPUT…]",
  .details =
      "A recipe says the steps: classes, resize, prune, quantize, palette. --prune, --classes,\n"
      "--palette are short for one; without any the model is quantized to int8. No labels are\n"
      "needed: take frames like those that the model will see. Agreement is AP of the boxes on the\n"
      "frames held out, with the float model's as the truth.\n\n"
      "Targets multiply the recipe's shares by a factor: --target-macs by the one that leaves so\n"
      "much, --target-ms by the least that is fast enough, --max-drop by the greatest whose 1 - AP\n"
      "by box (classes count by their boxes) is within; up to 6 trials. If there is none, nothing\n"
      "is written and the exit status is 1.\n\n"
      "Work that was interrupted goes on where it was when the same command is given again.\n\n"
      "Examples:\n"
      "  yv8 compress --model yolov8n.onnx --output fast.bin --recipe fast --report fast.html \\\n"
      "      train/images\n"
      "  yv8 compress --model yolov8n.onnx --output pruned.bin --prune blocks:0.3 train/images\n"
      "  yv8 compress --model yolov8n.onnx --output cars.bin --classes person,car --size 416x416 \\\n"
      "      --prune channels:0.1 --prune blocks:0.2 --max-drop 0.05 --input day.mp4 night.mp4",
  .groups = YV8_OPTIONS_DETECTOR | YV8_OPTIONS_INPUTS,
  .entries = entries,
  .max_arguments = G_MAXUINT,
  .run = run,
};

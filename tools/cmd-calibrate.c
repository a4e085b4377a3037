/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 calibrate: makes an int8 model of a float model and frames. */
#include "command.h"
#include "files.h"
#include "inputs.h"
#include "interrupt.h"
#include "progress.h"
#include "spread.h"
#include "text.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <math.h>

#define N_WORST 5

static char *method_name, *keep_float, *report_path;

typedef struct {
  const Yv8Options *options;
  Yv8Model *model, *int8;
  Yv8Calibrator *calibrator;
  Yv8Progress *progress;
  guint n, n_added; /* frames */
  guint64 total;    /* of the bar */
  gint64 start;
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->progress, yv8_progress_free);
  g_clear_pointer (&job->calibrator, yv8_calibrator_free);
  g_clear_pointer (&job->int8, yv8_model_unref);
  g_clear_pointer (&job->model, yv8_model_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

static gboolean
add_frame (const Yv8Frame *frame, const char *name, gpointer data, GError **error)
{
  Job *job = data;
  Yv8FrameUse use = yv8_inputs_use (job->options, job->n, job->n_added);

  if (!yv8_interrupt_check (error))
    return FALSE;
  if (!yv8_calibrator_add (job->calibrator, frame, name, use, error)) {
    g_prefix_error (error, "%s: ", name);
    return FALSE;
  }
  yv8_progress_update (job->progress, ++job->n_added);
  return TRUE;
}

static gboolean
show_stage (const char *stage, double fraction, gpointer data)
{
  Job *job = data;

  yv8_progress_set_title (job->progress, stage);
  yv8_progress_update (
      job->progress, job->n + (guint64) (fraction * (double) (job->total - job->n)));
  return !yv8_interrupt_seen ();
}

static gboolean
add_frames (Job *job, char *const *inputs, GError **error)
{
  g_autoptr (Yv8Spread) spread = yv8_spread_new (inputs, (guint) job->options->frames, error);

  if (!spread)
    return FALSE;
  job->n = yv8_spread_n_frames (spread);
  /* To finish takes about as long as the frames do, and a search for layers as long again. */
  job->total = (guint64) job->n * (job->options->max_drop > 0 ? 3 : 2);
  job->progress = yv8_progress_new ("calibrate", job->total);
  return yv8_spread_run (spread, add_frame, job, error);
}

static gboolean
finish (Job *job, GError **error)
{
  g_autoptr (GError) reason = NULL;

  job->int8 = yv8_calibrator_finish (job->calibrator, show_stage, job, &reason);
  g_clear_pointer (&job->progress, yv8_progress_free);
  if (job->int8)
    return yv8_interrupt_check (error) && yv8_model_save (job->int8, job->options->output, error);
  if (!yv8_interrupt_check (error))
    return FALSE;
  if (g_error_matches (reason, YV8_ERROR, YV8_ERROR_ACCURACY))
    g_set_error (error, YV8_ERROR, YV8_ERROR_ACCURACY,
        "%s: not written: %s (--max-drop, --frames, --keep-float, --method)", job->options->output,
        reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* The report as data, and what only the command knows. */
static JsonNode *
make_summary (const Job *job)
{
  g_autofree char *text = yv8_calibrator_report (job->calibrator, TRUE);
  JsonNode *node = json_from_string (text, NULL);
  JsonObject *root = json_node_get_object (node);

  json_object_set_string_member (root, "source", job->options->model);
  json_object_set_int_member (root, "source_bytes", yv8_files_size (job->options->model));
  json_object_set_string_member (root, "output", job->options->output);
  json_object_set_int_member (root, "output_bytes", yv8_files_size (job->options->output));
  json_object_set_string_member (root, "sha256", yv8_model_sha256 (job->int8));
  json_object_set_double_member (
      root, "seconds", (double) ((g_get_monotonic_time () - job->start) / 1000) / 1000);
  return node;
}

/* Of a member that is null for what is not finite. */
static double
get_number (JsonObject *object, const char *name)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;

  return node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static double
noise_alone (JsonObject *layer)
{
  double snr = get_number (get_object (layer, "alone"), "snr");

  return isnan (snr) ? INFINITY : snr;
}

static int
compare_layers (gconstpointer a, gconstpointer b)
{
  double x = noise_alone (*(JsonObject *const *) a), y = noise_alone (*(JsonObject *const *) b);

  return (x > y) - (x < y);
}

static void
print_layers (JsonArray *layers)
{
  const char *titles[] = { "<worst layers", "SNR dB", "cosine", "SNR dB, sum", "cosine, sum",
    NULL };
  g_autoptr (GPtrArray) int8 = g_ptr_array_new ();
  g_autoptr (Yv8Table) table = yv8_table_new (titles);

  for (guint i = 0; i < json_array_get_length (layers); i++) {
    JsonObject *layer = json_array_get_object_element (layers, i);
    if (g_str_equal (json_object_get_string_member (layer, "type"), "int8"))
      g_ptr_array_add (int8, layer);
  }
  g_ptr_array_sort (int8, compare_layers);
  for (guint i = 0; i < MIN (int8->len, N_WORST); i++) {
    JsonObject *layer = int8->pdata[i];
    yv8_table_add (table, "%s", json_object_get_string_member (layer, "name"));
    for (guint j = 0; j < 2; j++) {
      JsonObject *error = get_object (layer, j == 0 ? "alone" : "accumulated");
      yv8_table_add (table, "%.1f", get_number (error, "snr"));
      yv8_table_add (table, "%.5f", get_number (error, "cosine"));
    }
  }
  if (int8->len > 0)
    g_print ("\n");
  yv8_table_print (table);
}

static void
print_agreement (const Job *job)
{
  Yv8Agreement agreement;

  yv8_calibrator_agreement (job->calibrator, &agreement);
  if (agreement.n_boxes == 0) {
    g_print ("agreement   not known: no box on the frames held out\n");
    return;
  }
  g_print ("agreement   AP50-95 %.4f, AP50 %.4f of %u boxes\n", agreement.ap, agreement.ap50,
      agreement.n_boxes);
  g_print ("by box      AP50-95 %.4f: classes count by their boxes\n", agreement.by_box);
  g_print ("score shift %+.4f\n", agreement.score_shift);
}

static void
print_table (const Job *job, JsonObject *root)
{
  const char *license = yv8_model_metadata (job->model, "license");
  const char *float_layers = yv8_model_metadata (job->int8, "yv8.float_layers");
  double before = (double) json_object_get_int_member (root, "source_bytes");
  double after = (double) json_object_get_int_member (root, "output_bytes");

  g_print ("model       %s, %.2f MB\n", job->options->model, before / 1e6);
  g_print ("license     %s\n", license ? license : "not stated");
  g_print ("device      %s\n", json_object_get_string_member (root, "device"));
  g_print ("method      %s\n", json_object_get_string_member (root, "method"));
  g_print ("frames      %u\n", yv8_calibrator_n_frames (job->calibrator, YV8_FRAME_CALIBRATE));
  g_print ("held out    %u\n", yv8_calibrator_n_frames (job->calibrator, YV8_FRAME_VALIDATE));
  print_agreement (job);
  g_print ("in float    %s\n", float_layers && *float_layers ? float_layers : "none");
  g_print ("output      %s, %.2f MB, %.1f %%\n", job->options->output, after / 1e6,
      100 * after / before);
  g_print ("time        %.1f s\n", json_object_get_double_member (root, "seconds"));
  print_layers (json_object_get_array_member (root, "layers"));
}

static gboolean
write_report (const Job *job, GError **error)
{
  if (!report_path)
    return TRUE;
  g_autofree char *page = yv8_calibrator_report (job->calibrator, FALSE);
  return g_file_set_contents_full (
      report_path, page, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0666, error);
}

static gboolean
open_calibrator (Job *job, Yv8Method method, GError **error)
{
  const Yv8CalibratorOptions wanted = {
    .device = job->options->device,
    .width = job->options->width,
    .height = job->options->height,
    .threads = (guint) job->options->threads,
    .method = method,
    .keep_float = keep_float,
    .max_drop = job->options->max_drop,
  };
  g_autoptr (GError) reason = NULL;

  job->model = yv8_model_load (job->options->model, error);
  if (!job->model)
    return FALSE;
  job->calibrator = yv8_calibrator_new (job->model, &wanted, &reason);
  if (job->calibrator)
    return TRUE;
  if (g_error_matches (reason, YV8_ERROR, YV8_ERROR_ARGUMENT))
    return yv8_usage_error (error, reason->message);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

static gboolean
run (const Yv8Options *options, GError **error)
{
  g_auto (Job) job = { .options = options, .start = g_get_monotonic_time () };
  g_auto (GStrv) inputs = yv8_inputs_list (options, error);
  Yv8Method method = YV8_METHOD_MSE;

  if (!inputs)
    return FALSE;
  if (method_name && !yv8_method_from_name (method_name, &method))
    return yv8_usage_error (error, "--method must be mse, minmax, percentile or kl");
  if (!yv8_inputs_check_outputs (options, inputs, report_path, error) ||
      !open_calibrator (&job, method, error))
    return FALSE;
  yv8_interrupt_watch ();
  if (!add_frames (&job, inputs, error) || !finish (&job, error) || !write_report (&job, error))
    return FALSE;
  g_autoptr (JsonNode) summary = make_summary (&job);
  if (options->json) {
    g_autofree char *text = json_to_string (summary, FALSE);
    g_print ("%s\n", text);
  } else {
    print_table (&job, json_node_get_object (summary));
  }
  return TRUE;
}

static const GOptionEntry entries[] = {
  { "method", 0, 0, G_OPTION_ARG_STRING, &method_name,
      "How ranges are chosen: mse, minmax, percentile or kl (mse)", "METHOD" },
  { "keep-float", 0, 0, G_OPTION_ARG_STRING, &keep_float,
      "Patterns of the names of layers that stay in float", "A,B" },
  { "report", 'r', 0, G_OPTION_ARG_FILENAME, &report_path, "Write a page of HTML", "FILE" },
  { NULL },
};

const Yv8Command yv8_calibrate_command = {
  .name = "calibrate",
  .summary = "Make an int8 model from a float model and frames",
  .usage = "[INPUT…]",
  .details =
      "No labels are needed: take frames like those that the model will see. Where there are more\n"
      "than N they are chosen evenly over all inputs, and in clips those that differ. Agreement is\n"
      "AP of the int8 model's boxes on the frames held out, with the float model's as the truth.\n"
      "Where 1 - AP by box (classes count by their boxes) is above --max-drop, layers are put\n"
      "back to float, the noisiest first; if that is not enough, nothing is written and the exit\n"
      "status is 1.\n\n"
      "Examples:\n"
      "  yv8 calibrate --model yolov8n.onnx --output int8.bin --input train/images\n"
      "  yv8 calibrate --model yolov8n.onnx --output int8.bin --report report.html vtest.avi\n"
      "  yv8 calibrate --model yolov8n.onnx --output int8.bin --max-drop 0.02 \\\n"
      "      --keep-float '*model.22*' --json --input day.mp4 night.mp4",
  .groups = YV8_OPTIONS_DETECTOR | YV8_OPTIONS_INPUTS,
  .entries = entries,
  .max_arguments = G_MAXUINT,
  .run = run,
};

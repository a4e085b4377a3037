/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Parses a command's options and makes of them what the engine asks for. */
#include "command.h"

#define SIZE_MULTIPLE 32
#define SIZE_MAX_SIDE 8192

gboolean
yv8_size_parse (const char *option, const char *text, guint *width, guint *height, GError **error)
{
  g_auto (GStrv) sides = g_strsplit (text, "x", 2);
  guint64 w = 0, h = 0;

  if (g_strv_length (sides) == 2 &&
      g_ascii_string_to_unsigned (sides[0], 10, 1, YV8_FRAME_MAX_SIDE, &w, NULL) &&
      g_ascii_string_to_unsigned (sides[1], 10, 1, YV8_FRAME_MAX_SIDE, &h, NULL)) {
    *width = (guint) w;
    *height = (guint) h;
    return TRUE;
  }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--%s %s: expected WIDTHxHEIGHT in pixels, like 640x384", option, text);
  return FALSE;
}

static gboolean
check_range (const char *option, double value, double min, double max, GError **error)
{
  if (value >= min && value <= max)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %g: must be from %g to %g",
      option, value, min, max);
  return FALSE;
}

static gboolean
check_size (Yv8Options *options, GError **error)
{
  if (!options->size)
    return TRUE;
  if (!yv8_size_parse ("size", options->size, &options->width, &options->height, error))
    return FALSE;
  guint rest = options->width % SIZE_MULTIPLE + options->height % SIZE_MULTIPLE;
  if (rest == 0 && MAX (options->width, options->height) <= SIZE_MAX_SIDE)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--size %s: both sides must be multiples of %d, %d at most", options->size, SIZE_MULTIPLE,
      SIZE_MAX_SIDE);
  return FALSE;
}

static gboolean
check (const Yv8Command *command, Yv8Options *options, GError **error)
{
  guint n = options->arguments ? g_strv_length (options->arguments) : 0;

  if (n < command->min_arguments || n > command->max_arguments) {
    g_autofree char *what = n > command->max_arguments
                                ? g_strdup_printf ("unexpected argument '%s'",
                                      options->arguments[command->max_arguments])
                                : g_strdup_printf ("missing argument %s", command->usage);
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, what);
    return FALSE;
  }
  if ((command->groups & YV8_OPTIONS_DETECTOR) && !options->model) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "missing option --model");
    return FALSE;
  }
  return check_size (options, error) &&
         check_range ("threshold", options->threshold, 0, 1, error) &&
         check_range ("iou", options->iou, 0, 1, error) &&
         check_range ("max-detections", options->max_detections, 0, G_MAXINT, error) &&
         check_range ("threads", options->threads, 0, 1024, error);
}

static void
add_groups (GOptionContext *context, guint groups, Yv8Options *options)
{
  const GOptionEntry model[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &options->model, "Model, an ONNX export", "FILE" },
    { NULL },
  };
  const GOptionEntry device[] = {
    { "device", 'd', 0, G_OPTION_ARG_STRING, &options->device,
        "auto, cpu, ref, vulkan, vulkan:INDEX or vulkan:NAME", "DEVICE" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &options->threads, "CPU threads (all by default)", "N" },
    { NULL },
  };
  const GOptionEntry size[] = {
    { "size", 's', 0, G_OPTION_ARG_STRING, &options->size,
        "Input size, multiples of 32 (the model's own by default)", "WxH" },
    { NULL },
  };
  const GOptionEntry params[] = {
    { "threshold", 't', 0, G_OPTION_ARG_DOUBLE, &options->threshold, "Least score, 0 to 1", "T" },
    { "iou", 0, 0, G_OPTION_ARG_DOUBLE, &options->iou,
        "Overlap above which only the better box is kept, 0 to 1 (0.7)", "T" },
    { "max-detections", 0, 0, G_OPTION_ARG_INT, &options->max_detections,
        "Keep the best so many (300)", "N" },
    { "classes", 0, 0, G_OPTION_ARG_STRING, &options->classes,
        "Only these classes: labels or numbers", "A,B" },
    { NULL },
  };
  const GOptionEntry inputs[] = {
    { "input", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->inputs,
        "Picture, clip or directory of pictures, or a part of it: CLIP#0-50%", "INPUT" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output, "Write the model", "FILE" },
    { "frames", 'n', 0, G_OPTION_ARG_INT, &options->frames, "Use so many frames at most (128)",
        "N" },
    { "validate", 0, 0, G_OPTION_ARG_INT, &options->validate,
        "Hold out every Nth of them for comparison, 0 for none (8)", "N" },
    { "max-drop", 0, 0, G_OPTION_ARG_DOUBLE, &options->max_drop,
        "Loss of agreement by box allowed, 0 to 1; 0 for any (0)", "D" },
    { NULL },
  };

  if (groups & YV8_OPTIONS_DETECTOR)
    g_option_context_add_main_entries (context, model, NULL);
  if (groups & (YV8_OPTIONS_DETECTOR | YV8_OPTIONS_DEVICE))
    g_option_context_add_main_entries (context, device, NULL);
  if (groups & (YV8_OPTIONS_DETECTOR | YV8_OPTIONS_DEVICE | YV8_OPTIONS_SIZE))
    g_option_context_add_main_entries (context, size, NULL);
  if (groups & YV8_OPTIONS_PARAMS)
    g_option_context_add_main_entries (context, params, NULL);
  if (groups & YV8_OPTIONS_INPUTS)
    g_option_context_add_main_entries (context, inputs, NULL);
}

gboolean
yv8_command_parse (
    const Yv8Command *command, int argc, char **argv, Yv8Options *options, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (command->usage);
  const GOptionEntry common[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->arguments, NULL, NULL },
    { NULL },
  };

  options->threshold = command->threshold;
  options->iou = YV8_DEFAULT_IOU_THRESHOLD;
  options->max_detections = YV8_DEFAULT_MAX_DETECTIONS;
  options->frames = 128;
  options->validate = 8;
  g_option_context_set_summary (context, command->summary);
  g_option_context_set_description (context, command->details);
  add_groups (context, command->groups, options);
  if (command->entries)
    g_option_context_add_main_entries (context, command->entries, NULL);
  g_option_context_add_main_entries (context, common, NULL);
  return g_option_context_parse (context, &argc, &argv, error) && check (command, options, error);
}

void
yv8_options_clear (Yv8Options *options)
{
  g_free (options->model);
  g_free (options->device);
  g_free (options->size);
  g_free (options->classes);
  g_free (options->output);
  g_strfreev (options->inputs);
  g_strfreev (options->arguments);
}

Yv8Detector *
yv8_options_open (const Yv8Options *options, gboolean profile, Yv8Model **model, GError **error)
{
  g_autoptr (Yv8Model) loaded = yv8_model_load (options->model, error);
  g_autoptr (GError) reason = NULL;

  if (!loaded)
    return NULL;
  const Yv8DetectorOptions wanted = {
    .device = options->device,
    .width = options->width,
    .height = options->height,
    .threads = (guint) options->threads,
    .profile = profile,
    .tune = options->tune,
  };
  Yv8Detector *detector = yv8_detector_new (loaded, &wanted, &reason);
  if (detector)
    *model = g_steal_pointer (&loaded);
  else if (g_error_matches (reason, YV8_ERROR, YV8_ERROR_ARGUMENT))
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  return detector;
}

static gboolean
find_class (const Yv8Model *model, const char *word, guint *class_id)
{
  guint n = yv8_model_n_classes (model);
  guint64 number = 0;

  for (guint i = 0; i < n; i++)
    if (g_str_equal (yv8_model_label (model, i), word)) {
      *class_id = i;
      return TRUE;
    }
  if (!g_ascii_string_to_unsigned (word, 10, 0, n - 1, &number, NULL))
    return FALSE;
  *class_id = (guint) number;
  return TRUE;
}

static gboolean
parse_classes (const char *text, const Yv8Model *model, guint8 *classes, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  for (char **word = words; *word; word++) {
    guint class_id = 0;
    if (!find_class (model, g_strstrip (*word), &class_id)) {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
          "--classes: the model has no class '%s'; 'yv8 inspect' lists them", *word);
      return FALSE;
    }
    classes[class_id] = 1;
  }
  return TRUE;
}

gboolean
yv8_options_params (const Yv8Options *options, const Yv8Model *model, Yv8DetectParams *params,
    guint8 **classes, GError **error)
{
  g_autofree guint8 *wanted = NULL;

  if (options->classes) {
    wanted = g_new0 (guint8, yv8_model_n_classes (model));
    if (!parse_classes (options->classes, model, wanted, error))
      return FALSE;
  }
  *params = (Yv8DetectParams){
    .threshold = (float) options->threshold,
    .iou_threshold = (float) options->iou,
    .max_detections = (guint) options->max_detections,
    .classes = wanted,
  };
  *classes = g_steal_pointer (&wanted);
  return TRUE;
}

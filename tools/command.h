/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A sub-command of the program yv8, as data, and the options that commands share. */
#pragma once

#include <yv8/yv8.h>

G_BEGIN_DECLS

/**
 * Yv8OptionGroup:
 * @YV8_OPTIONS_DETECTOR: --model, --device, --size, --threads
 * @YV8_OPTIONS_DEVICE: these without --model
 * @YV8_OPTIONS_PARAMS: --threshold, --iou, --max-detections, --classes
 * @YV8_OPTIONS_SIZE: --size alone
 * @YV8_OPTIONS_INPUTS: --input, --output, --frames, --validate, --max-drop; checked by
 *   yv8_inputs_list()
 */
typedef enum {
  YV8_OPTIONS_DETECTOR = 1 << 0,
  YV8_OPTIONS_PARAMS = 1 << 1,
  YV8_OPTIONS_SIZE = 1 << 2,
  YV8_OPTIONS_INPUTS = 1 << 3,
  YV8_OPTIONS_DEVICE = 1 << 4,
} Yv8OptionGroup;

/**
 * Yv8Options:
 * @width: of --size; 0 where it was not given
 * @height: likewise
 * @tune: see Yv8DetectorOptions; set by the command
 * @arguments: (array zero-terminated=1): what is left of the command line
 *
 * The options that commands share, checked.
 */
typedef struct {
  char *model, *device, *size, *classes, *output;
  char **inputs;
  guint width, height;
  int threads, max_detections, frames, validate;
  double threshold, iou, max_drop;
  gboolean json, tune;
  char **arguments;
} Yv8Options;

/**
 * Yv8Command:
 * @name: "detect"
 * @summary: one line
 * @usage: (nullable): the arguments behind the options, "INPUT…"
 * @details: what --help prints below the options: defaults, examples
 * @groups: #Yv8OptionGroup bits; --json is always there
 * @entries: (nullable): the command's own options
 * @min_arguments: least number of arguments
 * @max_arguments: greatest number of arguments
 * @threshold: default of --threshold
 * @run: does it; results go to stdout. G_OPTION_ERROR is wrong usage (exit status 2), any other
 *   error a failure (exit status 1)
 */
typedef struct {
  const char *name, *summary, *usage, *details;
  guint groups;
  const GOptionEntry *entries;
  guint min_arguments, max_arguments;
  double threshold;
  gboolean (*run) (const Yv8Options *options, GError **error);
} Yv8Command;

extern const Yv8Command yv8_detect_command;
extern const Yv8Command yv8_eval_command;
extern const Yv8Command yv8_calibrate_command;
extern const Yv8Command yv8_compress_command;
extern const Yv8Command yv8_compare_command;
extern const Yv8Command yv8_bench_command;
extern const Yv8Command yv8_inspect_command;
extern const Yv8Command yv8_devices_command;

/**
 * yv8_command_parse:
 * @argv: (inout): the words from the command's name on
 *
 * Returns: %FALSE with @error set (G_OPTION_ERROR); --help prints and exits
 */
gboolean yv8_command_parse (
    const Yv8Command *command, int argc, char **argv, Yv8Options *options, GError **error);

void yv8_options_clear (Yv8Options *options);

/**
 * yv8_size_parse:
 * @option: name of the option, for the message
 * @text: "WxH", two positive integers
 */
gboolean yv8_size_parse (
    const char *option, const char *text, guint *width, guint *height, GError **error);

/**
 * yv8_options_open:
 * @profile: time each op
 * @model: (out) (transfer full)
 *
 * Returns: (transfer full): a detector for the model that the options name
 */
Yv8Detector *yv8_options_open (
    const Yv8Options *options, gboolean profile, Yv8Model **model, GError **error);

/**
 * yv8_options_params:
 * @params: (out): its classes are owned by @classes
 * @classes: (out) (transfer full) (nullable): free after the last use of @params
 *
 * Returns: %FALSE with @error set when --classes names a class that @model does not have
 */
gboolean yv8_options_params (const Yv8Options *options, const Yv8Model *model,
    Yv8DetectParams *params, guint8 **classes, GError **error);

G_END_DECLS

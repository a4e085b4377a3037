/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 inspect: a model layer by layer. */
#include "command.h"

#include <stdio.h>

static gboolean
run (const Yv8Options *options, GError **error)
{
  g_autoptr (Yv8Model) model = yv8_model_load (options->arguments[0], error);

  if (!model)
    return FALSE;
  g_autofree char *text =
      yv8_model_inspect (model, options->width, options->height, options->json, error);
  if (!text)
    return FALSE;
  fputs (text, stdout);
  if (!g_str_has_suffix (text, "\n"))
    putchar ('\n');
  return TRUE;
}

const Yv8Command yv8_inspect_command = {
  .name = "inspect",
  .summary = "Describe a model layer by layer",
  .usage = "MODEL",
  .details = "Examples:\n"
             "  yv8 inspect yolov8n.onnx\n"
             "  yv8 inspect --size 320x320 --json yolov8n.onnx",
  .groups = YV8_OPTIONS_SIZE,
  .min_arguments = 1,
  .max_arguments = 1,
  .run = run,
};

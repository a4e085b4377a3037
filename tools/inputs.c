/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the commands share that make a model of a model and frames. */
#include "inputs.h"
#include "files.h"
#include "spread.h"

gboolean
yv8_usage_error (GError **error, const char *message)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);
  return FALSE;
}

static gboolean
check_usage (const Yv8Options *options, GError **error)
{
  if (!options->output)
    return yv8_usage_error (error, "missing option --output");
  if (!options->inputs && !(options->arguments && options->arguments[0]))
    return yv8_usage_error (error, "missing argument INPUT");
  if (options->frames < 1)
    return yv8_usage_error (error, "--frames must be at least 1");
  if (options->validate < 0 || options->validate == 1)
    return yv8_usage_error (error, "--validate must be 0 (nothing is held out) or at least 2");
  if (!(options->max_drop >= 0 && options->max_drop <= 1))
    return yv8_usage_error (error, "--max-drop must be from 0 to 1");
  if (options->max_drop > 0 && options->validate == 0)
    return yv8_usage_error (error, "--max-drop needs frames held out: --validate must not be 0");
  return TRUE;
}

char **
yv8_inputs_list (const Yv8Options *options, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (!check_usage (options, error))
    return NULL;
  if (options->inputs)
    g_strv_builder_addv (builder, (const char **) options->inputs);
  if (options->arguments)
    g_strv_builder_addv (builder, (const char **) options->arguments);
  return g_strv_builder_end (builder);
}

gboolean
yv8_inputs_check_outputs (
    const Yv8Options *options, char *const *inputs, const char *report, GError **error)
{
  const char *outputs[] = { options->output, report };

  for (gsize i = 0; i < G_N_ELEMENTS (outputs) && outputs[i]; i++) {
    gboolean own = yv8_files_same (outputs[i], options->model);
    for (char *const *input = inputs; *input; input++) {
      double part[2];
      g_autofree char *path = yv8_spread_split (*input, part);
      own |= !g_file_test (path, G_FILE_TEST_IS_DIR) && yv8_files_same (outputs[i], path);
    }
    if (own)
      return yv8_usage_error (error, "--output and --report must not be files that are read");
    if (!yv8_files_check_output (outputs[i], error))
      return FALSE;
  }
  if (report && g_str_equal (report, options->output))
    return yv8_usage_error (error, "--output and --report must be two files");
  return TRUE;
}

Yv8FrameUse
yv8_inputs_use (const Yv8Options *options, guint n, guint index)
{
  guint period = n < 2 ? 0 : MIN ((guint) options->validate, n);

  return period > 0 && (index + 1) % period == 0 ? YV8_FRAME_VALIDATE : YV8_FRAME_CALIBRATE;
}

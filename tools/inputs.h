/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the commands share that make a model of a model and frames. */
#pragma once

#include "command.h"

G_BEGIN_DECLS

/**
 * yv8_inputs_list: Returns: (transfer full): of --input and of the arguments; %NULL with @error set
 *   (G_OPTION_ERROR) if there are none, or if an option is missing or out of range
 */
char **yv8_inputs_list (const Yv8Options *options, GError **error);

/**
 * yv8_inputs_check_outputs:
 * @report: (nullable): another file that is to be written
 *
 * Finds what would fail only after all the work, or write over what is read.
 */
gboolean yv8_inputs_check_outputs (
    const Yv8Options *options, char *const *inputs, const char *report, GError **error);

/**
 * yv8_inputs_use:
 * @n: frames in all
 *
 * Returns: how frame @index is used, by --validate
 */
Yv8FrameUse yv8_inputs_use (const Yv8Options *options, guint n, guint index);

/**
 * yv8_usage_error: Returns: %FALSE, with @error set (G_OPTION_ERROR)
 */
gboolean yv8_usage_error (GError **error, const char *message);

G_END_DECLS

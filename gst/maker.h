/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What makes a model of a model and frames: a calibrator, or with a recipe a compressor. */
#pragma once

#include <yv8/yv8.h>

G_BEGIN_DECLS

typedef struct _Yv8Maker Yv8Maker;

/**
 * yv8_maker_new:
 * @model: path of a float model
 * @recipe: (nullable): name or path, as of yv8_recipe_load(); its shares are taken as they are, and
 *   the method and the layers in float are the recipe's
 * @options: of the calibrator. Of a compressor max_drop is only the gate at the end
 *
 * Returns: (transfer full): %NULL with @error set (as yv8_model_load(), yv8_recipe_load(),
 *   yv8_calibrator_new(), yv8_compressor_new())
 */
Yv8Maker *yv8_maker_new (
    const char *model, const char *recipe, const Yv8CalibratorOptions *options, GError **error);
void yv8_maker_free (Yv8Maker *maker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Maker, yv8_maker_free)

/* As those of the calibrator. */
gboolean yv8_maker_add (Yv8Maker *maker, const Yv8Frame *frame, Yv8FrameUse use, GError **error);
Yv8Model *yv8_maker_finish (
    Yv8Maker *maker, Yv8ProgressFunc progress, gpointer data, GError **error);
void yv8_maker_agreement (const Yv8Maker *maker, Yv8Agreement *agreement);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The steps of a recipe, each from a model to a model. */
#pragma once

#include <yv8/calibrator.h>

#include "api/model.h"
#include "compress/checkpoint.h"
#include "compress/recipe.h"
#include "compress/target.h"

G_BEGIN_DECLS

/**
 * Yv8Workspace: what all steps need
 * @target: where networks are run, at which size
 * @albums: pictures by #Yv8FrameUse
 * @checkpoint: results of steps that take long
 * @work: SHA-256 of all that a result depends on but model and settings
 * @truth: (nullable): whose boxes others are compared with; %NULL for the step's own model
 * @progress: of a step
 */
typedef struct {
  Yv8Target target;
  const Yv8Album *albums[2];
  Yv8Checkpoint *checkpoint;
  const char *work;
  const Yv8Graph *truth;
  Yv8ProgressFunc progress;
  gpointer data;
} Yv8Workspace;

/**
 * yv8_step_check: Returns: %FALSE with @error set (ARGUMENT, UNSUPPORTED) for a step that cannot be
 * done with @model, as far as that is known before
 */
gboolean yv8_step_check (const Yv8Step *step, const Yv8Model *model, GError **error);

/**
 * yv8_step_weight: Returns: about how long it takes beside other steps
 */
double yv8_step_weight (const Yv8Step *step);

/**
 * yv8_step_run:
 * @models: (element-type Yv8Model): what the steps before made, the source first; the last of them
 *   is what the step begins with
 *
 * A result that was saved in the workspace's checkpoint is taken from there.
 *
 * Returns: (transfer full): %NULL with @error set
 */
Yv8Model *yv8_step_run (
    const Yv8Step *step, const GPtrArray *models, const Yv8Workspace *workspace, GError **error);

G_END_DECLS

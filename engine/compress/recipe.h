/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is behind a recipe: its steps with their settings. */
#pragma once

#include <yv8/calibrator.h>
#include <yv8/recipe.h>

#include "compress/criterion.h"

G_BEGIN_DECLS

/**
 * Yv8StepKind: what a step does; in the order in which a recipe may have them, but for CLASSES and
 * RESIZE, of which either may come first
 */
typedef enum {
  YV8_STEP_CLASSES,
  YV8_STEP_RESIZE,
  YV8_STEP_PRUNE,
  YV8_STEP_QUANTIZE,
  YV8_STEP_PALETTE,
} Yv8StepKind;

#define YV8_N_STEP_KINDS (YV8_STEP_PALETTE + 1)

/**
 * Yv8PruneUnit: what goes as a whole
 * @YV8_PRUNE_BLOCKS: 16 output channels by 4 input channels by one tap
 * @YV8_PRUNE_CHANNELS: channels, with all that makes and reads them
 * @YV8_PRUNE_WEIGHTS: single weights
 * @YV8_PRUNE_2_4: two of four neighbouring weights, everywhere
 */
typedef enum {
  YV8_PRUNE_BLOCKS,
  YV8_PRUNE_CHANNELS,
  YV8_PRUNE_WEIGHTS,
  YV8_PRUNE_2_4,
} Yv8PruneUnit;

#define YV8_N_PRUNE_UNITS (YV8_PRUNE_2_4 + 1)

/**
 * Yv8Correct: what of the values that are fitted anew, where channels went, is that of the whole
 *   network
 * @YV8_CORRECT_MEAN: their mean, as least squares give it
 * @YV8_CORRECT_VARIANCE: their variance, too; yv8_gram_match()
 */
typedef enum {
  YV8_CORRECT_MEAN,
  YV8_CORRECT_VARIANCE,
} Yv8Correct;

/**
 * Yv8Step: a group of the recipe
 * @name: the group's
 * @keep: of CLASSES: names or numbers, joined by commas
 * @size: of RESIZE: width and height
 * @unit: of PRUNE, as all up to @correct
 * @share: of the multiply-accumulates to remove, or with YV8_PRUNE_WEIGHTS of the weights; 0 to
 *   YV8_STEP_MAX_SHARE
 * @layers: comma-separated globs of the names of layers that may lose channels
 * @correct: of YV8_PRUNE_CHANNELS
 * @method: of QUANTIZE, as all up to @max_drop
 * @keep_float: as in #Yv8CalibratorOptions; may be empty
 * @palette: of PALETTE: 0, 1, 2 for 16, 32, 64 centroids
 * @bytes: of the file, at most; the most sensitive layers keep more centroids within that. 0: not
 *   limited
 */
typedef struct {
  Yv8StepKind kind;
  char *name;
  char *keep;
  guint size[2];
  Yv8PruneUnit unit;
  double share;
  Yv8Criterion criterion;
  char *layers;
  Yv8Correct correct;
  Yv8Method method;
  char *keep_float;
  double max_drop;
  guint palette;
  double bytes;
} Yv8Step;

#define YV8_STEP_MAX_SHARE 0.9

struct _Yv8Recipe {
  gatomicrefcount ref_count;
  char *description;
  char *text;
  GArray *steps; /* (element-type Yv8Step) */
};

/**
 * yv8_recipe_get: Returns: (transfer none): step @index
 */
const Yv8Step *yv8_recipe_get (const Yv8Recipe *recipe, guint index);

/**
 * yv8_recipe_adjust: makes a recipe of another one
 * @factor: of the shares of prune steps, which become multiples of 0.0001, YV8_STEP_MAX_SHARE at
 * most
 * @width: of RESIZE, if there is such a step; 0 leaves it as it is. Likewise @height
 * @max_drop: of QUANTIZE, if that has none of its own
 *
 * Returns: (transfer full)
 */
Yv8Recipe *yv8_recipe_adjust (
    const Yv8Recipe *recipe, double factor, guint width, guint height, double max_drop);

/**
 * yv8_step_text: Returns: (transfer full): kind and all settings in one line: of two steps that do
 * the same it is the same
 */
char *yv8_step_text (const Yv8Step *step);

G_END_DECLS

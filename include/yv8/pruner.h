/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a float model and frames to a float model with less to compute. */
#pragma once

#include <yv8/calibrator.h>

G_BEGIN_DECLS

/**
 * Yv8Criterion: what of a network goes first, blocks of weights or channels
 * @YV8_CRITERION_OBS: what costs least when the other weights make good what they can (optimal
 *   brain surgeon, on statistics of the frames); the default
 * @YV8_CRITERION_L1: the least sum of the weights' magnitudes; of a channel, of those that make it.
 *   This and the others are there to compare with
 * @YV8_CRITERION_L2: the least sum of their squares
 * @YV8_CRITERION_ENERGY: channels whose squared values are least on the frames
 * @YV8_CRITERION_RANDOM: any
 */
typedef enum {
  YV8_CRITERION_OBS,
  YV8_CRITERION_L1,
  YV8_CRITERION_L2,
  YV8_CRITERION_ENERGY,
  YV8_CRITERION_RANDOM,
} Yv8Criterion;

#define YV8_N_CRITERIA (YV8_CRITERION_RANDOM + 1)

/**
 * yv8_criterion_name: Returns: (transfer none): "obs", "l1", "l2", "energy", "random"
 */
YV8_API const char *yv8_criterion_name (Yv8Criterion criterion);
YV8_API gboolean yv8_criterion_from_name (const char *name, Yv8Criterion *criterion);

/**
 * yv8_criterion_for_blocks: Returns: whether blocks of weights can be chosen by @criterion;
 *   channels can by every one
 */
YV8_API gboolean yv8_criterion_for_blocks (Yv8Criterion criterion);

/**
 * Yv8PrunerOptions:
 * @device: as in #Yv8DetectorOptions; the float model runs there
 * @width: input width in pixels; 0 for the model's own
 * @height: likewise
 * @threads: CPU threads; 0 for as many as the process may use
 * @criterion: which blocks go; yv8_criterion_for_blocks()
 * @blocks: share of the multiply-accumulates at that size to remove in blocks of 16 output
 * channels, 4 input channels and one tap; 0 to 0.9
 *
 * Zeroed it is all defaults.
 */
typedef struct {
  const char *device;
  guint width, height;
  guint threads;
  Yv8Criterion criterion;
  double blocks;
} Yv8PrunerOptions;

/**
 * Yv8Pruner:
 *
 * Not thread-safe: one thread at a time. Deterministic: the same frames in the same order on the
 * same kind of device give the same model.
 */
typedef struct _Yv8Pruner Yv8Pruner;

/**
 * yv8_pruner_new:
 * @model: (transfer none): a float model
 * @options: (nullable): %NULL for all defaults
 *
 * Returns: (transfer full): %NULL with @error set (as yv8_detector_new(); ARGUMENT for a model that
 *   is not float)
 */
YV8_API Yv8Pruner *yv8_pruner_new (
    Yv8Model *model, const Yv8PrunerOptions *options, GError **error);
YV8_API void yv8_pruner_free (Yv8Pruner *pruner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Pruner, yv8_pruner_free)

/**
 * yv8_pruner_add:
 *
 * Keeps the letterboxed picture (1.6 MB at 640x640) of @frame; of more than 128, spread evenly, 64
 * to 128 are kept. No labels are needed.
 *
 * Returns: %FALSE with @error set: ARGUMENT for a bad frame, MEMORY
 */
YV8_API gboolean yv8_pruner_add (Yv8Pruner *pruner, const Yv8Frame *frame, GError **error);

/**
 * yv8_pruner_finish:
 * @progress: (nullable): called now and then from within
 *
 * Returns: (transfer full): the pruned model, float; whole blocks of its weights are zero, which
 *   int8 kernels leave out once it is calibrated. %NULL with @error set: ARGUMENT without frames
 */
YV8_API Yv8Model *yv8_pruner_finish (
    Yv8Pruner *pruner, Yv8ProgressFunc progress, gpointer data, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a float model, frames and a recipe to a smaller and faster model, judged before it is handed
 * out. */
#pragma once

#include <yv8/calibrator.h>
#include <yv8/recipe.h>

G_BEGIN_DECLS

/**
 * Yv8CompressorOptions:
 * @device: as in #Yv8DetectorOptions; networks run there, are judged and timed there
 * @width: input width in pixels, in place of the recipe's; 0 for the recipe's own or the model's
 * @height: likewise
 * @threads: CPU threads; 0 for as many as the process may use
 * @checkpoint: (nullable): a folder, made if need be, where intermediate results are kept: whoever
 *   begins the same work again goes on from them, to the same bytes
 * @target_macs: share of the source's multiply-accumulates, at the same input size, that is to be
 *   left, above 0 and below 1; 0 leaves the recipe's shares as they are
 * @target_ms: milliseconds that a frame may take in the network on @device; 0 for any
 * @max_drop: of 1 - agreement by box of the result, 0 to 1; 0 accepts any
 * @measure: time the network after each step
 *
 * Zeroed it is all defaults.
 *
 * All shares of the prune steps are multiplied by one factor so that targets are met: by
 * @target_macs at once; else by trials, at most YV8_COMPRESSOR_TRIALS, which halve an interval: the
 * least factor that is within @target_ms, or the greatest that is within @max_drop. A target that
 * is given beside another one is only checked at the end.
 */
typedef struct {
  const char *device;
  guint width, height;
  guint threads;
  const char *checkpoint;
  double target_macs;
  double target_ms;
  double max_drop;
  gboolean measure;
} Yv8CompressorOptions;

#define YV8_COMPRESSOR_TRIALS 6

/**
 * Yv8CompressorPoint: a model on the way
 * @name: (transfer none): of the recipe's step that made it ("prune blocks"); "source" of the first
 * @model: (transfer none): as it would be saved
 * @macs: multiply-accumulates at the compressor's input size; without those of blocks that are zero
 * @parameters: weights and biases that are not zero
 * @bytes: of the file
 * @agreement: with the source, on the held-out frames; of the classes that are left. Its ap is NaN
 *   where that is not known
 * @ms: median time of a frame in the network; NaN unless it was to be measured
 */
typedef struct {
  const char *name;
  const Yv8Model *model;
  guint64 macs, parameters, bytes;
  Yv8Agreement agreement;
  double ms;
} Yv8CompressorPoint;

/**
 * Yv8CompressorTrial: the last point of a run of all steps, with the recipe's shares multiplied
 * @factor: by which
 * @ms: NaN unless it was to be measured or a target
 * @kept: whether it is the one that was handed out
 */
typedef struct {
  double factor;
  guint64 macs, bytes;
  Yv8Agreement agreement;
  double ms;
  gboolean kept;
} Yv8CompressorTrial;

/**
 * Yv8Compressor:
 *
 * Not thread-safe: one thread at a time. Deterministic without @target_ms: the same model, recipe
 * and frames in the same order on the same kind of device give the same file, byte for byte, with
 * checkpoints or without.
 */
typedef struct _Yv8Compressor Yv8Compressor;

/**
 * yv8_compressor_new:
 * @model: (transfer none): a float model
 * @recipe: (transfer none)
 * @options: (nullable): %NULL for all defaults; its strings are copied
 *
 * Returns: (transfer full): %NULL with @error set (as yv8_detector_new(); ARGUMENT for a model that
 *   is not float, an option out of range, a target without a prune step, classes or layers that the
 *   model does not have; READ for a folder that cannot be made)
 */
YV8_API Yv8Compressor *yv8_compressor_new (
    Yv8Model *model, Yv8Recipe *recipe, const Yv8CompressorOptions *options, GError **error);
YV8_API void yv8_compressor_free (Yv8Compressor *compressor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Compressor, yv8_compressor_free)

/**
 * yv8_compressor_add:
 * @name: (nullable): of the frame, for the report ("street.jpg", "clip.mp4 120")
 *
 * Keeps the letterboxed picture (1.6 MB at 640x640) of @frame. Memory is bounded: of more than 128
 * frames, spread evenly, 64 to 128 are kept, of those held out half as many.
 *
 * Returns: %FALSE with @error set: ARGUMENT for a bad frame, MEMORY
 */
YV8_API gboolean yv8_compressor_add (Yv8Compressor *compressor, const Yv8Frame *frame,
    const char *name, Yv8FrameUse use, GError **error);

/**
 * yv8_compressor_n_frames: Returns: frames added for @use
 */
YV8_API guint yv8_compressor_n_frames (const Yv8Compressor *compressor, Yv8FrameUse use);

/**
 * yv8_compressor_device: Returns: (transfer none): the device that it runs on
 */
YV8_API const Yv8Device *yv8_compressor_device (const Yv8Compressor *compressor);

/**
 * yv8_compressor_finish:
 * @progress: (nullable): called now and then from within; its stage names the step, too
 *
 * Returns: (transfer full): the compressed model; %NULL with @error set: ARGUMENT without frames to
 *   calibrate on, or without frames held out where @max_drop is set; ACCURACY when @max_drop or the
 *   recipe's max-drop cannot be kept, or @target_ms cannot be reached (the message says the
 *   figures); G_IO_ERROR_CANCELLED
 */
YV8_API Yv8Model *yv8_compressor_finish (
    Yv8Compressor *compressor, Yv8ProgressFunc progress, gpointer data, GError **error);

/**
 * yv8_compressor_recipe: Returns: (transfer none): as it was done: of the model that the last
 * yv8_compressor_finish() returned, with the shares that a target led to
 */
YV8_API const Yv8Recipe *yv8_compressor_recipe (const Yv8Compressor *compressor);

/**
 * yv8_compressor_n_points: Returns: points of the last yv8_compressor_finish(), also when that
 * failed by ACCURACY: the source, and one for each step, in order
 */
YV8_API guint yv8_compressor_n_points (const Yv8Compressor *compressor);

/**
 * yv8_compressor_point: @point: (out): valid until the next yv8_compressor_finish()
 */
YV8_API void yv8_compressor_point (
    const Yv8Compressor *compressor, guint index, Yv8CompressorPoint *point);

/**
 * yv8_compressor_n_trials: Returns: runs of all steps in the last yv8_compressor_finish(), in order
 */
YV8_API guint yv8_compressor_n_trials (const Yv8Compressor *compressor);
YV8_API void yv8_compressor_trial (
    const Yv8Compressor *compressor, guint index, Yv8CompressorTrial *trial);

/**
 * yv8_compressor_report:
 *
 * A page about the last yv8_compressor_finish(), also if that failed by ACCURACY, which refers to
 * nothing outside of it: agreement against multiply-accumulates, size and, where it was measured,
 * time after each step; what was cut of each layer; boxes before and after on some of the held-out
 * frames, with their pictures; recipe, licence and names of frames.
 *
 * Returns: (transfer full): HTML; %NULL with @error set (ARGUMENT where no model was made, DEVICE,
 *   MEMORY)
 */
YV8_API char *yv8_compressor_report (Yv8Compressor *compressor, GError **error);

/**
 * yv8_compressor_forget: removes all checkpoints from the folder, and the folder if nothing else is
 * in it
 */
YV8_API void yv8_compressor_forget (Yv8Compressor *compressor);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a float model and frames to an int8 model, judged before it is handed out. */
#pragma once

#include <yv8/detector.h>

G_BEGIN_DECLS

/**
 * Yv8Method: how the range of a feature map is chosen from its histogram
 * @YV8_METHOD_MINMAX: all that was seen
 * @YV8_METHOD_PERCENTILE: 99.99 % of what was seen
 * @YV8_METHOD_MSE: least squared error of rounding and clipping, then refined by the error of the
 *   boxes where maps are large, and widened where they are small; the default
 * @YV8_METHOD_KL: least Kullback-Leibler divergence (Migacz, "8-bit inference with TensorRT", 2017)
 */
typedef enum {
  YV8_METHOD_MSE,
  YV8_METHOD_MINMAX,
  YV8_METHOD_PERCENTILE,
  YV8_METHOD_KL,
} Yv8Method;

#define YV8_N_METHODS (YV8_METHOD_KL + 1)

/**
 * yv8_method_name: Returns: (transfer none): "mse", "minmax", "percentile", "kl"
 */
YV8_API const char *yv8_method_name (Yv8Method method);
YV8_API gboolean yv8_method_from_name (const char *name, Yv8Method *method);

/**
 * Yv8CalibratorOptions:
 * @device: as in #Yv8DetectorOptions; the float model runs there, and the int8 model is judged
 * there
 * @width: input width in pixels; 0 for the model's own
 * @height: likewise
 * @threads: CPU threads; 0 for as many as the process may use
 * @method: how ranges are chosen
 * @keep_float: (nullable): comma-separated glob patterns of layer names that stay in float32
 * @max_drop: of 1 - agreement by box, 0 to 1: layers are put back to float, the worst first, until
 * the loss is within it, and yv8_calibrator_finish() fails if it cannot be reached; 0 accepts any
 * loss
 * @brief: there will be no yv8_calibrator_report(): the error of layers is measured only where
 *   @max_drop asks for it, which saves a third of yv8_calibrator_finish()
 * @reference: (nullable): a float model of the same classes to compare with in place of the model
 *   itself, which may have been pruned
 *
 * Zeroed it is all defaults.
 */
typedef struct {
  const char *device;
  guint width, height;
  guint threads;
  Yv8Method method;
  const char *keep_float;
  double max_drop;
  gboolean brief;
  Yv8Model *reference;
} Yv8CalibratorOptions;

/**
 * Yv8Agreement: of the int8 model with the float model on frames that calibration did not see
 * @ap: AP over IoU 0.50:0.05:0.95 of the int8 model's boxes, with the float model's boxes of at
 * least 0.25 as the truth: 1 is agreement in every box; NaN when the float model saw nothing
 * @ap50: the same at IoU 0.50
 * @by_box: as @ap, but classes count by their boxes and not alike: one box of a class that is rare
 * in the scene does not decide
 * @score_shift: mean of int8 score minus float score over matched boxes
 * @n_frames: frames compared
 * @n_boxes: boxes of the float model
 */
typedef struct {
  double ap, ap50;
  double by_box;
  double score_shift;
  guint n_frames, n_boxes;
} Yv8Agreement;

/**
 * yv8_agreement_check: whether the loss is known and within what is allowed
 * @max_drop: of 1 - agreement by box; 0 or less allows any, and need not know it
 *
 * Returns: %FALSE with @error set: ACCURACY, with the figures and a remedy
 */
YV8_API gboolean yv8_agreement_check (
    const Yv8Agreement *agreement, double max_drop, GError **error);

/**
 * Yv8FrameUse:
 * @YV8_FRAME_CALIBRATE: ranges are gathered from the frame
 * @YV8_FRAME_VALIDATE: the frame is held out; int8 and float boxes are compared on it
 */
typedef enum {
  YV8_FRAME_CALIBRATE,
  YV8_FRAME_VALIDATE,
} Yv8FrameUse;

/**
 * Yv8ProgressFunc:
 * @stage: (transfer none): what is being done, for people
 * @fraction: of the whole work, 0 to 1
 *
 * Returns: %FALSE to stop: the caller of it then fails with G_IO_ERROR_CANCELLED
 */
typedef gboolean (*Yv8ProgressFunc) (const char *stage, double fraction, gpointer data);

/**
 * Yv8Calibrator:
 *
 * Not thread-safe: one thread at a time. Deterministic: the same frames in the same order on the
 * same kind of device give the same file, byte for byte.
 */
typedef struct _Yv8Calibrator Yv8Calibrator;

/**
 * yv8_calibrator_new:
 * @model: (transfer none): a float model
 * @options: (nullable): %NULL for all defaults; its strings are copied
 *
 * Returns: (transfer full): %NULL with @error set (as yv8_detector_new(); ARGUMENT for a model that
 *   is not float)
 */
YV8_API Yv8Calibrator *yv8_calibrator_new (
    Yv8Model *model, const Yv8CalibratorOptions *options, GError **error);
YV8_API void yv8_calibrator_free (Yv8Calibrator *calibrator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Calibrator, yv8_calibrator_free)

/**
 * yv8_calibrator_add:
 * @name: (nullable): of the frame, for the report ("street.jpg", "clip.mp4 120")
 *
 * Letterboxes @frame as a detector does and, for %YV8_FRAME_CALIBRATE, runs the float model on it.
 * Histograms grow as needed; nothing is run again. Memory is bounded: of all frames that are added,
 * spread evenly, the letterboxed pictures of 16 are kept for measuring errors, and of 64 that are
 * held out.
 *
 * Returns: %FALSE with @error set: ARGUMENT for a bad frame, DEVICE, MEMORY
 */
YV8_API gboolean yv8_calibrator_add (Yv8Calibrator *calibrator, const Yv8Frame *frame,
    const char *name, Yv8FrameUse use, GError **error);

/**
 * yv8_calibrator_n_frames: Returns: frames added for @use
 */
YV8_API guint yv8_calibrator_n_frames (const Yv8Calibrator *calibrator, Yv8FrameUse use);

/**
 * yv8_calibrator_finish:
 * @progress: (nullable): called now and then from within
 *
 * Chooses ranges, quantises, corrects biases, measures the error layer by layer, compares with the
 * float model on the held-out frames, and keeps layers in float as the options say.
 *
 * Returns: (transfer full): the int8 model; %NULL with @error set: ARGUMENT without calibration
 *   frames, ACCURACY when max_drop cannot be kept (the message says the figures)
 */
YV8_API Yv8Model *yv8_calibrator_finish (
    Yv8Calibrator *calibrator, Yv8ProgressFunc progress, gpointer data, GError **error);

/**
 * yv8_calibrator_agreement: of the last yv8_calibrator_finish(), also when that failed by ACCURACY
 */
YV8_API void yv8_calibrator_agreement (const Yv8Calibrator *calibrator, Yv8Agreement *agreement);

/**
 * yv8_calibrator_report:
 * @json: one JSON object instead of an HTML page
 *
 * The page is self-contained: error of each layer alone and accumulated, ranges and histograms,
 * size and MACs, agreement, the frames used, as inline SVG charts and tables.
 *
 * Returns: (transfer full): of the last yv8_calibrator_finish(); without errors of layers if the
 *   calibrator is brief
 */
YV8_API char *yv8_calibrator_report (const Yv8Calibrator *calibrator, gboolean json);

/**
 * Yv8Novelty: tells frames that differ from those that were taken before, by a small signature of
 *   the picture (means of a coarse grid of luma)
 */
typedef struct _Yv8Novelty Yv8Novelty;

/**
 * yv8_novelty_new:
 * @least: mean absolute difference of signatures, in levels of 0..255, below which a frame is too
 *   similar
 */
YV8_API Yv8Novelty *yv8_novelty_new (double least);
YV8_API void yv8_novelty_free (Yv8Novelty *novelty);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Novelty, yv8_novelty_free)

/**
 * yv8_novelty_take: Returns: whether @frame differs from all taken before; it then is one of them
 */
YV8_API gboolean yv8_novelty_take (Yv8Novelty *novelty, const Yv8Frame *frame);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calibration beside a stream: a thread with a queue of four frames. */
#pragma once

#include <gst/video/video.h>
#include <yv8/yv8.h>

G_BEGIN_DECLS

/**
 * Yv8WorkerOptions:
 * @model: path of a float model
 * @output: path of the model file to write
 * @recipe: (nullable): name or path of a recipe to compress by, in place of int8 alone
 * @calibrator: how; its threads are the worker's choice
 * @frames: to take, of which every YV8_WORKER_HOLD_OUT-th is held out for validation
 * @min_frames: that are enough when the stream ends
 * @interval: every so many-th frame is looked at
 */
typedef struct {
  const char *model, *output, *recipe;
  Yv8CalibratorOptions calibrator;
  guint frames, min_frames, interval;
} Yv8WorkerOptions;

#define YV8_WORKER_HOLD_OUT 8

/**
 * Yv8WorkerState:
 * @YV8_WORKER_GATHERING: takes frames
 * @YV8_WORKER_FINISHING: quantises and judges
 * @YV8_WORKER_DONE: the model is written
 * @YV8_WORKER_FAILED: it is not, and a warning has said why
 * @YV8_WORKER_STOPPED: it is not, since the worker was stopped before
 */
typedef enum {
  YV8_WORKER_GATHERING,
  YV8_WORKER_FINISHING,
  YV8_WORKER_DONE,
  YV8_WORKER_FAILED,
  YV8_WORKER_STOPPED,
} Yv8WorkerState;

/**
 * Yv8Worker:
 *
 * Posts on behalf of its element: GST_MESSAGE_PROGRESS with the code "calibrate" from the moment
 * that the frames are in; the element message `yolov8-calibrated` when the model is written;
 * otherwise one warning.
 */
typedef struct _Yv8Worker Yv8Worker;

/**
 * yv8_worker_new:
 * @element: (transfer none): outlives the worker
 *
 * Loads the model, opens the device, starts the thread.
 *
 * Returns: (transfer full): %NULL with @error set (as yv8_model_load() and yv8_maker_new())
 */
Yv8Worker *yv8_worker_new (GstElement *element, const Yv8WorkerOptions *options, GError **error);

/**
 * yv8_worker_free: after yv8_worker_stop()
 */
void yv8_worker_free (Yv8Worker *worker);

/**
 * yv8_worker_offer:
 * @info: of @buffer
 *
 * Copies the picture if the worker has room for it and it differs from those taken before. Never
 * waits. Of the streaming thread.
 */
void yv8_worker_offer (Yv8Worker *worker, GstBuffer *buffer, const GstVideoInfo *info);

/**
 * yv8_worker_drain:
 *
 * The stream has ended: waits until what was taken is worked through and, if that is enough, until
 * the model is made. Warns if it is not enough; the worker then goes on taking frames if more come.
 *
 * Returns: %FALSE if yv8_worker_interrupt() or yv8_worker_cancel() ended the wait
 */
gboolean yv8_worker_drain (Yv8Worker *worker);

/**
 * yv8_worker_interrupt:
 * @interrupted: from now on yv8_worker_drain() does not wait, until it is called with %FALSE; the
 *   work itself goes on
 *
 * From any thread.
 */
void yv8_worker_interrupt (Yv8Worker *worker, gboolean interrupted);

/**
 * yv8_worker_cancel: Ends work and waits soon; from any thread, without waiting
 */
void yv8_worker_cancel (Yv8Worker *worker);

/**
 * yv8_worker_stop:
 *
 * Cancels, waits for the thread and frees the calibrator. Warns if frames were offered and neither
 * a model nor a warning has come of them.
 */
void yv8_worker_stop (Yv8Worker *worker);

/**
 * yv8_worker_progress: Returns: 0 to 1: half of it gathering, half of it finishing
 */
double yv8_worker_progress (Yv8Worker *worker);

/**
 * yv8_worker_stats:
 *
 * Sets in @structure the fields `state`, `seen`, `taken`, `held-out`, `similar`, `busy` and
 * `progress`, and when the int8 model was compared also `agreement`, `agreement-50`, `score-shift`.
 */
void yv8_worker_stats (Yv8Worker *worker, GstStructure *structure);

G_END_DECLS

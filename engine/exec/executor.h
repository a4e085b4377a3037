/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a graph on a backend. Knows no backend by name. */
#pragma once

#include "exec/backend.h"

G_BEGIN_DECLS

typedef struct _Yv8Executor Yv8Executor;

/**
 * Yv8ExecutorFlags:
 * @YV8_EXECUTOR_PROFILE: keep the time of each op
 * @YV8_EXECUTOR_TUNE: measure what suits the device first, as far as that is not known
 * @YV8_EXECUTOR_KEEP: keep every buffer: all slices can be read after a run, at the cost of memory
 */
typedef enum {
  YV8_EXECUTOR_PROFILE = 1 << 0,
  YV8_EXECUTOR_KEEP = 1 << 1,
  YV8_EXECUTOR_TUNE = 1 << 2,
} Yv8ExecutorFlags;

/**
 * yv8_executor_new:
 * @graph: must outlive the executor
 * @width: of the input, pixels
 * @height: likewise
 * @backend: (transfer full): freed with the executor, and on failure
 * @flags: 0 for none
 *
 * Returns: (transfer full): the executor; %NULL with @error set
 */
Yv8Executor *yv8_executor_new (const Yv8Graph *graph, guint width, guint height,
    Yv8Backend *backend, Yv8ExecutorFlags flags, GError **error);
void yv8_executor_free (Yv8Executor *executor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Executor, yv8_executor_free)

/**
 * yv8_executor_load:
 *
 * Puts a frame into the input; yv8_executor_run() follows.
 *
 * Returns: %FALSE with @error set: ARGUMENT if the input has more than a picture's three channels,
 *   or as the backend says
 */
gboolean yv8_executor_load (
    Yv8Executor *executor, const Yv8Frame *frame, const Yv8Letterbox *letterbox, GError **error);

/**
 * yv8_executor_load_values: @values: planar float32 of buffer 0's shape
 */
gboolean yv8_executor_load_values (Yv8Executor *executor, const float *values, GError **error);

gboolean yv8_executor_run (Yv8Executor *executor, GError **error);

/**
 * yv8_executor_begin:
 * @params: (nullable): %NULL to have the outputs alone; not needed after the call
 *
 * Begins to run what was loaded. Where the backend overlaps, up to YV8_DETECTOR_IN_FLIGHT frames
 * may be begun before the first is finished; else this runs all, and the next may come when the
 * outputs have been seen.
 */
gboolean yv8_executor_begin (Yv8Executor *executor, const Yv8DetectParams *params, GError **error);

/**
 * yv8_executor_finish:
 * @detections: (out) (nullable) (transfer none): what yv8_decoder_run() would find; %NULL where the
 *   backend leaves that to the host, and then the outputs are there
 *
 * Ends the frame that was begun first, also where it fails.
 */
gboolean yv8_executor_finish (
    Yv8Executor *executor, const Yv8Detection **detections, guint *n_detections, GError **error);

/**
 * yv8_executor_detect: yv8_executor_begin() and yv8_executor_finish()
 */
gboolean yv8_executor_detect (Yv8Executor *executor, const Yv8DetectParams *params,
    const Yv8Detection **detections, guint *n_detections, GError **error);

/**
 * yv8_executor_overlaps: Returns: whether a frame may be begun before the one before is finished
 */
gboolean yv8_executor_overlaps (const Yv8Executor *executor);

/**
 * yv8_executor_output: Returns: planar float32 of output @index; see Yv8BackendClass.output
 */
const float *yv8_executor_output (Yv8Executor *executor, guint index);

/**
 * yv8_executor_read: only slices of outputs are sure to be still there after a run, unless the
 * executor keeps all
 */
gboolean yv8_executor_read (
    Yv8Executor *executor, const Yv8Slice *slice, float *values, GError **error);

/**
 * yv8_executor_range:
 * @min: (out): least value of @slice; +infinity if there is none
 * @max: (out): greatest value; -infinity if there is none
 *
 * On the device, if it can. Values that are not numbers are left out. As yv8_executor_read().
 */
gboolean yv8_executor_range (
    Yv8Executor *executor, const Yv8Slice *slice, float *min, float *max, GError **error);

/**
 * yv8_executor_histogram:
 * @counts: (array length=bins->n): of the values of @slice, added to what is there
 *
 * Likewise.
 */
gboolean yv8_executor_histogram (Yv8Executor *executor, const Yv8Slice *slice, const Yv8Bins *bins,
    guint64 *counts, GError **error);

/**
 * yv8_executor_graph: Returns: (transfer none): the graph as the backend runs it: what indices of
 *   ops are of here
 */
const Yv8Graph *yv8_executor_graph (const Yv8Executor *executor);
const Yv8Shape *yv8_executor_shapes (const Yv8Executor *executor);
const char *yv8_executor_kernel_name (Yv8Executor *executor, guint op);

/**
 * yv8_executor_op_nanoseconds: of the last run; 0 unless profiled
 */
guint64 yv8_executor_op_nanoseconds (Yv8Executor *executor, guint op);

/**
 * yv8_executor_peak: see yv8_detector_peak()
 */
gboolean yv8_executor_peak (Yv8Executor *executor, Yv8Peak *peak);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Parts of the command bench. */
#pragma once

#include "command.h"
#include "text.h"

G_BEGIN_DECLS

/**
 * Yv8BenchOverlay: boxes with labels to be drawn into a frame
 */
typedef struct _Yv8BenchOverlay Yv8BenchOverlay;

/**
 * yv8_bench_overlay_new:
 * @frame: its size and format, which must be NV12
 * @n_boxes: to be drawn each time, with classes, scores and places that change
 */
Yv8BenchOverlay *yv8_bench_overlay_new (
    Yv8Model *model, const Yv8Frame *frame, guint n_boxes, GError **error);
void yv8_bench_overlay_free (Yv8BenchOverlay *overlay);

/**
 * yv8_bench_overlay_draw: Returns: milliseconds that drawing has taken
 */
double yv8_bench_overlay_draw (Yv8BenchOverlay *overlay);

/**
 * yv8_bench_pipeline:
 * @clip: file or URI
 * @n_frames: to time, fewer where the clip ends before
 * @n_warmup: frames before them, at least 1
 *
 * Plays the clip as fast as it goes, to a sink that drops the frames: decoded alone, through
 * yolov8detect, and through yolov8detect with overlay; and prints what the element adds.
 */
gboolean yv8_bench_pipeline (
    const Yv8Options *options, const char *clip, guint n_frames, guint n_warmup, GError **error);

/**
 * Yv8BenchOps: the times of the ops of a detector that was made to profile, beside what the device
 * could do: an op's bound is the greater of its products at their measured peak and its bytes at
 * the measured bandwidth
 */
typedef struct _Yv8BenchOps Yv8BenchOps;

/**
 * yv8_bench_ops_new:
 * @detector: (transfer none): outlives the result
 *
 * Measures the peak, where the device knows it.
 */
Yv8BenchOps *yv8_bench_ops_new (Yv8Detector *detector, guint n_frames);
void yv8_bench_ops_free (Yv8BenchOps *ops);

/**
 * yv8_bench_ops_take: the times of the last frame are those of @frame, 0 to @n_frames - 1
 */
void yv8_bench_ops_take (Yv8BenchOps *ops, guint frame);

/* The medians of the frames. */
void yv8_bench_ops_print (const Yv8BenchOps *ops);
void yv8_bench_ops_json (const Yv8BenchOps *ops, Yv8Json *json);

G_END_DECLS

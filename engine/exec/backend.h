/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a backend is to the executor: a table of functions. A backend knows how a buffer lies in
 * memory and how to run one op; the executor knows the graph, the plan and the order. */
#pragma once

#include <yv8/detector.h>

#include "detect/letterbox.h"
#include "exec/plan.h"
#include "graph/graph.h"

G_BEGIN_DECLS

/**
 * Yv8Bins: bin i of n holds the values x with floor (x 2^-exponent) = first + i. A bin's width is a
 *   power of two, so that every device, in float32, counts the same.
 * @exponent: YV8_BINS_MIN_EXPONENT to YV8_BINS_MAX_EXPONENT
 * @first: -2^24 to 2^24
 */
typedef struct {
  gint exponent;
  gint32 first;
  guint n;
} Yv8Bins;

#define YV8_BINS_MIN_EXPONENT -100
#define YV8_BINS_MAX_EXPONENT 118

typedef struct _Yv8Backend Yv8Backend;
typedef struct _Yv8BackendClass Yv8BackendClass;

/**
 * Yv8Program: what a backend is asked to run. All of it outlives the backend's use of it.
 */
typedef struct {
  const Yv8Graph *graph;
  const Yv8Shape *shapes; /* of each buffer */
  const Yv8Plan *plan;
  gboolean profile;
  gboolean tune; /* measure what suits the device; for backends that know a choice */
} Yv8Program;

/**
 * Yv8BackendClass:
 * @name: "ref", "cpu", "vulkan"
 * @recorded: run_op() is called once for each op, before the first frame, and records; a frame is
 *   then begin() and finish(), and a second one may be loaded and begun between the two. Else
 *   run_op() computes and is called for each frame
 * @fuses: it runs what yv8_graph_fuse() makes of a graph; else the graph as it is
 * @alignment: of buffers in the arena, bytes
 * @buffer_size: bytes of a buffer of this shape, of this graph, in the backend's layout; 0 on
 *   overflow
 * @prepare: allocates the arena and packs weights for @program; called once
 * @load: puts a frame where the INPUT op finds it, by letterbox
 * @load_values: puts planar float32 [channels][height][width] values into buffer 0 in place of the
 *   INPUT op's result, which then leaves it alone; for tests and for training
 * @run_op: see @recorded
 * @begin: runs what was recorded on what was loaded, and does not wait; with @params, of the
 * outputs only objects are wanted, as yv8_decoder_run() gives them; %NULL unless @recorded
 * @finish: waits for the frame that was begun first, which is over even on failure. *@detections is
 *   %NULL if it did not look for objects, and then output() has the outputs; %NULL unless @recorded
 * @read: converts a slice to planar float32 [channels][height][width]
 * @range: (nullable): see yv8_executor_range(); %NULL where the host is to read and count
 * @histogram: (nullable): see yv8_executor_histogram(); likewise
 * @output: (nullable result): the values of output @index of the last frame as planar float32,
 *   without copying if they lie so; valid until the next call
 * @kernel_name: the kernel chosen for an op, e.g. "conv_f32_silu"
 * @op_nanoseconds: time of an op in the last frame, if the program asked for a profile
 * @peak: (nullable): see yv8_detector_peak()
 * @free: releases everything
 *
 * All calls of one backend come from one thread at a time. Errors: DEVICE, MEMORY, UNSUPPORTED.
 * After prepare() nothing allocates, but for load() when the frame's size or format changes.
 */
struct _Yv8BackendClass {
  const char *name;
  gboolean recorded;
  gboolean fuses;
  gsize alignment;
  gsize (*buffer_size) (Yv8Backend *backend, const Yv8Graph *graph, const Yv8Shape *shape);
  gboolean (*prepare) (Yv8Backend *backend, const Yv8Program *program, GError **error);
  gboolean (*load) (
      Yv8Backend *backend, const Yv8Frame *frame, const Yv8Letterbox *letterbox, GError **error);
  gboolean (*load_values) (Yv8Backend *backend, const float *values, GError **error);
  gboolean (*run_op) (Yv8Backend *backend, guint op, GError **error);
  gboolean (*begin) (Yv8Backend *backend, const Yv8DetectParams *params, GError **error);
  gboolean (*finish) (
      Yv8Backend *backend, const Yv8Detection **detections, guint *n_detections, GError **error);
  gboolean (*read) (Yv8Backend *backend, const Yv8Slice *slice, float *values, GError **error);
  gboolean (*range) (
      Yv8Backend *backend, const Yv8Slice *slice, float *min, float *max, GError **error);
  gboolean (*histogram) (Yv8Backend *backend, const Yv8Slice *slice, const Yv8Bins *bins,
      guint64 *counts, GError **error);
  const float *(*output) (Yv8Backend *backend, guint index);
  const char *(*kernel_name) (Yv8Backend *backend, guint op);
  guint64 (*op_nanoseconds) (Yv8Backend *backend, guint op);
  gboolean (*peak) (Yv8Backend *backend, Yv8Peak *peak);
  void (*free) (Yv8Backend *backend);
};

/**
 * Yv8Backend: a backend embeds it as its first member.
 */
struct _Yv8Backend {
  const Yv8BackendClass *klass;
};

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Feature maps as planar float32 or int8 in one arena of host memory: what the backends "ref" and
 * "cpu" have in common, which is all but the ops. */
#pragma once

#include "exec/backend.h"
#include "ref/letterbox.h"

G_BEGIN_DECLS

#define YV8_PLANAR_ALIGNMENT 64

/**
 * Yv8Planar:
 * @program: what prepare() was given
 * @quants: (array): of each buffer's channels, see yv8_graph_quants()
 * @picture: uint32 [height][width] of the input, written by load(); see yv8_resampler_run()
 * @resampler: (nullable): of the last frame's size and format
 * @has_values: buffer 0 was written by load_values(): the INPUT op leaves it alone
 * @nanoseconds: (array) (nullable): of each op, if the program asked for a profile
 */
typedef struct {
  Yv8Backend backend;
  Yv8Program program;
  Yv8Quant **quants;
  guint8 *memory;
  guint8 *arena;
  guint32 *picture;
  Yv8Resampler *resampler;
  gboolean has_values;
  guint64 *nanoseconds;
} Yv8Planar;

/**
 * yv8_planar_shape: Returns: of @slice
 */
Yv8Shape yv8_planar_shape (const Yv8Planar *planar, const Yv8Slice *slice);

/**
 * yv8_planar_map: Returns: (transfer none): the first value of @slice, of a float32 buffer
 */
float *yv8_planar_map (const Yv8Planar *planar, const Yv8Slice *slice);

/**
 * yv8_planar_map_qs8: Returns: (transfer none): the first value of @slice, of an int8 buffer
 */
gint8 *yv8_planar_map_qs8 (const Yv8Planar *planar, const Yv8Slice *slice);

/**
 * yv8_planar_fit: makes a resampler where the one there is does not fit @frame
 */
void yv8_planar_fit (Yv8Planar *planar, const Yv8Frame *frame, const Yv8Letterbox *letterbox);

/**
 * yv8_planar_clear: releases everything but @planar itself
 */
void yv8_planar_clear (Yv8Planar *planar);

/**
 * yv8_planar_now: Returns: monotonic time in nanoseconds
 */
guint64 yv8_planar_now (void);

/* Functions of Yv8BackendClass. */
gsize yv8_planar_buffer_size (Yv8Backend *backend, const Yv8Graph *graph, const Yv8Shape *shape);
gboolean yv8_planar_prepare (Yv8Backend *backend, const Yv8Program *program, GError **error);
gboolean yv8_planar_load_values (Yv8Backend *backend, const float *values, GError **error);
gboolean yv8_planar_read (
    Yv8Backend *backend, const Yv8Slice *slice, float *values, GError **error);
const float *yv8_planar_output (Yv8Backend *backend, guint index);
guint64 yv8_planar_op_nanoseconds (Yv8Backend *backend, guint op);

G_END_DECLS

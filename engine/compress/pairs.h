/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Feature maps of two networks, or of two parts of one, side by side. */
#pragma once

#include "compress/target.h"

G_BEGIN_DECLS

/**
 * Yv8Pairs:
 * @n: pairs
 * @graph: that holds the first of each pair
 * @slices: (array length=n): in @graph; 0 channels where there is no pair
 * @other: (nullable): that holds the second; %NULL: it is in @graph too
 * @others: (array length=n): in @other; 0 channels where there is no pair
 */
typedef struct {
  guint n;
  const Yv8Graph *graph;
  const Yv8Slice *slices;
  const Yv8Graph *other;
  const Yv8Slice *others;
} Yv8Pairs;

/**
 * Yv8PairFunc:
 * @index: of the pair
 * @x: planar float32 of the first, of @shape
 * @y: likewise of the second
 */
typedef void (*Yv8PairFunc) (
    gpointer data, guint index, const float *x, const float *y, Yv8Shape shape);

/**
 * yv8_pairs_run: runs both networks on every picture of @album and hands each pair to @func
 */
gboolean yv8_pairs_run (const Yv8Pairs *pairs, const Yv8Target *target, const Yv8Album *album,
    Yv8PairFunc func, gpointer data, GError **error);

/**
 * yv8_pairs_slices: Returns: (transfer full): for each op of @graph, where the convolution of its
 * name in @other writes; 0 channels for all that are no convolutions
 */
Yv8Slice *yv8_pairs_slices (const Yv8Graph *graph, const Yv8Graph *other);

G_END_DECLS

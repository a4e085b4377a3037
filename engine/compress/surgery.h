/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A graph without some of its channels. */
#pragma once

#include "graph/graph.h"

G_BEGIN_DECLS

/**
 * Yv8Mask: a mark for each channel of each buffer
 * @n: buffers
 * @marks: (array): of each buffer, of each channel, whether it is meant
 */
typedef struct {
  guint n;
  gboolean **marks;
} Yv8Mask;

/**
 * yv8_mask_new: Returns: (transfer full): of the buffers of @graph, without marks
 */
Yv8Mask *yv8_mask_new (const Yv8Graph *graph);
void yv8_mask_free (Yv8Mask *mask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Mask, yv8_mask_free)

/**
 * yv8_mask_slice: Returns: (transfer none): marks of the channels of @slice
 */
gboolean *yv8_mask_slice (const Yv8Mask *mask, const Yv8Slice *slice);

/**
 * yv8_graph_cut:
 * @graph: checked, float or int8
 * @mask: the channels that go
 *
 * Producers lose rows, consumers columns, and slices and buffers are numbered anew. What the other
 * channels hold is the same as if those that go were zero. DETECT's classes are as many as are
 * left.
 *
 * Returns: (transfer full): a graph that passes yv8_graph_check(); %NULL with @error set: ARGUMENT
 *   if channels that go together do not, or if none would be left of what an op reads or writes
 */
Yv8Graph *yv8_graph_cut (const Yv8Graph *graph, const Yv8Mask *mask, GError **error);

G_END_DECLS

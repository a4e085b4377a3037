/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Memory planner: one arena for all buffers, in which buffers that are never alive at the same time
 * lie on the same bytes. */
#pragma once

#include "graph/graph.h"

G_BEGIN_DECLS

/**
 * Yv8Plan:
 * @arena_size: bytes of the arena
 * @offset: (array): first byte of each buffer in the arena
 * @first: (array): index of the first op that touches each buffer
 * @last: (array): index of the last op that touches it; G_MAXUINT for those that are kept
 */
typedef struct {
  gsize arena_size;
  gsize *offset;
  guint *first;
  guint *last;
} Yv8Plan;

/**
 * yv8_plan_new:
 * @sizes: (array): bytes of each buffer in the backend's layout; 0 for one that is kept elsewhere
 * @alignment: of every offset, a power of two
 * @keep: no two buffers share bytes, so that all can be read after a run
 *
 * Greedy by size (Pisarchyk and Lee 2020, 2001.03288, "greedy by size for offset calculation").
 *
 * Returns: (transfer full): the plan; %NULL with @error set (MEMORY) if the arena exceeds
 * G_MAXSSIZE
 */
Yv8Plan *yv8_plan_new (
    const Yv8Graph *graph, const gsize *sizes, gsize alignment, gboolean keep, GError **error);
void yv8_plan_free (Yv8Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Plan, yv8_plan_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a file holds of a model, whatever its format. */
#pragma once

#include "graph/graph.h"

G_BEGIN_DECLS

/**
 * Yv8Network:
 * @graph: checked; its last op is DETECT
 * @metadata: (element-type utf8 utf8): what the file says of the model: names, licence, origin
 * @width: the input size that the model was made for, pixels; a multiple of 32
 * @height: likewise
 */
typedef struct {
  Yv8Graph *graph;
  GHashTable *metadata;
  guint width, height;
} Yv8Network;

/**
 * yv8_network_new: Returns: (transfer full): without a graph, and with no metadata
 */
Yv8Network *yv8_network_new (void);
void yv8_network_free (Yv8Network *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Network, yv8_network_free)

/**
 * yv8_network_check:
 *
 * What the model file asks of a network beyond yv8_graph_check(), which is part of it: a detector
 * on RGB whose shapes fit together at its input size; names of ops that are unique and valid UTF-8;
 * sums of sizes within the limits of file.h.
 *
 * Returns: %FALSE with @error set (FORMAT, or UNSUPPORTED for shapes), naming op and reason
 */
gboolean yv8_network_check (const Yv8Network *network, GError **error);

G_END_DECLS

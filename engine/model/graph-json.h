/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The graph as JSON text, without its tensors; docs/format.md specifies it. */
#pragma once

#include "model/network.h"

G_BEGIN_DECLS

/**
 * yv8_graph_to_json:
 * @network: good by yv8_network_check()
 *
 * Returns: (transfer full): graph and input size; the same network gives the same bytes
 */
char *yv8_graph_to_json (const Yv8Network *network);

/**
 * yv8_graph_from_json:
 * @network: gets graph and input size
 * @text: hostile
 *
 * Every op has exactly the fields of its kind. Nothing else is checked but what the limits of
 * file.h say: yv8_network_check() follows when the tensors are there.
 *
 * Returns: %FALSE with @error set (FORMAT)
 */
gboolean yv8_graph_from_json (Yv8Network *network, const char *text, GError **error);

G_END_DECLS

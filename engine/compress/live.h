/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is left of a network to compute and to store. */
#pragma once

#include "graph/graph.h"

G_BEGIN_DECLS

/**
 * yv8_live_op_macs:
 * @op: of @graph
 * @shapes: from yv8_graph_infer()
 *
 * Returns: multiply-accumulates of @op without those of blocks (compress/block.h) whose weights are
 *   all 0, which int8 kernels leave out
 */
guint64 yv8_live_op_macs (const Yv8Graph *graph, const Yv8Op *op, const Yv8Shape *shapes);

/**
 * yv8_live_macs: Returns: the sum of all ops
 */
guint64 yv8_live_macs (const Yv8Graph *graph, const Yv8Shape *shapes);

/**
 * yv8_live_parameters: Returns: biases, and weights that are not 0
 */
guint64 yv8_live_parameters (const Yv8Graph *graph);

G_END_DECLS

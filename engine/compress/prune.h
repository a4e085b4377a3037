/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a float graph to one with blocks of zeroes. */
#pragma once

#include <yv8/calibrator.h>

#include "compress/budget.h"
#include "compress/target.h"

G_BEGIN_DECLS

/**
 * Yv8PruneOptions:
 * @criterion: which blocks go; yv8_criterion_for_blocks()
 * @share: of the graph's MACs at the target's size, 0 to 1; what cannot go (the first layer, those
 *   that write outputs) counts too
 * @costs: (nullable): what yv8_prune_costs() said of the same graph, criterion, target and album
 */
typedef struct {
  Yv8Criterion criterion;
  double share;
  GBytes *costs;
} Yv8PruneOptions;

/**
 * yv8_prune:
 * @graph: float, checked, with DETECT
 * @progress: called now and then from within
 * @album: pictures like those that the network will see; without labels
 *
 * 1. Costs: the blocks of each layer are removed one after the other, on statistics of the whole
 *    network. With YV8_CRITERION_OBS a cost is a share of the variance of what goes into the
 * layer's activation; with YV8_CRITERION_L1 and YV8_CRITERION_L2 of
 *    the weights' magnitudes or squares.
 * 2. With YV8_CRITERION_OBS a layer's costs are scaled by what they do to the boxes when 40 % of
 * its blocks are removed and no other layer's, see #Yv8BoxJudge: equal shares of variance differ in
 *    that by a factor of 100.
 * 3. Budget: see yv8_budget_spend().
 * 4. Removal, from the input on: with YV8_CRITERION_OBS on statistics of what the layer reads in
 *    the network as it was pruned so far, with the whole network's values as the aim.
 *
 * Memory, beside the pictures and networks: YV8_GATHER_BYTES or the largest layer's statistics, and
 * for each thread 24 bytes for each element of the XX that it works on: 125 MB for YOLOv8n's
 * largest.
 *
 * Returns: (transfer full): of the same shape as @graph; %NULL with @error set: FORMAT for costs of
 *   another graph
 */
Yv8Graph *yv8_prune (const Yv8Graph *graph, const Yv8PruneOptions *options, const Yv8Target *target,
    const Yv8Album *album, Yv8ProgressFunc progress, gpointer data, GError **error);

/**
 * yv8_prune_costs: the first two steps of yv8_prune(), about half of its work, which do not depend
 * on the share
 *
 * Returns: (transfer full): for any number of yv8_prune(); %NULL with @error set
 */
GBytes *yv8_prune_costs (const Yv8Graph *graph, Yv8Criterion criterion, const Yv8Target *target,
    const Yv8Album *album, Yv8ProgressFunc progress, gpointer data, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a float graph to a smaller one, with fewer channels. */
#pragma once

#include <yv8/calibrator.h>

#include "compress/criterion.h"
#include "compress/target.h"

G_BEGIN_DECLS

#define YV8_CHANNELS_STEP  4 /* sets of a family that go at a time */
#define YV8_CHANNELS_LEAST 8 /* sets of a family that stay */

/**
 * Yv8ChannelOptions:
 * @criterion: which channels go
 * @share: of the graph's MACs at the target's size, 0 to 1; what cannot go counts too
 * @layers: (nullable): comma-separated globs of names: channels go only if all the convolutions
 *   that write them match one, as "*cv3*"; %NULL for all
 * @keep_weights: what is left keeps its weights; else they are fitted anew
 * @match_variance: those that are fitted are scaled, see yv8_gram_match()
 * @costs: (nullable): what yv8_prune_channels_costs() said of the same graph, criterion, layers,
 *   target and album
 *
 * Zeroed but for @share it is all defaults.
 */
typedef struct {
  Yv8Criterion criterion;
  double share;
  const char *layers;
  gboolean keep_weights;
  gboolean match_variance;
  GBytes *costs;
} Yv8ChannelOptions;

/**
 * yv8_prune_channels:
 * @graph: float, checked, with DETECT
 * @album: pictures like those that the network will see; without labels
 * @progress: called now and then from within
 *
 * 1. Costs: of each family (see compress/family.h) the sets go one after the other, the one of
 *    least cost first. With YV8_CRITERION_OBS a set's cost is that of its columns in all
 *    convolutions that read it, see compress/eliminate.h, as shares of the variance of what goes
 *    into their activations, on statistics of the whole network. With YV8_CRITERION_ENERGY it is
 *    the channels' share of the sum of squares that each of these convolutions reads; with
 *    YV8_CRITERION_L1 and YV8_CRITERION_L2 the share of their rows in the weights that make them.
 * 2. With YV8_CRITERION_OBS a family's costs are scaled by what happens to the boxes when 30 % of
 *    its sets are removed and no other family's, see #Yv8BoxJudge.
 * 3. Budget: always the YV8_CHANNELS_STEP sets that cost least for each MAC that they save, rows
 *    and columns, in what is left by then.
 * 4. Removal, from the input on: the columns of what goes are eliminated from the weights that fit
 *    best what the layer reads in the network as it was pruned so far to what the whole network
 *    makes there; biases too. Then the rows go, and the channels.
 *
 * Memory, beside the pictures and networks: YV8_GATHER_BYTES or the statistics of one family's
 * consumers, and for each thread up to 12 bytes for each element of the XX of the consumers that it
 * works on.
 *
 * Returns: (transfer full): a graph with fewer channels that passes yv8_graph_check(); %NULL with
 *   @error set: FORMAT for costs of another graph
 */
Yv8Graph *yv8_prune_channels (const Yv8Graph *graph, const Yv8ChannelOptions *options,
    const Yv8Target *target, const Yv8Album *album, Yv8ProgressFunc progress, gpointer data,
    GError **error);

/**
 * yv8_prune_channels_costs: the first two steps of yv8_prune_channels(), most of its work, which
 * do not depend on the share
 *
 * Returns: (transfer full): for any number of yv8_prune_channels(); %NULL with @error set
 */
GBytes *yv8_prune_channels_costs (const Yv8Graph *graph, const Yv8ChannelOptions *options,
    const Yv8Target *target, const Yv8Album *album, Yv8ProgressFunc progress, gpointer data,
    GError **error);

G_END_DECLS

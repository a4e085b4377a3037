/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mixed precision within a budget. */
#pragma once

#include "compress/agreement.h"
#include "compress/fidelity.h"

G_BEGIN_DECLS

/**
 * Yv8Judge: how a network is judged
 * @album: pictures that were held out
 * @truth: (element-type GArray): the float network's boxes on them
 */
typedef struct {
  const Yv8Target *target;
  const Yv8Album *album;
  const GPtrArray *truth;
  guint n_classes;
} Yv8Judge;

/**
 * yv8_judge: compares the boxes of @graph with the float network's
 */
gboolean yv8_judge (
    const Yv8Judge *judge, const Yv8Graph *graph, Yv8Agreement *agreement, GError **error);

/**
 * yv8_mixed_make: yv8_quantize() and yv8_judge()
 *
 * Returns: (transfer full): %NULL with @error set
 */
Yv8Graph *yv8_mixed_make (
    const Yv8Scheme *scheme, const Yv8Judge *judge, Yv8Agreement *agreement, GError **error);

/**
 * yv8_mixed_search:
 * @scheme: that @graph was made of; layers are put to float32 in it
 * @layers: with @alone measured
 * @max_drop: as of yv8_agreement_check()
 * @graph: (transfer full): from yv8_mixed_make()
 * @agreement: (inout): of @graph; of the graph that is returned
 *
 * Greedy: as long as the loss exceeds @max_drop, the int8 layer with the most noise of its own is
 * tried in float32, and stays there if agreement rises. Ends after YV8_MIXED_TRIALS trials, or
 * YV8_MIXED_FAILURES in a row that gained nothing.
 *
 * Returns: (transfer full): the best graph found, within the budget or not; %NULL with @error set
 */
Yv8Graph *yv8_mixed_search (Yv8Scheme *scheme, const Yv8LayerFidelity *layers,
    const Yv8Judge *judge, double max_drop, Yv8Graph *graph, Yv8Agreement *agreement,
    GError **error);

#define YV8_MIXED_TRIALS   24
#define YV8_MIXED_FAILURES 6

G_END_DECLS

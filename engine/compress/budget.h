/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How many blocks each layer loses. */
#pragma once

#include "compress/block.h"

G_BEGIN_DECLS

/**
 * Yv8Curve: what a group of a layer's output channels costs, block by block
 * @op: of the graph
 * @group: of #Yv8Blocks
 * @n: blocks
 * @costs: (array length=n): of removing each in turn, in a unit that is the same for all layers
 * @macs: multiply-accumulates that the next block saves
 * @removed: how many blocks are to go
 */
typedef struct {
  guint op, group, n;
  double *costs;
  guint64 macs;
  guint removed;
} Yv8Curve;

/**
 * yv8_curves_new: Returns: (transfer full) (element-type Yv8Curve): empty; frees the costs
 */
GArray *yv8_curves_new (void);

/**
 * Yv8BudgetFunc: sets the @macs of all @curves anew, where what is removed from one changes what
 * another one saves
 */
typedef void (*Yv8BudgetFunc) (GArray *curves, gpointer data);

/**
 * yv8_budget_spend:
 * @curves: (element-type Yv8Curve): get their @removed
 * @macs: to save, at least, if there are as many
 * @update: (nullable): called before each choice
 *
 * Greedy: of the blocks that are next in their groups, always the one that costs least for each
 * MAC.
 */
void yv8_budget_spend (GArray *curves, guint64 macs, Yv8BudgetFunc update, gpointer data);

/**
 * yv8_costs_pack:
 * @costs: (element-type double)
 *
 * Returns: (transfer full): little-endian
 */
GBytes *yv8_costs_pack (const GArray *costs);

/**
 * yv8_costs_unpack:
 * @n: how many there must be
 *
 * Returns: (transfer full) (element-type double): %NULL with @error set (FORMAT) if there are not
 *   as many, or some are not finite
 */
GArray *yv8_costs_unpack (GBytes *bytes, gsize n, GError **error);

G_END_DECLS

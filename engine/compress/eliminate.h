/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Columns of weights that are removed in units, one after the other, at the least cost.
 *
 * With G = (XX + lambda I)^-1 of the columns that are left, removing the columns b of the weights W
 * costs
 *
 *     E(b) = tr (W_b (G_bb)^-1 W_b^T)
 *
 * if all others are changed by -W_b (G_bb)^-1 G_b, which is the least that it can cost; G becomes
 * G - G_b^T (G_bb)^-1 G_b (Hassibi & Stork 1993, "Optimal brain surgeon"; in blocks: Kurtic et al.
 * 2022, 2203.07259). G itself is not changed: what is subtracted from it is kept as V^T V, the rows
 * of V those of a Cholesky decomposition that takes its pivots in the order of removal. */
#pragma once

#include "compress/gram.h"

G_BEGIN_DECLS

/**
 * Yv8Units: of columns
 * @n: units
 * @first: [n + 1]: unit i are columns[first[i]] to columns[first[i + 1] - 1]; it may be empty
 * @columns: each in one unit at most
 */
typedef struct {
  guint n;
  guint *first;
  guint *columns;
} Yv8Units;

/**
 * yv8_units_new:
 * @n: units
 * @most: columns of all units
 *
 * Returns: empty ones; to be cleared
 */
Yv8Units yv8_units_new (guint n, guint most);
void yv8_units_clear (Yv8Units *units);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Yv8Units, yv8_units_clear)

/**
 * Yv8Elimination: of units of columns from some rows of weights
 */
typedef struct _Yv8Elimination Yv8Elimination;

/**
 * yv8_elimination_new:
 * @units: must outlive the elimination, as must @inverse and @weights
 * @most: units that are removed at most
 * @n: columns of the weights, with the biases
 * @inverse: [n][n], from yv8_gram_inverse()
 * @weights: [rows][n], changed by every removal
 *
 * Memory: 4 bytes for each of the columns of the largest @most units times @n.
 *
 * Returns: (transfer full): %NULL with @error set (MEMORY)
 */
Yv8Elimination *yv8_elimination_new (const Yv8Units *units, guint most, guint n,
    const double *inverse, double *weights, guint rows, GError **error);
void yv8_elimination_free (Yv8Elimination *elimination);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Elimination, yv8_elimination_free)

/**
 * yv8_elimination_cost: Returns: E(b) of unit @unit, that is not removed
 */
double yv8_elimination_cost (const Yv8Elimination *elimination, guint unit);

/**
 * yv8_elimination_remove: removes @unit; its columns of the weights are 0, but for rounding, until
 *   yv8_elimination_end()
 */
void yv8_elimination_remove (Yv8Elimination *elimination, guint unit);

/**
 * yv8_elimination_end: sets the columns of all removed units to 0
 */
void yv8_elimination_end (Yv8Elimination *elimination);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Columns of weights that are rounded one after the other, each error made good by the columns to
 * come (Frantar et al. 2022, "GPTQ", 2210.17323; Frantar & Alistarh 2023, "SparseGPT", 2301.00774).
 *
 * With (XX + lambda I)^-1 = U^T U, U upper triangular, for the columns in the order of the walk:
 * rounding the weights w of column i to r costs
 *
 *     |w - r|^2 / U_ii^2
 *
 * if the columns j > i are changed by -(w - r) U_ij / U_ii, which is the least that it can cost
 * when the columns before stay as they are. U_ii^2 is the diagonal of the inverse for the columns
 * from i on, so that U_ij / U_ii is all that is left of the inverse. The biases come last and are
 * not rounded. */
#pragma once

#include "compress/gram.h"

G_BEGIN_DECLS

/**
 * Yv8Feedback:
 * @n: columns, with the biases
 * @order: [n]: of the columns; the last is n - 1
 * @factor: [n][n]: U, elements on and above the diagonal
 */
typedef struct {
  guint n;
  guint *order;
  double *factor;
} Yv8Feedback;

/**
 * yv8_feedback_init:
 * @n: columns, with the biases
 * @inverse: [n][n], from yv8_gram_inverse()
 * @rank: [n - 1]: columns of the largest go first, of equal ones that of the lower number
 *
 * Returns: %FALSE with @error set (MEMORY, FORMAT); clear it in either case
 */
gboolean yv8_feedback_init (
    Yv8Feedback *feedback, guint n, const double *inverse, const double *rank, GError **error);
void yv8_feedback_clear (Yv8Feedback *feedback);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Yv8Feedback, yv8_feedback_clear)

/**
 * Yv8RoundFunc:
 * @place: in the order of the walk, 0 to n - 2
 * @values: [rows]: the weights of column order[place] as the errors before have left them. Those of
 *   the places to come follow, [n - place][rows]
 * @rounded: [rows]: gets what they become
 */
typedef void (*Yv8RoundFunc) (
    gpointer data, const Yv8Feedback *feedback, guint place, const double *values, double *rounded);

/**
 * yv8_feedback_walk:
 * @weights: [rows][n], with the biases, changed
 *
 * Returns: %FALSE with @error set (MEMORY)
 */
gboolean yv8_feedback_walk (const Yv8Feedback *feedback, double *weights, guint rows,
    Yv8RoundFunc func, gpointer data, GError **error);

G_END_DECLS

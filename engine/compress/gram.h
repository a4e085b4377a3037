/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gram statistics of a convolution: sums over sampled places of calibration frames, from which
 * every question of least squares about its weights is answered.
 *
 * At one place, x is the input under the window and a 1 for the bias, in the order of the weights;
 * y is what should go into the activation. For weights W [rows][columns], whose last column are the
 * biases, the squared error is
 *
 *     E(W) = sum |W x - y|^2 = tr (W XX W^T) - 2 tr (W YX^T) + YY
 *
 * with XX = sum x x^T, YX = sum y x^T, YY = sum |y|^2. XX is damped by lambda I, with lambda a
 * share of the mean of its diagonal, so that it can be solved with few places too. */
#pragma once

#include "cpu/isa.h"
#include "cpu/pool.h"
#include "graph/graph.h"

G_BEGIN_DECLS

#define YV8_GRAM_DAMPING 0.01 /* Frantar & Alistarh 2023, 2301.00774 */

/**
 * Yv8Gram:
 * @n: columns: input channels times taps, and one
 * @rows: output channels
 * @xx: [n][n]; of it, elements on and above the diagonal
 * @yx: [rows][n]
 * @yy: [rows]
 * @n_places: places added
 *
 * It has (n^2 + n rows) 4 + 8 rows bytes.
 */
typedef struct {
  guint n, rows;
  float *xx, *yx;
  double *yy;
  guint64 n_places;
} Yv8Gram;

/**
 * yv8_gram_new: Returns: (transfer full): of a CONV, and empty; %NULL with @error set (MEMORY)
 */
Yv8Gram *yv8_gram_new (const Yv8Op *op, GError **error);
void yv8_gram_free (Yv8Gram *gram);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Gram, yv8_gram_free)

/**
 * yv8_gram_size: Returns: bytes of the Gram statistics of a CONV
 */
gsize yv8_gram_size (const Yv8Op *op);

/**
 * yv8_gram_add:
 * @kernels: of the processor
 * @pool: shares the work
 * @x: [n][count], the last row ones
 * @y: [rows][count]
 *
 * Returns: %FALSE with @error set (MEMORY, DEVICE)
 */
gboolean yv8_gram_add (Yv8Gram *gram, const Yv8CpuKernels *kernels, Yv8Pool *pool, const float *x,
    const float *y, guint count, GError **error);

/**
 * yv8_gram_inverse: Returns: (transfer full): (XX + lambda I)^-1, [n][n], by Cholesky's
 *   decomposition; %NULL with @error set (MEMORY; FORMAT if XX holds values that are not finite)
 */
double *yv8_gram_inverse (const Yv8Gram *gram, GError **error);

/**
 * yv8_gram_fit:
 * @inverse: from yv8_gram_inverse()
 * @op: its weights and biases are W0, which damping pulls towards
 * @fit: gets (YX + lambda W0) (XX + lambda I)^-1, [rows][n], the least of E(W) + lambda |W - W0|^2
 *
 * The same as W0 if y are the values that W0 gives.
 */
void yv8_gram_fit (const Yv8Gram *gram, const double *inverse, const Yv8Op *op, double *fit);

/**
 * yv8_gram_error: Returns: E(W) of row @row
 * @weights: [n], of that row
 */
double yv8_gram_error (const Yv8Gram *gram, guint row, const double *weights);

/**
 * yv8_gram_match:
 * @weights: [n], of row @row
 *
 * Scales the weights so that W x has the variance of y, and sets the bias so that it has its mean.
 * What is fitted by least squares has the mean, and less variance by what it leaves unexplained
 * (Frantar & Singh 2022, 2208.11580, "statistics correction"). Weights that give no variance are
 * left alone.
 */
void yv8_gram_match (const Yv8Gram *gram, guint row, double *weights);

/**
 * yv8_gram_variance: Returns: sum of (y - mean)^2 over places and rows: what the error of a layer
 *   is measured by
 */
double yv8_gram_variance (const Yv8Gram *gram);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Blocks of weights that are removed whole.
 *
 * A block is what the int8 kernels multiply in one step: 16 output channels, 4 input channels, one
 * tap. Groups of 16 and words of 4 lie on the grid of the int8 maps: the first output group and the
 * first input word begin at the multiple of 4 below the slice's first channel, so they may be
 * smaller; outputs that stay float32 are counted from the slice's own first channel.
 *
 * The rows of a group lose the same columns, so they share one inverse; the block of least cost
 * goes first, one after the other, see compress/eliminate.h. */
#pragma once

#include "compress/criterion.h"
#include "compress/gram.h"

G_BEGIN_DECLS

#define YV8_BLOCK_OUT 16
#define YV8_BLOCK_IN  4

/**
 * Yv8Blocks: a convolution's weights, cut into blocks
 * @op: CONV
 * @lane: of its first output channel in the first group
 * @n: columns of the weights, as of #Yv8Gram
 * @n_groups: of output channels
 * @n_blocks: of each group
 */
typedef struct {
  const Yv8Op *op;
  guint lane;
  guint n;
  guint n_groups, n_blocks;
} Yv8Blocks;

/**
 * yv8_blocks_of:
 * @float_out: the output stays float32 in int8 graphs
 */
Yv8Blocks yv8_blocks_of (const Yv8Op *op, gboolean float_out);

/**
 * yv8_blocks_rows: the rows of @group
 */
void yv8_blocks_rows (const Yv8Blocks *blocks, guint group, guint *first, guint *end);

/**
 * yv8_blocks_columns: the columns of block @index
 *
 * Returns: how many
 */
guint yv8_blocks_columns (const Yv8Blocks *blocks, guint index, guint columns[YV8_BLOCK_IN]);

/**
 * yv8_blocks_remove:
 * @criterion: yv8_criterion_for_blocks()
 * @inverse: (nullable): from yv8_gram_inverse(); needed by YV8_CRITERION_OBS alone
 * @weights: [rows][n], with the biases; those of @group are changed
 * @n: how many blocks to remove
 * @costs: (nullable) (array length=n): of each in turn: E(b), sum |W_b|, sum |W_b|^2, or a
 *   random number 0..1
 *
 * Returns: %FALSE with @error set (MEMORY)
 */
gboolean yv8_blocks_remove (const Yv8Blocks *blocks, Yv8Criterion criterion, const double *inverse,
    double *weights, guint group, guint n, double *costs, GError **error);

G_END_DECLS

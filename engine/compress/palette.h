/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Shared weights: of each 16 neighbouring output channels of an int8 convolution the weights take
 * few values, so that the model file stores an index for each.
 *
 * 1. A row's weights on the integer scale are v = w s / m, with the input's scales s and the row's
 *    multiplier m, chosen anew: rows of one palette are brought to the same root mean square.
 * 2. The palette: the k integers c of the least sum of h (v - c)^2, c the nearest to each v, with h
 *    the diagonal of XX on the integer scale (k-means in one dimension). It is found exactly, by
 *    dynamic programming over all integers, and needs no start.
 * 3. Columns of the largest h first, each weight becomes the nearest of the palette, and the others
 *    make good the error, see compress/feedback.h.
 * 4. The row's multiplier and bias of the least E given those integers. */
#pragma once

#include <yv8/calibrator.h>

#include "compress/target.h"

G_BEGIN_DECLS

#define YV8_PALETTE_ROWS 16
#define YV8_PALETTE_MOST 255 /* values that an int8 weight can have */

/**
 * yv8_palette_find:
 * @values: (array length=n): v
 * @weights: (array length=n): h
 * @k: 1 to YV8_PALETTE_MOST
 * @palette: (array length=k): gets integers from -127 to 127, rising
 *
 * Returns: the sum of h (v - c)^2
 */
double yv8_palette_find (
    const double *values, const double *weights, gsize n, guint k, gint8 *palette);

/**
 * Yv8PaletteOptions:
 * @centroids: of a palette, 1 to YV8_PALETTE_MOST; files gain by 16, 32, 64
 * @bytes: of the model file, about: layers whose shared weights do most to the boxes for their size
 *   have twice or four times the centroids, up to 64, as long as it is kept; 0 for no more
 * @size: bytes of the model file of @int8; needed with @bytes alone
 */
typedef struct {
  guint centroids;
  double bytes, size;
} Yv8PaletteOptions;

/**
 * yv8_palettize:
 * @int8: from yv8_quantize()
 * @source: the float graph that it was made from
 *
 * The first convolution and those that write outputs keep their weights, as do layers in float32.
 * Weights that are 0 in @source stay 0; they are one of a palette's values
 * unless all are in blocks of zeroes (compress/block.h). Statistics are of the layer in
 * the network as it was changed so far, with what the whole float network gives as the aim. What
 * yv8_bias_correct() added to the biases is kept.
 *
 * Returns: (transfer full): of the same shape as @int8; %NULL with @error set
 */
Yv8Graph *yv8_palettize (const Yv8Graph *int8, const Yv8Graph *source,
    const Yv8PaletteOptions *options, const Yv8Target *target, const Yv8Album *album,
    Yv8ProgressFunc progress, gpointer data, GError **error);

G_END_DECLS

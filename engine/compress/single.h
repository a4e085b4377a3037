/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Single weights that are removed. That saves size alone: the model file does not store them, and
 * all kernels compute what they would compute with them. */
#pragma once

#include <yv8/calibrator.h>

#include "compress/criterion.h"
#include "compress/target.h"

G_BEGIN_DECLS

/**
 * Yv8SingleOptions:
 * @criterion: any but ENERGY. With OBS the weights that stay make good what goes, see
 *   compress/feedback.h: of w at column i that costs w^2 / U_ii^2
 * @share: of each inner layer's weights, 0 to 1
 * @quads: instead of a share, two of each four neighbouring input channels at a tap go (2:4)
 */
typedef struct {
  Yv8Criterion criterion;
  double share;
  gboolean quads;
} Yv8SingleOptions;

/**
 * yv8_prune_single:
 * @graph: float, checked, with DETECT
 *
 * What goes is chosen among the weights of as many columns as YV8_SINGLE_COLUMNS, or of four, when
 * the walk comes to them, as the errors before have left them (Frantar & Alistarh 2023,
 * "SparseGPT", 2301.00774). The first convolution and those that write outputs are left whole.
 *
 * Returns: (transfer full): of the same shape as @graph; %NULL with @error set
 */
Yv8Graph *yv8_prune_single (const Yv8Graph *graph, const Yv8SingleOptions *options,
    const Yv8Target *target, const Yv8Album *album, Yv8ProgressFunc progress, gpointer data,
    GError **error);

#define YV8_SINGLE_COLUMNS 128

G_END_DECLS

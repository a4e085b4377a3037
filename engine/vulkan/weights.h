/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Weights as the convolution's shader reads them; see YV8_TILE_GROUPS. What int8 kernels know of
 * channels; see YV8_N_ROWS. */
#pragma once

#include "graph/graph.h"

G_BEGIN_DECLS

/**
 * yv8_vulkan_weights_count: Returns: values that yv8_vulkan_weights_pack() writes; 0 on overflow
 */
gsize yv8_vulkan_weights_count (const Yv8Op *op);

/**
 * yv8_vulkan_bias_count: Returns: floats that yv8_vulkan_bias_pack() writes
 */
gsize yv8_vulkan_bias_count (const Yv8Op *op);

/**
 * yv8_vulkan_weights_pack:
 * @f16: write float16 instead of float32
 * @packed: yv8_vulkan_weights_count() values
 */
void yv8_vulkan_weights_pack (const Yv8Op *op, gboolean f16, gpointer packed);
void yv8_vulkan_bias_pack (const Yv8Op *op, float *packed);

/**
 * yv8_vulkan_weights_pack_qs8:
 * @packed: yv8_vulkan_weights_count() bytes
 */
void yv8_vulkan_weights_pack_qs8 (const Yv8Op *op, gint8 *packed);

/**
 * yv8_vulkan_sparse_runs:
 * @steps: of a run, up to YV8_SPARSE_STEPS
 *
 * Returns: runs of all tiles of sparse weights
 */
gsize yv8_vulkan_sparse_runs (const Yv8Op *op, guint steps);

/**
 * yv8_vulkan_sparse_size: Returns: bytes of sparse weights of so many runs
 */
gsize yv8_vulkan_sparse_size (const Yv8Op *op, guint steps, gsize runs);

/**
 * yv8_vulkan_sparse_pack:
 * @plane: pixels of a plane of the source, halo included
 * @pitch: of a row of it
 * @packed: yv8_vulkan_sparse_size() bytes
 */
void yv8_vulkan_sparse_pack (
    const Yv8Op *op, guint steps, guint32 plane, guint32 pitch, guint32 *packed);

/**
 * yv8_vulkan_rows_count: Returns: dwords of the rows of so many channels, in whole tiles
 */
gsize yv8_vulkan_rows_count (guint channels);

/**
 * yv8_vulkan_rows_pack: the rows of a map's channels
 * @rows: yv8_vulkan_rows_count() dwords
 */
void yv8_vulkan_rows_pack (const Yv8Quant *quants, guint channels, guint32 *rows);

/**
 * yv8_vulkan_rows_pack_conv:
 * @quants: of the channels of each buffer
 * @offset: that the kernel adds to the input's int8: 0, or 128
 * @rows: yv8_vulkan_rows_count() dwords of the output's channels
 */
void yv8_vulkan_rows_pack_conv (
    const Yv8Op *op, Yv8Quant *const *quants, gint32 offset, guint32 *rows);

/**
 * yv8_vulkan_half: Returns: the float16 nearest to @value, ties to even, clamped to +-65504
 */
guint16 yv8_vulkan_half (float value);

G_END_DECLS

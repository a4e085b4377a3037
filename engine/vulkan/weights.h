/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Weights as the convolution's shader reads them; see YV8_TILE_GROUPS. */
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
 * yv8_vulkan_half: Returns: the float16 nearest to @value, ties to even, clamped to +-65504
 */
guint16 yv8_vulkan_half (float value);

G_END_DECLS

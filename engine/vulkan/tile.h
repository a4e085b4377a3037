/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How the work of a convolution is cut up. The results are the same, to the last bit of int8; the
 * time is not. */
#pragma once

#include "graph/graph.h"
#include "vulkan/pipeline.h"

G_BEGIN_DECLS

static inline guint32
yv8_vulkan_divide_up (guint32 value, guint32 by)
{
  return value / by + (value % by != 0);
}

/**
 * yv8_vulkan_groups: Returns: groups of four channels that hold @channels
 */
static inline guint32
yv8_vulkan_groups (guint32 channels)
{
  return yv8_vulkan_divide_up (channels, 4);
}

/**
 * Yv8VulkanFamily:
 * @YV8_VULKAN_DIRECT: a lane loads the pixels that it needs itself: conv.comp, conv_qs8_qc8w.comp
 * @YV8_VULKAN_GEMM: a workgroup shares what it loads: gemm_qs8_qc8w.comp
 */
typedef enum {
  YV8_VULKAN_DIRECT,
  YV8_VULKAN_GEMM,
} Yv8VulkanFamily;

/**
 * Yv8VulkanTile:
 * @lanes: of a workgroup
 * @columns: of them along the pixels; the others along the output channels (GEMM)
 * @pixels: of a lane; made less, if a row then comes out even
 * @groups: of four output channels, of a lane
 * @taps: of the kernel in a run of the main loop, as far as whole rows of it allow; 0 for kernels
 *   that know no such thing, of float
 */
struct _Yv8VulkanTile {
  guint32 family, lanes, columns, pixels, groups, taps;
};

/**
 * yv8_vulkan_tile_nth: Returns: (nullable): a tile that has been found useful somewhere
 */
const Yv8VulkanTile *yv8_vulkan_tile_nth (guint index);

/**
 * yv8_vulkan_tile_fits:
 * @sparse: of sparse weights
 *
 * Returns: whether @device can run @op, a convolution, in this way
 */
gboolean yv8_vulkan_tile_fits (
    const Yv8VulkanTile *tile, const Yv8VulkanDevice *device, const Yv8Op *op, gboolean sparse);

/**
 * yv8_vulkan_tile_is_candidate: Returns: whether it is worth trying on this kind of device
 */
gboolean yv8_vulkan_tile_is_candidate (const Yv8VulkanTile *tile, const Yv8VulkanDevice *device);

/**
 * yv8_vulkan_tile_default: Returns: what suits this kind of device for @push
 */
Yv8VulkanTile yv8_vulkan_tile_default (
    const Yv8VulkanDevice *device, const Yv8VulkanPush *push, gboolean qs8);

/**
 * yv8_vulkan_sparse_steps: Returns: live steps in a run of the main loop of sparse weights
 */
guint yv8_vulkan_sparse_steps (const Yv8VulkanDevice *device);

/**
 * yv8_vulkan_sparse_limit:
 * @groups: of a lane
 *
 * Returns: the share of live steps, those that fill up runs included, up to which sparse weights
 *   are faster than dense ones
 */
double yv8_vulkan_sparse_limit (const Yv8VulkanDevice *device, guint groups);

/**
 * yv8_vulkan_tile_apply: makes constants of a tile that fits
 */
void yv8_vulkan_tile_apply (const Yv8VulkanTile *tile, const Yv8Op *op, const Yv8VulkanPush *push,
    Yv8VulkanConstants *constants);

G_END_DECLS

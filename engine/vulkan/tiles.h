/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tiles that were fastest for convolutions on a device, by measurement, kept in a file beside
 * the pipeline cache. It is of one device, driver and set of shaders. */
#pragma once

#include "vulkan/kernel.h"

G_BEGIN_DECLS

typedef struct _Yv8VulkanTiles Yv8VulkanTiles;

/**
 * yv8_vulkan_tiles_new:
 * @device: must outlive it
 *
 * Returns: (transfer full): what the file holds; nothing if there is no good one
 */
Yv8VulkanTiles *yv8_vulkan_tiles_new (const Yv8VulkanDevice *device);
void yv8_vulkan_tiles_free (Yv8VulkanTiles *self);

/**
 * yv8_vulkan_tiles_find:
 * @key: see Yv8VulkanKernel
 *
 * Returns: (nullable): one of the tiles of yv8_vulkan_tile_nth()
 */
const Yv8VulkanTile *yv8_vulkan_tiles_find (const Yv8VulkanTiles *self, const char *key);

/**
 * yv8_vulkan_tiles_add:
 * @tile: one of yv8_vulkan_tile_nth()
 */
void yv8_vulkan_tiles_add (Yv8VulkanTiles *self, const char *key, const Yv8VulkanTile *tile);

/**
 * yv8_vulkan_tiles_save: to disk, with what others have put there meanwhile. A failure is no one's
 * error
 */
void yv8_vulkan_tiles_save (Yv8VulkanTiles *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files of what is known of a device: $XDG_CACHE_HOME/gst-yolov8/, or the directory in
 * YV8_CACHE_DIR; none if that is empty. A file holds a header of ours, then the data. What does not
 * come back exactly as it was written, by this device and driver, is as if it were not there. */
#pragma once

#include <vulkan/vulkan.h>
#include <yv8/error.h>

G_BEGIN_DECLS

/**
 * Yv8VulkanCache: what a file is of
 * @YV8_VULKAN_CACHE_PIPELINES: what vkGetPipelineCacheData() gave
 * @YV8_VULKAN_CACHE_TILES: see tiles.h
 */
typedef enum {
  YV8_VULKAN_CACHE_PIPELINES,
  YV8_VULKAN_CACHE_TILES,
} Yv8VulkanCache;

/**
 * yv8_vulkan_cache_path: Returns: (transfer full) (nullable): of the file of this device
 */
char *yv8_vulkan_cache_path (Yv8VulkanCache cache, const VkPhysicalDeviceProperties *device);

/**
 * yv8_vulkan_cache_load:
 * @path: (nullable)
 *
 * A file that is there but not good is told in a message.
 *
 * Returns: (transfer full) (nullable): the data of a good file
 */
GBytes *yv8_vulkan_cache_load (
    Yv8VulkanCache cache, const char *path, const VkPhysicalDeviceProperties *device);

/**
 * yv8_vulkan_cache_save:
 *
 * Writes to a temporary file and renames it; makes the directory if need be.
 */
gboolean yv8_vulkan_cache_save (Yv8VulkanCache cache, const char *path,
    const VkPhysicalDeviceProperties *device, GBytes *data, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pipeline cache on disk: $XDG_CACHE_HOME/gst-yolov8/, or the directory in YV8_CACHE_DIR; none
 * if that is empty. A file holds a header of ours, then what vkGetPipelineCacheData() gave. What
 * does not come back exactly as it was written, by this device and driver, is as if it were not
 * there. */
#pragma once

#include <vulkan/vulkan.h>
#include <yv8/error.h>

G_BEGIN_DECLS

/**
 * yv8_vulkan_cache_path: Returns: (transfer full) (nullable): of the file of this device
 */
char *yv8_vulkan_cache_path (const VkPhysicalDeviceProperties *device);

/**
 * yv8_vulkan_cache_load:
 * @path: (nullable)
 *
 * Returns: (transfer full) (nullable): the data of a good file
 */
GBytes *yv8_vulkan_cache_load (const char *path, const VkPhysicalDeviceProperties *device);

/**
 * yv8_vulkan_cache_save:
 *
 * Writes to a temporary file and renames it; makes the directory if need be.
 */
gboolean yv8_vulkan_cache_save (
    const char *path, const VkPhysicalDeviceProperties *device, GBytes *data, GError **error);

G_END_DECLS

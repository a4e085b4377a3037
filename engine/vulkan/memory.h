/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Buffers, each with memory of its own. */
#pragma once

#include "vulkan/device.h"

G_BEGIN_DECLS

/**
 * Yv8VulkanPlace: where a buffer lies
 * @YV8_VULKAN_ON_DEVICE: fastest for the device, not mapped
 * @YV8_VULKAN_TO_DEVICE: mapped, for the host to write
 * @YV8_VULKAN_TO_HOST: mapped, for the host to read
 */
typedef enum {
  YV8_VULKAN_ON_DEVICE,
  YV8_VULKAN_TO_DEVICE,
  YV8_VULKAN_TO_HOST,
} Yv8VulkanPlace;

/**
 * Yv8VulkanBuffer:
 * @map: (nullable): coherent
 *
 * All zero is no buffer.
 */
typedef struct {
  VkBuffer buffer;
  VkDeviceMemory memory;
  guint64 size;
  gpointer map;
} Yv8VulkanBuffer;

/**
 * yv8_vulkan_buffer_init:
 * @size: bytes, at least 1
 * @what: it is for, as the error message names it
 *
 * Returns: %FALSE with @error set (MEMORY, DEVICE), and @self as it was
 */
gboolean yv8_vulkan_buffer_init (Yv8VulkanBuffer *self, const Yv8VulkanDevice *device,
    Yv8VulkanPlace place, guint64 size, const char *what, GError **error);
void yv8_vulkan_buffer_clear (Yv8VulkanBuffer *self, const Yv8VulkanDevice *device);

G_END_DECLS

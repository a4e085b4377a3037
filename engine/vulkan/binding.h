/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a kernel sees of buffers: spans, and descriptor sets of them. */
#pragma once

#include "vulkan/memory.h"
#include "vulkan/pipeline.h"

G_BEGIN_DECLS

/* Of every span's offset: no device may ask for more. */
#define YV8_VULKAN_ALIGNMENT 256

/**
 * Yv8VulkanView: what a kernel that loads through texel buffers sees of a span
 * @YV8_VULKAN_VIEW_NONE: nothing: it is never loaded so
 * @YV8_VULKAN_VIEW_FLOATS: four float32 or float16, as the device stores them
 * @YV8_VULKAN_VIEW_DWORD: four int8, or
 * @YV8_VULKAN_VIEW_DWORDS: four times that
 */
typedef enum {
  YV8_VULKAN_VIEW_NONE,
  YV8_VULKAN_VIEW_FLOATS,
  YV8_VULKAN_VIEW_DWORD,
  YV8_VULKAN_VIEW_DWORDS,
} Yv8VulkanView;

/**
 * Yv8VulkanSpan: bytes of a buffer
 * @view: (nullable): for kernels that read through texel buffers
 */
typedef struct {
  VkBuffer buffer;
  guint64 offset, size;
  VkBufferView view;
} Yv8VulkanSpan;

/**
 * yv8_vulkan_span_init:
 * @what: it is, as the error message names it
 *
 * Returns: %FALSE with @error set (UNSUPPORTED) if a kernel cannot see so much at once
 */
gboolean yv8_vulkan_span_init (Yv8VulkanSpan *self, const Yv8VulkanDevice *device,
    const Yv8VulkanBuffer *buffer, guint64 offset, guint64 size, Yv8VulkanView view,
    const char *what, GError **error);
void yv8_vulkan_span_clear (Yv8VulkanSpan *self, const Yv8VulkanDevice *device);

/**
 * yv8_vulkan_set_pool_new: Returns: a pool for @n sets; %VK_NULL_HANDLE with @error set
 */
VkDescriptorPool yv8_vulkan_set_pool_new (const Yv8VulkanDevice *device, guint n, GError **error);

/**
 * yv8_vulkan_set_new: Returns: a set of @pool; %VK_NULL_HANDLE with @error set
 */
VkDescriptorSet yv8_vulkan_set_new (
    const Yv8VulkanPipelines *pipelines, VkDescriptorPool pool, GError **error);

/**
 * yv8_vulkan_set_write:
 * @spans: (element-type nullable): by YV8_BINDING_*
 */
void yv8_vulkan_set_write (const Yv8VulkanDevice *device, VkDescriptorSet set,
    const Yv8VulkanSpan *const spans[YV8_N_BINDINGS]);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specialised pipelines, one for each shader and set of constants. */
#pragma once

#include "shaders/lib/interface.h"
#include "vulkan/device.h"

G_BEGIN_DECLS

/**
 * Yv8VulkanConstants: by YV8_CONSTANT_*
 */
typedef struct {
  guint32 values[YV8_N_CONSTANTS];
} Yv8VulkanConstants;

/**
 * Yv8VulkanPipelines:
 * @set_layout: of all kernels; see YV8_BINDING_*
 * @layout: likewise
 */
typedef struct {
  const Yv8VulkanDevice *device;
  VkDescriptorSetLayout set_layout;
  VkPipelineLayout layout;
  VkPipelineCache cache;
  char *cache_path;
  GBytes *cache_data;
  GArray *entries;
} Yv8VulkanPipelines;

/**
 * yv8_vulkan_binding_type: Returns: what stands at this binding
 */
VkDescriptorType yv8_vulkan_binding_type (const Yv8VulkanDevice *device, guint binding);

/**
 * yv8_vulkan_pipelines_new:
 * @device: must outlive it
 */
Yv8VulkanPipelines *yv8_vulkan_pipelines_new (const Yv8VulkanDevice *device, GError **error);
void yv8_vulkan_pipelines_free (Yv8VulkanPipelines *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8VulkanPipelines, yv8_vulkan_pipelines_free)

/**
 * yv8_vulkan_pipelines_get:
 * @shader: a name in the table of shaders
 *
 * Returns: the pipeline, made on the first call; %VK_NULL_HANDLE with @error set (DEVICE, MEMORY)
 */
VkPipeline yv8_vulkan_pipelines_get (Yv8VulkanPipelines *self, const char *shader,
    const Yv8VulkanConstants *constants, GError **error);

/**
 * yv8_vulkan_pipelines_save: to disk, if there is something new. A failure is no one's error
 */
void yv8_vulkan_pipelines_save (Yv8VulkanPipelines *self);

G_END_DECLS

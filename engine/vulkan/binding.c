/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spans and descriptor sets. */
#include "vulkan/binding.h"

static const struct {
  VkFormat format;
  guint64 size;
} TEXELS[] = {
  [YV8_VULKAN_VIEW_FLOATS] = { VK_FORMAT_R32G32B32A32_SFLOAT, 16 },
  [YV8_VULKAN_VIEW_DWORD] = { VK_FORMAT_R32_UINT, 4 },
  [YV8_VULKAN_VIEW_DWORDS] = { VK_FORMAT_R32G32B32A32_UINT, 16 },
};

gboolean
yv8_vulkan_span_init (Yv8VulkanSpan *self, const Yv8VulkanDevice *device,
    const Yv8VulkanBuffer *buffer, guint64 offset, guint64 size, Yv8VulkanView view,
    const char *what, GError **error)
{
  const VkPhysicalDeviceLimits *limits = &device->properties.limits;
  guint64 limit = limits->maxStorageBufferRange;
  gboolean half = view == YV8_VULKAN_VIEW_FLOATS && device->f16;
  VkBufferViewCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
    .buffer = buffer->buffer,
    .format = half ? VK_FORMAT_R16G16B16A16_SFLOAT : TEXELS[view].format,
    .offset = offset,
    .range = size,
  };

  if (!device->texel)
    view = YV8_VULKAN_VIEW_NONE;
  if (view)
    limit = MIN (limit, limits->maxTexelBufferElements * (half ? 8 : TEXELS[view].size));
  if (size > limit) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
        "Vulkan: %s has %" G_GUINT64_FORMAT " MiB; a kernel on %s sees %" G_GUINT64_FORMAT
        " MiB at once: choose a smaller input size",
        what, size >> 20, device->properties.deviceName, limit >> 20);
    return FALSE;
  }
  *self = (Yv8VulkanSpan){ buffer->buffer, offset, size, VK_NULL_HANDLE };
  return !view || yv8_vulkan_check (
                      vkCreateBufferView (device->device, &info, NULL, &self->view), what, error);
}

void
yv8_vulkan_span_clear (Yv8VulkanSpan *self, const Yv8VulkanDevice *device)
{
  vkDestroyBufferView (device->device, self->view, NULL);
  *self = (Yv8VulkanSpan){ 0 };
}

VkDescriptorPool
yv8_vulkan_set_pool_new (const Yv8VulkanDevice *device, guint n, GError **error)
{
  VkDescriptorPoolSize sizes[YV8_N_BINDINGS];
  VkDescriptorPoolCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
    .maxSets = n,
    .poolSizeCount = YV8_N_BINDINGS,
    .pPoolSizes = sizes,
  };
  VkDescriptorPool pool = VK_NULL_HANDLE;

  for (guint i = 0; i < YV8_N_BINDINGS; i++)
    sizes[i] = (VkDescriptorPoolSize){ yv8_vulkan_binding_type (device, i), n };
  yv8_vulkan_check (
      vkCreateDescriptorPool (device->device, &info, NULL, &pool), "vkCreateDescriptorPool", error);
  return pool;
}

VkDescriptorSet
yv8_vulkan_set_new (const Yv8VulkanPipelines *pipelines, VkDescriptorPool pool, GError **error)
{
  VkDescriptorSetAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
    .descriptorPool = pool,
    .descriptorSetCount = 1,
    .pSetLayouts = &pipelines->set_layout,
  };
  VkDescriptorSet set = VK_NULL_HANDLE;

  yv8_vulkan_check (vkAllocateDescriptorSets (pipelines->device->device, &info, &set),
      "vkAllocateDescriptorSets", error);
  return set;
}

void
yv8_vulkan_set_write (const Yv8VulkanDevice *device, VkDescriptorSet set,
    const Yv8VulkanSpan *const spans[YV8_N_BINDINGS])
{
  VkDescriptorBufferInfo buffers[YV8_N_BINDINGS];
  VkWriteDescriptorSet writes[YV8_N_BINDINGS];
  guint n = 0;

  for (guint i = 0; i < YV8_N_BINDINGS; i++) {
    if (!spans[i])
      continue;
    buffers[n] = (VkDescriptorBufferInfo){ spans[i]->buffer, spans[i]->offset, spans[i]->size };
    writes[n] = (VkWriteDescriptorSet){
      .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
      .dstSet = set,
      .dstBinding = i,
      .descriptorCount = 1,
      .descriptorType = yv8_vulkan_binding_type (device, i),
      .pBufferInfo = &buffers[n],
      .pTexelBufferView = &spans[i]->view,
    };
    n++;
  }
  vkUpdateDescriptorSets (device->device, n, writes, 0, NULL);
}

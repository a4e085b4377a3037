/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Choice of memory type, and limits. */
#include "vulkan/memory.h"

#define MAPPED (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)

/* What is needed, and what is better. */
static const struct {
  VkMemoryPropertyFlags needed, better;
} PLACES[] = {
  [YV8_VULKAN_ON_DEVICE] = { 0, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT },
  [YV8_VULKAN_TO_DEVICE] = { MAPPED, 0 },
  [YV8_VULKAN_TO_HOST] = { MAPPED, VK_MEMORY_PROPERTY_HOST_CACHED_BIT },
};

static gint
find_type (const VkPhysicalDeviceMemoryProperties *memory, guint32 allowed, Yv8VulkanPlace place)
{
  VkMemoryPropertyFlags wanted[] = { PLACES[place].needed | PLACES[place].better,
    PLACES[place].needed };

  for (guint w = 0; w < G_N_ELEMENTS (wanted); w++)
    for (guint i = 0; i < memory->memoryTypeCount; i++)
      if (allowed & (1u << i) && (memory->memoryTypes[i].propertyFlags & wanted[w]) == wanted[w])
        return (gint) i;
  return -1;
}

static gboolean
fits (const Yv8VulkanDevice *device, guint64 size, guint64 limit, const char *what, GError **error)
{
  if (size <= limit)
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY,
      "Vulkan: %s needs %" G_GUINT64_FORMAT " MiB; %s allows %" G_GUINT64_FORMAT
      " MiB: choose a smaller input size or model",
      what, size >> 20, device->properties.deviceName, limit >> 20);
  return FALSE;
}

static gboolean
allocate (Yv8VulkanBuffer *self, const Yv8VulkanDevice *device, Yv8VulkanPlace place,
    const char *what, GError **error)
{
  VkMemoryRequirements needs;

  vkGetBufferMemoryRequirements (device->device, self->buffer, &needs);
  gint type = find_type (&device->memory, needs.memoryTypeBits, place);
  guint64 heap = 0;
  if (type >= 0)
    heap = device->memory.memoryHeaps[device->memory.memoryTypes[type].heapIndex].size;
  if (!fits (device, needs.size, heap, what, error))
    return FALSE;
  VkMemoryAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
    .allocationSize = needs.size,
    .memoryTypeIndex = (guint32) type,
  };
  return yv8_vulkan_check (
             vkAllocateMemory (device->device, &info, NULL, &self->memory), what, error) &&
         yv8_vulkan_check (
             vkBindBufferMemory (device->device, self->buffer, self->memory, 0), what, error);
}

gboolean
yv8_vulkan_buffer_init (Yv8VulkanBuffer *out, const Yv8VulkanDevice *device, Yv8VulkanPlace place,
    guint64 size, const char *what, GError **error)
{
  Yv8VulkanBuffer self = { .size = size };
  VkBufferCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
    .size = size,
    .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
             VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
  };

  if (fits (device, size, device->max_allocation, what, error) &&
      yv8_vulkan_check (vkCreateBuffer (device->device, &info, NULL, &self.buffer), what, error) &&
      allocate (&self, device, place, what, error) &&
      (place == YV8_VULKAN_ON_DEVICE || yv8_vulkan_check (vkMapMemory (device->device, self.memory,
                                                              0, VK_WHOLE_SIZE, 0, &self.map),
                                            what, error))) {
    *out = self;
    return TRUE;
  }
  yv8_vulkan_buffer_clear (&self, device);
  return FALSE;
}

void
yv8_vulkan_buffer_clear (Yv8VulkanBuffer *self, const Yv8VulkanDevice *device)
{
  vkDestroyBuffer (device->device, self->buffer, NULL);
  vkFreeMemory (device->device, self->memory, NULL);
  *self = (Yv8VulkanBuffer){ 0 };
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Recording, hazards and timestamps. */
#include "vulkan/recorder.h"

struct _Yv8VulkanRecorder {
  const Yv8VulkanDevice *device;
  VkCommandPool pool;
  VkCommandBuffer commands;
  VkFence fence;
  VkQueryPool queries;
  guint n_times, n_stamps;
  guint64 *stamps;
  GArray *reads, *writes; /* since the last barrier */
};

static gboolean
create_queries (Yv8VulkanRecorder *self, guint n_times, GError **error)
{
  VkQueryPoolCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
    .queryType = VK_QUERY_TYPE_TIMESTAMP,
    .queryCount = n_times + 1,
  };

  if (n_times == 0 || self->device->timestamp_bits == 0)
    return TRUE;
  self->n_times = n_times;
  self->stamps = g_new0 (guint64, n_times + 1);
  return yv8_vulkan_check (vkCreateQueryPool (self->device->device, &info, NULL, &self->queries),
      "vkCreateQueryPool", error);
}

Yv8VulkanRecorder *
yv8_vulkan_recorder_new (const Yv8VulkanDevice *device, guint n_times, GError **error)
{
  Yv8VulkanRecorder *self = g_new0 (Yv8VulkanRecorder, 1);
  VkCommandPoolCreateInfo pool_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
    .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
    .queueFamilyIndex = device->family,
  };
  VkFenceCreateInfo fence_info = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };

  self->device = device;
  self->reads = g_array_new (FALSE, FALSE, sizeof (Yv8VulkanRange));
  self->writes = g_array_new (FALSE, FALSE, sizeof (Yv8VulkanRange));
  if (yv8_vulkan_check (vkCreateCommandPool (device->device, &pool_info, NULL, &self->pool),
          "vkCreateCommandPool", error)) {
    VkCommandBufferAllocateInfo info = {
      .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
      .commandPool = self->pool,
      .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
      .commandBufferCount = 1,
    };
    if (yv8_vulkan_check (vkAllocateCommandBuffers (device->device, &info, &self->commands),
            "vkAllocateCommandBuffers", error) &&
        yv8_vulkan_check (vkCreateFence (device->device, &fence_info, NULL, &self->fence),
            "vkCreateFence", error) &&
        create_queries (self, n_times, error))
      return self;
  }
  yv8_vulkan_recorder_free (self);
  return NULL;
}

void
yv8_vulkan_recorder_free (Yv8VulkanRecorder *self)
{
  if (!self)
    return;
  vkDestroyQueryPool (self->device->device, self->queries, NULL);
  vkDestroyFence (self->device->device, self->fence, NULL);
  vkDestroyCommandPool (self->device->device, self->pool, NULL);
  g_array_unref (self->reads);
  g_array_unref (self->writes);
  g_free (self->stamps);
  g_free (self);
}

static void
barrier (Yv8VulkanRecorder *self, VkPipelineStageFlags from, VkAccessFlags from_access,
    VkPipelineStageFlags to, VkAccessFlags to_access)
{
  VkMemoryBarrier memory = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
    .srcAccessMask = from_access,
    .dstAccessMask = to_access,
  };

  vkCmdPipelineBarrier (self->commands, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

static void
compute_barrier (Yv8VulkanRecorder *self)
{
  barrier (self, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
  g_array_set_size (self->reads, 0);
  g_array_set_size (self->writes, 0);
}

static void
transfer_barrier (Yv8VulkanRecorder *self, gboolean before)
{
  VkPipelineStageFlags stages[] = { VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
    VK_PIPELINE_STAGE_TRANSFER_BIT };
  VkAccessFlags accesses[] = { VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT,
    VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT };

  barrier (self, stages[!before], accesses[!before], stages[before], accesses[before]);
}

static void
stamp (Yv8VulkanRecorder *self)
{
  if (self->n_stamps <= self->n_times && self->queries)
    vkCmdWriteTimestamp (
        self->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, self->queries, self->n_stamps++);
}

gboolean
yv8_vulkan_recorder_begin (Yv8VulkanRecorder *self, GError **error)
{
  VkCommandBufferBeginInfo info = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };

  if (!yv8_vulkan_check (
          vkBeginCommandBuffer (self->commands, &info), "vkBeginCommandBuffer", error))
    return FALSE;
  g_array_set_size (self->reads, 0);
  g_array_set_size (self->writes, 0);
  self->n_stamps = 0;
  if (self->queries)
    vkCmdResetQueryPool (self->commands, self->queries, 0, self->n_times + 1);
  stamp (self);
  return TRUE;
}

static gboolean
meet (const Yv8VulkanRange *ranges, guint n, const GArray *others)
{
  for (guint i = 0; i < n; i++) {
    for (guint k = 0; k < others->len; k++) {
      const Yv8VulkanRange *other = &g_array_index (others, Yv8VulkanRange, k);
      if (ranges[i].start < other->end && other->start < ranges[i].end)
        return TRUE;
    }
  }
  return FALSE;
}

void
yv8_vulkan_recorder_dispatch (Yv8VulkanRecorder *self, const Yv8VulkanPipelines *pipelines,
    VkPipeline pipeline, VkDescriptorSet set, const Yv8VulkanKernel *kernel,
    const Yv8VulkanRange *reads, guint n_reads, const Yv8VulkanRange *writes, guint n_writes)
{
  if (meet (reads, n_reads, self->writes) || meet (writes, n_writes, self->writes) ||
      meet (writes, n_writes, self->reads))
    compute_barrier (self);
  g_array_append_vals (self->reads, reads, n_reads);
  g_array_append_vals (self->writes, writes, n_writes);
  vkCmdBindPipeline (self->commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  vkCmdBindDescriptorSets (
      self->commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipelines->layout, 0, 1, &set, 0, NULL);
  vkCmdPushConstants (self->commands, pipelines->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
      sizeof kernel->push_bytes, kernel->push_bytes);
  vkCmdDispatch (self->commands, kernel->grid[0], kernel->grid[1], kernel->grid[2]);
}

void
yv8_vulkan_recorder_time (Yv8VulkanRecorder *self)
{
  if (!self->queries)
    return;
  compute_barrier (self);
  stamp (self);
}

void
yv8_vulkan_recorder_copy (
    Yv8VulkanRecorder *self, const Yv8VulkanBuffer *from, const Yv8VulkanBuffer *to, guint64 size)
{
  VkBufferCopy region = { .size = size };

  transfer_barrier (self, TRUE);
  vkCmdCopyBuffer (self->commands, from->buffer, to->buffer, 1, &region);
  transfer_barrier (self, FALSE);
}

void
yv8_vulkan_recorder_fill (Yv8VulkanRecorder *self, const Yv8VulkanBuffer *buffer, guint32 value)
{
  transfer_barrier (self, TRUE);
  vkCmdFillBuffer (self->commands, buffer->buffer, 0, VK_WHOLE_SIZE, value);
  transfer_barrier (self, FALSE);
}

gboolean
yv8_vulkan_recorder_end (Yv8VulkanRecorder *self, GError **error)
{
  barrier (self, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_HOST_BIT,
      VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_HOST_READ_BIT);
  return yv8_vulkan_check (vkEndCommandBuffer (self->commands), "vkEndCommandBuffer", error);
}

static gboolean
read_stamps (Yv8VulkanRecorder *self, GError **error)
{
  return !self->n_stamps || !self->queries ||
         yv8_vulkan_check (vkGetQueryPoolResults (self->device->device, self->queries, 0,
                               self->n_stamps, self->n_stamps * sizeof (guint64), self->stamps,
                               sizeof (guint64), VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
             "vkGetQueryPoolResults", error);
}

gboolean
yv8_vulkan_recorders_start (Yv8VulkanRecorder *const *recorders, guint n, GError **error)
{
  const Yv8VulkanRecorder *self = recorders[0];
  VkCommandBuffer commands[YV8_VULKAN_MAX_RECORDERS];
  VkSubmitInfo info = {
    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
    .commandBufferCount = n,
    .pCommandBuffers = commands,
  };

  for (guint i = 0; i < n; i++)
    commands[i] = recorders[i]->commands;
  return yv8_vulkan_check (
      vkQueueSubmit (self->device->queue, 1, &info, self->fence), "vkQueueSubmit", error);
}

gboolean
yv8_vulkan_recorders_wait (Yv8VulkanRecorder *const *recorders, guint n, GError **error)
{
  const Yv8VulkanRecorder *self = recorders[0];
  VkDevice device = self->device->device;

  /* No time limit: nothing in use may be freed, and the wait for a lost device ends by itself. */
  if (!yv8_vulkan_check (
          vkWaitForFences (device, 1, &self->fence, VK_TRUE, G_MAXUINT64), "a frame", error) ||
      !yv8_vulkan_check (vkResetFences (device, 1, &self->fence), "vkResetFences", error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!read_stamps (recorders[i], error))
      return FALSE;
  return TRUE;
}

gboolean
yv8_vulkan_recorders_submit (Yv8VulkanRecorder *const *recorders, guint n, GError **error)
{
  return yv8_vulkan_recorders_start (recorders, n, error) &&
         yv8_vulkan_recorders_wait (recorders, n, error);
}

gboolean
yv8_vulkan_recorder_submit (Yv8VulkanRecorder *self, GError **error)
{
  return yv8_vulkan_recorders_submit (&self, 1, error);
}

guint64
yv8_vulkan_recorder_nanoseconds (const Yv8VulkanRecorder *self, guint step)
{
  if (step + 1 >= self->n_stamps)
    return 0;
  guint64 mask = G_MAXUINT64 >> (64 - self->device->timestamp_bits);
  guint64 ticks = (self->stamps[step + 1] - self->stamps[step]) & mask;
  return (guint64) ((double) ticks * self->device->properties.limits.timestampPeriod);
}

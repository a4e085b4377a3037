/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A command buffer that is recorded once and submitted as often as wanted; the barriers between
 * dispatches, and their times. */
#pragma once

#include "vulkan/kernel.h"
#include "vulkan/memory.h"

G_BEGIN_DECLS

/**
 * Yv8VulkanRange: bytes of the arena, [start, end)
 */
typedef struct {
  guint64 start, end;
} Yv8VulkanRange;

typedef struct _Yv8VulkanRecorder Yv8VulkanRecorder;

/**
 * yv8_vulkan_recorder_new:
 * @device: must outlive it
 * @n_times: steps to keep the time of; 0 for no profile
 *
 * Returns: (transfer full): %NULL with @error set (DEVICE, MEMORY)
 */
Yv8VulkanRecorder *yv8_vulkan_recorder_new (
    const Yv8VulkanDevice *device, guint n_times, GError **error);
void yv8_vulkan_recorder_free (Yv8VulkanRecorder *self);

/**
 * yv8_vulkan_recorder_begin: starts anew
 */
gboolean yv8_vulkan_recorder_begin (Yv8VulkanRecorder *self, GError **error);

/**
 * yv8_vulkan_recorder_dispatch:
 * @reads: ranges that the kernel reads, and @writes that it writes. A barrier is put before it if
 *   they meet what ran since the last one
 */
void yv8_vulkan_recorder_dispatch (Yv8VulkanRecorder *self, const Yv8VulkanPipelines *pipelines,
    VkPipeline pipeline, VkDescriptorSet set, const Yv8VulkanKernel *kernel,
    const Yv8VulkanRange *reads, guint n_reads, const Yv8VulkanRange *writes, guint n_writes);

/**
 * yv8_vulkan_recorder_time: ends a step: what was recorded since the one before
 */
void yv8_vulkan_recorder_time (Yv8VulkanRecorder *self);

/**
 * yv8_vulkan_recorder_copy: the first @size bytes, between barriers
 */
void yv8_vulkan_recorder_copy (
    Yv8VulkanRecorder *self, const Yv8VulkanBuffer *from, const Yv8VulkanBuffer *to, guint64 size);

/**
 * yv8_vulkan_recorder_fill: all bytes, between barriers
 */
void yv8_vulkan_recorder_fill (
    Yv8VulkanRecorder *self, const Yv8VulkanBuffer *buffer, guint32 value);

/**
 * yv8_vulkan_recorder_end: what is submitted after it waits for it, and sees what it wrote; as does
 * the host in mapped memory
 */
gboolean yv8_vulkan_recorder_end (Yv8VulkanRecorder *self, GError **error);

/**
 * yv8_vulkan_recorder_submit: runs it, and waits
 */
gboolean yv8_vulkan_recorder_submit (Yv8VulkanRecorder *self, GError **error);

#define YV8_VULKAN_MAX_RECORDERS 4

/**
 * yv8_vulkan_recorders_start:
 * @recorders: (array length=n): run in this order, after all that was started before
 * @n: 1 to YV8_VULKAN_MAX_RECORDERS
 *
 * None of them may be recorded or started again before yv8_vulkan_recorders_wait() of all.
 */
gboolean yv8_vulkan_recorders_start (Yv8VulkanRecorder *const *recorders, guint n, GError **error);
gboolean yv8_vulkan_recorders_wait (Yv8VulkanRecorder *const *recorders, guint n, GError **error);

/**
 * yv8_vulkan_recorders_submit: both
 */
gboolean yv8_vulkan_recorders_submit (Yv8VulkanRecorder *const *recorders, guint n, GError **error);

/**
 * yv8_vulkan_recorder_nanoseconds: Returns: of a step of the last run; 0 without timestamps
 */
guint64 yv8_vulkan_recorder_nanoseconds (const Yv8VulkanRecorder *self, guint step);

G_END_DECLS

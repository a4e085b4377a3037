/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Vulkan devices: the process's one instance, what a device can do, and a logical device. */
#pragma once

#include <vulkan/vulkan.h>
#include <yv8/error.h>

G_BEGIN_DECLS

/**
 * Yv8VulkanDot: packed dot product of four int8 by four int8
 * @YV8_VULKAN_DOT_NONE: unpacked, multiplied in float32
 * @YV8_VULKAN_DOT_MIXED: signed by unsigned
 * @YV8_VULKAN_DOT_SIGNED: signed by signed
 */
typedef enum {
  YV8_VULKAN_DOT_NONE,
  YV8_VULKAN_DOT_MIXED,
  YV8_VULKAN_DOT_SIGNED,
} Yv8VulkanDot;

typedef struct _Yv8VulkanTile Yv8VulkanTile;

/**
 * Yv8VulkanDevice:
 * @physical: owned by the instance
 * @family: of a queue that computes
 * @timestamp_bits: that its timestamps have; 0 if it has none
 * @max_allocation: bytes of one allocation
 * @driver: (transfer full): its name and version
 * @software: computes on the CPU
 * @f16: activations and weights are stored as float16
 * @subgroup: lanes of one, where they can broadcast and it is of a fixed size that the kernels
 * know; else 0
 * @texel: kernels read through texel buffers
 * @has_dot: knows packed dot products, be they fast or not
 * @dot: that the kernels use
 * @tile: (nullable): that convolutions are made to use as far as it fits them
 * @tune: tiles are to be measured
 * @letterbox: frames are resampled by a shader, not by the host
 * @detect: boxes are found by shaders, not by the host
 * @pipeline_flags: of every pipeline; 0 but where it is opened for inspection
 * @device: %NULL in a listing
 * @debug: the validation layer is asked for; see yv8_vulkan_device_open()
 */
typedef struct {
  VkPhysicalDevice physical;
  VkPhysicalDeviceProperties properties;
  VkPhysicalDeviceMemoryProperties memory;
  guint32 family;
  guint timestamp_bits;
  guint64 max_allocation;
  char *driver;
  gboolean software;
  guint subgroup;
  gboolean f16, texel, has_dot;
  Yv8VulkanDot dot;
  const Yv8VulkanTile *tile;
  gboolean tune;
  gboolean letterbox, detect;
  gboolean debug;
  VkPipelineCreateFlags pipeline_flags;
  VkDevice device;
  VkQueue queue;
} Yv8VulkanDevice;

/**
 * yv8_vulkan_devices_list:
 *
 * Returns: (transfer full) (element-type Yv8VulkanDevice): the devices that can run the engine, in
 *   the driver's order; empty without a loader, driver or device
 */
GPtrArray *yv8_vulkan_devices_list (void);

/**
 * yv8_vulkan_device_open:
 * @index: in yv8_vulkan_devices_list()
 *
 * The environment may force a choice: YV8_VULKAN_PRECISION is "f32" or "f16" (else: f16 but on
 * software devices), YV8_VULKAN_ACCESS is "texel" or "ssbo" (else: texel on software devices),
 * YV8_VULKAN_DOT is "none", "mixed" or "signed" (else: what the device says it is fast at; signed
 * on software devices), YV8_VULKAN_LETTERBOX is "host" or "device" (else: device but on software
 * devices), YV8_VULKAN_DETECT likewise (else: device), YV8_VULKAN_TILE is an index of
 * yv8_vulkan_tile_nth(), YV8_VULKAN_TUNE is "yes" or "no" (else: no). YV8_VULKAN_VALIDATE=1 loads
 * the Khronos validation layer, where it is installed, whose every message is a g_critical(), and
 * fills the arena with NaN at the start of each frame.
 *
 * Returns: (transfer full): the device; %NULL with @error set (NOT_FOUND, DEVICE, ARGUMENT)
 */
Yv8VulkanDevice *yv8_vulkan_device_open (guint index, GError **error);

/**
 * yv8_vulkan_device_open_for_inspection: likewise, and its pipelines tell their statistics and code
 *
 * Returns: as yv8_vulkan_device_open(); UNSUPPORTED where the driver tells nothing of pipelines
 */
Yv8VulkanDevice *yv8_vulkan_device_open_for_inspection (guint index, GError **error);

void yv8_vulkan_device_free (Yv8VulkanDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8VulkanDevice, yv8_vulkan_device_free)

/**
 * yv8_vulkan_dot_name: Returns: "none", "mixed" or "signed"
 */
const char *yv8_vulkan_dot_name (Yv8VulkanDot dot);

/**
 * yv8_vulkan_check:
 * @what: that was tried, e.g. "vkCreateDevice"
 *
 * Returns: whether @result is a success; else @error is set (MEMORY or DEVICE)
 */
gboolean yv8_vulkan_check (VkResult result, const char *what, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a frame has for itself while others are in flight: where it is laid, its commands, and what
 * comes back of it. The weights and the arena are shared, as frames run one after another.
 *
 * So the arena may be the next frame's when the host sees a frame: what is wanted of the outputs
 * has to be copied before, in the same run. Where boxes are found on the device that is the boxes,
 * and of a frame of too many candidates, which the host has to decode, the maps: they are fetched
 * after it, if need be by running the frame again from its input, which is still there. After such
 * a frame the next brings its maps along. */
#pragma once

#include "vulkan/detect.h"
#include "vulkan/input.h"

G_BEGIN_DECLS

/**
 * Yv8VulkanSlot:
 * @network: the commands of all ops but INPUT and DETECT; left to the backend to record
 * @results: those that convert the outputs into @outputs; likewise
 * @outputs: planar float32, one behind the other
 * @detect: (nullable): %NULL where the host finds the boxes
 * @started: (array length=n_started): of the last run
 * @boxes: whether it was to find boxes
 * @maps: whether the outputs were to come back
 */
typedef struct {
  const Yv8VulkanDevice *device;
  const Yv8Program *program;
  Yv8VulkanInput *input;
  Yv8VulkanRecorder *network, *results;
  Yv8VulkanBuffer outputs;
  Yv8VulkanSpan outputs_span;
  Yv8VulkanDetect *detect;
  Yv8VulkanRecorder *started[YV8_VULKAN_MAX_RECORDERS];
  guint n_started;
  gboolean boxes, maps;
} Yv8VulkanSlot;

/**
 * yv8_vulkan_slot_init:
 * @pipelines: must outlive it, as must
 * @program: likewise
 * @maps: of each buffer; likewise
 * @arena: they lie in
 *
 * Returns: %FALSE with @error set, and @self to be cleared all the same
 */
gboolean yv8_vulkan_slot_init (Yv8VulkanSlot *self, Yv8VulkanPipelines *pipelines,
    const Yv8Program *program, const Yv8VulkanSpan *maps, const Yv8VulkanBuffer *arena,
    GError **error);

/**
 * yv8_vulkan_slot_clear: all zero is cleared
 */
void yv8_vulkan_slot_clear (Yv8VulkanSlot *self);

/**
 * yv8_vulkan_slot_output: Returns: the first float of output @index in the outputs
 */
gsize yv8_vulkan_slot_output (const Yv8VulkanSlot *self, guint index);

/**
 * yv8_vulkan_slot_start:
 * @params: (nullable): %NULL to have the outputs alone
 * @maps: to have them in any case
 */
gboolean yv8_vulkan_slot_start (
    Yv8VulkanSlot *self, const Yv8DetectParams *params, gboolean maps, GError **error);

/**
 * yv8_vulkan_slot_wait:
 * @detections: (out) (nullable) (transfer none): the boxes, if they were found; else the outputs
 *   are there if @maps says so
 */
gboolean yv8_vulkan_slot_wait (
    Yv8VulkanSlot *self, const Yv8Detection **detections, guint *n_detections, GError **error);

/**
 * yv8_vulkan_slot_fetch:
 * @again: the arena is another frame's by now
 *
 * Has the outputs of the frame that was waited for, and waits.
 */
gboolean yv8_vulkan_slot_fetch (Yv8VulkanSlot *self, gboolean again, GError **error);

/**
 * yv8_vulkan_slot_kernel_name: Returns: (transfer none) (nullable): of INPUT and DETECT, for the
 *   last frame; %NULL for ops of the network
 */
const char *yv8_vulkan_slot_kernel_name (const Yv8VulkanSlot *self, guint op);

/**
 * yv8_vulkan_slot_nanoseconds: Returns: of an op of the last frame
 */
guint64 yv8_vulkan_slot_nanoseconds (const Yv8VulkanSlot *self, guint op);

G_END_DECLS

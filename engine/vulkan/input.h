/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a frame gets into the network: the host lays a picture, values or the frame's own planes into
 * mapped memory, and the commands of the INPUT op, which are apart from those of other ops and are
 * recorded anew where the frame's kind changes, make the first map of them. */
#pragma once

#include "exec/backend.h"
#include "vulkan/binding.h"
#include "vulkan/recorder.h"

G_BEGIN_DECLS

typedef struct _Yv8VulkanInput Yv8VulkanInput;

/**
 * yv8_vulkan_input_new:
 * @pipelines: must outlive it, as must
 * @program: likewise
 * @map: of the INPUT op's buffer; likewise
 * @arena: (nullable): to fill with NaN first
 *
 * Returns: (transfer full): %NULL with @error set
 */
Yv8VulkanInput *yv8_vulkan_input_new (Yv8VulkanPipelines *pipelines, const Yv8Program *program,
    const Yv8VulkanSpan *map, const Yv8VulkanBuffer *arena, GError **error);
void yv8_vulkan_input_free (Yv8VulkanInput *self);

/**
 * yv8_vulkan_input_load:
 *
 * By a shader, if the device says so and sees such a frame at once; else by the host.
 */
gboolean yv8_vulkan_input_load (
    Yv8VulkanInput *self, const Yv8Frame *frame, const Yv8Letterbox *letterbox, GError **error);

/**
 * yv8_vulkan_input_load_values: see Yv8BackendClass
 */
void yv8_vulkan_input_load_values (Yv8VulkanInput *self, const float *values);

/**
 * yv8_vulkan_input_recorder: Returns: (transfer none): the commands for what was loaded; profiled
 *   as one step
 */
Yv8VulkanRecorder *yv8_vulkan_input_recorder (const Yv8VulkanInput *self);

/**
 * yv8_vulkan_input_kernel_name: Returns: (transfer none): of what was loaded
 */
const char *yv8_vulkan_input_kernel_name (const Yv8VulkanInput *self);

G_END_DECLS

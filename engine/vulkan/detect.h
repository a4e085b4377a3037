/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The DETECT op on the device: candidates, their order and what NMS leaves of them, to the bit as
 * detect/decode.h and detect/nms.h have it, so that only boxes come back. */
#pragma once

#include <yv8/detector.h>

#include "exec/backend.h"
#include "vulkan/binding.h"
#include "vulkan/recorder.h"

G_BEGIN_DECLS

typedef struct _Yv8VulkanDetect Yv8VulkanDetect;

/**
 * yv8_vulkan_detect_new:
 * @pipelines: must outlive it, as must
 * @program: likewise, whose graph ends in DETECT
 * @maps: of each buffer; likewise
 *
 * Returns: (transfer full): %NULL with @error set
 */
Yv8VulkanDetect *yv8_vulkan_detect_new (Yv8VulkanPipelines *pipelines, const Yv8Program *program,
    const Yv8VulkanSpan *maps, GError **error);
void yv8_vulkan_detect_free (Yv8VulkanDetect *self);

/**
 * yv8_vulkan_detect_set_params: of the next frame
 */
void yv8_vulkan_detect_set_params (Yv8VulkanDetect *self, const Yv8DetectParams *params);

/**
 * yv8_vulkan_detect_recorder: Returns: (transfer none): the commands, to run after those of the
 *   network; profiled as one step
 */
Yv8VulkanRecorder *yv8_vulkan_detect_recorder (const Yv8VulkanDetect *self);

/**
 * yv8_vulkan_detect_found:
 * @n: (out): how many
 *
 * Returns: (transfer none) (nullable): what the commands found, as yv8_decoder_run() gives it;
 *   %NULL if there were more than YV8_MOST_CANDIDATES candidates
 */
const Yv8Detection *yv8_vulkan_detect_found (const Yv8VulkanDetect *self, guint *n);

/**
 * yv8_vulkan_detect_kernel_name: Returns: (transfer none): of the first kernel
 */
const char *yv8_vulkan_detect_kernel_name (const Yv8VulkanDetect *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Measures which tile is the fastest for a convolution. */
#pragma once

#include "vulkan/kernel.h"

G_BEGIN_DECLS

typedef struct _Yv8VulkanTuner Yv8VulkanTuner;

/**
 * yv8_vulkan_tuner_new:
 * @device: must outlive it
 * @measure: what is not known; else that has the default tile
 *
 * Returns: (transfer full): %NULL with @error set (DEVICE, MEMORY)
 */
Yv8VulkanTuner *yv8_vulkan_tuner_new (
    const Yv8VulkanDevice *device, gboolean measure, GError **error);

/**
 * yv8_vulkan_tuner_free: keeps what was measured, see tiles.h
 */
void yv8_vulkan_tuner_free (Yv8VulkanTuner *self);

/**
 * yv8_vulkan_tuner_choose:
 * @op: a convolution
 * @kernel: its kernel, which gets the tile that is known as the fastest; or, if all candidates
 *   have been run a few times, is found to be so
 * @set: of its buffers, with its weights; maps hold rubbish afterwards
 *
 * Returns: %FALSE with @error set (DEVICE, MEMORY)
 */
gboolean yv8_vulkan_tuner_choose (Yv8VulkanTuner *self, const Yv8Op *op, Yv8VulkanKernel *kernel,
    VkDescriptorSet set, GError **error);

G_END_DECLS

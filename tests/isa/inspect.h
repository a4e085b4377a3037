/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a compiler made of a pipeline: its statistics, its code, and the main loop of that. */
#pragma once

#include "vulkan/device.h"

/**
 * Inspection: of Mesa's compiler for AMD, which estimates times for loops of eight runs
 * @spills: registers, and bytes of scratch memory
 * @occupancy: waves that a SIMD can hold
 * @latency: cycles of one wave
 * @inverse_throughput: cycles of a SIMD for each wave, where there are enough of them
 * @n_loop: instructions of the main loop: the innermost with the most products, or with the most
 * instructions where there are none
 * @n_products: of those, such as compute products: dot products, or multiply and add
 * @n_dots: of those, packed dot products
 * @cycles: to issue all instructions once
 * @loop_cycles: to issue the main loop once
 * @code: (transfer full): disassembly
 */
typedef struct {
  guint64 spills, vgprs, sgprs, occupancy, instructions, latency, inverse_throughput;
  guint n_loop, n_products, n_dots;
  double cycles, loop_cycles;
  char *code;
} Inspection;

/**
 * inspection_init:
 * @device: from yv8_vulkan_device_open_for_inspection()
 *
 * Returns: %FALSE if the driver does not tell what is wanted
 */
gboolean inspection_init (Inspection *self, const Yv8VulkanDevice *device, VkPipeline pipeline);
void inspection_clear (Inspection *self);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A frame's time on a Radeon 680M by what its compiler says, and the least that is possible. What
 * it is made of and what it leaves out: docs/benchmarks.md. */
#pragma once

#include "graph/graph.h"
#include "inspect.h"
#include "vulkan/kernel.h"

/**
 * model_op:
 * @pipelines: of a device that is open for inspection
 *
 * Chooses the kernel of @op as the engine does, and has it compiled.
 *
 * Returns: %FALSE with @error set
 */
gboolean model_op (Yv8VulkanKernel *kernel, Inspection *inspection, Yv8VulkanPipelines *pipelines,
    const Yv8Op *op, const Yv8Shape *shapes, GError **error);

/**
 * model_tune:
 * @kernel: of @op, a convolution, as model_op() chose it; gets the tile that takes the least time
 * @inspection: likewise
 */
gboolean model_tune (Yv8VulkanKernel *kernel, Inspection *inspection, Yv8VulkanPipelines *pipelines,
    const Yv8Op *op, GError **error);

/**
 * model_live: Returns: the share of a convolution's products that @kernel computes: less than 1 of
 * sparse weights
 */
double model_live (const Yv8VulkanKernel *kernel);

/**
 * model_runs: Returns: how often a lane of @kernel runs its main loop; of sparse weights on average
 */
double model_runs (const Yv8VulkanKernel *kernel);

/**
 * model_seconds: Returns: time of one dispatch of @kernel
 */
double model_seconds (const Inspection *inspection, const Yv8VulkanKernel *kernel);

/**
 * model_roofline: Returns: time that @op takes at the least, by the products that @kernel computes
 * or by its bytes
 */
double model_roofline (const Yv8Op *op, const Yv8Shape *shapes, const Yv8VulkanKernel *kernel);

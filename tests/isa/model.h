/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A frame's time on a Radeon 680M by what its compiler says, and the least that is possible. What
 * it is made of and what it leaves out: docs/benchmarks.md. */
#pragma once

#include "graph/graph.h"
#include "inspect.h"
#include "vulkan/kernel.h"

/**
 * model_runs: Returns: how often a lane of @kernel runs its main loop
 */
double model_runs (const Yv8VulkanKernel *kernel);

/**
 * model_seconds: Returns: time of one dispatch of @kernel
 */
double model_seconds (const Inspection *inspection, const Yv8VulkanKernel *kernel);

/**
 * model_roofline: Returns: time that @op takes at the least, by its products or by its bytes
 */
double model_roofline (const Yv8Op *op, const Yv8Shape *shapes);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Radeon 680M: 12 compute units of two SIMDs of 32 lanes, 2.4 GHz, DDR5-4800 on 128 bits. */
#include "model.h"

#include <math.h>

#define CLOCK    2.4e9
#define N_SIMDS  24
#define WAVE     64
#define BYTES    76.8e9               /* a second */
#define PRODUCTS (N_SIMDS * 32 * 4.0) /* a cycle, by dot products */

static gboolean
inspect (Inspection *inspection, Yv8VulkanPipelines *pipelines, const Yv8VulkanKernel *kernel,
    GError **error)
{
  VkPipeline pipeline =
      yv8_vulkan_pipelines_get (pipelines, kernel->shader, &kernel->constants, error);
  if (!pipeline)
    return FALSE;
  if (inspection_init (inspection, pipelines->device, pipeline))
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "%s says too little of %s",
      pipelines->device->driver, kernel->name);
  return FALSE;
}

gboolean
model_op (Yv8VulkanKernel *kernel, Inspection *inspection, Yv8VulkanPipelines *pipelines,
    const Yv8Op *op, const Yv8Shape *shapes, GError **error)
{
  const Yv8VulkanDevice *device = pipelines->device;
  gboolean done = op->kind == YV8_OP_INPUT && device->letterbox
                      ? yv8_vulkan_kernel_init_letterbox (kernel, device, op, shapes, error)
                      : yv8_vulkan_kernel_init (kernel, device, op, shapes, error);

  return done && inspect (inspection, pipelines, kernel, error);
}

gboolean
model_tune (Yv8VulkanKernel *kernel, Inspection *inspection, Yv8VulkanPipelines *pipelines,
    const Yv8Op *op, GError **error)
{
  const Yv8VulkanDevice *device = pipelines->device;
  const Yv8VulkanTile *tile;

  for (guint i = 0; (tile = yv8_vulkan_tile_nth (i)); i++) {
    Yv8VulkanKernel other = *kernel;
    Inspection found;
    if (!yv8_vulkan_tile_is_candidate (tile, device) ||
        !yv8_vulkan_tile_fits (tile, device, op, kernel->sparse_runs > 0))
      continue;
    if (!yv8_vulkan_kernel_set_tile (&other, device, op, tile, error) ||
        !inspect (&found, pipelines, &other, error))
      return FALSE;
    if (model_seconds (&found, &other) < model_seconds (inspection, kernel)) {
      *kernel = other;
      inspection_clear (inspection);
      *inspection = found;
    } else {
      inspection_clear (&found);
    }
  }
  return TRUE;
}

static double
tiles_of (const Yv8VulkanKernel *kernel)
{
  return ceil (kernel->push.out_groups / (double) YV8_TILE_GROUPS);
}

double
model_live (const Yv8VulkanKernel *kernel)
{
  const guint32 *values = kernel->constants.values;
  double steps = tiles_of (kernel) * kernel->push.in_groups * values[YV8_CONSTANT_KERNEL_H] *
                 values[YV8_CONSTANT_KERNEL_W];

  return kernel->sparse_runs ? kernel->sparse_runs * values[YV8_CONSTANT_STEPS] / steps : 1;
}

double
model_runs (const Yv8VulkanKernel *kernel)
{
  const guint32 *values = kernel->constants.values;

  if (kernel->sparse_runs)
    return kernel->sparse_runs / tiles_of (kernel);
  if (kernel->tile.family == YV8_VULKAN_GEMM)
    return ceil ((double) kernel->push.in_groups * values[YV8_CONSTANT_KERNEL_H] *
                 values[YV8_CONSTANT_KERNEL_W] / values[YV8_CONSTANT_STEPS]);
  if (values[YV8_CONSTANT_PIXELS])
    return (double) kernel->push.in_groups * values[YV8_CONSTANT_KERNEL_H] /
           MAX (values[YV8_CONSTANT_STEPS], 1);
  if (values[YV8_CONSTANT_LEVELS]) /* rows of the widest window; the others' are unrolled */
    return (YV8_POOL_ROWS - 1.0) * values[YV8_CONSTANT_STRIDE] + values[YV8_CONSTANT_KERNEL_H] +
           2.0 * (values[YV8_CONSTANT_LEVELS] - 1) * values[YV8_CONSTANT_PAD];
  return 1;
}

/* Those of a convolution that write the halo alone are not worth counting. */
static double
waves_of (const Yv8VulkanKernel *kernel)
{
  double groups = (double) kernel->grid[0] * kernel->grid[1];

  if (kernel->parts)
    return (double) kernel->parts * kernel->grid[2] * kernel->tile.lanes / WAVE;
  return groups * kernel->grid[2] * YV8_LANES / WAVE;
}

double
model_seconds (const Inspection *self, const Yv8VulkanKernel *kernel)
{
  double waves = waves_of (kernel);
  double issue = self->cycles + (model_runs (kernel) - 1) * self->loop_cycles;
  double latency = issue * self->latency / self->inverse_throughput;
  double at_once = self->occupancy / 2.0; /* the driver counts waves of 32 lanes */
  double by_issue = ceil (waves / N_SIMDS) * issue;
  double by_latency = ceil (waves / N_SIMDS / at_once) * latency;

  return MAX (by_issue, by_latency) / CLOCK;
}

double
model_roofline (const Yv8Op *op, const Yv8Shape *shapes, const Yv8VulkanKernel *kernel)
{
  double products = (double) yv8_op_macs (op, shapes) * model_live (kernel);
  double bytes = (double) yv8_op_bytes (op, shapes);

  return MAX (products / PRODUCTS / CLOCK, bytes / BYTES);
}

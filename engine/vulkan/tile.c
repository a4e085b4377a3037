/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of tiles, and what suits kinds of devices. */
#include "vulkan/tile.h"

/**
 * Tuning: what suits a kind of device
 * @tile: as it is where the device has enough lanes to do
 * @busy: lanes below which it would idle: then lanes take less
 * @sparse: live steps in a run of the main loop, where weights are sparse
 * @live: see yv8_vulkan_sparse_limit(), by 1, 2 and 4 groups. Where lanes are few, the wait for a
 * list counts more
 */
typedef struct {
  Yv8VulkanTile tile;
  guint32 busy, sparse;
  double live[3];
} Tuning;

enum {
  TUNING_GPU,
  TUNING_GPU_QS8,
  TUNING_GPU_QS8_WITHOUT_DOT,
  TUNING_SOFTWARE,
  TUNING_SOFTWARE_QS8,
};

/* Without a dot product a sum takes twice the registers, see EXACT_TERMS in dot.glsl. */
static const Tuning TUNINGS[] = {
  [TUNING_GPU] = { { YV8_VULKAN_DIRECT, 64, 64, 4, 4, 0 }, .busy = 3072 },
  [TUNING_GPU_QS8] = { { YV8_VULKAN_DIRECT, 64, 64, 4, 4, 9 }, 3072, 4, { 0.5, 0.7, 0.8 } },
  [TUNING_GPU_QS8_WITHOUT_DOT] = { { YV8_VULKAN_DIRECT, 64, 64, 2, 4, 1 }, 3072, 1,
      { 0.8, 0.8, 0.8 } },
  [TUNING_SOFTWARE] = { { YV8_VULKAN_DIRECT, 64, 64, 4, 4, 0 }, .busy = 512 },
  [TUNING_SOFTWARE_QS8] = { { YV8_VULKAN_DIRECT, 8, 8, 10, 2, 1 }, 256, 1, { 0.8, 0.8, 0.8 } },
};

static const Yv8VulkanTile TILES[] = {
  /* GPUs: a wave or two; 64 sums of a lane and less */
  { YV8_VULKAN_DIRECT, 64, 64, 4, 4, 9 },
  { YV8_VULKAN_DIRECT, 64, 64, 8, 2, 9 },
  { YV8_VULKAN_DIRECT, 64, 64, 4, 2, 9 },
  { YV8_VULKAN_DIRECT, 64, 64, 4, 1, 9 },
  { YV8_VULKAN_DIRECT, 64, 64, 2, 4, 9 },
  { YV8_VULKAN_DIRECT, 64, 64, 2, 2, 9 },
  { YV8_VULKAN_DIRECT, 64, 64, 2, 1, 9 },
  { YV8_VULKAN_DIRECT, 64, 64, 1, 4, 9 },
  /* ... without a dot product */
  { YV8_VULKAN_DIRECT, 64, 64, 4, 4, 1 },
  { YV8_VULKAN_DIRECT, 64, 64, 2, 4, 1 },
  { YV8_VULKAN_DIRECT, 64, 64, 2, 2, 1 },
  { YV8_VULKAN_DIRECT, 64, 64, 2, 1, 1 },
  /* ... blocks of 64 pixels by 64 channels, 64 by 32, 32 by 32 */
  { YV8_VULKAN_GEMM, 64, 16, 4, 4, 9 },
  { YV8_VULKAN_GEMM, 64, 8, 8, 2, 9 },
  { YV8_VULKAN_GEMM, 128, 16, 4, 2, 9 },
  { YV8_VULKAN_GEMM, 64, 16, 4, 2, 9 },
  { YV8_VULKAN_GEMM, 64, 8, 4, 1, 9 },
  { YV8_VULKAN_GEMM, 64, 8, 4, 1, 4 },
  /* Software: the lanes of a vector, as few loads a product as its registers allow */
  { YV8_VULKAN_DIRECT, 8, 8, 20, 1, 1 },
  { YV8_VULKAN_DIRECT, 8, 8, 16, 1, 1 },
  { YV8_VULKAN_DIRECT, 8, 8, 10, 2, 3 },
  { YV8_VULKAN_DIRECT, 8, 8, 10, 2, 1 },
  { YV8_VULKAN_DIRECT, 8, 8, 10, 1, 1 },
  { YV8_VULKAN_DIRECT, 8, 8, 8, 2, 1 },
  { YV8_VULKAN_DIRECT, 8, 8, 5, 4, 1 },
  { YV8_VULKAN_DIRECT, 8, 8, 5, 2, 1 },
  { YV8_VULKAN_DIRECT, 8, 8, 4, 4, 1 },
  /* Float */
  { YV8_VULKAN_DIRECT, 64, 64, 8, 4, 0 },
  { YV8_VULKAN_DIRECT, 64, 64, 4, 4, 0 },
  { YV8_VULKAN_DIRECT, 64, 64, 2, 4, 0 },
  { YV8_VULKAN_DIRECT, 64, 64, 1, 4, 0 },
};

#define VECTOR                8 /* lanes of workgroups that suit software */
#define MOST_SUMS_WITHOUT_DOT 8 /* of a lane, by four; all else spills registers */

/* Software that is made to load as GPUs do is tuned as they are, for tests. */
static const Tuning *
tuning_of (const Yv8VulkanDevice *device, gboolean qs8)
{
  if (device->software && device->texel)
    return &TUNINGS[qs8 ? TUNING_SOFTWARE_QS8 : TUNING_SOFTWARE];
  if (!qs8)
    return &TUNINGS[TUNING_GPU];
  return &TUNINGS[device->dot ? TUNING_GPU_QS8 : TUNING_GPU_QS8_WITHOUT_DOT];
}

const Yv8VulkanTile *
yv8_vulkan_tile_nth (guint index)
{
  return index < G_N_ELEMENTS (TILES) ? &TILES[index] : NULL;
}

/* Kernels in a run of the main loop: short loops are unrolled, as far as they come out even, so
 * that loads of the next products begin before those of the last are through. 0 for a part of one.
 */
static guint32
kernels_of (const Yv8VulkanTile *tile, const Yv8Op *op)
{
  guint32 taps = op->window.kernel_h * op->window.kernel_w, kernels = 1;

  if (tile->taps < taps)
    return tile->family == YV8_VULKAN_GEMM;
  while (2 * kernels * taps <= tile->taps &&
         yv8_vulkan_groups (op->in[0].channels) % (2 * kernels) == 0)
    kernels *= 2;
  return kernels;
}

/* What a run of the main loop shares, bytes; see dot.glsl. */
static guint32
shared_size (const Yv8VulkanTile *tile, const Yv8VulkanDevice *device, const Yv8Op *op)
{
  guint32 pixels = tile->columns * tile->pixels;
  guint32 groups = tile->lanes / tile->columns * tile->groups;
  guint32 steps = kernels_of (tile, op) * op->window.kernel_h * op->window.kernel_w;
  guint32 dwords = device->dot ? 1 : 4;

  return steps * (pixels + 4 * groups) * dwords * (guint32) sizeof (guint32);
}

gboolean
yv8_vulkan_tile_fits (
    const Yv8VulkanTile *tile, const Yv8VulkanDevice *device, const Yv8Op *op, gboolean sparse)
{
  const VkPhysicalDeviceLimits *limits = &device->properties.limits;

  if (!op->qweights != !tile->taps || tile->lanes > limits->maxComputeWorkGroupInvocations ||
      tile->lanes > limits->maxComputeWorkGroupSize[0])
    return FALSE;
  return tile->family == YV8_VULKAN_DIRECT ||
         (!sparse && op->window.pad <= YV8_HALO &&
             shared_size (tile, device, op) <= limits->maxComputeSharedMemorySize);
}

gboolean
yv8_vulkan_tile_is_candidate (const Yv8VulkanTile *tile, const Yv8VulkanDevice *device)
{
  gboolean software = device->software && device->texel;

  if (!tile->taps)
    return TRUE;
  return software == (tile->lanes == VECTOR) &&
         (device->dot || (tile->family == YV8_VULKAN_DIRECT &&
                             tile->pixels * tile->groups <= MOST_SUMS_WITHOUT_DOT));
}

/* Halves the tile of a lane until the device has enough of them: first by channels, since pixels
 * share the weights, then by pixels. Float kernels know no fewer channels. */
Yv8VulkanTile
yv8_vulkan_tile_default (const Yv8VulkanDevice *device, const Yv8VulkanPush *push, gboolean qs8)
{
  const Tuning *tuning = tuning_of (device, qs8);
  Yv8VulkanTile tile = tuning->tile;
  guint32 *size = qs8 ? &tile.groups : &tile.pixels;
  guint32 area = push->out_width * push->out_height;

  tile.pixels =
      yv8_vulkan_divide_up (push->out_width, yv8_vulkan_divide_up (push->out_width, tile.pixels));
  while (*size > 1 && yv8_vulkan_divide_up (area, tile.lanes * tile.pixels) *
                              yv8_vulkan_divide_up (push->out_groups, tile.groups) * tile.lanes <
                          tuning->busy)
    *size /= 2;
  return tile;
}

guint
yv8_vulkan_sparse_steps (const Yv8VulkanDevice *device)
{
  return tuning_of (device, TRUE)->sparse;
}

double
yv8_vulkan_sparse_limit (const Yv8VulkanDevice *device, guint groups)
{
  return tuning_of (device, TRUE)->live[groups / 2];
}

void
yv8_vulkan_tile_apply (const Yv8VulkanTile *tile, const Yv8Op *op, const Yv8VulkanPush *push,
    Yv8VulkanConstants *constants)
{
  guint32 *values = constants->values, pixels = tile->pixels;
  gboolean gemm = tile->family == YV8_VULKAN_GEMM;
  guint32 rows = op->window.kernel_h * (gemm ? op->window.kernel_w : 1);

  if (!gemm && tile->taps)
    pixels = yv8_vulkan_divide_up (push->out_width, yv8_vulkan_divide_up (push->out_width, pixels));
  values[YV8_CONSTANT_PIXELS] = pixels;
  values[YV8_CONSTANT_GROUPS] = tile->groups;
  values[YV8_CONSTANT_LANES] = tile->lanes;
  values[YV8_CONSTANT_COLUMNS] = gemm ? tile->columns : 0;
  values[YV8_CONSTANT_LINES] = gemm ? tile->lanes / tile->columns : 0;
  values[YV8_CONSTANT_STEPS] = tile->taps ? MAX (kernels_of (tile, op) * rows, 1) : 0;
}

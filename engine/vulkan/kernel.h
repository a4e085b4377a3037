/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which shader runs an op, with which constants, over which grid; and how a feature map lies. */
#pragma once

#include "graph/graph.h"
#include "vulkan/tile.h"

G_BEGIN_DECLS

/**
 * Yv8VulkanKernel:
 * @shader: name in the table of shaders
 * @name: for the profile: the shader's and its activation
 * @sparse_runs: of sparse weights; 0 if they are dense
 * @key: of a convolution: what its time depends on but for the tile
 * @tile: of a convolution
 * @parts: of a convolution: workgroups that compute, of one plane; others write the halo
 */
typedef struct {
  char shader[32];
  char name[48];
  char key[112];
  gsize sparse_runs;
  Yv8VulkanTile tile;
  guint32 parts;
  Yv8VulkanConstants constants;
  union {
    Yv8VulkanPush push;
    Yv8VulkanLetterboxPush letterbox;
    Yv8VulkanDetectPush detect;
    guint8 push_bytes[YV8_PUSH_SIZE];
  };
  guint32 grid[3];
} Yv8VulkanKernel;

/**
 * yv8_vulkan_plane: Returns: pixels of a plane of this shape, halo included
 */
gsize yv8_vulkan_plane (const Yv8Shape *shape);

/**
 * yv8_vulkan_count: Returns: values of @slice, without any halo
 */
gsize yv8_vulkan_count (const Yv8Slice *slice, const Yv8Shape *shapes);

/**
 * yv8_vulkan_pixel_size: Returns: bytes of four channels of a pixel
 */
gsize yv8_vulkan_pixel_size (const Yv8VulkanDevice *device, Yv8Type type);

/**
 * yv8_vulkan_kernel_init:
 * @shapes: of the buffers
 *
 * Of a convolution with the tile that suits this kind of device, or that the device is made to use.
 *
 * Returns: %FALSE with @error set (UNSUPPORTED) if the layout or the device does not allow it
 */
gboolean yv8_vulkan_kernel_init (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Op *op, const Yv8Shape *shapes, GError **error);

/**
 * yv8_vulkan_kernel_set_tile:
 * @op: that @self was made for, a convolution
 * @tile: that fits
 *
 * Returns: as yv8_vulkan_kernel_init()
 */
gboolean yv8_vulkan_kernel_set_tile (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Op *op, const Yv8VulkanTile *tile, GError **error);

/**
 * yv8_vulkan_kernel_init_output:
 * @first: float of the destination to start at
 *
 * The kernel that converts @slice, of either type, to planar float32.
 */
gboolean yv8_vulkan_kernel_init_output (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Slice *slice, const Yv8Shape *shapes, guint32 first, GError **error);

/**
 * yv8_vulkan_kernel_init_letterbox:
 * @op: INPUT
 *
 * The kernel that makes the input of a frame's planes. Its push constants tell of what is written;
 * what they tell of the frame is to be added.
 */
gboolean yv8_vulkan_kernel_init_letterbox (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Op *op, const Yv8Shape *shapes, GError **error);

/**
 * yv8_vulkan_kernel_init_candidates:
 * @detect: DETECT
 * @scale: of it
 *
 * The kernel that lists the candidates of a scale.
 */
gboolean yv8_vulkan_kernel_init_candidates (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Op *detect, const Yv8Shape *shapes, guint scale, GError **error);

/**
 * yv8_vulkan_kernel_init_boxes: likewise, that decodes those of the list
 */
gboolean yv8_vulkan_kernel_init_boxes (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Op *detect, const Yv8Shape *shapes, guint scale, GError **error);

/**
 * yv8_vulkan_kernel_init_rank: the kernel that sorts the list
 */
gboolean yv8_vulkan_kernel_init_rank (
    Yv8VulkanKernel *self, const Yv8VulkanDevice *device, GError **error);

/**
 * yv8_vulkan_kernel_init_suppress: the kernel that leaves the best of those that overlap
 */
gboolean yv8_vulkan_kernel_init_suppress (
    Yv8VulkanKernel *self, const Yv8VulkanDevice *device, GError **error);

G_END_DECLS

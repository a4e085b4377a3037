/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From op to kernel. */
#include "vulkan/kernel.h"

/* Workgroups below which a device would idle: then lanes take fewer pixels. */
#define BUSY_SOFTWARE 8
#define BUSY          128
#define MAX_PIXELS    4

/* By Yv8OpKind; %NULL for what the host does. */
static const char *const SHADERS[YV8_N_OP_KINDS] = {
  [YV8_OP_INPUT] = "input",
  [YV8_OP_CONV] = "conv",
  [YV8_OP_MAXPOOL] = "maxpool",
  [YV8_OP_UPSAMPLE] = "resample",
  [YV8_OP_COPY] = "resample",
};

guint
yv8_vulkan_groups (guint channels)
{
  return (channels + 3) / 4;
}

gsize
yv8_vulkan_plane (const Yv8Shape *shape)
{
  return ((gsize) shape->height + 2 * YV8_HALO) * ((gsize) shape->width + 2 * YV8_HALO);
}

gsize
yv8_vulkan_pixel_size (const Yv8VulkanDevice *device)
{
  return 4 * (device->f16 ? sizeof (guint16) : sizeof (float));
}

static gboolean
check_slice (const Yv8Slice *slice, const char *name, GError **error)
{
  if (slice->channel % 4 == 0)
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
      "Vulkan: op '%s': a slice starts at channel %u, which is no multiple of 4", name,
      slice->channel);
  return FALSE;
}

static guint32
first_of (const Yv8Slice *slice, const Yv8Shape *shapes)
{
  return (guint32) (slice->channel / 4 * yv8_vulkan_plane (&shapes[slice->buffer]));
}

static void
set_shader (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const char *shader, gboolean silu)
{
  g_snprintf (self->shader, sizeof self->shader, "%s_%s%s", shader, device->f16 ? "f16" : "f32",
      device->texel ? "_texel" : "");
  g_snprintf (self->name, sizeof self->name, "%s%s", self->shader, silu ? "_silu" : "");
}

static void
set_source (Yv8VulkanPush *push, const Yv8Slice *slice, const Yv8Shape *shapes)
{
  const Yv8Shape *shape = &shapes[slice->buffer];

  push->in_first = first_of (slice, shapes);
  push->in_groups = yv8_vulkan_groups (slice->channels);
  push->in_pitch = shape->width + 2 * YV8_HALO;
  push->in_plane = (guint32) yv8_vulkan_plane (shape);
  push->in_height = shape->height;
  push->in_width = shape->width;
}

static void
set_destination (Yv8VulkanPush *push, const Yv8Slice *slice, const Yv8Shape *shapes)
{
  const Yv8Shape *shape = &shapes[slice->buffer];

  push->out_first = first_of (slice, shapes);
  push->out_groups = yv8_vulkan_groups (slice->channels);
  push->out_pitch = shape->width + 2 * YV8_HALO;
  push->out_plane = (guint32) yv8_vulkan_plane (shape);
  push->out_height = shape->height;
  push->out_width = shape->width;
  push->channels = slice->channels;
}

/* A run of @n workgroups in x and y, @depth of them in z. */
static gboolean
set_grid (
    Yv8VulkanKernel *self, const Yv8VulkanDevice *device, guint32 n, guint32 depth, GError **error)
{
  const guint32 *limit = device->properties.limits.maxComputeWorkGroupCount;

  self->grid[0] = MIN (n, limit[0]);
  self->grid[1] = (n + self->grid[0] - 1) / self->grid[0];
  self->grid[2] = depth;
  if (self->grid[1] <= limit[1] && self->grid[2] <= limit[2])
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
      "Vulkan: %s: more workgroups than %s allows: choose a smaller input size", self->name,
      device->properties.deviceName);
  return FALSE;
}

static guint32
divide_up (guint32 value, guint32 by)
{
  return value / by + (value % by != 0);
}

static gboolean
set_conv (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const Yv8Op *op,
    const Yv8Shape *shapes, GError **error)
{
  guint32 busy = device->software ? BUSY_SOFTWARE : BUSY;
  guint32 tiles = divide_up (self->push.out_groups, YV8_TILE_GROUPS);
  guint32 pixels = MAX_PIXELS;

  while (pixels > 1 && divide_up (self->push.out_plane, YV8_LANES * pixels) * tiles < busy)
    pixels /= 2;
  self->constants.values[YV8_CONSTANT_PIXELS] = pixels;
  self->constants.values[YV8_CONSTANT_SILU] = op->activation == YV8_ACTIVATION_SILU;
  self->constants.values[YV8_CONSTANT_RESIDUAL] = op->n_in == 2;
  if (op->n_in == 2) {
    if (!check_slice (&op->in[1], op->name, error))
      return FALSE;
    self->push.residual_first = first_of (&op->in[1], shapes);
  }
  return set_grid (
      self, device, divide_up (self->push.out_plane, YV8_LANES * pixels), tiles, error);
}

gboolean
yv8_vulkan_kernel_init (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const Yv8Op *op,
    const Yv8Shape *shapes, GError **error)
{
  *self = (Yv8VulkanKernel){ 0 };
  if (!SHADERS[op->kind]) {
    g_strlcpy (self->name, "host", sizeof self->name);
    return TRUE;
  }
  set_shader (self, device, SHADERS[op->kind], op->activation == YV8_ACTIVATION_SILU);
  if (!check_slice (&op->out, op->name, error) ||
      (op->n_in > 0 && !check_slice (&op->in[0], op->name, error)))
    return FALSE;
  if (op->n_in > 0)
    set_source (&self->push, &op->in[0], shapes);
  set_destination (&self->push, &op->out, shapes);
  self->constants.values[YV8_CONSTANT_KERNEL_H] = op->window.kernel_h;
  self->constants.values[YV8_CONSTANT_KERNEL_W] = op->window.kernel_w;
  self->constants.values[YV8_CONSTANT_STRIDE] = op->window.stride;
  self->constants.values[YV8_CONSTANT_PAD] = op->window.pad;
  self->constants.values[YV8_CONSTANT_SHIFT] = op->kind == YV8_OP_UPSAMPLE;
  if (op->kind == YV8_OP_CONV)
    return set_conv (self, device, op, shapes, error);
  return set_grid (
      self, device, divide_up (self->push.out_plane, YV8_LANES), self->push.out_groups, error);
}

gboolean
yv8_vulkan_kernel_init_output (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Slice *slice, const Yv8Shape *shapes, guint32 first, GError **error)
{
  const Yv8Shape *shape = &shapes[slice->buffer];

  *self = (Yv8VulkanKernel){ 0 };
  set_shader (self, device, "output", FALSE);
  if (!check_slice (slice, "output", error))
    return FALSE;
  set_source (&self->push, slice, shapes);
  set_destination (&self->push, slice, shapes);
  self->push.out_first = first;
  self->push.out_pitch = shape->width;
  self->push.out_plane = shape->width * shape->height;
  return set_grid (
      self, device, divide_up (self->push.out_plane, YV8_LANES), self->push.out_groups, error);
}

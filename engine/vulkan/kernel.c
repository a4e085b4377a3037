/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From op to kernel. */
#include "vulkan/kernel.h"

#include "vulkan/weights.h"

/* By Yv8OpKind; %NULL for what the host does. */
static const char *const SHADERS[YV8_N_OP_KINDS] = {
  [YV8_OP_INPUT] = "input",
  [YV8_OP_CONV] = "conv",
  [YV8_OP_MAXPOOL] = "maxpool",
  [YV8_OP_UPSAMPLE] = "resample",
  [YV8_OP_COPY] = "resample",
};

/* Of those that read or write int8. */
static const char *const SHADERS_QS8[YV8_N_OP_KINDS] = {
  [YV8_OP_INPUT] = "input_qs8",
  [YV8_OP_MAXPOOL] = "maxpool_qs8",
  [YV8_OP_UPSAMPLE] = "resample_qs8",
  [YV8_OP_COPY] = "resample_qs8",
  [YV8_OP_QUANTIZE] = "quantize_f32_qs8",
  [YV8_OP_DEQUANTIZE] = "dequantize_qs8_f32",
};

static const char *const SHADERS_CONV_QS8[] = {
  [YV8_VULKAN_DIRECT] = "conv_qs8_qc8w",
  [YV8_VULKAN_GEMM] = "gemm_qs8_qc8w",
};

gsize
yv8_vulkan_plane (const Yv8Shape *shape)
{
  return ((gsize) shape->height + 2 * YV8_HALO) * ((gsize) shape->width + 2 * YV8_HALO);
}

gsize
yv8_vulkan_count (const Yv8Slice *slice, const Yv8Shape *shapes)
{
  const Yv8Shape *shape = &shapes[slice->buffer];

  return (gsize) slice->channels * shape->height * shape->width;
}

gsize
yv8_vulkan_pixel_size (const Yv8VulkanDevice *device, Yv8Type type)
{
  if (type == YV8_TYPE_QS8)
    return sizeof (guint32);
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
set_shader (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const char *shader,
    const char *variant, gboolean silu)
{
  g_snprintf (self->shader, sizeof self->shader, "%s%s%s%s", shader, *variant ? "_" : "", variant,
      device->texel ? "_texel" : "");
  g_snprintf (self->name, sizeof self->name, "%s%s", self->shader, silu ? "_silu" : "");
}

/* Of shaders that read or write one kind of map. */
static const char *
map_variant (const Yv8VulkanDevice *device, Yv8Type type)
{
  return type == YV8_TYPE_QS8 ? "qs8" : device->f16 ? "f16" : "f32";
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
  push->rows_first = slice->channel / 4;
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

/* Of what is written, where that is int8. */
static void
set_quant (Yv8VulkanPush *push, const Yv8Quant *quant)
{
  float inverse = quant->scale > 0 ? 1 / quant->scale : 0;

  memcpy (&push->zero, &quant->zero, sizeof push->zero);
  memcpy (&push->inverse, &inverse, sizeof push->inverse);
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

/* Workgroups that compute. Float convolutions have lanes for the halo too, int8 ones others, past
 * those. */
static guint32
parts_of (const Yv8VulkanKernel *self, gboolean qs8)
{
  const guint32 *values = self->constants.values;
  guint32 pixels = values[YV8_CONSTANT_PIXELS], lanes = values[YV8_CONSTANT_LANES];
  guint32 width = self->push.out_width, height = self->push.out_height;

  if (!qs8)
    return yv8_vulkan_divide_up (self->push.out_plane, lanes * pixels);
  if (values[YV8_CONSTANT_COLUMNS])
    return yv8_vulkan_divide_up (width * height, values[YV8_CONSTANT_COLUMNS] * pixels);
  return yv8_vulkan_divide_up (yv8_vulkan_divide_up (width, pixels) * height, lanes);
}

/* Sparse weights where they leave out as much as makes up for a list of steps. */
static void
choose_sparse (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const Yv8Op *op, guint groups)
{
  guint live = yv8_vulkan_sparse_steps (device);
  gsize tiles = yv8_vulkan_divide_up (self->push.out_groups, YV8_TILE_GROUPS);
  gsize steps = tiles * self->push.in_groups * op->window.kernel_h * op->window.kernel_w;
  gsize runs = op->window.pad > YV8_HALO ? 0 : yv8_vulkan_sparse_runs (op, live);

  if (runs == 0 ||
      (double) (runs * live) > yv8_vulkan_sparse_limit (device, groups) * (double) steps)
    return;
  self->sparse_runs = runs;
  self->constants.values[YV8_CONSTANT_SPARSE] = TRUE;
}

gboolean
yv8_vulkan_kernel_set_tile (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const Yv8Op *op,
    const Yv8VulkanTile *tile, GError **error)
{
  guint32 *values = self->constants.values;
  gboolean qs8 = op->qweights != NULL;
  guint32 lines = tile->family == YV8_VULKAN_GEMM ? tile->lanes / tile->columns : 1;
  guint32 halo = qs8 ? 2 * (self->push.out_pitch + self->push.out_height) : 0;

  self->tile = *tile;
  set_shader (self, device, qs8 ? SHADERS_CONV_QS8[tile->family] : SHADERS[YV8_OP_CONV],
      qs8           ? yv8_vulkan_dot_name (device->dot)
      : device->f16 ? "f16"
                    : "f32",
      op->activation == YV8_ACTIVATION_SILU);
  if (self->sparse_runs)
    g_strlcat (self->name, "_sparse", sizeof self->name);
  yv8_vulkan_tile_apply (tile, op, &self->push, &self->constants);
  if (self->sparse_runs)
    values[YV8_CONSTANT_STEPS] = yv8_vulkan_sparse_steps (device);
  self->parts = parts_of (self, qs8);
  return set_grid (self, device, self->parts + yv8_vulkan_divide_up (halo, tile->lanes),
      yv8_vulkan_divide_up (self->push.out_groups, lines * tile->groups), error);
}

static void
set_key (Yv8VulkanKernel *self, const Yv8Op *op)
{
  const Yv8Window *window = &op->window;

  g_snprintf (self->key, sizeof self->key, "%s %ux%u/%u+%u %u to %u of %ux%u%s%s%s", self->name,
      window->kernel_h, window->kernel_w, window->stride, window->pad, self->push.in_groups,
      self->push.out_groups, self->push.out_width, self->push.out_height,
      self->constants.values[YV8_CONSTANT_RESIDUAL] ? " residual" : "",
      self->constants.values[YV8_CONSTANT_TO_F32] ? " f32" : "",
      self->constants.values[YV8_CONSTANT_UPSAMPLED] ? " upsampled" : "");
}

static gboolean
set_conv (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const Yv8Op *op,
    const Yv8Shape *shapes, GError **error)
{
  gboolean qs8 = op->qweights != NULL;
  Yv8VulkanTile tile = yv8_vulkan_tile_default (device, &self->push, qs8);
  guint32 *values = self->constants.values;

  values[YV8_CONSTANT_SILU] = op->activation == YV8_ACTIVATION_SILU;
  values[YV8_CONSTANT_RESIDUAL] = op->n_in == 2;
  values[YV8_CONSTANT_TO_F32] = shapes[op->out.buffer].type == YV8_TYPE_F32;
  values[YV8_CONSTANT_UPSAMPLED] = op->upsampled.channels > 0;
  self->push.upsampled_first = first_of (&op->upsampled, shapes);
  if (op->n_in == 2) {
    if (!check_slice (&op->in[1], op->name, error))
      return FALSE;
    self->push.residual_first = first_of (&op->in[1], shapes);
  }
  if (qs8)
    choose_sparse (self, device, op, tile.groups);
  if (!yv8_vulkan_kernel_set_tile (self, device, op, &tile, error))
    return FALSE;
  set_key (self, op);
  return !device->tile || !yv8_vulkan_tile_fits (device->tile, device, op, self->sparse_runs > 0) ||
         yv8_vulkan_kernel_set_tile (self, device, op, device->tile, error);
}

static void
choose_shader (
    Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const Yv8Op *op, const Yv8Shape *shapes)
{
  gboolean silu = op->activation == YV8_ACTIVATION_SILU;
  gboolean qs8 = shapes[op->out.buffer].type == YV8_TYPE_QS8 ||
                 (op->n_in > 0 && shapes[op->in[0].buffer].type == YV8_TYPE_QS8);

  if (!qs8)
    set_shader (self, device, SHADERS[op->kind], device->f16 ? "f16" : "f32", silu);
  else
    set_shader (self, device, SHADERS_QS8[op->kind], "", silu);
}

/* A lane has some pixels of a column, of all levels. */
static gboolean
set_maxpool (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const Yv8Op *op, GError **error)
{
  guint32 height = self->push.out_height + 2 * YV8_HALO;
  guint32 lanes = self->push.out_pitch * yv8_vulkan_divide_up (height, YV8_POOL_ROWS);

  self->constants.values[YV8_CONSTANT_LEVELS] = yv8_op_levels (op);
  return set_grid (
      self, device, yv8_vulkan_divide_up (lanes, YV8_LANES), self->push.in_groups, error);
}

gboolean
yv8_vulkan_kernel_init (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const Yv8Op *op,
    const Yv8Shape *shapes, GError **error)
{
  *self = (Yv8VulkanKernel){ 0 };
  if (op->kind == YV8_OP_DETECT) {
    g_strlcpy (self->name, "host", sizeof self->name);
    return TRUE;
  }
  if (op->kind != YV8_OP_CONV)
    choose_shader (self, device, op, shapes);
  if (!check_slice (&op->out, op->name, error) ||
      (op->n_in > 0 && !check_slice (&op->in[0], op->name, error)))
    return FALSE;
  if (op->n_in > 0)
    set_source (&self->push, &op->in[0], shapes);
  set_destination (&self->push, &op->out, shapes);
  set_quant (&self->push, &op->quant);
  self->constants.values[YV8_CONSTANT_KERNEL_H] = op->window.kernel_h;
  self->constants.values[YV8_CONSTANT_KERNEL_W] = op->window.kernel_w;
  self->constants.values[YV8_CONSTANT_STRIDE] = op->window.stride;
  self->constants.values[YV8_CONSTANT_PAD] = op->window.pad;
  self->constants.values[YV8_CONSTANT_SHIFT] = op->kind == YV8_OP_UPSAMPLE;
  if (op->kind == YV8_OP_CONV)
    return set_conv (self, device, op, shapes, error);
  if (op->kind == YV8_OP_MAXPOOL)
    return set_maxpool (self, device, op, error);
  return set_grid (self, device, yv8_vulkan_divide_up (self->push.out_plane, YV8_LANES),
      self->push.out_groups, error);
}

gboolean
yv8_vulkan_kernel_init_output (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Slice *slice, const Yv8Shape *shapes, guint32 first, GError **error)
{
  const Yv8Shape *shape = &shapes[slice->buffer];

  *self = (Yv8VulkanKernel){ 0 };
  set_shader (self, device, "output", map_variant (device, shape->type), FALSE);
  if (!check_slice (slice, "output", error))
    return FALSE;
  set_source (&self->push, slice, shapes);
  set_destination (&self->push, slice, shapes);
  self->push.out_first = first;
  self->push.out_pitch = shape->width;
  self->push.out_plane = shape->width * shape->height;
  return set_grid (self, device, yv8_vulkan_divide_up (self->push.out_plane, YV8_LANES),
      self->push.out_groups, error);
}

gboolean
yv8_vulkan_kernel_init_letterbox (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Op *op, const Yv8Shape *shapes, GError **error)
{
  const Yv8Shape *shape = &shapes[op->out.buffer];
  Yv8VulkanPush push = { 0 };

  *self = (Yv8VulkanKernel){ 0 };
  set_shader (self, device, "letterbox", map_variant (device, shape->type), FALSE);
  set_destination (&push, &op->out, shapes);
  set_quant (&push, &op->quant);
  self->letterbox = (Yv8VulkanLetterboxPush){ push.out_first, push.out_pitch, push.out_plane,
    push.out_height, push.out_width, push.zero, push.inverse };
  return set_grid (self, device, yv8_vulkan_divide_up (push.out_plane, YV8_LANES), 1, error);
}

static gboolean
set_scale (Yv8VulkanKernel *self, const Yv8Op *detect, const Yv8Shape *shapes, guint scale,
    const Yv8Slice *slice, GError **error)
{
  const Yv8Shape *shape = &shapes[slice->buffer];
  guint32 anchor = 0;

  for (guint i = 0; i < scale; i++) {
    const Yv8Shape *before = &shapes[detect->in[2 * i].buffer];
    anchor += before->height * before->width;
  }
  self->detect =
      (Yv8VulkanDetectPush){ first_of (slice, shapes), yv8_vulkan_groups (slice->channels),
        shape->width + 2 * YV8_HALO, (guint32) yv8_vulkan_plane (shape), shape->height,
        shape->width, detect->strides[scale], anchor };
  return check_slice (slice, detect->name, error);
}

gboolean
yv8_vulkan_kernel_init_candidates (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Op *detect, const Yv8Shape *shapes, guint scale, GError **error)
{
  const Yv8Slice *logits = &detect->in[2 * scale + 1];

  *self = (Yv8VulkanKernel){ 0 };
  set_shader (self, device, "candidates", map_variant (device, YV8_TYPE_F32), FALSE);
  return set_scale (self, detect, shapes, scale, logits, error) &&
         set_grid (self, device,
             yv8_vulkan_divide_up (self->detect.height * self->detect.width, YV8_LANES), 1, error);
}

gboolean
yv8_vulkan_kernel_init_boxes (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Op *detect, const Yv8Shape *shapes, guint scale, GError **error)
{
  *self = (Yv8VulkanKernel){ 0 };
  set_shader (self, device, "boxes", map_variant (device, YV8_TYPE_F32), FALSE);
  if (!set_scale (self, detect, shapes, scale, &detect->in[2 * scale], error))
    return FALSE;
  self->detect.groups = detect->reg_max;
  return set_grid (self, device, yv8_vulkan_divide_up (YV8_MOST_CANDIDATES, YV8_LANES), 1, error);
}

gboolean
yv8_vulkan_kernel_init_rank (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, GError **error)
{
  *self = (Yv8VulkanKernel){ 0 };
  set_shader (self, device, "rank", "all", FALSE);
  return set_grid (self, device, yv8_vulkan_divide_up (YV8_MOST_CANDIDATES, YV8_LANES), 1, error);
}

gboolean
yv8_vulkan_kernel_init_suppress (
    Yv8VulkanKernel *self, const Yv8VulkanDevice *device, GError **error)
{
  *self = (Yv8VulkanKernel){ 0 };
  set_shader (self, device, "suppress", "all", FALSE);
  return set_grid (self, device, 1, 1, error);
}

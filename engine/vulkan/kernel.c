/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From op to kernel. */
#include "vulkan/kernel.h"

#include "vulkan/weights.h"

/**
 * Tuning: what suits a kind of device
 * @busy: lanes below which it would idle: then lanes take less
 * @lanes: of a workgroup of an int8 convolution
 * @pixels: of a lane of a convolution, at most
 * @groups: of four channels, of an int8 one, likewise
 * @sparse: live steps in such a run, where weights are sparse
 * @whole: a run of its main loop is a whole kernel at least
 * @steps: whole kernels in such a run, at most
 * @live: steps of all, those that fill up runs included, up to which sparse weights are faster, by
 * the groups of a lane: 1, 2, 4. Where lanes are few, the wait for a list counts more
 */
typedef struct {
  guint32 busy, lanes, pixels, groups, steps, sparse;
  gboolean whole;
  double live[3];
} Tuning;

enum {
  TUNING_GPU,
  TUNING_GPU_WITHOUT_DOT,
  TUNING_SOFTWARE,
  TUNING_SOFTWARE_QS8,
};

/* Without a dot product a sum takes twice the registers, see EXACT_TERMS in dot.glsl. */
static const Tuning TUNINGS[] = {
  [TUNING_GPU] = { 3072, 64, 4, 4, .steps = 8, .sparse = 4, .whole = TRUE,
      .live = { 0.5, 0.7, 0.8 } },
  [TUNING_GPU_WITHOUT_DOT] = { 3072, 64, 2, 4, .steps = 1, .sparse = 1, .live = { 0.8, 0.8, 0.8 } },
  [TUNING_SOFTWARE] = { .busy = 512, .pixels = 4 },
  [TUNING_SOFTWARE_QS8] = { 256, 8, 10, 2, .steps = 1, .sparse = 1, .live = { 0.8, 0.8, 0.8 } },
};

/* Software that is made to load as GPUs do is tuned as they are, for tests. */
static const Tuning *
tuning_of (const Yv8VulkanDevice *device, gboolean qs8)
{
  if (device->software && device->texel)
    return &TUNINGS[qs8 ? TUNING_SOFTWARE_QS8 : TUNING_SOFTWARE];
  return &TUNINGS[qs8 && !device->dot ? TUNING_GPU_WITHOUT_DOT : TUNING_GPU];
}

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
  [YV8_OP_CONV] = "conv_qs8_qc8w",
  [YV8_OP_MAXPOOL] = "maxpool_qs8",
  [YV8_OP_UPSAMPLE] = "resample_qs8",
  [YV8_OP_COPY] = "resample_qs8",
  [YV8_OP_QUANTIZE] = "quantize_f32_qs8",
  [YV8_OP_DEQUANTIZE] = "dequantize_qs8_f32",
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

static guint32
divide_up (guint32 value, guint32 by)
{
  return value / by + (value % by != 0);
}

/* Halves the tile of a lane until the device has enough of them: first by channels, since pixels
 * share the weights, then by pixels. Float kernels know no fewer channels. */
static void
choose_tile (guint32 *values, const Tuning *tuning, const Yv8VulkanPush *push, gboolean qs8)
{
  guint32 pixels = tuning->pixels, groups = qs8 ? tuning->groups : YV8_TILE_GROUPS;
  guint32 lanes = qs8 ? tuning->lanes : YV8_LANES;

  pixels = divide_up (push->out_width, divide_up (push->out_width, pixels));
  while (pixels * groups > 1 && divide_up (push->out_width * push->out_height, lanes * pixels) *
                                        divide_up (push->out_groups, groups) * lanes <
                                    tuning->busy) {
    if (qs8 && groups > 1)
      groups /= 2;
    else if (!qs8 && pixels > 1)
      pixels /= 2;
    else
      break;
  }
  values[YV8_CONSTANT_PIXELS] = pixels;
  values[YV8_CONSTANT_GROUPS] = groups;
  values[YV8_CONSTANT_LANES] = lanes;
}

/* Short loops are unrolled, as far as they come out even, so that loads of the next products begin
 * before those of the last are through. Rows of the kernel in a run. */
static guint32
steps_of (const Tuning *tuning, const Yv8VulkanPush *push, const Yv8Window *window)
{
  guint32 steps = 1;

  if (window->kernel_h * window->kernel_w > 1)
    return tuning->whole ? window->kernel_h : 1;
  while (steps < tuning->steps && push->in_groups % (2 * steps) == 0)
    steps *= 2;
  return steps;
}

/* An int8 convolution has lanes for runs of pixels in a row, and others for the halo. */
static guint32
parts_of (const Yv8VulkanPush *push, const guint32 *values, gboolean qs8)
{
  guint32 pixels = values[YV8_CONSTANT_PIXELS], lanes = values[YV8_CONSTANT_LANES];
  guint32 runs = divide_up (push->out_width, pixels) * push->out_height;

  if (!qs8)
    return divide_up (push->out_plane, lanes * pixels);
  return divide_up (runs, lanes) + divide_up (2 * (push->out_pitch + push->out_height), lanes);
}

/* Sparse weights where they leave out as much as makes up for a list of steps. */
static void
choose_sparse (Yv8VulkanKernel *self, const Tuning *tuning, const Yv8Op *op)
{
  guint32 *values = self->constants.values;
  gsize tiles = divide_up (self->push.out_groups, YV8_TILE_GROUPS);
  gsize steps = tiles * self->push.in_groups * op->window.kernel_h * op->window.kernel_w;
  gsize runs = op->window.pad > YV8_HALO ? 0 : yv8_vulkan_sparse_runs (op, tuning->sparse);

  if (runs == 0 || (double) (runs * tuning->sparse) >
                       tuning->live[values[YV8_CONSTANT_GROUPS] / 2] * (double) steps)
    return;
  self->sparse_runs = runs;
  values[YV8_CONSTANT_SPARSE] = TRUE;
  values[YV8_CONSTANT_STEPS] = tuning->sparse;
  g_strlcat (self->name, "_sparse", sizeof self->name);
}

static gboolean
set_conv (Yv8VulkanKernel *self, const Yv8VulkanDevice *device, const Yv8Op *op,
    const Yv8Shape *shapes, GError **error)
{
  gboolean qs8 = op->qweights != NULL;
  const Tuning *tuning = tuning_of (device, qs8);
  guint32 *values = self->constants.values;

  choose_tile (values, tuning, &self->push, qs8);
  values[YV8_CONSTANT_STEPS] = qs8 ? steps_of (tuning, &self->push, &op->window) : 0;
  if (qs8)
    choose_sparse (self, tuning, op);
  values[YV8_CONSTANT_SILU] = op->activation == YV8_ACTIVATION_SILU;
  values[YV8_CONSTANT_RESIDUAL] = op->n_in == 2;
  values[YV8_CONSTANT_TO_F32] = shapes[op->out.buffer].type == YV8_TYPE_F32;
  if (op->n_in == 2) {
    if (!check_slice (&op->in[1], op->name, error))
      return FALSE;
    self->push.residual_first = first_of (&op->in[1], shapes);
  }
  return set_grid (self, device, parts_of (&self->push, values, qs8),
      divide_up (self->push.out_groups, values[YV8_CONSTANT_GROUPS]), error);
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
  else if (op->kind == YV8_OP_CONV)
    set_shader (self, device, SHADERS_QS8[op->kind], yv8_vulkan_dot_name (device->dot), silu);
  else
    set_shader (self, device, SHADERS_QS8[op->kind], "", silu);
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
  return set_grid (
      self, device, divide_up (self->push.out_plane, YV8_LANES), self->push.out_groups, error);
}

gboolean
yv8_vulkan_kernel_init_output (Yv8VulkanKernel *self, const Yv8VulkanDevice *device,
    const Yv8Slice *slice, const Yv8Shape *shapes, guint32 first, GError **error)
{
  const Yv8Shape *shape = &shapes[slice->buffer];

  *self = (Yv8VulkanKernel){ 0 };
  set_shader (self, device, "output",
      shape->type == YV8_TYPE_QS8 ? "qs8"
      : device->f16               ? "f16"
                                  : "f32",
      FALSE);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The INPUT op in both ways. */
#include "vulkan/input.h"

#include <string.h>

#include "ref/resampler.h"

/**
 * Way: mapped memory, and the commands that read it
 */
typedef struct {
  Yv8VulkanBuffer buffer;
  Yv8VulkanSpan span;
  VkDescriptorSet set;
  Yv8VulkanKernel kernel;
  Yv8VulkanRecorder *recorder;
} Way;

enum {
  PACKED, /* a dword that says what follows: a picture or values */
  PLANES, /* taps and planes of a frame */
  N_WAYS,
};

struct _Yv8VulkanInput {
  Yv8VulkanPipelines *pipelines;
  const Yv8Program *program;
  const Yv8VulkanSpan *map;
  const Yv8VulkanBuffer *arena;
  VkDescriptorPool sets;
  Way ways[N_WAYS], *way;
  Yv8Resampler *resampler;
  gboolean by_shader; /* what @resampler was made for */
  guint64 first[YV8_FRAME_MAX_PLANES];
  guint32 pitch[YV8_FRAME_MAX_PLANES];
};

static gboolean
make_buffer (Yv8VulkanInput *self, Way *way, guint64 size, const char *what, GError **error)
{
  const Yv8VulkanDevice *device = self->pipelines->device;

  if (size == way->span.size)
    return TRUE;
  yv8_vulkan_span_clear (&way->span, device);
  yv8_vulkan_buffer_clear (&way->buffer, device);
  return yv8_vulkan_buffer_init (&way->buffer, device, YV8_VULKAN_TO_DEVICE, size, what, error) &&
         yv8_vulkan_span_init (
             &way->span, device, &way->buffer, 0, size, YV8_VULKAN_VIEW_DWORD, what, error);
}

static gboolean
record (Yv8VulkanInput *self, Way *way, GError **error)
{
  const Yv8VulkanSpan *spans[YV8_N_BINDINGS] = {
    [YV8_BINDING_AUX] = &way->span,
    [YV8_BINDING_DESTINATION] = self->map,
  };
  VkPipeline pipeline =
      yv8_vulkan_pipelines_get (self->pipelines, way->kernel.shader, &way->kernel.constants, error);

  if (!pipeline || !yv8_vulkan_recorder_begin (way->recorder, error))
    return FALSE;
  yv8_vulkan_set_write (self->pipelines->device, way->set, spans);
  if (self->arena)
    yv8_vulkan_recorder_fill (way->recorder, self->arena, G_MAXUINT32);
  yv8_vulkan_recorder_dispatch (
      way->recorder, self->pipelines, pipeline, way->set, &way->kernel, NULL, 0, NULL, 0);
  yv8_vulkan_recorder_time (way->recorder);
  return yv8_vulkan_recorder_end (way->recorder, error);
}

static gboolean
init_way (Yv8VulkanInput *self, Way *way, GError **error)
{
  const Yv8VulkanDevice *device = self->pipelines->device;

  way->recorder = yv8_vulkan_recorder_new (device, self->program->profile, error);
  way->set = way->recorder ? yv8_vulkan_set_new (self->pipelines, self->sets, error) : NULL;
  return way->set != NULL;
}

Yv8VulkanInput *
yv8_vulkan_input_new (Yv8VulkanPipelines *pipelines, const Yv8Program *program,
    const Yv8VulkanSpan *map, const Yv8VulkanBuffer *arena, GError **error)
{
  Yv8VulkanInput *self = g_new0 (Yv8VulkanInput, 1);
  const Yv8VulkanDevice *device = pipelines->device;
  const Yv8Shape *shape = &program->shapes[0];
  guint64 n = (guint64) shape->height * shape->width * shape->channels;
  const Yv8Op *op = yv8_graph_op (program->graph, 0);
  Way *packed = &self->ways[PACKED], *planes = &self->ways[PLANES];

  self->pipelines = pipelines;
  self->program = program;
  self->map = map;
  self->arena = arena;
  self->way = packed;
  self->sets = yv8_vulkan_set_pool_new (device, N_WAYS, error);
  if (self->sets && init_way (self, packed, error) && init_way (self, planes, error) &&
      yv8_vulkan_kernel_init (&packed->kernel, device, op, program->shapes, error) &&
      yv8_vulkan_kernel_init_letterbox (&planes->kernel, device, op, program->shapes, error) &&
      make_buffer (self, packed, sizeof (guint32) * (1 + n), "the input", error) &&
      record (self, packed, error))
    return self;
  yv8_vulkan_input_free (self);
  return NULL;
}

void
yv8_vulkan_input_free (Yv8VulkanInput *self)
{
  if (!self)
    return;
  const Yv8VulkanDevice *device = self->pipelines->device;
  for (guint i = 0; i < N_WAYS; i++) {
    yv8_vulkan_recorder_free (self->ways[i].recorder);
    yv8_vulkan_span_clear (&self->ways[i].span, device);
    yv8_vulkan_buffer_clear (&self->ways[i].buffer, device);
  }
  vkDestroyDescriptorPool (device->device, self->sets, NULL);
  g_clear_pointer (&self->resampler, yv8_resampler_free);
  g_free (self);
}

/* Where the planes lie: rows of whole dwords, so that a sample of two or four bytes is in one. */
static guint64
place_planes (Yv8VulkanInput *self)
{
  const Yv8Letterbox *l = &self->resampler->letterbox;
  guint64 size = sizeof (guint32) * 2 * ((guint64) l->picture_width + l->picture_height);

  for (guint i = 0; i < self->resampler->info->n_planes; i++) {
    guint row_bytes, rows;
    yv8_format_plane_size (
        self->resampler->format, i, l->frame_width, l->frame_height, &row_bytes, &rows);
    self->first[i] = size;
    self->pitch[i] = (row_bytes + 3) / 4 * 4;
    size += (guint64) self->pitch[i] * rows;
  }
  return size;
}

static guint32 *
put_taps (guint32 *out, const Yv8Taps *taps, guint n)
{
  for (guint i = 0; i < n; i++)
    *out++ = taps->near[i] << 8 | taps->weight[i];
  return out;
}

/* A picture of one component has it thrice, and no colour. */
static void
set_push (Yv8VulkanInput *self, Way *way)
{
  const Yv8Resampler *r = self->resampler;
  const Yv8ColourFactors *k = &r->factors;
  Yv8VulkanLetterboxPush *push = &way->kernel.letterbox;
  guint colour = r->info->n_components > 1;
  guint32 *taps = way->buffer.map;

  push->left = r->letterbox.left;
  push->top = r->letterbox.top;
  push->picture_width = r->letterbox.picture_width;
  push->picture_height = r->letterbox.picture_height;
  push->rgb = r->info->rgb;
  push->y_offset = k->y_offset;
  push->y = k->y;
  push->rv = colour ? k->rv : 0;
  push->gu = colour ? k->gu : 0;
  push->gv = colour ? k->gv : 0;
  push->bu = colour ? k->bu : 0;
  for (guint i = 0; i < 3; i++) {
    const Yv8Component *c = &r->info->components[i * colour];
    push->first[i] = (guint32) self->first[c->plane] + c->offset;
    push->pitch[i > 0] = self->pitch[c->plane];
    push->step[i > 0] = c->step;
  }
  taps = put_taps (taps, &r->columns[0], r->letterbox.picture_width);
  taps = put_taps (taps, &r->columns[colour], r->letterbox.picture_width);
  taps = put_taps (taps, &r->rows[0], r->letterbox.picture_height);
  put_taps (taps, &r->rows[colour], r->letterbox.picture_height);
}

static gboolean
prepare_planes (Yv8VulkanInput *self, GError **error)
{
  Way *way = &self->ways[PLANES];

  if (!make_buffer (self, way, place_planes (self), "the frame", error))
    return FALSE;
  set_push (self, way);
  return record (self, way, error);
}

static void
copy_planes (Yv8VulkanInput *self, const Yv8Frame *frame)
{
  guint8 *map = self->ways[PLANES].buffer.map;

  for (guint i = 0; i < self->resampler->info->n_planes; i++) {
    guint row_bytes, rows;
    yv8_format_plane_size (frame->format, i, frame->width, frame->height, &row_bytes, &rows);
    guint8 *out = map + self->first[i];
    if (frame->stride[i] == (gint) self->pitch[i] && self->pitch[i] == row_bytes) {
      memcpy (out, frame->data[i], (gsize) row_bytes * rows);
      continue;
    }
    for (guint y = 0; y < rows; y++)
      memcpy (out + (gsize) y * self->pitch[i], frame->data[i] + (gssize) y * frame->stride[i],
          row_bytes);
  }
}

gboolean
yv8_vulkan_input_load (
    Yv8VulkanInput *self, const Yv8Frame *frame, const Yv8Letterbox *letterbox, GError **error)
{
  const Yv8Shape *shape = &self->program->shapes[0];
  guint32 *data = self->ways[PACKED].buffer.map;

  if (shape->channels != 3) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
        "the network wants %u channels; a picture has 3", shape->channels);
    return FALSE;
  }
  if (!self->resampler || !yv8_resampler_fits (self->resampler, letterbox, frame)) {
    g_autoptr (GError) reason = NULL;
    g_clear_pointer (&self->resampler, yv8_resampler_free);
    self->resampler = yv8_resampler_new (letterbox, frame);
    self->by_shader = self->pipelines->device->letterbox && prepare_planes (self, &reason);
    if (reason)
      g_debug ("%s; the host resamples instead", reason->message);
  }
  self->way = &self->ways[self->by_shader ? PLANES : PACKED];
  if (self->by_shader) {
    copy_planes (self, frame);
  } else {
    data[0] = 0;
    yv8_resampler_run (self->resampler, frame, data + 1, 0, shape->height);
  }
  return TRUE;
}

void
yv8_vulkan_input_load_values (Yv8VulkanInput *self, const float *values)
{
  guint32 *data = self->ways[PACKED].buffer.map;

  self->way = &self->ways[PACKED];
  data[0] = 1;
  memcpy (data + 1, values, self->ways[PACKED].buffer.size - sizeof *data);
}

Yv8VulkanRecorder *
yv8_vulkan_input_recorder (const Yv8VulkanInput *self)
{
  return self->way->recorder;
}

const char *
yv8_vulkan_input_kernel_name (const Yv8VulkanInput *self)
{
  return self->way->kernel.name;
}

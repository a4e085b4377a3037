/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backend: memory of a program, recording of its ops, input and output. */
#include "vulkan/backend.h"

#include "exec/flight.h"
#include "vulkan/slot.h"
#include "vulkan/tuner.h"
#include "vulkan/weights.h"

typedef struct {
  Yv8VulkanKernel kernel;
  Yv8VulkanSpan weights, aux;
} OpState;

typedef struct {
  Yv8Backend parent;
  Yv8VulkanDevice *device;
  Yv8VulkanPipelines *pipelines;
  Yv8VulkanRecorder *once;
  gboolean recording;
  VkDescriptorPool sets;
  VkDescriptorSet read_set;
  const Yv8Program *program;
  Yv8VulkanBuffer arena, parameters, reading;
  Yv8VulkanSpan *maps, *rows; /* of each buffer of the graph; rows of int8 buffers */
  Yv8Quant **quants;
  OpState *ops;
  Yv8VulkanSlot slots[YV8_DETECTOR_IN_FLIGHT];
  Yv8Flight flight;
  const Yv8VulkanSlot *arena_of, *last; /* the last that was started, and finished */
  gboolean crowded;                     /* the latter had too many candidates */
} Backend;

static Backend *
self_of (Yv8Backend *backend)
{
  return (Backend *) backend;
}

/* Float maps of an int8 graph are float32: they are to be the same on every device. */
static void
choose_precision (Backend *self, const Yv8Graph *graph)
{
  for (guint i = 0; i < yv8_graph_n_buffers (graph); i++)
    if (yv8_graph_buffer_type (graph, i) == YV8_TYPE_QS8)
      self->device->f16 = FALSE;
}

static gsize
buffer_size (Yv8Backend *backend, const Yv8Graph *graph, const Yv8Shape *shape)
{
  gsize pixels, size;

  choose_precision (self_of (backend), graph);
  if (!g_size_checked_mul (
          &pixels, yv8_vulkan_plane (shape), yv8_vulkan_groups (shape->channels)) ||
      pixels > G_MAXINT32 ||
      !g_size_checked_mul (
          &size, pixels, yv8_vulkan_pixel_size (self_of (backend)->device, shape->type)))
    return 0;
  return size;
}

static guint64
align (guint64 size)
{
  return (size + YV8_VULKAN_ALIGNMENT - 1) & ~(guint64) (YV8_VULKAN_ALIGNMENT - 1);
}

static guint64
weights_size (const Backend *self, const Yv8Op *op, const Yv8VulkanKernel *kernel)
{
  gsize value = self->device->f16 ? sizeof (guint16) : sizeof (float);

  if (kernel->sparse_runs)
    return yv8_vulkan_sparse_size (
        op, kernel->constants.values[YV8_CONSTANT_STEPS], kernel->sparse_runs);
  return yv8_vulkan_weights_count (op) * (op->qweights ? sizeof (gint8) : value);
}

static guint64
aux_size (const Yv8Op *op)
{
  if (op->qweights)
    return yv8_vulkan_rows_count (op->out.channels) * sizeof (guint32);
  return yv8_vulkan_bias_count (op) * sizeof (float);
}

static gboolean
create_arena (Backend *self, GError **error)
{
  const Yv8Program *program = self->program;
  guint n = yv8_graph_n_buffers (program->graph);

  if (!yv8_vulkan_buffer_init (&self->arena, self->device, YV8_VULKAN_ON_DEVICE,
          align (program->plan->arena_size), "the arena", error))
    return FALSE;
  self->maps = g_new0 (Yv8VulkanSpan, n);
  for (guint i = 0; i < n; i++)
    if (!yv8_vulkan_span_init (&self->maps[i], self->device, &self->arena, program->plan->offset[i],
            buffer_size (&self->parent, program->graph, &program->shapes[i]),
            program->shapes[i].type == YV8_TYPE_QS8 ? YV8_VULKAN_VIEW_DWORD
                                                    : YV8_VULKAN_VIEW_FLOATS,
            "a feature map", error))
      return FALSE;
  return TRUE;
}

/* Spans of the parameters of all ops and int8 maps in one buffer of *@size bytes. */
static gboolean
place_parameters (Backend *self, guint64 *size, GError **error)
{
  *size = 0;
  for (guint i = 0; i < yv8_graph_n_ops (self->program->graph); i++) {
    const Yv8Op *op = yv8_graph_op (self->program->graph, i);
    OpState *state = &self->ops[i];
    if (op->kind != YV8_OP_CONV)
      continue;
    state->weights =
        (Yv8VulkanSpan){ .offset = *size, .size = weights_size (self, op, &state->kernel) };
    *size += align (state->weights.size);
    state->aux = (Yv8VulkanSpan){ .offset = *size, .size = aux_size (op) };
    *size += align (state->aux.size);
    if (state->weights.size == 0) {
      g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY, "op '%s' has too many weights", op->name);
      return FALSE;
    }
  }
  for (guint i = 0; i < yv8_graph_n_buffers (self->program->graph); i++) {
    if (self->program->shapes[i].type != YV8_TYPE_QS8)
      continue;
    self->rows[i].offset = *size;
    self->rows[i].size =
        yv8_vulkan_rows_count (self->program->shapes[i].channels) * sizeof (guint32);
    *size += align (self->rows[i].size);
  }
  return TRUE;
}

static void
pack_conv (const Backend *self, const Yv8Op *op, const Yv8VulkanKernel *kernel, gpointer weights,
    gpointer aux)
{
  if (op->qweights) {
    if (kernel->sparse_runs)
      yv8_vulkan_sparse_pack (op, kernel->constants.values[YV8_CONSTANT_STEPS],
          kernel->push.in_plane, kernel->push.in_pitch, weights);
    else
      yv8_vulkan_weights_pack_qs8 (op, weights);
    yv8_vulkan_rows_pack_conv (
        op, self->quants, self->device->dot == YV8_VULKAN_DOT_MIXED ? 128 : 0, aux);
  } else {
    yv8_vulkan_weights_pack (op, self->device->f16, weights);
    yv8_vulkan_bias_pack (op, aux);
  }
}

static gboolean
bind_parameters (Backend *self, const Yv8VulkanBuffer *staging, GError **error)
{
  for (guint i = 0; i < yv8_graph_n_ops (self->program->graph); i++) {
    const Yv8Op *op = yv8_graph_op (self->program->graph, i);
    OpState *state = &self->ops[i];
    if (op->kind != YV8_OP_CONV)
      continue;
    pack_conv (self, op, &state->kernel, (guint8 *) staging->map + state->weights.offset,
        (guint8 *) staging->map + state->aux.offset);
    if (!yv8_vulkan_span_init (&state->weights, self->device, &self->parameters,
            state->weights.offset, state->weights.size,
            op->qweights ? YV8_VULKAN_VIEW_DWORDS : YV8_VULKAN_VIEW_FLOATS, op->name, error) ||
        !yv8_vulkan_span_init (&state->aux, self->device, &self->parameters, state->aux.offset,
            state->aux.size, YV8_VULKAN_VIEW_DWORDS, op->name, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
bind_rows (Backend *self, const Yv8VulkanBuffer *staging, GError **error)
{
  for (guint i = 0; i < yv8_graph_n_buffers (self->program->graph); i++) {
    Yv8VulkanSpan *rows = &self->rows[i];
    if (rows->size == 0)
      continue;
    yv8_vulkan_rows_pack (self->quants[i], self->program->shapes[i].channels,
        (gpointer) ((guint8 *) staging->map + rows->offset));
    if (!yv8_vulkan_span_init (rows, self->device, &self->parameters, rows->offset, rows->size,
            YV8_VULKAN_VIEW_DWORDS, "a feature map", error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
create_parameters (Backend *self, GError **error)
{
  Yv8VulkanBuffer staging = { 0 };
  guint64 size;

  self->quants = yv8_graph_quants (self->program->graph);
  self->rows = g_new0 (Yv8VulkanSpan, yv8_graph_n_buffers (self->program->graph));
  if (!place_parameters (self, &size, error))
    return FALSE;
  if (size == 0)
    return TRUE;
  gboolean done = yv8_vulkan_buffer_init (&self->parameters, self->device, YV8_VULKAN_ON_DEVICE,
                      size, "the model", error) &&
                  yv8_vulkan_buffer_init (
                      &staging, self->device, YV8_VULKAN_TO_DEVICE, size, "the model", error) &&
                  bind_parameters (self, &staging, error) && bind_rows (self, &staging, error) &&
                  yv8_vulkan_recorder_begin (self->once, error);
  if (done) {
    yv8_vulkan_recorder_copy (self->once, &staging, &self->parameters, size);
    done = yv8_vulkan_recorder_end (self->once, error) &&
           yv8_vulkan_recorder_submit (self->once, error);
  }
  yv8_vulkan_buffer_clear (&staging, self->device);
  return done;
}

static gboolean
create_kernels (Backend *self, GError **error)
{
  guint n = yv8_graph_n_ops (self->program->graph);

  self->ops = g_new0 (OpState, n);
  for (guint i = 0; i < n; i++)
    if (!yv8_vulkan_kernel_init (&self->ops[i].kernel, self->device,
            yv8_graph_op (self->program->graph, i), self->program->shapes, error))
      return FALSE;
  return TRUE;
}

/* Returns: (nullable): what is known of an int8 map's channels */
static const Yv8VulkanSpan *
rows_of (const Backend *self, const Yv8Slice *slice)
{
  const Yv8VulkanSpan *rows = &self->rows[slice->buffer];

  return rows->size ? rows : NULL;
}

/* Writes the buffers of op @index into @set. */
static void
write_set (const Backend *self, guint index, VkDescriptorSet set)
{
  const Yv8Op *op = yv8_graph_op (self->program->graph, index);
  gboolean conv = op->kind == YV8_OP_CONV;
  const Yv8VulkanSpan *source = &self->maps[op->in[0].buffer];
  const Yv8VulkanSpan *spans[YV8_N_BINDINGS] = {
    [YV8_BINDING_SOURCE] = source,
    [YV8_BINDING_WEIGHTS] = conv ? &self->ops[index].weights : NULL,
    [YV8_BINDING_AUX] = conv ? &self->ops[index].aux : rows_of (self, &op->in[0]),
    [YV8_BINDING_RESIDUAL] = op->n_in > 1 ? &self->maps[op->in[1].buffer] : source,
    [YV8_BINDING_DESTINATION] = &self->maps[op->out.buffer],
    [YV8_BINDING_UPSAMPLED] =
        &self->maps[op->upsampled.channels ? op->upsampled.buffer : op->out.buffer],
  };

  yv8_vulkan_set_write (self->device, set, spans);
}

/* Any tile takes the same weights. */
static gboolean
choose_tiles (Backend *self, GError **error)
{
  gboolean measure = self->program->tune || self->device->tune, done = TRUE;
  Yv8VulkanTuner *tuner =
      self->device->tile ? NULL : yv8_vulkan_tuner_new (self->device, measure, error);

  for (guint i = 0; tuner && done && i < yv8_graph_n_ops (self->program->graph); i++) {
    const Yv8Op *op = yv8_graph_op (self->program->graph, i);
    if (op->kind != YV8_OP_CONV)
      continue;
    write_set (self, i, self->read_set);
    done = yv8_vulkan_tuner_choose (tuner, op, &self->ops[i].kernel, self->read_set, error);
  }
  yv8_vulkan_tuner_free (tuner);
  return done && (tuner || self->device->tile);
}

static gboolean
create_slots (Backend *self, GError **error)
{
  self->last = &self->slots[0];
  for (guint i = 0; i < YV8_DETECTOR_IN_FLIGHT; i++)
    if (!yv8_vulkan_slot_init (
            &self->slots[i], self->pipelines, self->program, self->maps, &self->arena, error) ||
        !yv8_vulkan_recorder_begin (self->slots[i].network, error))
      return FALSE;
  return TRUE;
}

static gboolean
prepare (Yv8Backend *backend, const Yv8Program *program, GError **error)
{
  Backend *self = self_of (backend);
  guint n_ops = yv8_graph_n_ops (program->graph);

  self->program = program;
  self->once = yv8_vulkan_recorder_new (self->device, 0, error);
  if (!self->once || !create_kernels (self, error) || !create_arena (self, error) ||
      !create_parameters (self, error) || !create_slots (self, error))
    return FALSE;
  self->sets = yv8_vulkan_set_pool_new (
      self->device, n_ops + YV8_DETECTOR_IN_FLIGHT * program->graph->outputs->len + 1, error);
  if (!self->sets)
    return FALSE;
  self->read_set = yv8_vulkan_set_new (self->pipelines, self->sets, error);
  if (!self->read_set || !choose_tiles (self, error))
    return FALSE;
  self->recording = TRUE;
  return TRUE;
}

static Yv8VulkanRange
range_of (const Backend *self, const Yv8Slice *slice)
{
  guint64 group = yv8_vulkan_plane (&self->program->shapes[slice->buffer]) *
                  yv8_vulkan_pixel_size (self->device, self->program->shapes[slice->buffer].type);
  guint64 start = self->program->plan->offset[slice->buffer] + slice->channel / 4 * group;

  return (Yv8VulkanRange){ start, start + yv8_vulkan_groups (slice->channels) * group };
}

static gboolean
run_op (Yv8Backend *backend, guint index, GError **error)
{
  Backend *self = self_of (backend);
  const Yv8Op *op = yv8_graph_op (self->program->graph, index);
  const OpState *state = &self->ops[index];
  Yv8VulkanRange reads[2], writes[2];
  guint n_writes = 1;

  if (op->kind != YV8_OP_INPUT && op->kind != YV8_OP_DETECT) {
    VkPipeline pipeline = yv8_vulkan_pipelines_get (
        self->pipelines, state->kernel.shader, &state->kernel.constants, error);
    VkDescriptorSet set =
        pipeline ? yv8_vulkan_set_new (self->pipelines, self->sets, error) : VK_NULL_HANDLE;
    if (!set)
      return FALSE;
    write_set (self, index, set);
    for (guint i = 0; i < op->n_in; i++)
      reads[i] = range_of (self, &op->in[i]);
    writes[0] = range_of (self, &op->out);
    if (op->upsampled.channels)
      writes[n_writes++] = range_of (self, &op->upsampled);
    for (guint i = 0; i < YV8_DETECTOR_IN_FLIGHT; i++)
      yv8_vulkan_recorder_dispatch (self->slots[i].network, self->pipelines, pipeline, set,
          &state->kernel, reads, op->n_in, writes, n_writes);
  }
  for (guint i = 0; i < YV8_DETECTOR_IN_FLIGHT; i++)
    yv8_vulkan_recorder_time (self->slots[i].network);
  return TRUE;
}

/* Records the conversion of @slice to planar float32 at float @first of @destination. */
static gboolean
record_output (Backend *self, Yv8VulkanRecorder *recorder, VkDescriptorSet set,
    const Yv8Slice *slice, const Yv8VulkanSpan *destination, gsize first, GError **error)
{
  const Yv8VulkanSpan *spans[YV8_N_BINDINGS] = {
    [YV8_BINDING_SOURCE] = &self->maps[slice->buffer],
    [YV8_BINDING_AUX] = rows_of (self, slice),
    [YV8_BINDING_DESTINATION] = destination,
  };
  Yv8VulkanRange read = range_of (self, slice);
  Yv8VulkanKernel kernel;

  if (!yv8_vulkan_kernel_init_output (
          &kernel, self->device, slice, self->program->shapes, (guint32) first, error))
    return FALSE;
  VkPipeline pipeline =
      yv8_vulkan_pipelines_get (self->pipelines, kernel.shader, &kernel.constants, error);
  if (!pipeline)
    return FALSE;
  yv8_vulkan_set_write (self->device, set, spans);
  yv8_vulkan_recorder_dispatch (
      recorder, self->pipelines, pipeline, set, &kernel, &read, 1, NULL, 0);
  return TRUE;
}

static gboolean
record_results (Backend *self, Yv8VulkanSlot *slot, GError **error)
{
  if (!yv8_vulkan_recorder_begin (slot->results, error))
    return FALSE;
  for (guint i = 0; i < self->program->graph->outputs->len; i++) {
    VkDescriptorSet set = yv8_vulkan_set_new (self->pipelines, self->sets, error);
    if (!set ||
        !record_output (self, slot->results, set, yv8_graph_output (self->program->graph, i),
            &slot->outputs_span, yv8_vulkan_slot_output (slot, i), error))
      return FALSE;
  }
  return yv8_vulkan_recorder_end (slot->results, error);
}

static gboolean
finish_recording (Backend *self, GError **error)
{
  for (guint i = 0; i < YV8_DETECTOR_IN_FLIGHT; i++)
    if (!yv8_vulkan_recorder_end (self->slots[i].network, error) ||
        !record_results (self, &self->slots[i], error))
      return FALSE;
  self->recording = FALSE;
  yv8_vulkan_pipelines_save (self->pipelines);
  return TRUE;
}

static Yv8VulkanSlot *
next_slot (Backend *self)
{
  return &self->slots[yv8_flight_next (&self->flight)];
}

static gboolean
begin (Yv8Backend *backend, const Yv8DetectParams *params, GError **error)
{
  Backend *self = self_of (backend);
  Yv8VulkanSlot *slot = next_slot (self);

  if ((self->recording && !finish_recording (self, error)) ||
      !yv8_vulkan_slot_start (slot, params, self->crowded, error))
    return FALSE;
  self->arena_of = slot;
  self->flight.n++;
  return TRUE;
}

static gboolean
finish (Yv8Backend *backend, const Yv8Detection **detections, guint *n_detections, GError **error)
{
  Backend *self = self_of (backend);
  Yv8VulkanSlot *slot = &self->slots[yv8_flight_end (&self->flight)];
  gboolean again = self->arena_of != slot;

  self->last = slot;
  if (!yv8_vulkan_slot_wait (slot, detections, n_detections, error))
    return FALSE;
  self->crowded = slot->boxes && !*detections;
  if (*detections || slot->maps)
    return TRUE;
  self->arena_of = slot;
  return yv8_vulkan_slot_fetch (slot, again, error);
}

static gboolean
load (Yv8Backend *backend, const Yv8Frame *frame, const Yv8Letterbox *letterbox, GError **error)
{
  return yv8_vulkan_input_load (next_slot (self_of (backend))->input, frame, letterbox, error);
}

static gboolean
load_values (Yv8Backend *backend, const float *values, GError **error)
{
  yv8_vulkan_input_load_values (next_slot (self_of (backend))->input, values);
  return TRUE;
}

static gboolean
read_slice (Yv8Backend *backend, const Yv8Slice *slice, float *values, GError **error)
{
  Backend *self = self_of (backend);
  gsize size = yv8_vulkan_count (slice, self->program->shapes) * sizeof (float);
  Yv8VulkanSpan span;

  if (self->reading.size < size) {
    yv8_vulkan_buffer_clear (&self->reading, self->device);
    if (!yv8_vulkan_buffer_init (
            &self->reading, self->device, YV8_VULKAN_TO_HOST, size, "a slice", error))
      return FALSE;
  }
  if (!yv8_vulkan_span_init (
          &span, self->device, &self->reading, 0, size, YV8_VULKAN_VIEW_NONE, "a slice", error) ||
      !yv8_vulkan_recorder_begin (self->once, error) ||
      !record_output (self, self->once, self->read_set, slice, &span, 0, error) ||
      !yv8_vulkan_recorder_end (self->once, error) ||
      !yv8_vulkan_recorder_submit (self->once, error))
    return FALSE;
  memcpy (values, self->reading.map, size);
  return TRUE;
}

static const float *
output (Yv8Backend *backend, guint index)
{
  const Yv8VulkanSlot *slot = self_of (backend)->last;

  return (const float *) slot->outputs.map + yv8_vulkan_slot_output (slot, index);
}

static const char *
kernel_name (Yv8Backend *backend, guint op)
{
  Backend *self = self_of (backend);
  const char *name = yv8_vulkan_slot_kernel_name (self->last, op);

  return name ? name : self->ops[op].kernel.name;
}

static guint64
op_nanoseconds (Yv8Backend *backend, guint op)
{
  return yv8_vulkan_slot_nanoseconds (self_of (backend)->last, op);
}

static void
free_program (Backend *self)
{
  Yv8VulkanBuffer *buffers[] = { &self->arena, &self->parameters, &self->reading };

  vkDeviceWaitIdle (self->device->device); /* for frames that no one wants any more */
  vkDestroyDescriptorPool (self->device->device, self->sets, NULL);
  yv8_vulkan_recorder_free (self->once);
  for (guint i = 0; i < YV8_DETECTOR_IN_FLIGHT; i++)
    yv8_vulkan_slot_clear (&self->slots[i]);
  for (guint i = 0; self->maps && i < yv8_graph_n_buffers (self->program->graph); i++)
    yv8_vulkan_span_clear (&self->maps[i], self->device);
  for (guint i = 0; self->rows && i < yv8_graph_n_buffers (self->program->graph); i++)
    yv8_vulkan_span_clear (&self->rows[i], self->device);
  for (guint i = 0; self->ops && i < yv8_graph_n_ops (self->program->graph); i++) {
    yv8_vulkan_span_clear (&self->ops[i].weights, self->device);
    yv8_vulkan_span_clear (&self->ops[i].aux, self->device);
  }
  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++)
    yv8_vulkan_buffer_clear (buffers[i], self->device);
  yv8_quants_free (self->quants);
  g_free (self->maps);
  g_free (self->rows);
  g_free (self->ops);
}

static void
backend_free (Yv8Backend *backend)
{
  Backend *self = self_of (backend);

  free_program (self);
  yv8_vulkan_pipelines_free (self->pipelines);
  yv8_vulkan_device_free (self->device);
  g_free (self);
}

static const Yv8BackendClass CLASS = {
  .name = "vulkan",
  .recorded = TRUE,
  .fuses = TRUE,
  .alignment = YV8_VULKAN_ALIGNMENT,
  .buffer_size = buffer_size,
  .prepare = prepare,
  .load = load,
  .load_values = load_values,
  .run_op = run_op,
  .begin = begin,
  .finish = finish,
  .read = read_slice,
  .output = output,
  .kernel_name = kernel_name,
  .op_nanoseconds = op_nanoseconds,
  .free = backend_free,
};

Yv8Backend *
yv8_vulkan_backend_new (guint index, GError **error)
{
  g_autoptr (Yv8VulkanDevice) device = yv8_vulkan_device_open (index, error);
  Yv8VulkanPipelines *pipelines = device ? yv8_vulkan_pipelines_new (device, error) : NULL;

  if (!pipelines)
    return NULL;
  Backend *self = g_new0 (Backend, 1);
  self->parent.klass = &CLASS;
  self->device = g_steal_pointer (&device);
  self->pipelines = pipelines;
  return &self->parent;
}

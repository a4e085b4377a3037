/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Commands of a frame in their order, and what they leave. */
#include "vulkan/slot.h"

gsize
yv8_vulkan_slot_output (const Yv8VulkanSlot *self, guint index)
{
  const Yv8Program *program = self->program;
  gsize first = 0;

  for (guint i = 0; i < index; i++)
    first += yv8_vulkan_count (yv8_graph_output (program->graph, i), program->shapes);
  return first;
}

static gboolean
create_outputs (Yv8VulkanSlot *self, GError **error)
{
  gsize n = yv8_vulkan_slot_output (self, self->program->graph->outputs->len);
  guint64 size = sizeof (float) * MAX (n, 1);

  return yv8_vulkan_buffer_init (
             &self->outputs, self->device, YV8_VULKAN_TO_HOST, size, "the output", error) &&
         yv8_vulkan_span_init (&self->outputs_span, self->device, &self->outputs, 0, size,
             YV8_VULKAN_VIEW_NONE, "the output", error);
}

gboolean
yv8_vulkan_slot_init (Yv8VulkanSlot *self, Yv8VulkanPipelines *pipelines, const Yv8Program *program,
    const Yv8VulkanSpan *maps, const Yv8VulkanBuffer *arena, GError **error)
{
  guint n_times = program->profile ? yv8_graph_n_ops (program->graph) : 0;

  self->device = pipelines->device;
  self->program = program;
  self->network = yv8_vulkan_recorder_new (self->device, n_times, error);
  self->results = self->network ? yv8_vulkan_recorder_new (self->device, 0, error) : NULL;
  if (!self->results || !create_outputs (self, error))
    return FALSE;
  self->input = yv8_vulkan_input_new (
      pipelines, program, &maps[0], self->device->debug ? arena : NULL, error);
  if (!self->input)
    return FALSE;
  if (!self->device->detect || !yv8_graph_detect (program->graph))
    return TRUE;
  self->detect = yv8_vulkan_detect_new (pipelines, program, maps, error);
  return self->detect != NULL;
}

void
yv8_vulkan_slot_clear (Yv8VulkanSlot *self)
{
  yv8_vulkan_detect_free (self->detect);
  yv8_vulkan_input_free (self->input);
  yv8_vulkan_recorder_free (self->results);
  yv8_vulkan_recorder_free (self->network);
  if (self->device)
    yv8_vulkan_buffer_clear (&self->outputs, self->device);
  *self = (Yv8VulkanSlot){ 0 };
}

gboolean
yv8_vulkan_slot_start (
    Yv8VulkanSlot *self, const Yv8DetectParams *params, gboolean maps, GError **error)
{
  guint n = 0;

  self->boxes = params && self->detect;
  self->maps = maps || !self->boxes;
  self->started[n++] = yv8_vulkan_input_recorder (self->input);
  self->started[n++] = self->network;
  if (self->boxes) {
    yv8_vulkan_detect_set_params (self->detect, params);
    self->started[n++] = yv8_vulkan_detect_recorder (self->detect);
  }
  if (self->maps)
    self->started[n++] = self->results;
  self->n_started = n;
  return yv8_vulkan_recorders_start (self->started, n, error);
}

gboolean
yv8_vulkan_slot_wait (
    Yv8VulkanSlot *self, const Yv8Detection **detections, guint *n_detections, GError **error)
{
  if (!yv8_vulkan_recorders_wait (self->started, self->n_started, error))
    return FALSE;
  *detections = self->boxes ? yv8_vulkan_detect_found (self->detect, n_detections) : NULL;
  return TRUE;
}

gboolean
yv8_vulkan_slot_fetch (Yv8VulkanSlot *self, gboolean again, GError **error)
{
  Yv8VulkanRecorder *const all[] = { self->started[0], self->network, self->results };
  guint first = again ? 0 : G_N_ELEMENTS (all) - 1;

  return yv8_vulkan_recorders_submit (all + first, G_N_ELEMENTS (all) - first, error);
}

static gboolean
is_detect (const Yv8VulkanSlot *self, guint op)
{
  return self->detect && yv8_graph_op (self->program->graph, op)->kind == YV8_OP_DETECT;
}

const char *
yv8_vulkan_slot_kernel_name (const Yv8VulkanSlot *self, guint op)
{
  return op == 0                ? yv8_vulkan_input_kernel_name (self->input)
         : is_detect (self, op) ? yv8_vulkan_detect_kernel_name (self->detect)
                                : NULL;
}

guint64
yv8_vulkan_slot_nanoseconds (const Yv8VulkanSlot *self, guint op)
{
  if (op == 0)
    return yv8_vulkan_recorder_nanoseconds (yv8_vulkan_input_recorder (self->input), 0);
  if (is_detect (self, op))
    return yv8_vulkan_recorder_nanoseconds (yv8_vulkan_detect_recorder (self->detect), 0);
  return yv8_vulkan_recorder_nanoseconds (self->network, op);
}

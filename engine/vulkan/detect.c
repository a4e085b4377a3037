/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Candidates of all scales in one list, their boxes, the list in order, what NMS leaves. */
#include "vulkan/detect.h"

#include <math.h>

#include "detect/decode.h"
#include "shaders/lib/numeric.h"
#include "vulkan/weights.h"

/* What the shaders write; those that come before are read by those after. */
enum {
  LIST,
  SORTED,
  FOUND,
  N_RESULTS,
};

enum {
  CANDIDATES, /* of each scale */
  BOXES = CANDIDATES + YV8_GRAPH_MAX_SCALES,
  RANK = BOXES + YV8_GRAPH_MAX_SCALES,
  SUPPRESS,
  N_KERNELS,
};

typedef struct {
  guint32 n_candidates, n;
  Yv8Detection data[YV8_MOST_CANDIDATES];
} Found;

#define LIST_SIZE ((1 + 2 * YV8_MOST_CANDIDATES) * 4 * sizeof (guint32))

static const struct {
  Yv8VulkanPlace place;
  guint64 size;
  Yv8VulkanView view;
} RESULTS[] = {
  [LIST] = { YV8_VULKAN_ON_DEVICE, LIST_SIZE, YV8_VULKAN_VIEW_DWORDS },
  [SORTED] = { YV8_VULKAN_ON_DEVICE, LIST_SIZE, YV8_VULKAN_VIEW_DWORDS },
  [FOUND] = { YV8_VULKAN_TO_HOST, sizeof (Found), YV8_VULKAN_VIEW_NONE },
};

G_STATIC_ASSERT (sizeof (Yv8Detection) == 6 * sizeof (guint32));

struct _Yv8VulkanDetect {
  Yv8VulkanPipelines *pipelines;
  const Yv8Program *program;
  const Yv8Op *op;
  VkDescriptorPool sets;
  Yv8VulkanRecorder *recorder;
  Yv8VulkanBuffer params, results[N_RESULTS];
  Yv8VulkanSpan params_span, spans[N_RESULTS];
  Yv8VulkanKernel kernels[N_KERNELS];
};

static gboolean
create_buffers (Yv8VulkanDetect *self, GError **error)
{
  const Yv8VulkanDevice *device = self->pipelines->device;
  guint64 size =
      sizeof (guint32) * (YV8_PARAM_CLASSES + (guint64) yv8_vulkan_groups (self->op->n_classes));
  gboolean done = yv8_vulkan_buffer_init (&self->params, device, YV8_VULKAN_TO_DEVICE, size,
                      "what boxes are chosen by", error) &&
                  yv8_vulkan_span_init (&self->params_span, device, &self->params, 0, size,
                      YV8_VULKAN_VIEW_DWORD, "what boxes are chosen by", error);

  for (guint i = 0; i < N_RESULTS && done; i++)
    done = yv8_vulkan_buffer_init (
               &self->results[i], device, RESULTS[i].place, RESULTS[i].size, "the boxes", error) &&
           yv8_vulkan_span_init (&self->spans[i], device, &self->results[i], 0, RESULTS[i].size,
               RESULTS[i].view, "the boxes", error);
  return done;
}

static gboolean
create_kernels (Yv8VulkanDetect *self, GError **error)
{
  const Yv8VulkanDevice *device = self->pipelines->device;
  const Yv8Shape *shapes = self->program->shapes;

  for (guint i = 0; i < self->op->n_in / 2; i++)
    if (!yv8_vulkan_kernel_init_candidates (
            &self->kernels[CANDIDATES + i], device, self->op, shapes, i, error) ||
        !yv8_vulkan_kernel_init_boxes (
            &self->kernels[BOXES + i], device, self->op, shapes, i, error))
      return FALSE;
  return yv8_vulkan_kernel_init_rank (&self->kernels[RANK], device, error) &&
         yv8_vulkan_kernel_init_suppress (&self->kernels[SUPPRESS], device, error);
}

/* @source: the map or the result that is read; @from: the latter, or N_RESULTS; @to: what is
 * written */
static gboolean
record_kernel (Yv8VulkanDetect *self, guint kernel, const Yv8VulkanSpan *source, guint from,
    guint to, GError **error)
{
  const Yv8VulkanKernel *k = &self->kernels[kernel];
  const Yv8VulkanRange read = { from, from + 1 }, write = { to, to + 1 };
  const Yv8VulkanSpan *spans[YV8_N_BINDINGS] = {
    [YV8_BINDING_SOURCE] = source,
    [YV8_BINDING_AUX] = &self->params_span,
    [YV8_BINDING_DESTINATION] = &self->spans[to],
  };
  VkPipeline pipeline = yv8_vulkan_pipelines_get (self->pipelines, k->shader, &k->constants, error);
  VkDescriptorSet set =
      pipeline ? yv8_vulkan_set_new (self->pipelines, self->sets, error) : VK_NULL_HANDLE;

  if (!set)
    return FALSE;
  yv8_vulkan_set_write (self->pipelines->device, set, spans);
  yv8_vulkan_recorder_dispatch (
      self->recorder, self->pipelines, pipeline, set, k, &read, 1, &write, 1);
  return TRUE;
}

static gboolean
record_scales (Yv8VulkanDetect *self, const Yv8VulkanSpan *maps, GError **error)
{
  guint n = self->op->n_in / 2;
  gboolean done = TRUE;

  for (guint i = 0; i < n && done; i++)
    done = record_kernel (
        self, CANDIDATES + i, &maps[self->op->in[2 * i + 1].buffer], N_RESULTS, LIST, error);
  for (guint i = 0; i < n && done; i++)
    done =
        record_kernel (self, BOXES + i, &maps[self->op->in[2 * i].buffer], N_RESULTS, LIST, error);
  return done;
}

static gboolean
record (Yv8VulkanDetect *self, const Yv8VulkanSpan *maps, GError **error)
{
  if (!yv8_vulkan_recorder_begin (self->recorder, error))
    return FALSE;
  yv8_vulkan_recorder_fill (self->recorder, &self->results[LIST], 0);
  if (!record_scales (self, maps, error) ||
      !record_kernel (self, RANK, &self->spans[LIST], LIST, SORTED, error) ||
      !record_kernel (self, SUPPRESS, &self->spans[SORTED], SORTED, FOUND, error))
    return FALSE;
  yv8_vulkan_recorder_time (self->recorder);
  return yv8_vulkan_recorder_end (self->recorder, error);
}

Yv8VulkanDetect *
yv8_vulkan_detect_new (Yv8VulkanPipelines *pipelines, const Yv8Program *program,
    const Yv8VulkanSpan *maps, GError **error)
{
  Yv8VulkanDetect *self = g_new0 (Yv8VulkanDetect, 1);

  self->pipelines = pipelines;
  self->program = program;
  self->op = yv8_graph_detect (program->graph);
  self->sets = yv8_vulkan_set_pool_new (pipelines->device, N_KERNELS, error);
  self->recorder =
      self->sets ? yv8_vulkan_recorder_new (pipelines->device, program->profile, error) : NULL;
  if (self->recorder && create_buffers (self, error) && create_kernels (self, error) &&
      record (self, maps, error))
    return self;
  yv8_vulkan_detect_free (self);
  return NULL;
}

void
yv8_vulkan_detect_free (Yv8VulkanDetect *self)
{
  if (!self)
    return;
  const Yv8VulkanDevice *device = self->pipelines->device;
  yv8_vulkan_recorder_free (self->recorder);
  vkDestroyDescriptorPool (device->device, self->sets, NULL);
  yv8_vulkan_span_clear (&self->params_span, device);
  yv8_vulkan_buffer_clear (&self->params, device);
  for (guint i = 0; i < N_RESULTS; i++) {
    yv8_vulkan_span_clear (&self->spans[i], device);
    yv8_vulkan_buffer_clear (&self->results[i], device);
  }
  g_free (self);
}

void
yv8_vulkan_detect_set_params (Yv8VulkanDetect *self, const Yv8DetectParams *params)
{
  float least = yv8_logit (params->threshold);
  guint32 *data = self->params.map;

  /* No logit reaches NaN. */
  data[YV8_PARAM_LEAST] = isnan (least) ? G_MAXINT32 : (guint32) yv8_order (least);
  memcpy (&data[YV8_PARAM_IOU], &params->iou_threshold, sizeof params->iou_threshold);
  data[YV8_PARAM_LIMIT] = params->max_detections ? params->max_detections : G_MAXUINT32;
  memset (&data[YV8_PARAM_CLASSES], 0, sizeof (guint32) * yv8_vulkan_groups (self->op->n_classes));
  for (guint i = 0; i < self->op->n_classes; i++)
    if (!params->classes || params->classes[i])
      data[YV8_PARAM_CLASSES + i / 4] |= 1u << i % 4;
}

Yv8VulkanRecorder *
yv8_vulkan_detect_recorder (const Yv8VulkanDetect *self)
{
  return self->recorder;
}

const Yv8Detection *
yv8_vulkan_detect_found (const Yv8VulkanDetect *self, guint *n)
{
  const Found *found = self->results[FOUND].map;

  if (found->n_candidates > YV8_MOST_CANDIDATES)
    return NULL;
  *n = found->n;
  return found->data;
}

const char *
yv8_vulkan_detect_kernel_name (const Yv8VulkanDetect *self)
{
  return self->kernels[0].name;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a graph on a backend. */
#include <math.h>

#include "exec/executor.h"

struct _Yv8Executor {
  const Yv8Graph *graph;
  Yv8Graph *fused; /* (nullable) */
  Yv8Backend *backend;
  Yv8Shape *shapes;
  Yv8Plan *plan;
  Yv8Program program;
  float *values; /* of a slice that the host counts */
  gsize n_values;
};

void
yv8_executor_free (Yv8Executor *self)
{
  if (!self)
    return;
  self->backend->klass->free (self->backend);
  g_clear_pointer (&self->plan, yv8_plan_free);
  yv8_graph_free (self->fused);
  g_free (self->shapes);
  g_free (self->values);
  g_free (self);
}

static Yv8Plan *
plan_arena (Yv8Executor *self, gboolean keep, GError **error)
{
  const Yv8BackendClass *klass = self->backend->klass;
  guint n = yv8_graph_n_buffers (self->graph);
  g_autofree gsize *sizes = g_new0 (gsize, n);

  for (guint i = 0; i < n; i++) {
    const Yv8Shape *shape = &self->shapes[i];
    sizes[i] = klass->buffer_size (self->backend, self->graph, shape);
    if (sizes[i] == 0) {
      g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY,
          "a feature map of %ux%ux%u is too large for the backend %s", shape->channels,
          shape->height, shape->width, klass->name);
      return NULL;
    }
  }
  return yv8_plan_new (self->graph, sizes, klass->alignment, keep, error);
}

static gboolean
run_ops (Yv8Executor *self, GError **error)
{
  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++)
    if (!self->backend->klass->run_op (self->backend, i, error))
      return FALSE;
  return TRUE;
}

Yv8Executor *
yv8_executor_new (const Yv8Graph *graph, guint width, guint height, Yv8Backend *backend,
    Yv8ExecutorFlags flags, GError **error)
{
  g_autoptr (Yv8Executor) self = g_new0 (Yv8Executor, 1);

  self->fused = backend->klass->fuses ? yv8_graph_fuse (graph) : NULL;
  self->graph = self->fused ? self->fused : graph;
  self->backend = backend;
  self->shapes = yv8_graph_infer (graph, width, height, error);
  if (!self->shapes)
    return NULL;
  self->plan = plan_arena (self, (flags & YV8_EXECUTOR_KEEP) != 0, error);
  if (!self->plan)
    return NULL;
  self->program = (Yv8Program){ self->graph, self->shapes, self->plan,
    (flags & YV8_EXECUTOR_PROFILE) != 0, (flags & YV8_EXECUTOR_TUNE) != 0 };
  if (!backend->klass->prepare (backend, &self->program, error))
    return NULL;
  if (backend->klass->recorded && !run_ops (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
yv8_executor_load (
    Yv8Executor *self, const Yv8Frame *frame, const Yv8Letterbox *letterbox, GError **error)
{
  guint channels = self->shapes[0].channels;

  if (channels > YV8_GRAPH_PICTURE_CHANNELS) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "the network's input has %u channels: it takes values, no picture", channels);
    return FALSE;
  }
  return self->backend->klass->load (self->backend, frame, letterbox, error);
}

gboolean
yv8_executor_load_values (Yv8Executor *self, const float *values, GError **error)
{
  return self->backend->klass->load_values (self->backend, values, error);
}

gboolean
yv8_executor_run (Yv8Executor *self, GError **error)
{
  const Yv8Detection *none;
  guint n;

  return yv8_executor_detect (self, NULL, &none, &n, error);
}

gboolean
yv8_executor_begin (Yv8Executor *self, const Yv8DetectParams *params, GError **error)
{
  const Yv8BackendClass *klass = self->backend->klass;

  return klass->recorded ? klass->begin (self->backend, params, error) : run_ops (self, error);
}

gboolean
yv8_executor_finish (
    Yv8Executor *self, const Yv8Detection **detections, guint *n_detections, GError **error)
{
  const Yv8BackendClass *klass = self->backend->klass;

  *detections = NULL;
  return !klass->recorded || klass->finish (self->backend, detections, n_detections, error);
}

gboolean
yv8_executor_detect (Yv8Executor *self, const Yv8DetectParams *params,
    const Yv8Detection **detections, guint *n_detections, GError **error)
{
  return yv8_executor_begin (self, params, error) &&
         yv8_executor_finish (self, detections, n_detections, error);
}

gboolean
yv8_executor_overlaps (const Yv8Executor *self)
{
  return self->backend->klass->recorded;
}

const float *
yv8_executor_output (Yv8Executor *self, guint index)
{
  return self->backend->klass->output (self->backend, index);
}

gboolean
yv8_executor_read (Yv8Executor *self, const Yv8Slice *slice, float *values, GError **error)
{
  return self->backend->klass->read (self->backend, slice, values, error);
}

static const float *
read_values (Yv8Executor *self, const Yv8Slice *slice, gsize *n, GError **error)
{
  const Yv8Shape *shape = &self->shapes[slice->buffer];

  *n = (gsize) slice->channels * shape->height * shape->width;
  if (*n > self->n_values) {
    g_free (self->values);
    self->values = g_try_new (float, *n);
    self->n_values = self->values ? *n : 0;
  }
  if (!self->values) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY,
        "no memory to read a feature map of %" G_GSIZE_FORMAT " values", *n);
    return NULL;
  }
  return yv8_executor_read (self, slice, self->values, error) ? self->values : NULL;
}

gboolean
yv8_executor_range (
    Yv8Executor *self, const Yv8Slice *slice, float *min, float *max, GError **error)
{
  const Yv8BackendClass *klass = self->backend->klass;
  float low = INFINITY, high = -INFINITY;
  gsize n;

  if (klass->range)
    return klass->range (self->backend, slice, min, max, error);
  const float *x = read_values (self, slice, &n, error);
  if (!x)
    return FALSE;
  for (gsize i = 0; i < n; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  *min = low;
  *max = high;
  return TRUE;
}

gboolean
yv8_executor_histogram (
    Yv8Executor *self, const Yv8Slice *slice, const Yv8Bins *bins, guint64 *counts, GError **error)
{
  const Yv8BackendClass *klass = self->backend->klass;
  float inverse = ldexpf (1.0f, -bins->exponent);
  float low = (float) bins->first, high = (float) (bins->first + (gint32) bins->n);
  gsize n;

  if (klass->histogram)
    return klass->histogram (self->backend, slice, bins, counts, error);
  const float *x = read_values (self, slice, &n, error);
  if (!x)
    return FALSE;
  for (gsize i = 0; i < n; i++) {
    float t = x[i] * inverse;
    if (!(t >= low && t < high))
      continue;
    gint32 bin = (gint32) t;
    bin -= (float) bin > t;
    counts[bin - bins->first]++;
  }
  return TRUE;
}

const Yv8Graph *
yv8_executor_graph (const Yv8Executor *self)
{
  return self->graph;
}

const Yv8Shape *
yv8_executor_shapes (const Yv8Executor *self)
{
  return self->shapes;
}

const char *
yv8_executor_kernel_name (Yv8Executor *self, guint op)
{
  return self->backend->klass->kernel_name (self->backend, op);
}

guint64
yv8_executor_op_nanoseconds (Yv8Executor *self, guint op)
{
  return self->program.profile ? self->backend->klass->op_nanoseconds (self->backend, op) : 0;
}

gboolean
yv8_executor_peak (Yv8Executor *self, Yv8Peak *peak)
{
  const Yv8BackendClass *klass = self->backend->klass;

  return klass->peak && klass->peak (self->backend, peak);
}

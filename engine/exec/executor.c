/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a graph on a backend. */
#include "exec/executor.h"

struct _Yv8Executor {
  const Yv8Graph *graph;
  Yv8Backend *backend;
  Yv8Shape *shapes;
  Yv8Plan *plan;
  Yv8Program program;
};

void
yv8_executor_free (Yv8Executor *self)
{
  if (!self)
    return;
  self->backend->klass->free (self->backend);
  g_clear_pointer (&self->plan, yv8_plan_free);
  g_free (self->shapes);
  g_free (self);
}

static Yv8Plan *
plan_arena (Yv8Executor *self, GError **error)
{
  const Yv8BackendClass *klass = self->backend->klass;
  guint n = yv8_graph_n_buffers (self->graph);
  g_autofree gsize *sizes = g_new0 (gsize, n);

  for (guint i = 0; i < n; i++) {
    const Yv8Shape *shape = &self->shapes[i];
    sizes[i] = klass->buffer_size (self->backend, shape);
    if (sizes[i] == 0) {
      g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY,
          "a feature map of %ux%ux%u is too large for the backend %s", shape->channels,
          shape->height, shape->width, klass->name);
      return NULL;
    }
  }
  return yv8_plan_new (self->graph, sizes, klass->alignment, error);
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
    gboolean profile, GError **error)
{
  g_autoptr (Yv8Executor) self = g_new0 (Yv8Executor, 1);

  self->graph = graph;
  self->backend = backend;
  self->shapes = yv8_graph_infer (graph, width, height, error);
  if (!self->shapes)
    return NULL;
  self->plan = plan_arena (self, error);
  if (!self->plan)
    return NULL;
  self->program = (Yv8Program){ graph, self->shapes, self->plan, profile };
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
  const Yv8BackendClass *klass = self->backend->klass;

  return klass->recorded ? klass->submit (self->backend, error) : run_ops (self, error);
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

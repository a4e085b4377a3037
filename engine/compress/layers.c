/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Walks over the layers of a network. */
#include <gio/gio.h>
#include <string.h>

#include "compress/layers.h"

#define N_JUDGED 8 /* pictures */

typedef struct {
  Yv8TaskFunc func;
  gpointer data;
  GError **errors; /* of each task */
} Loop;

/* Some layers, one after the other. */
typedef struct {
  const Yv8Layers *layers;
  Yv8LayerFunc func;
  gpointer data;
  guint first;
  GPtrArray *grams; /* (nullable) */
} Chunk;

static Yv8Backend *
open_backend (gpointer data, GError **error)
{
  const Yv8Layers *self = data;

  return self->outer->open (self->outer->data, error);
}

static gboolean
step (gpointer data, GError **error)
{
  const Yv8Layers *self = data;

  if (self->progress (self->stage, MIN (self->fraction, 1), self->data))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped while: %s", self->stage);
  return FALSE;
}

Yv8Layers *
yv8_layers_new (const Yv8Graph *graph, const Yv8Target *target, const Yv8Album *album,
    Yv8ProgressFunc progress, gpointer data, GError **error)
{
  g_autoptr (Yv8Layers) self = g_new0 (Yv8Layers, 1);

  self->graph = graph;
  self->album = album;
  self->outer = target;
  self->target = (Yv8Target){ open_backend, step, self, target->width, target->height };
  self->progress = progress;
  self->data = data;
  self->shapes = yv8_graph_infer (graph, target->width, target->height, error);
  if (self->shapes)
    self->pool = yv8_pool_new (MIN (g_get_num_processors (), YV8_POOL_MAX_LANES), error);
  return self->pool ? g_steal_pointer (&self) : NULL;
}

void
yv8_layers_free (Yv8Layers *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->judge, yv8_box_judge_free);
  g_clear_pointer (&self->sights, yv8_sights_free);
  g_clear_pointer (&self->pool, yv8_pool_free);
  g_free (self->shapes);
  g_free (self);
}

static gboolean
is_walked (const Yv8Layers *self, guint index, gboolean outputs)
{
  const Yv8Op *op = yv8_graph_op (self->graph, index);

  if (op->kind != YV8_OP_CONV || op->in[0].buffer == 0)
    return FALSE;
  for (guint i = 0; !outputs && i < self->graph->outputs->len; i++)
    if (yv8_graph_output (self->graph, i)->buffer == op->out.buffer)
      return FALSE;
  return TRUE;
}

gboolean
yv8_layers_inner (const Yv8Layers *self, guint index)
{
  return is_walked (self, index, FALSE);
}

static void
run_task (gpointer data, guint lane, guint task)
{
  const Loop *loop = data;

  loop->func (loop->data, task, &loop->errors[task]);
}

gboolean
yv8_layers_run (Yv8Layers *self, Yv8TaskFunc func, gpointer data, guint n, GError **error)
{
  g_autofree GError **errors = g_new0 (GError *, n);
  Loop loop = { func, data, errors };
  GError *reason = NULL;

  yv8_pool_run (self->pool, run_task, &loop, n);
  for (guint i = 0; i < n; i++) {
    if (!reason)
      reason = g_steal_pointer (&errors[i]);
    g_clear_error (&errors[i]);
  }
  if (reason)
    g_propagate_error (error, reason);
  return !reason;
}

static gboolean
look (Yv8Layers *self, GError **error)
{
  if (!self->sights)
    self->sights = yv8_sights_new (self->graph, &self->target, self->album, error);
  return self->sights != NULL;
}

GPtrArray *
yv8_layers_gather (Yv8Layers *self, const Yv8Graph *read, const gboolean *wanted, GError **error)
{
  if (!look (self, error))
    return NULL;
  return yv8_gather_some (
      self->graph, read, wanted, &self->target, self->album, self->sights, self->pool, error);
}

static gboolean
run_layer (gpointer data, guint task, GError **error)
{
  const Chunk *chunk = data;
  guint index = chunk->first + task;

  return !is_walked (chunk->layers, index, chunk->layers->outputs) ||
         chunk->func (chunk->data, index, chunk->grams ? chunk->grams->pdata[task] : NULL, error);
}

gboolean
yv8_layers_walk (Yv8Layers *self, const Yv8Graph *read, Yv8LayerFunc func, gpointer data,
    double part, GError **error)
{
  guint n = yv8_graph_n_ops (self->graph);

  if (read && !look (self, error))
    return FALSE;
  for (guint first = self->first, end; first < n; first = end) {
    g_autoptr (GPtrArray) grams = NULL;
    end = yv8_gather_end (self->graph, first);
    if (read)
      grams = yv8_gather (self->graph, read, first, end, &self->target, self->album, self->sights,
          self->pool, error);
    Chunk chunk = { self, func, data, first, grams };
    if ((read && !grams) || !step (self, error) ||
        !yv8_layers_run (self, run_layer, &chunk, end - first, error))
      return FALSE;
    self->fraction += part * (end - first) / n;
  }
  return TRUE;
}

gboolean
yv8_layers_error (Yv8Layers *self, const Yv8Graph *graph, double *result, GError **error)
{
  if (!self->judge)
    self->judge = yv8_box_judge_new (self->graph, &self->target, self->album, N_JUDGED, error);
  return self->judge && yv8_box_judge_run (self->judge, graph, result, error);
}

void
yv8_op_take_weights (Yv8Op *op, const Yv8Op *from)
{
  gsize n = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;

  memcpy (op->weights, from->weights, n * op->out.channels * sizeof (float));
  memcpy (op->bias, from->bias, op->out.channels * sizeof (float));
}

gboolean
yv8_layers_judge (
    Yv8Layers *self, const Yv8Graph *trial, double *errors, double part, GError **error)
{
  guint n = yv8_graph_n_ops (self->graph);

  for (guint i = 0; i < n; i++) {
    if (!yv8_layers_inner (self, i))
      continue;
    g_autoptr (Yv8Graph) graph = yv8_graph_copy (self->graph, n);
    yv8_op_take_weights (&g_array_index (graph->ops, Yv8Op, i), yv8_graph_op (trial, i));
    if (!yv8_layers_error (self, graph, &errors[i], error))
      return FALSE;
    self->fraction += part / n;
  }
  return TRUE;
}

void
yv8_layer_clear (Yv8Layer *self)
{
  g_free (self->inverse);
  g_free (self->weights);
}

void
yv8_layer_start (Yv8Layer *self, const Yv8Gram *gram)
{
  const Yv8Op *op = self->op;
  gsize n = self->n;

  for (gsize row = 0; !gram && row < op->out.channels; row++) {
    for (gsize i = 0; i < n - 1; i++)
      self->weights[row * n + i] = (double) op->weights[row * (n - 1) + i];
    self->weights[row * n + n - 1] = (double) op->bias[row];
  }
  if (gram)
    yv8_gram_fit (gram, self->inverse, op, self->weights);
}

gboolean
yv8_layer_init (Yv8Layer *self, const Yv8Op *op, const Yv8Gram *gram, GError **error)
{
  guint n = op->in[0].channels * op->window.kernel_h * op->window.kernel_w + 1;

  *self = (Yv8Layer){ op, n, NULL, g_try_new (double, (gsize) n * op->out.channels) };
  if (!self->weights) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY,
        "not enough memory to change the weights of layer '%s'", op->name);
    return FALSE;
  }
  self->inverse = gram ? yv8_gram_inverse (gram, error) : NULL;
  if (gram && !self->inverse) {
    g_prefix_error (error, "layer '%s': ", op->name);
    return FALSE;
  }
  yv8_layer_start (self, gram);
  return TRUE;
}

void
yv8_layer_store (const Yv8Layer *self, Yv8Op *op)
{
  gsize n = self->n;

  for (gsize row = 0; row < op->out.channels; row++) {
    for (gsize i = 0; i < n - 1; i++)
      op->weights[row * (n - 1) + i] = (float) self->weights[row * n + i];
    op->bias[row] = (float) self->weights[row * n + n - 1];
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pruning: costs, budget, removal. */
#include <gio/gio.h>
#include <string.h>

#include "compress/boxes.h"
#include "compress/gather.h"
#include "compress/prune.h"

#define N_JUDGED 8   /* pictures that layers are weighed on */
#define TRIAL    0.4 /* of each group's blocks, removed to weigh a layer */

typedef struct {
  const Yv8Graph *graph;
  Yv8Graph *trial;  /* every layer pruned as far as TRIAL */
  Yv8Graph *pruned; /* the result */
  Yv8Criterion criterion;
  Yv8Target target; /* calls back with the pruner */
  const Yv8Target *outer;
  const Yv8Album *album;
  Yv8Sights *sights;
  Yv8Shape *shapes;
  GArray *curves;
  Yv8Pool *pool;
  Yv8ProgressFunc progress;
  gpointer data;
  const char *stage;
  double fraction;
} Pruner;

/* Of a layer; @gram is NULL where the criterion needs none. Runs beside those of other layers. */
typedef gboolean (*LayerFunc) (Pruner *self, guint index, const Yv8Gram *gram, GError **error);

typedef struct {
  Pruner *pruner;
  LayerFunc func;
  guint first;
  GPtrArray *grams;
  GError **errors; /* of each layer */
} Loop;

static Yv8Backend *
open_backend (gpointer data, GError **error)
{
  const Pruner *self = data;

  return self->outer->open (self->outer->data, error);
}

static gboolean
step (gpointer data, GError **error)
{
  const Pruner *self = data;

  if (self->progress (self->stage, MIN (self->fraction, 1), self->data))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped while: %s", self->stage);
  return FALSE;
}

static gboolean
is_output (const Yv8Graph *graph, const Yv8Op *op)
{
  for (guint i = 0; i < graph->outputs->len; i++)
    if (yv8_graph_output (graph, i)->buffer == op->out.buffer)
      return TRUE;
  return FALSE;
}

static gboolean
is_prunable (const Pruner *self, guint index)
{
  const Yv8Op *op = yv8_graph_op (self->graph, index);

  return op->kind == YV8_OP_CONV && op->in[0].buffer != 0 && !is_output (self->graph, op);
}

static void
run_layer (gpointer data, guint lane, guint task)
{
  const Loop *loop = data;

  if (is_prunable (loop->pruner, loop->first + task))
    loop->func (loop->pruner, loop->first + task,
        loop->grams->len ? loop->grams->pdata[task] : NULL, &loop->errors[task]);
}

static gboolean
run_layers (Pruner *self, LayerFunc func, guint first, guint end, GPtrArray *grams, GError **error)
{
  g_autofree GError **errors = g_new0 (GError *, end - first);
  Loop loop = { self, func, first, grams, errors };
  GError *reason = NULL;

  yv8_pool_run (self->pool, run_layer, &loop, end - first);
  for (guint i = 0; i < end - first; i++) {
    if (!reason)
      reason = g_steal_pointer (&errors[i]);
    g_clear_error (&errors[i]);
  }
  if (reason)
    g_propagate_error (error, reason);
  return !reason;
}

/* @part: of the whole work that this is */
static gboolean
for_layers (Pruner *self, const Yv8Graph *read, LayerFunc func, double part, GError **error)
{
  guint n = yv8_graph_n_ops (self->graph);

  for (guint first = 0, end; first < n; first = end) {
    g_autoptr (GPtrArray) grams = NULL;
    end = yv8_gather_end (self->graph, first);
    grams = self->criterion == YV8_CRITERION_OBS
                ? yv8_gather (self->graph, read, first, end, &self->target, self->album,
                      self->sights, self->pool, error)
                : g_ptr_array_new ();
    if (!grams || !step (self, error) || !run_layers (self, func, first, end, grams, error))
      return FALSE;
    self->fraction += part * (end - first) / n;
  }
  return TRUE;
}

/* A layer's weights, ready for removal. */
typedef struct {
  Yv8Blocks blocks;
  double *inverse;
  double *weights; /* [rows][n], the last column the biases */
} Layer;

static void
layer_clear (Layer *self)
{
  g_free (self->inverse);
  g_free (self->weights);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Layer, layer_clear)

static void
layer_start (Layer *self, const Yv8Gram *gram)
{
  const Yv8Op *op = self->blocks.op;
  gsize n = self->blocks.n;

  for (gsize row = 0; !gram && row < op->out.channels; row++) {
    for (gsize i = 0; i < n - 1; i++)
      self->weights[row * n + i] = (double) op->weights[row * (n - 1) + i];
    self->weights[row * n + n - 1] = (double) op->bias[row];
  }
  if (gram)
    yv8_gram_fit (gram, self->inverse, op, self->weights);
}

static gboolean
layer_init (Layer *self, const Yv8Op *op, const Yv8Gram *gram, GError **error)
{
  self->blocks = yv8_blocks_of (op, FALSE);
  self->weights = g_try_new (double, (gsize) self->blocks.n * op->out.channels);
  if (!self->weights) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory to prune");
    return FALSE;
  }
  self->inverse = gram ? yv8_gram_inverse (gram, error) : NULL;
  if (gram && !self->inverse) {
    g_prefix_error (error, "layer '%s': ", op->name);
    return FALSE;
  }
  layer_start (self, gram);
  return TRUE;
}

static void
layer_store (const Layer *self, Yv8Op *op)
{
  gsize n = self->blocks.n;

  for (gsize row = 0; row < op->out.channels; row++) {
    for (gsize i = 0; i < n - 1; i++)
      op->weights[row * (n - 1) + i] = (float) self->weights[row * n + i];
    op->bias[row] = (float) self->weights[row * n + n - 1];
  }
}

/* What costs are divided by. */
static double
unit_of (const Pruner *self, const Yv8Op *op, const Yv8Gram *gram, guint64 macs)
{
  gsize n = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
  double sum = 0;

  if (self->criterion == YV8_CRITERION_OBS)
    return yv8_gram_variance (gram) + 1e-9;
  if (self->criterion == YV8_CRITERION_RANDOM)
    return 1.0 / (double) macs;
  for (gsize i = 0; i < n * op->out.channels; i++)
    sum += (double) op->weights[i] * (double) op->weights[i];
  return sum + 1e-9;
}

static void
add_curves (Pruner *self)
{
  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++) {
    const Yv8Op *op = yv8_graph_op (self->graph, i);
    Yv8Blocks blocks = yv8_blocks_of (op, FALSE);
    const Yv8Shape *shape = &self->shapes[op->out.buffer];
    Yv8Curve curve = { .op = i, .n = blocks.n_blocks };
    for (; is_prunable (self, i) && curve.group < blocks.n_groups; curve.group++) {
      guint first, end;
      yv8_blocks_rows (&blocks, curve.group, &first, &end);
      curve.macs = (guint64) (end - first) * (blocks.n - 1) * shape->height * shape->width;
      curve.macs /= blocks.n_blocks;
      curve.removed = (guint) (TRIAL * curve.n);
      curve.costs = g_new0 (double, curve.n);
      g_array_append_val (self->curves, curve);
    }
  }
}

static gboolean
measure_costs (Pruner *self, guint index, const Yv8Gram *gram, GError **error)
{
  g_auto (Layer) layer = { 0 };
  const Yv8Op *op = yv8_graph_op (self->graph, index);

  if (!layer_init (&layer, op, gram, error))
    return FALSE;
  for (guint i = 0; i < self->curves->len; i++) {
    Yv8Curve *curve = &g_array_index (self->curves, Yv8Curve, i);
    if (curve->op != index)
      continue;
    if (!yv8_blocks_remove (&layer.blocks, self->criterion, layer.inverse, layer.weights,
            curve->group, curve->n, curve->costs, error))
      return FALSE;
    double unit = unit_of (self, op, gram, curve->macs);
    for (guint k = 0; k < curve->n; k++)
      curve->costs[k] /= unit;
  }
  layer_start (&layer, gram);
  for (guint i = 0; i < self->curves->len; i++) {
    const Yv8Curve *curve = &g_array_index (self->curves, Yv8Curve, i);
    if (curve->op == index && !yv8_blocks_remove (&layer.blocks, self->criterion, layer.inverse,
                                  layer.weights, curve->group, curve->removed, NULL, error))
      return FALSE;
  }
  layer_store (&layer, &g_array_index (self->trial->ops, Yv8Op, index));
  return TRUE;
}

static gboolean
remove_blocks (Pruner *self, guint index, const Yv8Gram *gram, GError **error)
{
  g_auto (Layer) layer = { 0 };

  if (!layer_init (&layer, yv8_graph_op (self->graph, index), gram, error))
    return FALSE;
  for (guint i = 0; i < self->curves->len; i++) {
    const Yv8Curve *curve = &g_array_index (self->curves, Yv8Curve, i);
    if (curve->op == index && !yv8_blocks_remove (&layer.blocks, self->criterion, layer.inverse,
                                  layer.weights, curve->group, curve->removed, NULL, error))
      return FALSE;
  }
  layer_store (&layer, &g_array_index (self->pruned->ops, Yv8Op, index));
  return TRUE;
}

/* The sum of @factor of the layer's costs up to TRIAL; all are then multiplied by it. */
static double
scale_costs (Pruner *self, guint index, double factor)
{
  double sum = 0;

  for (guint i = 0; i < self->curves->len; i++) {
    Yv8Curve *curve = &g_array_index (self->curves, Yv8Curve, i);
    for (guint k = 0; curve->op == index && k < curve->n; k++) {
      curve->costs[k] *= factor;
      sum += k < curve->removed ? curve->costs[k] : 0;
    }
  }
  return sum;
}

/* A share of variance is worth what it does to the boxes. */
static gboolean
weigh_layers (Pruner *self, GError **error)
{
  guint n = yv8_graph_n_ops (self->graph);
  g_autoptr (Yv8BoxJudge) judge =
      yv8_box_judge_new (self->graph, &self->target, self->album, N_JUDGED, error);

  for (guint i = 0; judge && i < n; i++) {
    double result, cost = scale_costs (self, i, 1);
    if (cost <= 0)
      continue;
    g_autoptr (Yv8Graph) graph = yv8_graph_copy (self->graph, n);
    Yv8Op *op = &g_array_index (graph->ops, Yv8Op, i);
    const Yv8Op *trial = yv8_graph_op (self->trial, i);
    gsize size = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
    memcpy (op->weights, trial->weights, size * op->out.channels * sizeof (float));
    memcpy (op->bias, trial->bias, op->out.channels * sizeof (float));
    if (!yv8_box_judge_run (judge, graph, &result, error))
      return FALSE;
    scale_costs (self, i, result / cost);
    self->fraction += 0.2 / n;
  }
  return judge != NULL;
}

static guint64
count_macs (const Pruner *self)
{
  guint64 macs = 0;

  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++)
    macs += yv8_op_macs (yv8_graph_op (self->graph, i), self->shapes);
  return macs;
}

static gboolean
run (Pruner *self, double share, GError **error)
{
  gboolean obs = self->criterion == YV8_CRITERION_OBS;

  self->stage = "measuring what blocks cost";
  if (obs) {
    self->sights = yv8_sights_new (self->graph, &self->target, self->album, error);
    if (!self->sights)
      return FALSE;
  }
  add_curves (self);
  if (!for_layers (self, self->graph, measure_costs, 0.3, error))
    return FALSE;
  self->stage = "measuring what layers do to boxes";
  if (obs && !weigh_layers (self, error))
    return FALSE;
  yv8_budget_spend (self->curves, (guint64) (share * (double) count_macs (self)));
  self->stage = "removing blocks";
  self->fraction = 0.5;
  return for_layers (self, self->pruned, remove_blocks, 0.5, error);
}

Yv8Graph *
yv8_prune (const Yv8Graph *graph, const Yv8PruneOptions *options, const Yv8Target *target,
    const Yv8Album *album, Yv8ProgressFunc progress, gpointer data, GError **error)
{
  guint n = yv8_graph_n_ops (graph);
  g_autoptr (Yv8Graph) pruned = yv8_graph_copy (graph, n), trial = yv8_graph_copy (graph, n);
  g_autoptr (GArray) curves = yv8_curves_new ();
  g_autofree Yv8Shape *shapes = yv8_graph_infer (graph, target->width, target->height, error);
  g_autoptr (Yv8Pool) pool =
      shapes ? yv8_pool_new (MIN (g_get_num_processors (), YV8_POOL_MAX_LANES), error) : NULL;
  Pruner self = {
    .graph = graph,
    .trial = trial,
    .pruned = pruned,
    .criterion = options->criterion,
    .outer = target,
    .album = album,
    .shapes = shapes,
    .curves = curves,
    .pool = pool,
    .progress = progress,
    .data = data,
  };

  self.target = (Yv8Target){ open_backend, step, &self, target->width, target->height };
  gboolean good = pool && run (&self, options->share, error) && yv8_graph_check (pruned, error);
  yv8_sights_free (self.sights);
  return good ? g_steal_pointer (&pruned) : NULL;
}

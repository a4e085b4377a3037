/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pruning: costs, budget, removal. */
#include "compress/prune.h"

#include <math.h>
#include <string.h>

#include "compress/layers.h"

#define TRIAL 0.4 /* of each group's blocks, removed to weigh a layer */

typedef struct {
  const Yv8Graph *graph;
  Yv8Graph *trial;  /* every layer pruned as far as TRIAL */
  Yv8Graph *pruned; /* the result */
  Yv8Criterion criterion;
  Yv8Layers *layers;
  GArray *curves;
} Pruner;

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
    sum += pow (fabs ((double) op->weights[i]), self->criterion == YV8_CRITERION_L1 ? 1 : 2);
  return sum + 1e-9;
}

static void
add_curves (Pruner *self)
{
  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++) {
    const Yv8Op *op = yv8_graph_op (self->graph, i);
    Yv8Blocks blocks = yv8_blocks_of (op, FALSE);
    const Yv8Shape *shape = &self->layers->shapes[op->out.buffer];
    Yv8Curve curve = { .op = i, .n = blocks.n_blocks };
    for (; yv8_layers_inner (self->layers, i) && curve.group < blocks.n_groups; curve.group++) {
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

/* Of all of the layer's groups, as many blocks as their curves say. */
static gboolean
remove_from (const Pruner *self, Yv8Layer *layer, guint index, GError **error)
{
  Yv8Blocks blocks = yv8_blocks_of (layer->op, FALSE);

  for (guint i = 0; i < self->curves->len; i++) {
    const Yv8Curve *curve = &g_array_index (self->curves, Yv8Curve, i);
    if (curve->op == index && !yv8_blocks_remove (&blocks, self->criterion, layer->inverse,
                                  layer->weights, curve->group, curve->removed, NULL, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
measure_costs (gpointer data, guint index, const Yv8Gram *gram, GError **error)
{
  Pruner *self = data;
  g_auto (Yv8Layer) layer = { 0 };
  const Yv8Op *op = yv8_graph_op (self->graph, index);
  Yv8Blocks blocks = yv8_blocks_of (op, FALSE);

  if (!yv8_layer_init (&layer, op, gram, error))
    return FALSE;
  for (guint i = 0; i < self->curves->len; i++) {
    Yv8Curve *curve = &g_array_index (self->curves, Yv8Curve, i);
    if (curve->op != index)
      continue;
    if (!yv8_blocks_remove (&blocks, self->criterion, layer.inverse, layer.weights, curve->group,
            curve->n, curve->costs, error))
      return FALSE;
    double unit = unit_of (self, op, gram, curve->macs);
    for (guint k = 0; k < curve->n; k++)
      curve->costs[k] /= unit;
  }
  yv8_layer_start (&layer, gram);
  if (!remove_from (self, &layer, index, error))
    return FALSE;
  yv8_layer_store (&layer, &g_array_index (self->trial->ops, Yv8Op, index));
  return TRUE;
}

static gboolean
remove_blocks (gpointer data, guint index, const Yv8Gram *gram, GError **error)
{
  Pruner *self = data;
  g_auto (Yv8Layer) layer = { 0 };

  if (!yv8_layer_init (&layer, yv8_graph_op (self->graph, index), gram, error) ||
      !remove_from (self, &layer, index, error))
    return FALSE;
  yv8_layer_store (&layer, &g_array_index (self->pruned->ops, Yv8Op, index));
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
  g_autofree double *errors = g_new0 (double, n);

  if (!yv8_layers_judge (self->layers, self->trial, errors, 0.2, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    double cost = scale_costs (self, i, 1);
    if (cost > 0)
      scale_costs (self, i, errors[i] / cost);
  }
  return TRUE;
}

static guint64
count_macs (const Pruner *self)
{
  guint64 macs = 0;

  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++)
    macs += yv8_op_macs (yv8_graph_op (self->graph, i), self->layers->shapes);
  return macs;
}

static gboolean
measure (Pruner *self, GError **error)
{
  gboolean obs = self->criterion == YV8_CRITERION_OBS;

  self->layers->stage = "measuring what blocks cost";
  if (!yv8_layers_walk (self->layers, obs ? self->graph : NULL, measure_costs, self, 0.3, error))
    return FALSE;
  self->layers->stage = "measuring what layers do to boxes";
  return !obs || weigh_layers (self, error);
}

static GBytes *
pack_costs (const Pruner *self)
{
  g_autoptr (GArray) costs = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < self->curves->len; i++) {
    const Yv8Curve *curve = &g_array_index (self->curves, Yv8Curve, i);
    g_array_append_vals (costs, curve->costs, curve->n);
  }
  return yv8_costs_pack (costs);
}

static gboolean
unpack_costs (Pruner *self, GBytes *bytes, GError **error)
{
  gsize n = 0;

  for (guint i = 0; i < self->curves->len; i++)
    n += g_array_index (self->curves, Yv8Curve, i).n;
  g_autoptr (GArray) costs = yv8_costs_unpack (bytes, n, error);
  const double *next = costs ? (const double *) (gpointer) costs->data : NULL;
  for (guint i = 0; costs && i < self->curves->len; i++) {
    Yv8Curve *curve = &g_array_index (self->curves, Yv8Curve, i);
    memcpy (curve->costs, next, curve->n * sizeof (double));
    next += curve->n;
  }
  return costs != NULL;
}

static gboolean
spend (Pruner *self, double share, GError **error)
{
  gboolean obs = self->criterion == YV8_CRITERION_OBS;

  yv8_budget_spend (self->curves, (guint64) (share * (double) count_macs (self)), NULL, NULL);
  self->layers->stage = "removing blocks";
  self->layers->fraction = 0.5;
  return yv8_layers_walk (self->layers, obs ? self->pruned : NULL, remove_blocks, self, 0.5, error);
}

GBytes *
yv8_prune_costs (const Yv8Graph *graph, Yv8Criterion criterion, const Yv8Target *target,
    const Yv8Album *album, Yv8ProgressFunc progress, gpointer data, GError **error)
{
  g_autoptr (Yv8Layers) layers = yv8_layers_new (graph, target, album, progress, data, error);
  g_autoptr (Yv8Graph) trial = yv8_graph_copy (graph, yv8_graph_n_ops (graph));
  g_autoptr (GArray) curves = yv8_curves_new ();
  Pruner self = { graph, trial, NULL, criterion, layers, curves };

  if (!layers)
    return NULL;
  add_curves (&self);
  return measure (&self, error) ? pack_costs (&self) : NULL;
}

Yv8Graph *
yv8_prune (const Yv8Graph *graph, const Yv8PruneOptions *options, const Yv8Target *target,
    const Yv8Album *album, Yv8ProgressFunc progress, gpointer data, GError **error)
{
  guint n = yv8_graph_n_ops (graph);
  g_autoptr (Yv8Layers) layers = yv8_layers_new (graph, target, album, progress, data, error);
  g_autoptr (Yv8Graph) pruned = yv8_graph_copy (graph, n), trial = yv8_graph_copy (graph, n);
  g_autoptr (GArray) curves = yv8_curves_new ();
  Pruner self = { graph, trial, pruned, options->criterion, layers, curves };

  if (!layers)
    return NULL;
  add_curves (&self);
  if (!(options->costs ? unpack_costs (&self, options->costs, error) : measure (&self, error)) ||
      !spend (&self, options->share, error) || !yv8_graph_check (pruned, error))
    return NULL;
  return g_steal_pointer (&pruned);
}

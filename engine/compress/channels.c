/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pruning of channels: costs, budget, removal. */
#include "compress/channels.h"

#include <string.h>

#include "compress/budget.h"
#include "compress/candidate.h"
#include "compress/eliminate.h"
#include "compress/layers.h"

#define TRIAL 0.3 /* of a family's sets, removed to weigh it */

typedef struct {
  const Yv8Graph *graph;
  const Yv8ChannelOptions *options;
  Yv8Layers *layers;
  GPtrArray *families, *candidates;
  GArray *curves;        /* of each candidate, in steps */
  guint *rows, *columns; /* of each op: channels that are left */
  Yv8Mask *mask;         /* what goes */
  Yv8Graph *pruned;      /* of the same shape as the graph */
} Pruner;

static gboolean
matches (const Pruner *self, const Yv8Candidate *candidate)
{
  g_auto (GStrv) globs = g_strsplit (self->options->layers ? self->options->layers : "*", ",", -1);

  for (guint i = 0; i < candidate->producers->len; i++) {
    guint index = g_array_index (candidate->producers, Yv8Member, i).op;
    gboolean good = FALSE;
    for (guint k = 0; globs[k]; k++)
      good |= g_pattern_match_simple (globs[k], yv8_graph_op (self->graph, index)->name);
    if (!good)
      return FALSE;
  }
  return candidate->producers->len > 0;
}

static void
add_candidates (Pruner *self)
{
  for (guint i = 0; i < self->families->len; i++) {
    const Yv8Family *family = self->families->pdata[i];
    guint n = family->n_sets < YV8_CHANNELS_LEAST ? 0 : family->n_sets - YV8_CHANNELS_LEAST;
    n -= n % YV8_CHANNELS_STEP;
    Yv8Candidate *candidate = yv8_candidate_new (self->graph, family, n);
    if (n > 0 && matches (self, candidate)) {
      candidate->n_trial = CLAMP ((guint) (TRIAL * family->n_sets), 1, n);
      g_ptr_array_add (self->candidates, candidate);
    } else {
      yv8_candidate_free (candidate);
    }
  }
}

/* Candidates whose statistics are gathered at once. */
typedef struct {
  Pruner *pruner;
  guint first;
  GPtrArray *grams;
} Chunk;

/* Sets @wanted of the consumers of as many candidates as there is room for. */
static guint
choose_chunk (const Pruner *self, guint first, gboolean *wanted)
{
  gsize bytes = 0;
  guint i;

  memset (wanted, 0, yv8_graph_n_ops (self->graph) * sizeof *wanted);
  for (i = first; i < self->candidates->len; i++) {
    const GArray *consumers = ((const Yv8Candidate *) self->candidates->pdata[i])->consumers;
    gsize more = 0;
    for (guint k = 0; k < consumers->len; k++) {
      guint op = g_array_index (consumers, Yv8Member, k).op;
      more += wanted[op] ? 0 : yv8_gram_size (yv8_graph_op (self->graph, op));
    }
    if (i > first && bytes + more > YV8_GATHER_BYTES)
      break;
    bytes += more;
    for (guint k = 0; k < consumers->len; k++)
      wanted[g_array_index (consumers, Yv8Member, k).op] = TRUE;
  }
  return i;
}

static gboolean
measure (gpointer data, guint task, GError **error)
{
  const Chunk *chunk = data;
  Pruner *self = chunk->pruner;

  return yv8_candidate_measure (
      self->candidates->pdata[chunk->first + task], self->options->criterion, chunk->grams, error);
}

/* A share of variance is worth what it does to the boxes. */
static gboolean
weigh (Pruner *self, Yv8Candidate *candidate, GError **error)
{
  g_autoptr (Yv8Graph) graph = yv8_graph_copy (self->graph, yv8_graph_n_ops (self->graph));
  double result, cost = 1e-12;

  for (guint i = 0; i < candidate->consumers->len; i++) {
    guint index = g_array_index (candidate->consumers, Yv8Member, i).op;
    yv8_op_take_weights (
        &g_array_index (graph->ops, Yv8Op, index), yv8_graph_op (candidate->trial, i));
  }
  if (!yv8_layers_error (self->layers, graph, &result, error))
    return FALSE;
  for (guint k = 0; k < candidate->n_trial; k++)
    cost += candidate->costs[k];
  for (guint k = 0; k < candidate->n; k++)
    candidate->costs[k] *= result / cost;
  g_clear_pointer (&candidate->trial, yv8_graph_free);
  return TRUE;
}

static gboolean
measure_costs (Pruner *self, GError **error)
{
  g_autofree gboolean *wanted = g_new (gboolean, yv8_graph_n_ops (self->graph));
  Yv8Criterion criterion = self->options->criterion;
  gboolean gathers = criterion == YV8_CRITERION_OBS || criterion == YV8_CRITERION_ENERGY;

  for (guint first = 0, end; first < self->candidates->len; first = end) {
    g_autoptr (GPtrArray) grams = NULL;
    self->layers->stage = "measuring what channels cost";
    end = choose_chunk (self, first, wanted);
    if (gathers && !(grams = yv8_layers_gather (self->layers, self->graph, wanted, error)))
      return FALSE;
    Chunk chunk = { self, first, grams };
    if (!yv8_layers_run (self->layers, measure, &chunk, end - first, error))
      return FALSE;
    self->layers->stage = "measuring what channels do to boxes";
    for (guint i = first; i < end && criterion == YV8_CRITERION_OBS; i++)
      if (!weigh (self, self->candidates->pdata[i], error))
        return FALSE;
    self->layers->fraction += 0.5 * (end - first) / self->candidates->len;
  }
  return TRUE;
}

/* Of each candidate, sets in order and their costs in turn. */
static GBytes *
pack_costs (const Pruner *self)
{
  g_autoptr (GArray) costs = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < self->candidates->len; i++) {
    const Yv8Candidate *candidate = self->candidates->pdata[i];
    for (guint k = 0; k < candidate->n; k++) {
      double pair[] = { candidate->order[k], candidate->costs[k] };
      g_array_append_vals (costs, pair, 2);
    }
  }
  return yv8_costs_pack (costs);
}

/* Each set once. */
static gboolean
unpack_candidate (Yv8Candidate *candidate, const double *pairs)
{
  g_autofree gboolean *seen = g_new0 (gboolean, candidate->family->n_sets);

  for (guint k = 0; k < candidate->n; k++) {
    double set = pairs[2 * k];
    if (!(set >= 0 && set < candidate->family->n_sets) || seen[(guint) set])
      return FALSE;
    seen[(guint) set] = TRUE;
    candidate->order[k] = (guint) set;
    candidate->costs[k] = pairs[2 * k + 1];
  }
  return TRUE;
}

static gboolean
unpack_costs (Pruner *self, GError **error)
{
  gsize n = 0, at = 0;
  gboolean good = TRUE;

  for (guint i = 0; i < self->candidates->len; i++)
    n += 2 * ((const Yv8Candidate *) self->candidates->pdata[i])->n;
  g_autoptr (GArray) costs = yv8_costs_unpack (self->options->costs, n, error);
  if (!costs)
    return FALSE;
  for (guint i = 0; good && i < self->candidates->len; i++) {
    Yv8Candidate *candidate = self->candidates->pdata[i];
    good = unpack_candidate (candidate, &g_array_index (costs, double, at));
    at += 2 * candidate->n;
  }
  if (!good)
    g_set_error_literal (
        error, YV8_ERROR, YV8_ERROR_FORMAT, "the costs are not of this network's channels");
  return good;
}

/* @by: -1 when a step is taken, 1 when it is taken back */
static void
take_step (Pruner *self, const Yv8Candidate *candidate, gint by)
{
  const GArray *members[] = { candidate->producers, candidate->consumers };
  guint *left[] = { self->rows, self->columns };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    for (guint k = 0; k < members[i]->len; k++) {
      const Yv8Member *member = &g_array_index (members[i], Yv8Member, k);
      left[i][member->op] += (guint) (by * (gint) (member->n * YV8_CHANNELS_STEP));
    }
}

static guint64
count_macs (const Pruner *self)
{
  guint64 macs = 0;

  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++) {
    const Yv8Op *op = yv8_graph_op (self->graph, i);
    guint64 all = yv8_op_macs (op, self->layers->shapes);
    if (all > 0)
      macs += all / ((guint64) op->out.channels * op->in[0].channels) * self->rows[i] *
              self->columns[i];
  }
  return macs;
}

static void
reset (Pruner *self)
{
  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++) {
    self->rows[i] = yv8_graph_op (self->graph, i)->out.channels;
    self->columns[i] = yv8_graph_op (self->graph, i)->in[0].channels;
  }
}

static void
update_macs (GArray *curves, gpointer data)
{
  Pruner *self = data;

  reset (self);
  for (guint i = 0; i < curves->len; i++)
    for (guint k = 0; k < g_array_index (curves, Yv8Curve, i).removed; k++)
      take_step (self, self->candidates->pdata[i], -1);
  guint64 macs = count_macs (self);
  for (guint i = 0; i < curves->len; i++) {
    take_step (self, self->candidates->pdata[i], -1);
    g_array_index (curves, Yv8Curve, i).macs = macs - count_macs (self);
    take_step (self, self->candidates->pdata[i], 1);
  }
}

static void
add_curves (Pruner *self)
{
  for (guint i = 0; i < self->candidates->len; i++) {
    const Yv8Candidate *candidate = self->candidates->pdata[i];
    Yv8Curve curve = { .op = i, .n = candidate->n / YV8_CHANNELS_STEP };
    curve.costs = g_new0 (double, curve.n);
    for (guint k = 0; k < candidate->n; k++)
      curve.costs[k / YV8_CHANNELS_STEP] += candidate->costs[k];
    g_array_append_val (self->curves, curve);
  }
  update_macs (self->curves, self);
  /* any channel for the same price, so that all families lose the same part */
  for (guint i = 0; self->options->criterion == YV8_CRITERION_RANDOM && i < self->curves->len;
       i++) {
    Yv8Curve *curve = &g_array_index (self->curves, Yv8Curve, i);
    for (guint k = 0; k < curve->n; k++)
      curve->costs[k] *= (double) curve->macs;
  }
}

static void
spend (Pruner *self)
{
  add_curves (self);
  reset (self);
  guint64 macs = (guint64) (self->options->share * (double) count_macs (self));
  yv8_budget_spend (self->curves, macs, update_macs, self);
  for (guint i = 0; i < self->curves->len; i++) {
    const Yv8Candidate *candidate = self->candidates->pdata[i];
    guint n = g_array_index (self->curves, Yv8Curve, i).removed * YV8_CHANNELS_STEP;
    for (guint k = 0; k < n; k++)
      yv8_family_mark (candidate->family, candidate->order[k], self->mask);
    g_debug ("family of '%s': %u of %u sets go",
        yv8_graph_op (self->graph, g_array_index (candidate->producers, Yv8Member, 0).op)->name, n,
        candidate->family->n_sets);
  }
}

/* Columns of @op's channels that go, channel by channel. */
static Yv8Units
units_of (const Pruner *self, const Yv8Op *op)
{
  guint taps = op->window.kernel_h * op->window.kernel_w, n = 0, columns = 0;
  Yv8Units units = yv8_units_new (op->in[0].channels, op->in[0].channels * taps);

  for (guint i = 0; i < op->in[0].channels; i++) {
    if (!yv8_mask_slice (self->mask, &op->in[0])[i])
      continue;
    for (guint k = 0; k < taps; k++)
      units.columns[columns++] = i * taps + k;
    units.first[++n] = columns;
  }
  units.n = n;
  return units;
}

static gboolean
remove_columns (gpointer data, guint index, const Yv8Gram *gram, GError **error)
{
  Pruner *self = data;
  const Yv8Op *op = yv8_graph_op (self->graph, index);
  g_auto (Yv8Layer) layer = { 0 };
  g_auto (Yv8Units) units = units_of (self, op);

  if (!yv8_layer_init (&layer, op, gram, error))
    return FALSE;
  g_autoptr (Yv8Elimination) elimination = yv8_elimination_new (
      &units, units.n, layer.n, layer.inverse, layer.weights, op->out.channels, error);
  if (!elimination)
    return FALSE;
  for (guint i = 0; i < units.n; i++)
    yv8_elimination_remove (elimination, i);
  yv8_elimination_end (elimination);
  for (guint row = 0; self->options->match_variance && row < gram->rows; row++)
    yv8_gram_match (gram, row, layer.weights + (gsize) row * layer.n);
  yv8_layer_store (&layer, &g_array_index (self->pruned->ops, Yv8Op, index));
  return TRUE;
}

/* The first op that reads channels that go; before it nothing changes. */
static guint
find_first (const Pruner *self)
{
  guint n = yv8_graph_n_ops (self->graph);

  for (guint i = 0; i < n; i++) {
    const Yv8Op *op = yv8_graph_op (self->graph, i);
    for (guint k = 0; op->kind == YV8_OP_CONV && k < op->in[0].channels; k++)
      if (yv8_mask_slice (self->mask, &op->in[0])[k])
        return i;
  }
  return n;
}

static gboolean
remove_channels (Pruner *self, GError **error)
{
  spend (self);
  self->layers->stage = "removing channels";
  self->layers->fraction = 0.5;
  self->layers->first = find_first (self);
  self->layers->outputs = TRUE;
  return self->options->keep_weights ||
         yv8_layers_walk (self->layers, self->pruned, remove_columns, self, 0.5, error);
}

static void
pruner_clear (Pruner *self)
{
  g_clear_pointer (&self->layers, yv8_layers_free);
  g_clear_pointer (&self->families, g_ptr_array_unref);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_pointer (&self->curves, g_array_unref);
  g_clear_pointer (&self->rows, g_free);
  g_clear_pointer (&self->columns, g_free);
  g_clear_pointer (&self->mask, yv8_mask_free);
  g_clear_pointer (&self->pruned, yv8_graph_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pruner, pruner_clear)

/* With the candidates; without layers there was an error. */
static Pruner
pruner_of (const Yv8Graph *graph, const Yv8ChannelOptions *options, Yv8Layers *layers)
{
  guint n = yv8_graph_n_ops (graph);
  Pruner self = { graph, options, layers };

  self.families = yv8_families_find (graph);
  self.candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) yv8_candidate_free);
  self.curves = yv8_curves_new ();
  self.rows = g_new (guint, n);
  self.columns = g_new (guint, n);
  self.mask = yv8_mask_new (graph);
  self.pruned = yv8_graph_copy (graph, n);
  add_candidates (&self);
  return self;
}

Yv8Graph *
yv8_prune_channels (const Yv8Graph *graph, const Yv8ChannelOptions *options,
    const Yv8Target *target, const Yv8Album *album, Yv8ProgressFunc progress, gpointer data,
    GError **error)
{
  g_auto (Pruner) self =
      pruner_of (graph, options, yv8_layers_new (graph, target, album, progress, data, error));

  if (!self.layers ||
      !(options->costs ? unpack_costs (&self, error) : measure_costs (&self, error)) ||
      !remove_channels (&self, error))
    return NULL;
  return yv8_graph_cut (self.pruned, self.mask, error);
}

GBytes *
yv8_prune_channels_costs (const Yv8Graph *graph, const Yv8ChannelOptions *options,
    const Yv8Target *target, const Yv8Album *album, Yv8ProgressFunc progress, gpointer data,
    GError **error)
{
  g_auto (Pruner) self =
      pruner_of (graph, options, yv8_layers_new (graph, target, album, progress, data, error));

  return self.layers && measure_costs (&self, error) ? pack_costs (&self) : NULL;
}

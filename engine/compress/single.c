/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Single weights, removed column by column. */
#include "compress/single.h"

#include <math.h>
#include <stdlib.h>

#include "compress/feedback.h"
#include "compress/layers.h"

typedef struct {
  const Yv8SingleOptions *options;
  Yv8Graph *pruned;
} Pruner;

/* A weight of the columns that are looked at together. */
typedef struct {
  double cost;
  guint at; /* [column][row] */
} Choice;

typedef struct {
  const Yv8SingleOptions *options;
  guint rows, taps;
  const float *original; /* [rows][n - 1]: what is 0 there stays so, and goes first */
  guint first, end;      /* places of those columns */
  Choice *choices;
  gboolean *gone; /* [column][row] */
  GRand *rand;
} Walk;

static int
compare (const void *a, const void *b)
{
  const Choice *x = a, *y = b;

  return x->cost < y->cost ? -1 : x->cost > y->cost ? 1 : x->at < y->at ? -1 : x->at > y->at;
}

/* The four input channels of a tap are neighbours in the walk. */
static guint
quad_of (const Walk *walk, guint column)
{
  return column / walk->taps / 4 * walk->taps + column % walk->taps;
}

static gboolean
was_zero (const Walk *walk, const Yv8Feedback *feedback, guint place, guint row)
{
  return walk->original[(gsize) row * (feedback->n - 1) + feedback->order[place]] == 0.0f;
}

static double
cost_of (const Walk *walk, double weight, double factor)
{
  return walk->options->criterion == YV8_CRITERION_RANDOM ? g_rand_double (walk->rand)
                                                          : fabs (weight / factor);
}

static void
choose (Walk *walk, guint n, gsize n_gone)
{
  qsort (walk->choices, n, sizeof (Choice), compare);
  for (guint i = 0; i < n; i++)
    walk->gone[walk->choices[i].at] = i < n_gone;
}

/* What goes of the columns from @place on. */
static void
begin_columns (Walk *walk, const Yv8Feedback *feedback, guint place, const double *values)
{
  guint quad = quad_of (walk, feedback->order[place]), n = 0, last = feedback->n - 1;
  gboolean quads = walk->options->quads;

  walk->first = place;
  walk->end = MIN (place + (quads ? 4 : YV8_SINGLE_COLUMNS), last);
  while (quads && quad_of (walk, feedback->order[walk->end - 1]) != quad)
    walk->end--;
  for (guint row = 0; row < walk->rows; row++) {
    for (guint i = place; i < walk->end; i++) {
      guint at = (i - place) * walk->rows + row;
      double factor = feedback->factor[(gsize) i * feedback->n + i];
      double cost = cost_of (walk, values[at], factor);
      walk->choices[n++] = (Choice){ was_zero (walk, feedback, i, row) ? -1 : cost, at };
    }
    if (quads) {
      choose (walk, n, n / 2);
      n = 0;
    }
  }
  if (!quads)
    choose (walk, n, (gsize) (walk->options->share * n + 0.5));
}

static void
round_column (
    gpointer data, const Yv8Feedback *feedback, guint place, const double *values, double *rounded)
{
  Walk *walk = data;

  if (place == walk->end)
    begin_columns (walk, feedback, place, values);
  for (guint row = 0; row < walk->rows; row++) {
    gboolean gone = walk->gone[(place - walk->first) * walk->rows + row];
    rounded[row] = gone || was_zero (walk, feedback, place, row) ? 0 : values[row];
  }
}

static gboolean
init_feedback (Yv8Feedback *feedback, const Yv8Layer *layer, const Walk *walk, GError **error)
{
  g_autofree double *rank = g_new (double, layer->n);
  g_autofree double *identity = NULL;
  const double *inverse = layer->inverse;

  for (guint i = 0; i < layer->n; i++)
    rank[i] = -(double) quad_of (walk, i);
  if (!inverse) { /* nothing is made good */
    identity = g_try_new0 (double, (gsize) layer->n * layer->n);
    if (!identity) {
      g_set_error_literal (error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory to prune");
      return FALSE;
    }
    for (gsize i = 0; i < layer->n; i++)
      identity[i * layer->n + i] = 1;
    inverse = identity;
  }
  return yv8_feedback_init (feedback, layer->n, inverse, rank, error);
}

static gboolean
prune_layer (gpointer data, guint index, const Yv8Gram *gram, GError **error)
{
  const Pruner *self = data;
  Yv8Op *op = &g_array_index (self->pruned->ops, Yv8Op, index);
  g_auto (Yv8Layer) layer = { 0 };
  g_auto (Yv8Feedback) feedback = { 0 };
  gsize most = (gsize) YV8_SINGLE_COLUMNS * op->out.channels;
  g_autofree Choice *choices = g_new (Choice, most);
  g_autofree gboolean *gone = g_new (gboolean, most);
  g_autoptr (GRand) rand = g_rand_new_with_seed (index);
  Walk walk = {
    .options = self->options,
    .rows = op->out.channels,
    .taps = op->window.kernel_h * op->window.kernel_w,
    .original = op->weights,
    .choices = choices,
    .gone = gone,
    .rand = rand,
  };

  if (!yv8_layer_init (&layer, op, gram, error) ||
      !init_feedback (&feedback, &layer, &walk, error) ||
      !yv8_feedback_walk (&feedback, layer.weights, walk.rows, round_column, &walk, error))
    return FALSE;
  yv8_layer_store (&layer, op);
  return TRUE;
}

Yv8Graph *
yv8_prune_single (const Yv8Graph *graph, const Yv8SingleOptions *options, const Yv8Target *target,
    const Yv8Album *album, Yv8ProgressFunc progress, gpointer data, GError **error)
{
  g_autoptr (Yv8Layers) layers = yv8_layers_new (graph, target, album, progress, data, error);
  g_autoptr (Yv8Graph) pruned = yv8_graph_copy (graph, yv8_graph_n_ops (graph));
  Pruner self = { options, pruned };

  if (!layers)
    return NULL;
  layers->stage = "removing single weights";
  gboolean obs = options->criterion == YV8_CRITERION_OBS;
  gboolean good = yv8_layers_walk (layers, obs ? pruned : NULL, prune_layer, &self, 1, error) &&
                  yv8_graph_check (pruned, error);
  return good ? g_steal_pointer (&pruned) : NULL;
}

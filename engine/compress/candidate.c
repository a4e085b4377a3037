/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Costs of sets of channels, by every criterion. */
#include "compress/candidate.h"

#include <math.h>

#include "compress/eliminate.h"
#include "compress/layers.h"

static GArray *
find_members (const Yv8Graph *graph, const Yv8Family *family, gboolean producers)
{
  GArray *members = g_array_new (FALSE, FALSE, sizeof (Yv8Member));

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    if (op->kind != YV8_OP_CONV)
      continue;
    Yv8Member member = { i, yv8_family_meets (family, 0, producers ? &op->out : &op->in[0], NULL) };
    if (member.n > 0)
      g_array_append_val (members, member);
  }
  return members;
}

Yv8Candidate *
yv8_candidate_new (const Yv8Graph *graph, const Yv8Family *family, guint n)
{
  Yv8Candidate *self = g_new0 (Yv8Candidate, 1);

  self->graph = graph;
  self->family = family;
  self->producers = find_members (graph, family, TRUE);
  self->consumers = find_members (graph, family, FALSE);
  self->n = n;
  self->order = g_new0 (guint, n);
  self->costs = g_new0 (double, n);
  return self;
}

void
yv8_candidate_free (Yv8Candidate *self)
{
  if (!self)
    return;
  g_array_unref (self->producers);
  g_array_unref (self->consumers);
  g_free (self->order);
  g_free (self->costs);
  g_clear_pointer (&self->trial, yv8_graph_free);
  g_free (self);
}

/* Columns of @op, set by set. */
static Yv8Units
units_of (const Yv8Family *family, const Yv8Op *op)
{
  guint taps = op->window.kernel_h * op->window.kernel_w;
  g_autofree guint *channels = g_new (guint, family->n_channels);
  Yv8Units units = yv8_units_new (family->n_sets, op->in[0].channels * taps);

  for (guint set = 0, n = 0; set < family->n_sets; set++) {
    guint n_channels = yv8_family_meets (family, set, &op->in[0], channels);
    for (guint i = 0; i < n_channels * taps; i++)
      units.columns[n++] = channels[i / taps] * taps + i % taps;
    units.first[set + 1] = n;
  }
  return units;
}

/* A consumer while sets are removed from it. */
typedef struct {
  Yv8Layer layer;
  Yv8Units units;
  Yv8Elimination *elimination;
  double variance;
} Consumer;

static void
consumer_clear (gpointer data)
{
  Consumer *self = data;

  g_clear_pointer (&self->elimination, yv8_elimination_free);
  yv8_layer_clear (&self->layer);
  yv8_units_clear (&self->units);
}

static gboolean
consumer_init (Consumer *self, const Yv8Candidate *candidate, const Yv8Op *op, const Yv8Gram *gram,
    GError **error)
{
  self->units = units_of (candidate->family, op);
  self->variance = yv8_gram_variance (gram) + 1e-9;
  if (yv8_layer_init (&self->layer, op, gram, error))
    self->elimination = yv8_elimination_new (&self->units, candidate->n, self->layer.n,
        self->layer.inverse, self->layer.weights, op->out.channels, error);
  return self->elimination != NULL;
}

static guint
find_least (const GArray *consumers, const gboolean *removed, guint n_sets, double *least)
{
  guint found = 0;

  *least = G_MAXDOUBLE;
  for (guint set = 0; set < n_sets; set++) {
    double cost = 0;
    for (guint i = 0; i < consumers->len && !removed[set]; i++) {
      const Consumer *consumer = &g_array_index (consumers, Consumer, i);
      cost += yv8_elimination_cost (consumer->elimination, set) / consumer->variance;
    }
    if (!removed[set] && cost < *least) {
      *least = cost;
      found = set;
    }
  }
  return found;
}

static void
store_trial (Yv8Candidate *self, const GArray *consumers)
{
  self->trial = yv8_graph_new ();
  for (guint i = 0; i < consumers->len; i++) {
    const Consumer *consumer = &g_array_index (consumers, Consumer, i);
    Yv8Op op = yv8_op_copy (consumer->layer.op);
    yv8_elimination_end (consumer->elimination);
    yv8_layer_store (&consumer->layer, &op);
    yv8_graph_add_op (self->trial, &op);
  }
}

static gboolean
measure_obs (Yv8Candidate *self, GPtrArray *grams, GError **error)
{
  g_autoptr (GArray) consumers = g_array_new (FALSE, TRUE, sizeof (Consumer));
  g_autofree gboolean *removed = g_new0 (gboolean, self->family->n_sets);

  g_array_set_clear_func (consumers, consumer_clear);
  g_array_set_size (consumers, self->consumers->len);
  for (guint i = 0; i < consumers->len; i++) {
    guint index = g_array_index (self->consumers, Yv8Member, i).op;
    if (!consumer_init (&g_array_index (consumers, Consumer, i), self,
            yv8_graph_op (self->graph, index), grams->pdata[index], error))
      return FALSE;
  }
  for (guint k = 0; k < self->n; k++) {
    guint set = find_least (consumers, removed, self->family->n_sets, &self->costs[k]);
    self->order[k] = set;
    removed[set] = TRUE;
    for (guint i = 0; i < consumers->len; i++)
      yv8_elimination_remove (g_array_index (consumers, Consumer, i).elimination, set);
    if (k + 1 == self->n_trial)
      store_trial (self, consumers);
  }
  return TRUE;
}

/* Adds the share of each set in the sum of |weight|^@power of all rows. */
static void
add_weights (const Yv8Family *family, const Yv8Op *op, guint power, double *scores)
{
  gsize n = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
  g_autofree double *sums = g_new0 (double, op->out.channels);
  g_autofree guint *rows = g_new (guint, family->n_channels);
  double total = 1e-9;

  for (guint row = 0; row < op->out.channels; row++) {
    for (gsize i = 0; i < n; i++)
      sums[row] += pow (fabs ((double) op->weights[row * n + i]), power);
    total += sums[row];
  }
  for (guint set = 0; set < family->n_sets; set++)
    for (guint i = yv8_family_meets (family, set, &op->out, rows); i > 0; i--)
      scores[set] += sums[rows[i - 1]] / total;
}

/* Adds the share of each set in the sum of squares of all columns. */
static void
add_energy (const Yv8Family *family, const Yv8Op *op, const Yv8Gram *gram, double *scores)
{
  g_auto (Yv8Units) units = units_of (family, op);
  double total = 1e-9;

  for (gsize i = 0; i + 1 < gram->n; i++)
    total += (double) gram->xx[i * gram->n + i];
  for (guint set = 0; set < units.n; set++)
    for (guint i = units.first[set]; i < units.first[set + 1]; i++)
      scores[set] += (double) gram->xx[(gsize) units.columns[i] * (gram->n + 1)] / total;
}

/* The same for the same family of any network with that shape. */
static void
add_random (const Yv8Family *family, double *scores)
{
  guint32 seed[] = { family->channels[0].buffer, family->channels[0].channel, family->n_sets };
  g_autoptr (GRand) rand = g_rand_new_with_seed_array (seed, G_N_ELEMENTS (seed));

  for (guint set = 0; set < family->n_sets; set++)
    scores[set] = g_rand_double (rand);
}

static gint
compare_scores (gconstpointer a, gconstpointer b, gpointer data)
{
  const double *scores = data;
  guint one = *(const guint *) a, other = *(const guint *) b;

  return scores[one] != scores[other] ? (scores[one] < scores[other] ? -1 : 1)
                                      : (one < other ? -1 : one > other);
}

static void
rank (Yv8Candidate *self, double *scores)
{
  guint n_sets = self->family->n_sets;
  g_autofree guint *sets = g_new (guint, n_sets);

  for (guint i = 0; i < n_sets; i++)
    sets[i] = i;
  g_qsort_with_data (sets, (gint) n_sets, sizeof *sets, compare_scores, scores);
  for (guint k = 0; k < self->n; k++) {
    self->order[k] = sets[k];
    self->costs[k] = scores[sets[k]];
  }
}

gboolean
yv8_candidate_measure (Yv8Candidate *self, Yv8Criterion criterion, GPtrArray *grams, GError **error)
{
  const GArray *members = criterion == YV8_CRITERION_ENERGY ? self->consumers : self->producers;
  g_autofree double *scores = g_new0 (double, self->family->n_sets);

  if (criterion == YV8_CRITERION_OBS)
    return measure_obs (self, grams, error);
  if (criterion == YV8_CRITERION_RANDOM)
    add_random (self->family, scores);
  for (guint i = 0; i < members->len && criterion != YV8_CRITERION_RANDOM; i++) {
    guint index = g_array_index (members, Yv8Member, i).op;
    const Yv8Op *op = yv8_graph_op (self->graph, index);
    if (criterion == YV8_CRITERION_ENERGY)
      add_energy (self->family, op, grams->pdata[index], scores);
    else
      add_weights (self->family, op, criterion == YV8_CRITERION_L1 ? 1 : 2, scores);
  }
  rank (self, scores);
  return TRUE;
}

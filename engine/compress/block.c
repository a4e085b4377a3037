/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Blocks of weights, removed greedily. */
#include "compress/block.h"

#include <math.h>

#include "compress/eliminate.h"

typedef struct {
  const Yv8Blocks *blocks;
  double *weights; /* of the group's first row */
  guint index;     /* of the group */
  guint n_rows;
  Yv8Units units;
  Yv8Elimination *elimination;
  gboolean *removed; /* of each block */
  double *scores;
} Group;

typedef struct {
  gboolean compensates;
  double (*score) (const Group *self, guint block);
} Criterion;

Yv8Blocks
yv8_blocks_of (const Yv8Op *op, gboolean float_out)
{
  guint taps = op->window.kernel_h * op->window.kernel_w;
  guint lane = float_out ? 0 : op->out.channel % YV8_BLOCK_IN;
  guint words =
      (op->in[0].channel % YV8_BLOCK_IN + op->in[0].channels + YV8_BLOCK_IN - 1) / YV8_BLOCK_IN;

  return (Yv8Blocks){ op, lane, op->in[0].channels * taps + 1,
    (lane + op->out.channels + YV8_BLOCK_OUT - 1) / YV8_BLOCK_OUT, words * taps };
}

void
yv8_blocks_rows (const Yv8Blocks *self, guint group, guint *first, guint *end)
{
  guint from = group * YV8_BLOCK_OUT;

  *first = from < self->lane ? 0 : from - self->lane;
  *end = MIN (from + YV8_BLOCK_OUT - self->lane, self->op->out.channels);
}

guint
yv8_blocks_columns (const Yv8Blocks *self, guint index, guint columns[YV8_BLOCK_IN])
{
  const Yv8Op *op = self->op;
  guint taps = op->window.kernel_h * op->window.kernel_w;
  guint lane = op->in[0].channel % YV8_BLOCK_IN, n = 0;

  for (guint i = 0; i < YV8_BLOCK_IN; i++) {
    guint channel = index / taps * YV8_BLOCK_IN + i - lane;
    if (channel < op->in[0].channels)
      columns[n++] = channel * taps + index % taps;
  }
  return n;
}

static double
score_obs (const Group *self, guint block)
{
  return yv8_elimination_cost (self->elimination, block);
}

/* The sum of |weight|^@power. */
static double
sum_powers (const Group *self, guint block, guint power)
{
  guint columns[YV8_BLOCK_IN];
  guint m = yv8_blocks_columns (self->blocks, block, columns);
  double sum = 0;

  for (guint row = 0; row < self->n_rows; row++)
    for (guint i = 0; i < m; i++) {
      double weight = fabs (self->weights[(gsize) row * self->blocks->n + columns[i]]);
      sum += power == 1 ? weight : weight * weight;
    }
  return sum;
}

static double
score_l1 (const Group *self, guint block)
{
  return sum_powers (self, block, 1);
}

static double
score_l2 (const Group *self, guint block)
{
  return sum_powers (self, block, 2);
}

/* The same for the same layer and group, of any network. */
static double
score_random (const Group *self, guint block)
{
  guint32 seed[] = { g_str_hash (self->blocks->op->name), self->index, block };
  g_autoptr (GRand) rand = g_rand_new_with_seed_array (seed, G_N_ELEMENTS (seed));

  return g_rand_double (rand);
}

static const Criterion CRITERIA[YV8_N_CRITERIA] = {
  [YV8_CRITERION_OBS] = { TRUE, score_obs },
  [YV8_CRITERION_L1] = { FALSE, score_l1 },
  [YV8_CRITERION_L2] = { FALSE, score_l2 },
  [YV8_CRITERION_RANDOM] = { FALSE, score_random },
};

/* Without @inverse nothing is made good. */
static gboolean
group_init (Group *self, const double *inverse, guint n, GError **error)
{
  const Yv8Blocks *blocks = self->blocks;

  self->units = yv8_units_new (blocks->n_blocks, blocks->n);
  for (guint i = 0; i < blocks->n_blocks; i++) {
    guint *first = &self->units.first[i];
    first[1] = first[0];
    first[1] += yv8_blocks_columns (blocks, i, self->units.columns + first[0]);
  }
  self->removed = g_new0 (gboolean, blocks->n_blocks);
  self->scores = g_new0 (double, blocks->n_blocks);
  if (inverse)
    self->elimination = yv8_elimination_new (
        &self->units, n, blocks->n, inverse, self->weights, self->n_rows, error);
  if (!inverse || self->elimination)
    return TRUE;
  g_prefix_error (error, "layer '%s': ", blocks->op->name);
  return FALSE;
}

static void
group_clear (Group *self)
{
  g_clear_pointer (&self->elimination, yv8_elimination_free);
  yv8_units_clear (&self->units);
  g_free (self->removed);
  g_free (self->scores);
}

static void
clear_block (Group *self, guint block)
{
  guint columns[YV8_BLOCK_IN];
  guint m = yv8_blocks_columns (self->blocks, block, columns);

  for (guint row = 0; row < self->n_rows; row++)
    for (guint i = 0; i < m; i++)
      self->weights[(gsize) row * self->blocks->n + columns[i]] = 0;
}

static guint
find_least (const Group *self)
{
  guint least = G_MAXUINT;

  for (guint i = 0; i < self->blocks->n_blocks; i++)
    if (!self->removed[i] && (least == G_MAXUINT || self->scores[i] < self->scores[least]))
      least = i;
  return least;
}

static void
remove_blocks (Group *self, const Criterion *criterion, guint n, double *costs)
{
  for (guint i = 0; i < n; i++) {
    for (guint block = 0; block < self->blocks->n_blocks; block++)
      if (!self->removed[block] && (i == 0 || criterion->compensates))
        self->scores[block] = criterion->score (self, block);
    guint least = find_least (self);
    if (costs)
      costs[i] = self->scores[least];
    self->removed[least] = TRUE;
    if (criterion->compensates)
      yv8_elimination_remove (self->elimination, least);
    else
      clear_block (self, least);
  }
  if (criterion->compensates)
    yv8_elimination_end (self->elimination);
}

gboolean
yv8_blocks_remove (const Yv8Blocks *blocks, Yv8Criterion index, const double *inverse,
    double *weights, guint group, guint n, double *costs, GError **error)
{
  const Criterion *criterion = &CRITERIA[index];
  guint first, end;
  Group self = { .blocks = blocks, .index = group };

  n = MIN (n, blocks->n_blocks);
  yv8_blocks_rows (blocks, group, &first, &end);
  self.weights = weights + (gsize) first * blocks->n;
  self.n_rows = end - first;
  gboolean good = group_init (&self, criterion->compensates ? inverse : NULL, n, error);
  if (good)
    remove_blocks (&self, criterion, n, costs);
  group_clear (&self);
  return good;
}

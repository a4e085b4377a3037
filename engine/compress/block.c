/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Blocks of weights, removed greedily. */
#include <math.h>
#include <string.h>

#include "compress/block.h"

typedef double Corner[YV8_BLOCK_IN][YV8_BLOCK_IN]; /* G_bb of a block */

typedef struct {
  const Yv8Blocks *blocks;
  const double *inverse;
  double *weights; /* of the group's first row */
  guint index;     /* of the group */
  guint n_rows;
  gboolean *removed; /* of each block */
  double *scores;
  Corner *corners;
  float *v;     /* [n_v][n]: G is inverse - V^T V */
  float *pivot; /* [n_v][YV8_BLOCK_IN]: scratch */
  guint n_v;
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

/* Cholesky and forward substitution, of a block. */
static double
score_obs (const Group *self, guint block)
{
  guint columns[YV8_BLOCK_IN];
  guint m = yv8_blocks_columns (self->blocks, block, columns);
  Corner l;
  double sum = 0;

  for (guint i = 0; i < m; i++)
    for (guint j = 0; j <= i; j++) {
      l[i][j] = self->corners[block][i][j];
      for (guint k = 0; k < j; k++)
        l[i][j] -= l[i][k] * l[j][k];
      l[i][j] = i == j ? sqrt (MAX (l[i][i], 1e-30)) : l[i][j] / l[j][j];
    }
  for (guint row = 0; row < self->n_rows; row++) {
    double x[YV8_BLOCK_IN];
    for (guint i = 0; i < m; i++) {
      x[i] = self->weights[(gsize) row * self->blocks->n + columns[i]];
      for (guint k = 0; k < i; k++)
        x[i] -= l[i][k] * x[k];
      x[i] /= l[i][i];
      sum += x[i] * x[i];
    }
  }
  return sum;
}

static double
score_magnitude (const Group *self, guint block)
{
  guint columns[YV8_BLOCK_IN];
  guint m = yv8_blocks_columns (self->blocks, block, columns);
  double sum = 0;

  for (guint row = 0; row < self->n_rows; row++)
    for (guint i = 0; i < m; i++) {
      double weight = self->weights[(gsize) row * self->blocks->n + columns[i]];
      sum += weight * weight;
    }
  return sum;
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
  [YV8_CRITERION_MAGNITUDE] = { FALSE, score_magnitude },
  [YV8_CRITERION_RANDOM] = { FALSE, score_random },
};

static gboolean
group_init (Group *self, const Yv8Blocks *blocks, const double *inverse, guint n, GError **error)
{
  gsize columns = blocks->n, most = (gsize) n * YV8_BLOCK_IN;

  self->blocks = blocks;
  self->inverse = inverse;
  self->removed = g_try_new0 (gboolean, blocks->n_blocks);
  self->scores = g_try_new0 (double, blocks->n_blocks);
  self->corners = g_try_new0 (Corner, blocks->n_blocks);
  self->v = g_try_new (float, (most + YV8_BLOCK_IN) * (inverse ? columns : 0) + 1);
  self->pivot = g_try_new (float, most *YV8_BLOCK_IN + 1);
  if (self->removed && self->scores && self->corners && self->v && self->pivot)
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY,
      "not enough memory to remove blocks of layer '%s'", blocks->op->name);
  return FALSE;
}

static void
group_clear (Group *self)
{
  g_free (self->removed);
  g_free (self->scores);
  g_free (self->corners);
  g_free (self->v);
  g_free (self->pivot);
}

static void
fill_corners (Group *self)
{
  for (guint block = 0; block < self->blocks->n_blocks; block++) {
    guint columns[YV8_BLOCK_IN];
    guint m = yv8_blocks_columns (self->blocks, block, columns);
    for (guint i = 0; i < m; i++)
      for (guint j = 0; j < m; j++)
        self->corners[block][i][j] =
            self->inverse[(gsize) columns[i] * self->blocks->n + columns[j]];
  }
}

/* y [YV8_BLOCK_IN][n] -= by [n_v][YV8_BLOCK_IN] v [n_v][n] */
static void
subtract (float *restrict y, const float *restrict by, const float *restrict v, gsize n, guint n_v)
{
  for (guint k = 0; k < n_v; k++, v += n, by += YV8_BLOCK_IN)
    for (gsize j = 0; j < n; j++) {
      y[j] -= by[0] * v[j];
      y[n + j] -= by[1] * v[j];
      y[2 * n + j] -= by[2] * v[j];
      y[3 * n + j] -= by[3] * v[j];
    }
}

/* Appends to V the rows of @block's columns: those of G, orthogonalised. */
static void
factorize (Group *self, const guint *columns, guint m)
{
  gsize n = self->blocks->n;
  float *rows = self->v + self->n_v * n;

  for (guint i = 0; i < YV8_BLOCK_IN; i++) {
    const double *inverse = self->inverse + columns[MIN (i, m - 1)] * n;
    for (gsize j = 0; j < n; j++)
      rows[i * n + j] = (float) inverse[j];
    for (guint k = 0; k < self->n_v; k++)
      self->pivot[k * YV8_BLOCK_IN + i] = self->v[k * n + columns[MIN (i, m - 1)]];
  }
  subtract (rows, self->pivot, self->v, n, self->n_v);
  for (guint i = 0; i < m; i++) {
    float *row = rows + i * n;
    for (guint k = 0; k < i; k++) {
      float by = rows[k * n + columns[i]];
      for (gsize j = 0; j < n; j++)
        row[j] -= by * rows[k * n + j];
    }
    float scale = 1 / sqrtf (MAX (row[columns[i]], 1e-30f));
    for (gsize j = 0; j < n; j++)
      row[j] *= scale;
  }
  self->n_v += m;
}

/* Takes the last @m rows of V off the weights and corners. */
static void
compensate (Group *self, const guint *columns, guint m)
{
  guint n = self->blocks->n;
  const float *v = self->v + (gsize) (self->n_v - m) * n;

  for (guint i = 0; i < m; i++)
    for (guint row = 0; row < self->n_rows; row++) {
      double *weights = self->weights + (gsize) row * n;
      double by = weights[columns[i]] / (double) v[(gsize) i * n + columns[i]];
      for (guint j = 0; j < n; j++)
        weights[j] -= by * (double) v[(gsize) i * n + j];
    }
  for (guint block = 0; block < self->blocks->n_blocks; block++) {
    guint own[YV8_BLOCK_IN];
    guint m_own = yv8_blocks_columns (self->blocks, block, own);
    for (guint k = 0; k < m && !self->removed[block]; k++)
      for (guint i = 0; i < m_own; i++)
        for (guint j = 0; j < m_own; j++)
          self->corners[block][i][j] -=
              (double) v[(gsize) k * n + own[i]] * (double) v[(gsize) k * n + own[j]];
  }
}

static void
remove_block (Group *self, guint block, gboolean compensates)
{
  guint columns[YV8_BLOCK_IN];
  guint m = yv8_blocks_columns (self->blocks, block, columns);

  self->removed[block] = TRUE;
  if (compensates) {
    factorize (self, columns, m);
    compensate (self, columns, m);
  }
}

/* Also what rounding left. */
static void
clear_removed (Group *self)
{
  for (guint block = 0; block < self->blocks->n_blocks; block++) {
    guint columns[YV8_BLOCK_IN];
    guint m = self->removed[block] ? yv8_blocks_columns (self->blocks, block, columns) : 0;
    for (guint row = 0; row < self->n_rows; row++)
      for (guint i = 0; i < m; i++)
        self->weights[(gsize) row * self->blocks->n + columns[i]] = 0;
  }
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
    remove_block (self, least, criterion->compensates);
  }
  clear_removed (self);
}

gboolean
yv8_blocks_remove (const Yv8Blocks *blocks, Yv8Criterion index, const double *inverse,
    double *weights, guint group, guint n, double *costs, GError **error)
{
  const Criterion *criterion = &CRITERIA[index];
  guint first, end;
  Group self = { 0 };

  n = MIN (n, blocks->n_blocks);
  yv8_blocks_rows (blocks, group, &first, &end);
  self.weights = weights + (gsize) first * blocks->n;
  self.n_rows = end - first;
  self.index = group;
  gboolean good = group_init (&self, blocks, criterion->compensates ? inverse : NULL, n, error);
  if (good && criterion->compensates)
    fill_corners (&self);
  if (good)
    remove_blocks (&self, criterion, n, costs);
  group_clear (&self);
  return good;
}

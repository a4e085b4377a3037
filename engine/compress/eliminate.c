/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Elimination of columns by a growing Cholesky decomposition. */
#include "compress/eliminate.h"

#include <math.h>

#define BATCH 4 /* columns that are removed at once */

struct _Yv8Elimination {
  const Yv8Units *units;
  guint n, n_rows;
  const double *inverse;
  double *weights;
  gboolean *removed; /* of each unit */
  gsize *at;         /* of each unit, in corners */
  double *corners;   /* G_bb of each unit */
  double *scratch;   /* for one corner and one row of it */
  float *v;          /* [n_v][n]: G is inverse - V^T V */
  float *pivot;      /* [n_v][BATCH]: scratch */
  guint n_v;
};

Yv8Units
yv8_units_new (guint n, guint most)
{
  return (Yv8Units){ n, g_new0 (guint, n + 1), g_new (guint, most + 1) };
}

void
yv8_units_clear (Yv8Units *self)
{
  g_free (self->first);
  g_free (self->columns);
}

static guint
size_of (const Yv8Units *units, guint unit)
{
  return units->first[unit + 1] - units->first[unit];
}

/* The matrix of all corners and room for V; none of it is filled. */
static gboolean
allocate (Yv8Elimination *self, guint most)
{
  gsize n_corners = 0, largest = 1;

  self->removed = g_try_new0 (gboolean, self->units->n + 1);
  self->at = g_try_new (gsize, self->units->n + 1);
  for (guint i = 0; self->at && i < self->units->n; i++) {
    gsize m = size_of (self->units, i);
    self->at[i] = n_corners;
    n_corners += m * m;
    largest = MAX (largest, m);
  }
  gsize columns = MIN (largest * most, self->units->first[self->units->n]);
  self->corners = g_try_new (double, n_corners + 1);
  self->scratch = g_try_new (double, largest *(largest + 1));
  self->v = g_try_new (float, (columns + BATCH) * self->n);
  self->pivot = g_try_new (float, columns *BATCH + 1);
  return self->removed && self->at && self->corners && self->scratch && self->v && self->pivot;
}

Yv8Elimination *
yv8_elimination_new (const Yv8Units *units, guint most, guint n, const double *inverse,
    double *weights, guint rows, GError **error)
{
  g_autoptr (Yv8Elimination) self = g_new0 (Yv8Elimination, 1);

  self->units = units;
  self->n = n;
  self->n_rows = rows;
  self->inverse = inverse;
  self->weights = weights;
  if (!allocate (self, most)) {
    g_set_error_literal (
        error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory to remove columns of weights");
    return NULL;
  }
  for (guint unit = 0; unit < units->n; unit++) {
    const guint *columns = units->columns + units->first[unit];
    guint m = size_of (units, unit);
    for (guint i = 0; i < m; i++)
      for (guint j = 0; j < m; j++)
        self->corners[self->at[unit] + i * m + j] = inverse[(gsize) columns[i] * n + columns[j]];
  }
  return g_steal_pointer (&self);
}

void
yv8_elimination_free (Yv8Elimination *self)
{
  if (!self)
    return;
  g_free (self->removed);
  g_free (self->at);
  g_free (self->corners);
  g_free (self->scratch);
  g_free (self->v);
  g_free (self->pivot);
  g_free (self);
}

/* Cholesky and forward substitution; inlined for the usual m. */
static inline __attribute__ ((always_inline)) double
cost_of (const Yv8Elimination *self, guint unit, guint m)
{
  const guint *columns = self->units->columns + self->units->first[unit];
  const double *corner = self->corners + self->at[unit];
  double *l = self->scratch, *x = l + m * m, sum = 0;

  for (guint i = 0; i < m; i++)
    for (guint j = 0; j <= i; j++) {
      l[i * m + j] = corner[i * m + j];
      for (guint k = 0; k < j; k++)
        l[i * m + j] -= l[i * m + k] * l[j * m + k];
      l[i * m + j] = i == j ? sqrt (MAX (l[i * m + i], 1e-30)) : l[i * m + j] / l[j * m + j];
    }
  for (guint row = 0; row < self->n_rows; row++)
    for (guint i = 0; i < m; i++) {
      x[i] = self->weights[(gsize) row * self->n + columns[i]];
      for (guint k = 0; k < i; k++)
        x[i] -= l[i * m + k] * x[k];
      x[i] /= l[i * m + i];
      sum += x[i] * x[i];
    }
  return sum;
}

double
yv8_elimination_cost (const Yv8Elimination *self, guint unit)
{
  guint m = size_of (self->units, unit);

  switch (m) {
  case 1:
    return cost_of (self, unit, 1);
  case 4:
    return cost_of (self, unit, 4);
  case 9:
    return cost_of (self, unit, 9);
  default:
    return cost_of (self, unit, m);
  }
}

/* y [BATCH][n] -= by [n_v][BATCH] v [n_v][n] */
static void
subtract (float *restrict y, const float *restrict by, const float *restrict v, gsize n, guint n_v)
{
  for (guint k = 0; k < n_v; k++, v += n, by += BATCH)
    for (gsize j = 0; j < n; j++) {
      y[j] -= by[0] * v[j];
      y[n + j] -= by[1] * v[j];
      y[2 * n + j] -= by[2] * v[j];
      y[3 * n + j] -= by[3] * v[j];
    }
}

/* Appends to V the rows of at most BATCH columns: those of G, orthogonalised. */
static void
factorize (Yv8Elimination *self, const guint *columns, guint m)
{
  gsize n = self->n;
  float *rows = self->v + self->n_v * n;

  for (guint i = 0; i < BATCH; i++) {
    const double *inverse = self->inverse + columns[MIN (i, m - 1)] * n;
    for (gsize j = 0; j < n; j++)
      rows[i * n + j] = (float) inverse[j];
    for (guint k = 0; k < self->n_v; k++)
      self->pivot[k * BATCH + i] = self->v[k * n + columns[MIN (i, m - 1)]];
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
compensate (Yv8Elimination *self, const guint *columns, guint m)
{
  guint n = self->n;
  const float *v = self->v + (gsize) (self->n_v - m) * n;

  for (guint i = 0; i < m; i++)
    for (guint row = 0; row < self->n_rows; row++) {
      double *weights = self->weights + (gsize) row * n;
      double by = weights[columns[i]] / (double) v[(gsize) i * n + columns[i]];
      for (guint j = 0; j < n; j++)
        weights[j] -= by * (double) v[(gsize) i * n + j];
    }
  for (guint unit = 0; unit < self->units->n; unit++) {
    const guint *own = self->units->columns + self->units->first[unit];
    guint m_own = size_of (self->units, unit);
    double *corner = self->corners + self->at[unit];
    for (guint k = 0; k < m && !self->removed[unit]; k++)
      for (guint i = 0; i < m_own; i++)
        for (guint j = 0; j < m_own; j++)
          corner[i * m_own + j] -=
              (double) v[(gsize) k * n + own[i]] * (double) v[(gsize) k * n + own[j]];
  }
}

void
yv8_elimination_remove (Yv8Elimination *self, guint unit)
{
  const guint *columns = self->units->columns + self->units->first[unit];
  guint n = size_of (self->units, unit);

  self->removed[unit] = TRUE;
  for (guint i = 0; i < n; i += BATCH) {
    guint m = MIN (BATCH, n - i);
    factorize (self, columns + i, m);
    compensate (self, columns + i, m);
  }
}

void
yv8_elimination_end (Yv8Elimination *self)
{
  for (guint unit = 0; unit < self->units->n; unit++) {
    const guint *columns = self->units->columns + self->units->first[unit];
    guint m = self->removed[unit] ? size_of (self->units, unit) : 0;
    for (guint row = 0; row < self->n_rows; row++)
      for (guint i = 0; i < m; i++)
        self->weights[(gsize) row * self->n + columns[i]] = 0;
  }
}

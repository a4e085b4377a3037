/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The walk over columns with error feedback. */
#include "compress/feedback.h"

#include <lapacke.h>
#include <math.h>

static gboolean
fail_memory (GError **error)
{
  g_set_error_literal (
      error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory to round columns of weights");
  return FALSE;
}

static int
compare (gconstpointer a, gconstpointer b, gpointer rank)
{
  guint i = *(const guint *) a, j = *(const guint *) b;
  double difference = ((const double *) rank)[j] - ((const double *) rank)[i];

  return difference > 0 ? 1 : difference < 0 ? -1 : i < j ? -1 : i > j;
}

gboolean
yv8_feedback_init (
    Yv8Feedback *self, guint n, const double *inverse, const double *rank, GError **error)
{
  *self = (Yv8Feedback){ n, g_try_new (guint, n), g_try_new (double, (gsize) n *n) };
  if (!self->order || !self->factor)
    return fail_memory (error);
  for (guint i = 0; i < n; i++)
    self->order[i] = i;
  g_qsort_with_data (self->order, (gint) n - 1, sizeof (guint), compare, (gpointer) rank);
  for (gsize i = 0; i < n; i++) {
    const double *row = inverse + (gsize) self->order[i] * n;
    for (gsize j = i; j < n; j++)
      self->factor[i * n + j] = row[self->order[j]];
  }
  /* LAPACK's lower triangle, column by column, is our upper one, row by row. */
  if (LAPACKE_dpotrf (LAPACK_COL_MAJOR, 'L', (lapack_int) n, self->factor, (lapack_int) n) == 0)
    return TRUE;
  g_set_error_literal (error, YV8_ERROR, YV8_ERROR_FORMAT,
      "the statistics cannot be solved: columns depend on each other");
  return FALSE;
}

void
yv8_feedback_clear (Yv8Feedback *self)
{
  g_clear_pointer (&self->order, g_free);
  g_clear_pointer (&self->factor, g_free);
}

/* Takes what the errors of the column at @place do off all columns to come. */
static void
feed_back (const Yv8Feedback *self, double *values, guint rows, guint place, const double *errors)
{
  const double *factor = self->factor + (gsize) place * self->n;

  for (guint j = place + 1; j < self->n; j++)
    for (guint row = 0; row < rows; row++)
      values[(gsize) j * rows + row] -= errors[row] * factor[j];
}

gboolean
yv8_feedback_walk (const Yv8Feedback *self, double *weights, guint rows, Yv8RoundFunc func,
    gpointer data, GError **error)
{
  gsize n = self->n;
  g_autofree double *values = g_try_new (double, n *rows); /* in the order of the walk */
  g_autofree double *errors = g_try_new (double, rows);
  g_autofree double *rounded = g_try_new (double, rows);

  if (!values || !errors || !rounded)
    return fail_memory (error);
  for (gsize i = 0; i < n; i++)
    for (gsize row = 0; row < rows; row++)
      values[i * rows + row] = weights[row * n + self->order[i]];
  for (gsize i = 0; i < n - 1; i++) {
    func (data, self, (guint) i, values + i * rows, rounded);
    for (gsize row = 0; row < rows; row++) {
      errors[row] = (values[i * rows + row] - rounded[row]) / self->factor[i * n + i];
      values[i * rows + row] = rounded[row];
    }
    feed_back (self, values, rows, (guint) i, errors);
  }
  for (gsize i = 0; i < n; i++)
    for (gsize row = 0; row < rows; row++)
      weights[row * n + self->order[i]] = values[i * rows + row];
  return TRUE;
}

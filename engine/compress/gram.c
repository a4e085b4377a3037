/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gram statistics: sums by the float matrix product, solved in double by LAPACK. */
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "compress/gram.h"
#include "cpu/product.h"

#define STRIP 64 /* rows of XX that are added at once */

static guint
n_columns (const Yv8Op *op)
{
  return op->in[0].channels * op->window.kernel_h * op->window.kernel_w + 1;
}

gsize
yv8_gram_size (const Yv8Op *op)
{
  gsize n = n_columns (op), rows = op->out.channels;

  return (n * n + n * rows) * sizeof (float) + rows * sizeof (double);
}

Yv8Gram *
yv8_gram_new (const Yv8Op *op, GError **error)
{
  g_autoptr (Yv8Gram) self = g_new0 (Yv8Gram, 1);

  self->n = n_columns (op);
  self->rows = op->out.channels;
  self->xx = g_try_new0 (float, (gsize) self->n * self->n);
  self->yx = g_try_new0 (float, (gsize) self->n * self->rows);
  self->yy = g_try_new0 (double, self->rows);
  if (self->xx && self->yx && self->yy)
    return g_steal_pointer (&self);
  g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY,
      "not enough memory for the statistics of layer '%s'", op->name);
  return NULL;
}

void
yv8_gram_free (Yv8Gram *self)
{
  if (!self)
    return;
  g_free (self->xx);
  g_free (self->yx);
  g_free (self->yy);
  g_free (self);
}

static gboolean
fail_memory (GError **error)
{
  g_set_error_literal (
      error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory to solve for weights");
  return FALSE;
}

typedef struct {
  Yv8Gram *gram;
  const Yv8CpuKernels *kernels;
  const float *x, *y;
  float *transposed; /* x */
  float *scratch;    /* of each lane: [STRIP][n] */
  guint count;
  gint status;
} Addition;

/* STRIP rows of XX, from the diagonal on, or of YX. */
static void
add_strip (gpointer data, guint lane, guint task)
{
  Addition *self = data;
  gsize n = self->gram->n, strips = (n + STRIP - 1) / STRIP;
  gboolean is_xx = task < strips;
  gsize first = (is_xx ? task : task - strips) * STRIP, column = is_xx ? first : 0;
  gsize rows = MIN (STRIP, (is_xx ? n : self->gram->rows) - first), width = n - column;
  const float *a = (is_xx ? self->x : self->y) + first * self->count;
  float *sums = (is_xx ? self->gram->xx : self->gram->yx) + first * n + column;
  float *scratch = self->scratch + lane * n * STRIP;
  Yv8CpuStatus status = yv8_cpu_product (
      self->kernels, scratch, width, a, self->transposed + column, n, rows, self->count, width);

  if (status != YV8_CPU_DONE)
    g_atomic_int_set (&self->status, status);
  for (gsize i = 0; i < rows && status == YV8_CPU_DONE; i++)
    for (gsize j = 0; j < width; j++)
      sums[i * n + j] += scratch[i * width + j];
}

gboolean
yv8_gram_add (Yv8Gram *self, const Yv8CpuKernels *kernels, Yv8Pool *pool, const float *x,
    const float *y, guint count, GError **error)
{
  gsize n = self->n;
  g_autofree float *transposed = g_try_new (float, n *count);
  g_autofree float *scratch = g_try_new (float, yv8_pool_n_lanes (pool) * n * STRIP);
  Addition addition = { self, kernels, x, y, transposed, scratch, count, YV8_CPU_DONE };

  if (!transposed || !scratch)
    return fail_memory (error);
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < count; j++)
      transposed[j * n + i] = x[i * count + j];
  yv8_pool_run (
      pool, add_strip, &addition, (self->n + STRIP - 1) / STRIP + (self->rows + STRIP - 1) / STRIP);
  if (addition.status == YV8_CPU_NO_MEMORY)
    return fail_memory (error);
  if (addition.status != YV8_CPU_DONE) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_DEVICE, "the matrix product failed");
    return FALSE;
  }
  for (gsize i = 0; i < self->rows; i++)
    for (gsize j = 0; j < count; j++)
      self->yy[i] += (double) y[i * count + j] * (double) y[i * count + j];
  self->n_places += count;
  return TRUE;
}

static double
lambda_of (const Yv8Gram *self)
{
  double sum = 0;

  for (gsize i = 0; i < self->n; i++)
    sum += (double) self->xx[i * self->n + i];
  return MAX (YV8_GRAM_DAMPING * sum / self->n, 1e-12);
}

double *
yv8_gram_inverse (const Yv8Gram *self, GError **error)
{
  gsize n = self->n;
  double lambda = lambda_of (self);
  g_autofree double *inverse = g_try_new (double, n *n);

  if (!inverse) {
    fail_memory (error);
    return NULL;
  }
  /* Of the symmetric matrix LAPACK takes the lower triangle, column by column: our upper one, row
   * by row. */
  for (gsize i = 0; i < n; i++)
    for (gsize j = i; j < n; j++)
      inverse[i * n + j] = (double) self->xx[i * n + j] + (i == j ? lambda : 0);
  if (LAPACKE_dpotrf (LAPACK_COL_MAJOR, 'L', (lapack_int) n, inverse, (lapack_int) n) != 0 ||
      LAPACKE_dpotri (LAPACK_COL_MAJOR, 'L', (lapack_int) n, inverse, (lapack_int) n) != 0) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_FORMAT,
        "the statistics cannot be solved: feature maps have values that are not finite");
    return NULL;
  }
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < i; j++)
      inverse[i * n + j] = inverse[j * n + i];
  return g_steal_pointer (&inverse);
}

void
yv8_gram_fit (const Yv8Gram *self, const double *inverse, const Yv8Op *op, double *fit)
{
  gsize n = self->n;
  double lambda = lambda_of (self);

  memset (fit, 0, n * self->rows * sizeof (double));
  for (gsize row = 0; row < self->rows; row++)
    for (gsize i = 0; i < n; i++) {
      float weight = i == n - 1 ? op->bias[row] : op->weights[row * (n - 1) + i];
      double by = (double) self->yx[row * n + i] + lambda * (double) weight;
      for (gsize j = 0; j < n; j++)
        fit[row * n + j] += by * inverse[i * n + j];
    }
}

double
yv8_gram_error (const Yv8Gram *self, guint row, const double *weights)
{
  gsize n = self->n;
  double sum = self->yy[row];

  for (gsize i = 0; i < n; i++) {
    double product = (double) self->xx[i * n + i] * weights[i];
    for (gsize j = i + 1; j < n; j++)
      product += 2 * (double) self->xx[i * n + j] * weights[j];
    sum += weights[i] * (product - 2 * (double) self->yx[row * n + i]);
  }
  return sum;
}

/* Of what @weights give: the sum over the places. */
static double
sum_of (const Yv8Gram *self, const double *weights)
{
  gsize n = self->n;
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += weights[i] * (double) self->xx[i * n + n - 1];
  return sum;
}

void
yv8_gram_match (const Yv8Gram *self, guint row, double *weights)
{
  gsize n = self->n;
  const float *yx = self->yx + row * n;
  double places = (double) MAX (self->n_places, 1), wanted = (double) yx[n - 1], product = 0;

  for (gsize i = 0; i < n; i++)
    product += weights[i] * (double) yx[i];
  double sum = sum_of (self, weights);
  double squares = yv8_gram_error (self, row, weights) - self->yy[row] + 2 * product;
  double have = squares - sum * sum / places, want = self->yy[row] - wanted * wanted / places;
  if (!(have > 1e-6 * want && want > 0))
    return;
  for (gsize i = 0; i < n - 1; i++)
    weights[i] *= sqrt (want / have);
  weights[n - 1] += (wanted - sum_of (self, weights)) / places;
}

double
yv8_gram_variance (const Yv8Gram *self)
{
  double sum = 0;

  for (gsize row = 0; row < self->rows; row++) {
    double mean = (double) self->yx[row * self->n + self->n - 1];
    sum += self->yy[row] - mean * mean / (double) MAX (self->n_places, 1);
  }
  return sum;
}

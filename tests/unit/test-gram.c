/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gram statistics, and blocks of weights removed by them, against solutions by brute force. */
#include <math.h>
#include <string.h>

#include "compress/block.h"
#include "compress/eliminate.h"
#include "graphs.h"
#include "testing.h"

static const Yv8Window K3 = { 3, 3, 1, 1 };

/* A convolution of its own, with @channels from channel @from on. */
static Yv8Graph *
make_layer (GRand *rand, guint from, guint channels, guint to, guint outputs, Yv8Window window)
{
  Yv8Graph *graph = yv8_graph_new ();

  test_graph_input (graph, from + channels);
  yv8_graph_add_buffer (graph, to + outputs);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 0, from, channels }, (Yv8Slice){ 1, to, outputs },
      window, rand);
  return graph;
}

/* [n][count], of columns that depend on each other, and a last row of ones. */
static float *
make_columns (GRand *rand, guint n, guint count)
{
  float *x = g_new (float, (gsize) n *count);

  for (guint j = 0; j < count; j++)
    for (guint i = 0; i < n; i++) {
      float fresh = (float) g_rand_double_range (rand, -1, 1);
      x[i * count + j] = i == 0 ? fresh : 0.8f * x[(i - 1) * count + j] + 0.5f * fresh;
    }
  for (guint j = 0; j < count; j++)
    x[(n - 1) * count + j] = 1;
  return x;
}

static float *
multiply (const Yv8Op *op, const float *x, guint n, guint count)
{
  float *y = g_new (float, (gsize) op->out.channels *count);

  for (guint row = 0; row < op->out.channels; row++)
    for (guint j = 0; j < count; j++) {
      double sum = (double) op->bias[row];
      for (guint i = 0; i < n - 1; i++)
        sum += (double) op->weights[row * (n - 1) + i] * (double) x[i * count + j];
      y[row * count + j] = (float) sum;
    }
  return y;
}

static Yv8Gram *
make_gram (const Yv8Op *op, const float *x, const float *y, guint count)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Pool) pool = yv8_pool_new (2, &error);
  Yv8Gram *gram = yv8_gram_new (op, &error);
  guint half = count / 2;
  gsize n = gram->n;
  g_autofree float *part_x = g_new (float, n *count);
  g_autofree float *part_y = g_new (float, gram->rows *(gsize) count);

  g_assert_no_error (error);
  for (guint part = 0; part < 2; part++) { /* sums go on */
    guint from = part * half, m = part ? count - half : half;
    for (gsize i = 0; i < n; i++)
      memcpy (part_x + i * m, x + i * count + from, m * sizeof (float));
    for (gsize i = 0; i < gram->rows; i++)
      memcpy (part_y + i * m, y + i * count + from, m * sizeof (float));
    yv8_gram_add (gram, yv8_cpu_kernels (), pool, part_x, part_y, m, &error);
    g_assert_no_error (error);
  }
  return gram;
}

/* Gauss with pivots: a [n][n + 1] becomes the solution in its last column. */
static void
solve (double *a, guint n)
{
  gsize w = n + 1;

  for (guint k = 0; k < n; k++) {
    guint pivot = k;
    for (guint i = k + 1; i < n; i++)
      if (fabs (a[i * w + k]) > fabs (a[pivot * w + k]))
        pivot = i;
    for (gsize j = 0; j < w; j++) {
      double other = a[k * w + j];
      a[k * w + j] = a[pivot * w + j];
      a[pivot * w + j] = other;
    }
    for (guint i = 0; i < n; i++)
      for (gsize j = w; i != k && j-- > k;)
        a[i * w + j] -= a[i * w + k] / a[k * w + k] * a[k * w + j];
  }
  for (guint k = 0; k < n; k++)
    a[k * w + n] /= a[k * w + k];
}

typedef struct {
  guint n, rows, count;
  const float *x, *y;
  const Yv8Op *op;
  double lambda;
} Problem;

static double
weight_of (const Problem *p, guint row, guint i)
{
  return (double) (i == p->n - 1 ? p->op->bias[row] : p->op->weights[row * (p->n - 1) + i]);
}

/* The least of sum (w x - y)^2 + lambda |w - w0|^2 with w only where @live. */
static double
fit_row (const Problem *p, guint row, const gboolean *live, double *weights)
{
  g_autofree guint *columns = g_new (guint, p->n);
  guint m = 0;

  for (guint i = 0; i < p->n; i++)
    if (live[i])
      columns[m++] = i;
  g_autofree double *a = g_new0 (double, (gsize) m *(m + 1));
  for (guint i = 0; i < m; i++) {
    for (guint k = 0; k < p->count; k++) {
      double x = (double) p->x[columns[i] * p->count + k];
      for (guint j = 0; j < m; j++)
        a[i * (m + 1) + j] += x * (double) p->x[columns[j] * p->count + k];
      a[i * (m + 1) + m] += x * (double) p->y[row * p->count + k];
    }
    a[i * (m + 1) + i] += p->lambda;
    a[i * (m + 1) + m] += p->lambda * weight_of (p, row, columns[i]);
  }
  solve (a, m);
  memset (weights, 0, p->n * sizeof (double));
  for (guint i = 0; i < m; i++)
    weights[columns[i]] = a[i * (m + 1) + m];
  double sum = 0;
  for (guint k = 0; k < p->count; k++) {
    double error = -(double) p->y[row * p->count + k];
    for (guint i = 0; i < p->n; i++)
      error += weights[i] * (double) p->x[i * p->count + k];
    sum += error * error;
  }
  for (guint i = 0; i < p->n; i++)
    sum += p->lambda * (weights[i] - weight_of (p, row, i)) * (weights[i] - weight_of (p, row, i));
  return sum;
}

static Problem
make_problem (const Yv8Op *op, const float *x, const float *y, guint count)
{
  Problem p = { op->in[0].channels * op->window.kernel_h * op->window.kernel_w + 1,
    op->out.channels, count, x, y, op, 0 };

  for (guint i = 0; i < p.n * count; i++)
    p.lambda += (double) x[i] * (double) x[i] * YV8_GRAM_DAMPING / p.n;
  return p;
}

static void
test_gram (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_layer (rand, 0, 9, 0, 70, K3);
  const Yv8Op *op = yv8_graph_op (graph, 1);
  guint n = 82, count = 150;
  g_autofree float *x = make_columns (rand, n, count);
  g_autofree float *y = multiply (op, x, n, count);
  for (guint i = 0; i < op->out.channels * count; i++)
    y[i] += (float) g_rand_double_range (rand, -0.5, 0.5);
  g_autoptr (Yv8Gram) gram = make_gram (op, x, y, count);
  g_autoptr (GError) error = NULL;
  g_autofree double *inverse = yv8_gram_inverse (gram, &error);
  g_autofree double *fit = g_new (double, (gsize) n * op->out.channels);
  g_autofree double *weights = g_new (double, n);
  g_autofree gboolean *live = g_new (gboolean, n);
  const Problem p = make_problem (op, x, y, count);

  g_assert_no_error (error);
  g_assert_cmpuint (gram->n, ==, n);
  g_assert_cmpuint (gram->n_places, ==, count);
  yv8_gram_fit (gram, inverse, op, fit);
  for (guint i = 0; i < n; i++)
    live[i] = TRUE;
  for (guint row = 0; row < op->out.channels; row += 23) {
    double least = fit_row (&p, row, live, weights), change = 0;
    for (guint i = 0; i < n; i++) {
      g_assert_cmpfloat_with_epsilon (fit[row * n + i], weights[i], 1e-3);
      change += pow (weights[i] - weight_of (&p, row, i), 2);
    }
    double found = yv8_gram_error (gram, row, weights) + p.lambda * change;
    g_assert_cmpfloat_with_epsilon (found, least, 1e-2);
  }
}

/* The error of all rows of a group, solved anew. */
static double
group_error (const Problem *p, guint first, guint end, const gboolean *live, double *weights)
{
  double sum = 0;

  for (guint row = first; row < end; row++)
    sum += fit_row (p, row, live, weights + (gsize) row * p->n);
  return sum;
}

static void
set_live (const Yv8Blocks *blocks, guint block, gboolean *live, gboolean value)
{
  guint columns[YV8_BLOCK_IN];
  guint m = yv8_blocks_columns (blocks, block, columns);

  for (guint i = 0; i < m; i++)
    live[columns[i]] = value;
}

/* Each removal costs what the least squares of all that could go next say, and leaves their
 * weights. */
static void
test_blocks (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_layer (rand, 3, 10, 2, 19, (Yv8Window){ 1, 2, 1, 0 });
  const Yv8Op *op = yv8_graph_op (graph, 1);
  Yv8Blocks blocks = yv8_blocks_of (op, FALSE);
  guint n = 21, count = 90, first, end, n_removed = 5;
  g_autofree float *x = make_columns (rand, n, count);
  g_autofree float *y = multiply (op, x, n, count);
  g_autoptr (Yv8Gram) gram = make_gram (op, x, y, count);
  const Problem p = make_problem (op, x, y, count);
  g_autofree double *inverse = yv8_gram_inverse (gram, NULL);
  g_autofree double *weights = g_new (double, (gsize) n *p.rows);
  g_autofree double *expected = g_new (double, (gsize) n *p.rows);
  g_autofree gboolean *live = g_new (gboolean, n);
  double costs[5];

  g_assert_cmpuint (blocks.n_groups, ==, 2); /* 14 and 5 */
  g_assert_cmpuint (blocks.n_blocks, ==, 8); /* words of 1, 4, 4, 1 */
  for (guint group = 0; group < 2; group++) {
    yv8_gram_fit (gram, inverse, op, weights);
    yv8_blocks_rows (&blocks, group, &first, &end);
    g_assert_true (yv8_blocks_remove (
        &blocks, YV8_CRITERION_OBS, inverse, weights, group, n_removed, costs, NULL));
    for (guint i = 0; i < n; i++)
      live[i] = TRUE;
    double before = group_error (&p, first, end, live, expected);
    for (guint k = 0; k < n_removed; k++) {
      double least = INFINITY;
      guint best = 0;
      for (guint block = 0; block < blocks.n_blocks; block++) {
        guint columns[YV8_BLOCK_IN];
        yv8_blocks_columns (&blocks, block, columns);
        if (!live[columns[0]])
          continue;
        set_live (&blocks, block, live, FALSE);
        double after = group_error (&p, first, end, live, expected);
        set_live (&blocks, block, live, TRUE);
        if (after < least) {
          least = after;
          best = block;
        }
      }
      set_live (&blocks, best, live, FALSE);
      g_assert_cmpfloat_with_epsilon (costs[k], least - before, 0.01 * (least - before) + 1e-3);
      before = least;
    }
    group_error (&p, first, end, live, expected);
    for (guint i = first * n; i < end * n; i++) {
      g_assert_cmpfloat_with_epsilon (weights[i], expected[i], 2e-3);
      g_assert_true (live[i % n] || weights[i] == 0);
    }
  }
}

/* Units of more columns than are removed at once, and of none. */
static void
test_units (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_layer (rand, 0, 6, 0, 7, K3);
  const Yv8Op *op = yv8_graph_op (graph, 1);
  guint n = 55, count = 120, order[] = { 4, 2, 0, 5 };
  g_autofree float *x = make_columns (rand, n, count);
  g_autofree float *y = multiply (op, x, n, count);
  g_autoptr (Yv8Gram) gram = make_gram (op, x, y, count);
  const Problem p = make_problem (op, x, y, count);
  g_autofree double *inverse = yv8_gram_inverse (gram, NULL);
  g_autofree double *weights = g_new (double, (gsize) n *p.rows);
  g_autofree double *expected = g_new (double, (gsize) n *p.rows);
  g_autofree gboolean *live = g_new (gboolean, n);
  g_auto (Yv8Units) units = yv8_units_new (6, n);

  for (guint i = 0; i < n; i++)
    live[i] = TRUE;
  for (guint i = 0, end = 0; i < 6; i++) { /* unit 5 is empty */
    guint m = i < 5 ? 9 : 0;
    for (guint k = 0; k < m; k++)
      units.columns[end++] = i * 9 + k;
    units.first[i + 1] = end;
  }
  yv8_gram_fit (gram, inverse, op, weights);
  g_autoptr (Yv8Elimination) elimination =
      yv8_elimination_new (&units, G_N_ELEMENTS (order), n, inverse, weights, p.rows, NULL);
  double before = group_error (&p, 0, p.rows, live, expected);
  for (guint k = 0; k < G_N_ELEMENTS (order); k++) {
    double cost = yv8_elimination_cost (elimination, order[k]);
    for (guint i = units.first[order[k]]; i < units.first[order[k] + 1]; i++)
      live[units.columns[i]] = FALSE;
    double after = group_error (&p, 0, p.rows, live, expected);
    g_assert_cmpfloat_with_epsilon (cost, after - before, 0.01 * (after - before) + 1e-3);
    before = after;
    yv8_elimination_remove (elimination, order[k]);
  }
  yv8_elimination_end (elimination);
  for (guint i = 0; i < n * p.rows; i++) {
    g_assert_cmpfloat_with_epsilon (weights[i], expected[i], 2e-3);
    g_assert_true (live[i % n] || weights[i] == 0);
  }
}

static void
test_grid (void)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint i = 0; i < 200; i++) {
    guint from = (guint) g_rand_int_range (rand, 0, 9), to = (guint) g_rand_int_range (rand, 0, 9);
    guint channels = (guint) g_rand_int_range (rand, 1, 20);
    guint outputs = (guint) g_rand_int_range (rand, 1, 50);
    gboolean float_out = g_rand_boolean (rand);
    g_autoptr (Yv8Graph) graph = make_layer (rand, from, channels, to, outputs, K3);
    Yv8Blocks blocks = yv8_blocks_of (yv8_graph_op (graph, 1), float_out);
    g_autofree guint *seen = g_new0 (guint, blocks.n);
    guint row = 0, lane = float_out ? 0 : to % 4;
    for (guint group = 0; group < blocks.n_groups; group++) {
      guint first, end;
      yv8_blocks_rows (&blocks, group, &first, &end);
      g_assert_cmpuint (first, ==, row);
      for (; row < end; row++)
        g_assert_cmpuint ((row + lane) / 16, ==, group);
    }
    g_assert_cmpuint (row, ==, outputs);
    for (guint block = 0; block < blocks.n_blocks; block++) {
      guint columns[YV8_BLOCK_IN];
      guint m = yv8_blocks_columns (&blocks, block, columns);
      g_assert_cmpuint (m, >, 0);
      for (guint k = 0; k < m; k++) {
        seen[columns[k]]++;
        g_assert_cmpuint (columns[k] % 9, ==, columns[0] % 9);
        g_assert_cmpuint ((from + columns[k] / 9) / 4, ==, (from + columns[0] / 9) / 4);
      }
    }
    for (guint k = 0; k < blocks.n - 1; k++)
      g_assert_cmpuint (seen[k], ==, 1);
  }
}

/* Over @count values. */
static void
moments (const double *values, guint count, double *mean, double *variance)
{
  *mean = *variance = 0;
  for (guint j = 0; j < count; j++)
    *mean += values[j] / count;
  for (guint j = 0; j < count; j++)
    *variance += (values[j] - *mean) * (values[j] - *mean) / count;
}

/* Any weights get the mean and variance of what is wanted; those that give none are left alone. */
static void
test_match (void)
{
  const guint count = 700;
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_layer (rand, 0, 4, 0, 6, K3);
  const Yv8Op *op = yv8_graph_op (graph, 1);
  guint n = 4 * 9 + 1;
  g_autofree float *x = make_columns (rand, n, count), *y = multiply (op, x, n, count);
  g_autoptr (Yv8Gram) gram = make_gram (op, x, y, count);
  g_autofree double *weights = g_new0 (double, n), *values = g_new (double, count);

  for (guint row = 0; row < op->out.channels; row++) {
    double mean, variance, wanted_mean, wanted_variance;
    for (guint j = 0; j < count; j++)
      values[j] = (double) y[row * count + j];
    moments (values, count, &wanted_mean, &wanted_variance);
    memset (weights, 0, n * sizeof *weights);
    yv8_gram_match (gram, row, weights);
    for (guint i = 0; i < n; i++)
      g_assert_cmpfloat (weights[i], ==, 0);
    for (guint i = 0; i < n; i++)
      weights[i] = g_rand_double_range (rand, -1, 1);
    yv8_gram_match (gram, row, weights);
    memset (values, 0, count * sizeof *values);
    for (guint i = 0; i < n; i++)
      for (guint j = 0; j < count; j++)
        values[j] += weights[i] * (double) x[i * count + j];
    moments (values, count, &mean, &variance);
    g_assert_cmpfloat_with_epsilon (mean, wanted_mean, 1e-3 * sqrt (wanted_variance));
    g_assert_cmpfloat_with_epsilon (variance, wanted_variance, 1e-3 * wanted_variance);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gram/solved", test_gram);
  g_test_add_func ("/gram/blocks", test_blocks);
  g_test_add_func ("/gram/units", test_units);
  g_test_add_func ("/gram/grid", test_grid);
  g_test_add_func ("/gram/match", test_match);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The walk with error feedback, against solutions by brute force. */
#include <math.h>
#include <string.h>

#include "compress/feedback.h"
#include "graphs.h"
#include "testing.h"

#define N      11 /* columns, with the biases */
#define ROWS   5
#define PLACES 70
#define STEP   0.25 /* weights are rounded to multiples of it */

typedef struct {
  double h[N][N]; /* damped */
  double start[ROWS][N];
  double now[ROWS][N]; /* what is rounded */
  gboolean done[N];
} Problem;

/* Columns that depend on each other, and a last one of ones; y are those of the op's weights. */
static Yv8Gram *
make_gram (GRand *rand, const Yv8Op *op)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Pool) pool = yv8_pool_new (1, &error);
  Yv8Gram *gram = yv8_gram_new (op, &error);
  float x[N][PLACES], y[ROWS][PLACES];

  g_assert_no_error (error);
  for (guint j = 0; j < PLACES; j++)
    for (guint i = 0; i < N; i++) {
      float fresh = (float) g_rand_double_range (rand, -1, 1);
      x[i][j] = i == N - 1 ? 1 : i == 0 ? fresh : 0.7f * x[i - 1][j] + 0.6f * fresh;
    }
  for (guint row = 0; row < ROWS; row++)
    for (guint j = 0; j < PLACES; j++) {
      y[row][j] = op->bias[row];
      for (guint i = 0; i < N - 1; i++)
        y[row][j] += op->weights[row * (N - 1) + i] * x[i][j];
    }
  yv8_gram_add (gram, yv8_cpu_kernels (), pool, x[0], y[0], PLACES, &error);
  g_assert_no_error (error);
  return gram;
}

static void
make_problem (Problem *p, const Yv8Gram *gram, const Yv8Op *op)
{
  double sum = 0;

  memset (p, 0, sizeof *p);
  for (guint i = 0; i < N; i++)
    sum += (double) gram->xx[i * N + i];
  for (guint i = 0; i < N; i++)
    for (guint j = i; j < N; j++)
      p->h[i][j] = p->h[j][i] =
          (double) gram->xx[i * N + j] + (i == j ? YV8_GRAM_DAMPING * sum / N : 0);
  for (guint row = 0; row < ROWS; row++)
    for (guint i = 0; i < N; i++)
      p->start[row][i] = (double) (i == N - 1 ? op->bias[row] : op->weights[row * (N - 1) + i]);
}

/* Gauss without pivots: the matrix is positive definite. */
static void
solve (double a[N][N + 1], guint n)
{
  for (guint k = 0; k < n; k++)
    for (guint i = 0; i < n; i++)
      for (guint j = n + 1; i != k && j-- > k;)
        a[i][j] -= a[i][k] / a[k][k] * a[k][j];
  for (guint k = 0; k < n; k++)
    a[k][n] /= a[k][k];
}

/* The rest of a row that makes (w - start) H (w - start) least. */
static void
fit_rest (const Problem *p, guint row, double weights[N])
{
  double a[N][N + 1] = { 0 };
  guint free[N], n = 0;

  for (guint i = 0; i < N; i++)
    if (!p->done[i])
      free[n++] = i;
  for (guint i = 0; i < n; i++) {
    for (guint j = 0; j < n; j++)
      a[i][j] = p->h[free[i]][free[j]];
    for (guint j = 0; j < N; j++)
      a[i][n] -= p->done[j] ? p->h[free[i]][j] * (p->now[row][j] - p->start[row][j]) : 0;
  }
  solve (a, n);
  memcpy (weights, p->now[row], N * sizeof (double));
  for (guint i = 0; i < n; i++)
    weights[free[i]] = p->start[row][free[i]] + a[i][n];
}

static void
round_column (
    gpointer data, const Yv8Feedback *feedback, guint place, const double *values, double *rounded)
{
  Problem *p = data;
  guint column = feedback->order[place];

  for (guint row = 0; row < ROWS; row++) {
    double expected[N];
    fit_rest (p, row, expected);
    for (guint i = place; i < N; i++)
      g_assert_cmpfloat_with_epsilon (
          values[(i - place) * ROWS + row], expected[feedback->order[i]], 1e-6);
    rounded[row] = p->now[row][column] = STEP * rint (values[row] / STEP);
  }
  p->done[column] = TRUE;
}

static double
error_of (const Yv8Gram *gram, const double *weights)
{
  double sum = 0;

  for (guint row = 0; row < ROWS; row++)
    sum += yv8_gram_error (gram, row, weights + (gsize) row * N);
  return sum;
}

static void
test_walk (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  double with = 0, without = 0;

  for (guint trial = 0; trial < 20; trial++) {
    g_autoptr (Yv8Graph) graph = yv8_graph_new ();
    test_graph_input (graph, N - 1);
    yv8_graph_add_buffer (graph, ROWS);
    const Yv8Op *op = test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 0, 0, N - 1 },
        (Yv8Slice){ 1, 0, ROWS }, (Yv8Window){ 1, 1, 1, 0 }, rand);
    g_autoptr (Yv8Gram) gram = make_gram (rand, op);
    g_autofree double *inverse = yv8_gram_inverse (gram, NULL);
    g_auto (Yv8Feedback) feedback = { 0 };
    double rank[N - 1], weights[ROWS][N], nearest[ROWS][N];
    Problem p;

    for (guint i = 0; i < N - 1; i++)
      rank[i] = g_rand_int_range (rand, 0, 5);
    g_assert_true (yv8_feedback_init (&feedback, N, inverse, rank, NULL));
    g_assert_cmpuint (feedback.order[N - 1], ==, N - 1);
    for (guint i = 1; i < N - 1; i++) {
      guint a = feedback.order[i - 1], b = feedback.order[i];
      g_assert_true (rank[a] > rank[b] || (rank[a] == rank[b] && a < b));
    }
    make_problem (&p, gram, op);
    memcpy (weights, p.start, sizeof weights);
    g_assert_true (yv8_feedback_walk (&feedback, weights[0], ROWS, round_column, &p, NULL));
    for (guint row = 0; row < ROWS; row++) {
      double expected[N];
      fit_rest (&p, row, expected); /* of which only the bias is not given */
      for (guint i = 0; i < N; i++) {
        g_assert_cmpfloat_with_epsilon (weights[row][i], expected[i], 1e-6);
        nearest[row][i] = i == N - 1 ? p.start[row][i] : STEP * rint (p.start[row][i] / STEP);
      }
    }
    with += error_of (gram, weights[0]);
    without += error_of (gram, nearest[0]);
  }
  g_test_message ("squared error %g with feedback, %g without", with, without);
  g_assert_cmpfloat (with, <, 0.75 * without);
}

static void
test_singular (void)
{
  const double inverse[] = { 1, 1, 0, 1, 1, 0, 0, 0, 1 }, rank[] = { 0, 0 };
  g_auto (Yv8Feedback) feedback = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (yv8_feedback_init (&feedback, 3, inverse, rank, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/feedback/walk", test_walk);
  g_test_add_func ("/feedback/singular", test_singular);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What tests of compression steps share: where small networks run, pictures, progress, and how far
 * two networks are apart. */
#pragma once

#include "compress/target.h"
#include "graphs.h"
#include "ref/backend.h"
#include "testing.h"

#define STEP_SIDE 32 /* of pictures, pixels */

static inline Yv8Backend *
step_open_ref (gpointer data, GError **error)
{
  return yv8_ref_backend_new ();
}

static const Yv8Target STEP_TARGET = { step_open_ref, NULL, NULL, STEP_SIDE, STEP_SIDE };

/**
 * step_album: Returns: (transfer full): @n pictures, whose neighbours are alike, as in pictures
 */
static inline Yv8Album *
step_album (GRand *rand, guint n)
{
  Yv8Album *album = yv8_album_new (n);

  for (guint i = 0; i < n; i++) {
    guint32 *picture = g_new (guint32, STEP_SIDE * STEP_SIDE);
    guint32 colour = g_rand_int (rand);
    for (guint k = 0; k < STEP_SIDE * STEP_SIDE; k++)
      picture[k] = (colour = g_rand_int_range (rand, 0, 4) ? colour : g_rand_int (rand)) & 0xffffff;
    yv8_album_add (album, picture);
  }
  return album;
}

/**
 * step_go_on: a Yv8ProgressFunc that asserts that the fraction rises
 * @data: (inout): the last one, a double
 */
static inline gboolean
step_go_on (const char *stage, double fraction, gpointer data)
{
  double *last = data;

  g_assert_cmpfloat (fraction, >=, *last);
  g_assert_cmpfloat (fraction, <=, 1.0001);
  *last = fraction;
  return TRUE;
}

/**
 * step_stop: a Yv8ProgressFunc that stops from the fraction @data on, a double
 */
static inline gboolean
step_stop (const char *stage, double fraction, gpointer data)
{
  return fraction < *(const double *) data;
}

/**
 * step_output: Returns: (transfer full) (array length=n): what @graph puts out first
 */
static inline float *
step_output (const Yv8Graph *graph, const guint32 *picture, gsize *n)
{
  const Yv8Slice *slice = yv8_graph_output (graph, 0);
  g_autoptr (Yv8Executor) executor = yv8_target_open (&STEP_TARGET, graph, 0, NULL);
  float *values;

  g_assert_true (yv8_target_run (&STEP_TARGET, executor, picture, NULL));
  *n = yv8_target_count (executor, slice);
  values = g_new (float, *n);
  g_assert_true (yv8_executor_read (executor, slice, values, NULL));
  return values;
}

/**
 * step_error: Returns: the sum over the pictures of the squared differences of step_output(), which
 *   has the same shape for both
 */
static inline double
step_error (const Yv8Graph *graph, const Yv8Graph *other, const Yv8Album *album)
{
  double sum = 0;

  for (guint i = 0; i < yv8_album_n (album); i++) {
    gsize n, n_other;
    g_autofree float *a = step_output (graph, yv8_album_get (album, i), &n);
    g_autofree float *b = step_output (other, yv8_album_get (album, i), &n_other);
    g_assert_cmpuint (n, ==, n_other);
    for (gsize k = 0; k < n; k++)
      sum += pow ((double) a[k] - (double) b[k], 2);
  }
  return sum;
}

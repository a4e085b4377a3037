/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bias correction. */
#include <math.h>

#include "compress/bias.h"
#include "compress/pairs.h"
#include "compress/quantize.h"

#define STEP (1.0 / 1024) /* of a correction */

static void
add_difference (gpointer data, guint index, const float *x, const float *y, Yv8Shape shape)
{
  double **sums = data;
  gsize plane = (gsize) shape.height * shape.width;

  if (!sums[index])
    sums[index] = g_new0 (double, shape.channels);
  for (guint c = 0; c < shape.channels; c++) {
    double sum = 0;
    for (gsize i = 0; i < plane; i++)
      sum += (double) (*x++ - *y++);
    sums[index][c] += sum / (double) plane;
  }
}

/* What is probed of the op of @graph that is named as each op of @source, and @suffix. */
static Yv8Slice *
match (const Yv8Graph *source, const Yv8Graph *graph, const Yv8Slice *probes, const char *suffix)
{
  Yv8Slice *slices = g_new0 (Yv8Slice, yv8_graph_n_ops (source));
  g_autoptr (GHashTable) found = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++)
    g_hash_table_insert (found, yv8_graph_op (graph, i)->name, (gpointer) &probes[i]);
  for (guint i = 0; i < yv8_graph_n_ops (source); i++) {
    g_autofree char *name = g_strconcat (yv8_graph_op (source, i)->name, suffix, NULL);
    const Yv8Slice *slice = g_hash_table_lookup (found, name);
    if (slice)
      slices[i] = *slice;
  }
  return slices;
}

static gboolean
measure (const Yv8Scheme *scheme, const Yv8Target *target, const Yv8Album *album, double **sums,
    GError **error)
{
  g_autofree Yv8Slice *unused = NULL, *probes = NULL;
  g_autoptr (Yv8Graph) alone = yv8_quantize_alone (scheme, &unused, error);
  g_autoptr (Yv8Graph) probed = alone ? yv8_graph_probe (alone, &probes, error) : NULL;

  if (!probed)
    return FALSE;
  g_autofree Yv8Slice *slices = match (scheme->graph, alone, probes, "");
  g_autofree Yv8Slice *others = match (scheme->graph, alone, probes, YV8_ALONE_SUFFIX);
  const Yv8Pairs pairs = { yv8_graph_n_ops (scheme->graph), probed, slices, NULL, others };
  return yv8_pairs_run (&pairs, target, album, add_difference, sums, error);
}

gboolean
yv8_bias_correct (Yv8Scheme *scheme, const Yv8Target *target, const Yv8Album *album, GError **error)
{
  guint n = yv8_graph_n_ops (scheme->graph);
  double **sums = g_new0 (double *, n);

  for (guint i = 0; i < n; i++)
    g_clear_pointer (&scheme->corrections[i], g_free);
  gboolean good = measure (scheme, target, album, sums, error);
  for (guint i = 0; i < n; i++) {
    guint channels = yv8_graph_op (scheme->graph, i)->out.channels;
    if (good && sums[i])
      scheme->corrections[i] = g_new0 (float, channels);
    for (guint c = 0; scheme->corrections[i] && c < channels; c++)
      scheme->corrections[i][c] = (float) (rint (sums[i][c] / yv8_album_n (album) / STEP) * STEP);
    g_free (sums[i]);
  }
  g_free (sums);
  return good;
}

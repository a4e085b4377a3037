/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Feature maps side by side. */
#include "compress/pairs.h"

Yv8Slice *
yv8_pairs_slices (const Yv8Graph *graph, const Yv8Graph *other)
{
  g_autoptr (GHashTable) outs = g_hash_table_new (g_str_hash, g_str_equal);
  Yv8Slice *slices = g_new0 (Yv8Slice, yv8_graph_n_ops (graph));

  for (guint i = 0; i < yv8_graph_n_ops (other); i++) {
    const Yv8Op *op = yv8_graph_op (other, i);
    if (op->kind == YV8_OP_CONV)
      g_hash_table_insert (outs, op->name, (gpointer) &op->out);
  }
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    const Yv8Slice *out = g_hash_table_lookup (outs, op->name);
    if (out && op->kind == YV8_OP_CONV)
      slices[i] = *out;
  }
  return slices;
}

static gboolean
compare (const Yv8Pairs *pairs, Yv8Executor *executor, Yv8Executor *other, float *values[2],
    Yv8PairFunc func, gpointer data, GError **error)
{
  for (guint i = 0; i < pairs->n; i++) {
    const Yv8Slice *slice = &pairs->slices[i];
    if (slice->channels == 0 || pairs->others[i].channels == 0)
      continue;
    if (!yv8_executor_read (executor, slice, values[0], error) ||
        !yv8_executor_read (other, &pairs->others[i], values[1], error))
      return FALSE;
    Yv8Shape shape = yv8_executor_shapes (executor)[slice->buffer];
    shape.channels = slice->channels;
    func (data, i, values[0], values[1], shape);
  }
  return TRUE;
}

gboolean
yv8_pairs_run (const Yv8Pairs *pairs, const Yv8Target *target, const Yv8Album *album,
    Yv8PairFunc func, gpointer data, GError **error)
{
  g_autoptr (Yv8Executor) first = yv8_target_open (target, pairs->graph, YV8_EXECUTOR_KEEP, error);
  g_autoptr (Yv8Executor) second = NULL;
  gsize most = 0;

  if (!first)
    return FALSE;
  if (pairs->other) {
    second = yv8_target_open (target, pairs->other, YV8_EXECUTOR_KEEP, error);
    if (!second)
      return FALSE;
  }
  for (guint i = 0; i < pairs->n; i++)
    most = MAX (most, yv8_target_count (first, &pairs->slices[i]));
  g_autofree float *x = g_try_new (float, most);
  g_autofree float *y = g_try_new (float, most);
  float *values[2] = { x, y };
  if (most > 0 && (!x || !y)) {
    g_set_error_literal (
        error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory to compare feature maps");
    return FALSE;
  }
  for (guint i = 0; i < yv8_album_n (album); i++) {
    const guint32 *picture = yv8_album_get (album, i);
    if (!yv8_target_run (target, first, picture, error) ||
        (second && !yv8_target_run (target, second, picture, error)) ||
        !compare (pairs, first, second ? second : first, values, func, data, error))
      return FALSE;
  }
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rows, columns and channels are taken out. */
#include "compress/surgery.h"

#include <string.h>

Yv8Mask *
yv8_mask_new (const Yv8Graph *graph)
{
  Yv8Mask *self = g_new0 (Yv8Mask, 1);

  self->n = yv8_graph_n_buffers (graph);
  self->marks = g_new0 (gboolean *, self->n);
  for (guint i = 0; i < self->n; i++)
    self->marks[i] = g_new0 (gboolean, g_array_index (graph->buffer_channels, guint, i));
  return self;
}

void
yv8_mask_free (Yv8Mask *self)
{
  if (!self)
    return;
  for (guint i = 0; i < self->n; i++)
    g_free (self->marks[i]);
  g_free (self->marks);
  g_free (self);
}

gboolean *
yv8_mask_slice (const Yv8Mask *self, const Yv8Slice *slice)
{
  return self->marks[slice->buffer] + slice->channel;
}

static guint
count_left (const Yv8Mask *mask, guint buffer, guint first, guint n)
{
  guint left = 0;

  for (guint i = 0; i < n; i++)
    left += !mask->marks[buffer][first + i];
  return left;
}

static Yv8Slice
cut_slice (const Yv8Mask *mask, const Yv8Slice *slice)
{
  return (Yv8Slice){ slice->buffer, count_left (mask, slice->buffer, 0, slice->channel),
    count_left (mask, slice->buffer, slice->channel, slice->channels) };
}

/* Of [rows][columns] parts of @size bytes each. */
static gpointer
cut_array (gconstpointer array, gsize size, const gboolean *rows, guint n_rows,
    const gboolean *columns, guint n_columns)
{
  const guint8 *from = array;

  if (!array)
    return NULL;
  guint8 *parts = g_malloc (MAX (size * n_rows * n_columns, 1)), *to = parts;
  for (guint row = 0; row < n_rows; row++)
    for (guint i = 0; i < n_columns; i++, from += size)
      if (!rows[row] && !columns[i]) {
        memcpy (to, from, size);
        to += size;
      }
  return parts;
}

static void
cut_conv (const Yv8Op *op, const Yv8Mask *mask, Yv8Op *cut)
{
  static const gboolean stays = FALSE;
  const gboolean *rows = yv8_mask_slice (mask, &op->out);
  const gboolean *columns = yv8_mask_slice (mask, &op->in[0]);
  guint n_rows = op->out.channels, n_columns = op->in[0].channels;
  gsize taps = (gsize) op->window.kernel_h * op->window.kernel_w;

  cut->weights = cut_array (op->weights, taps * sizeof (float), rows, n_rows, columns, n_columns);
  cut->qweights = cut_array (op->qweights, taps, rows, n_rows, columns, n_columns);
  cut->bias = cut_array (op->bias, sizeof (float), rows, n_rows, &stays, 1);
  cut->multiplier = cut_array (op->multiplier, sizeof (float), rows, n_rows, &stays, 1);
}

/* Whether what @op ties together goes or stays together. */
static gboolean
is_consistent (const Yv8Op *op, const Yv8Mask *mask)
{
  guint tied = op->kind == YV8_OP_CONV ? 1 : 0;

  return op->kind == YV8_OP_DETECT || op->n_in <= tied ||
         memcmp (yv8_mask_slice (mask, &op->in[tied]), yv8_mask_slice (mask, &op->out),
             op->out.channels * sizeof (gboolean)) == 0;
}

static gboolean
cut_op (Yv8Graph *graph, const Yv8Op *op, const Yv8Mask *mask, GError **error)
{
  Yv8Op cut = *op;
  gboolean empty = FALSE;

  for (guint i = 0; i < op->n_in; i++) {
    cut.in[i] = cut_slice (mask, &op->in[i]);
    empty |= cut.in[i].channels == 0;
  }
  if (op->kind != YV8_OP_DETECT) {
    cut.out = cut_slice (mask, &op->out);
    empty |= cut.out.channels == 0;
  }
  if (empty || !is_consistent (op, mask)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "op '%s' would %s", op->name,
        empty ? "lose all channels" : "lose some of the channels that go together, and not all");
    return FALSE;
  }
  if (op->kind == YV8_OP_CONV)
    cut_conv (op, mask, &cut);
  if (op->kind == YV8_OP_DETECT)
    cut.n_classes = cut.in[1].channels;
  cut.name = g_strdup (op->name);
  yv8_graph_add_op (graph, &cut);
  return TRUE;
}

Yv8Graph *
yv8_graph_cut (const Yv8Graph *graph, const Yv8Mask *mask, GError **error)
{
  g_autoptr (Yv8Graph) result = yv8_graph_new ();

  for (guint i = 0; i < mask->n; i++) {
    guint n = g_array_index (graph->buffer_channels, guint, i);
    yv8_graph_add_typed_buffer (
        result, MAX (count_left (mask, i, 0, n), 1), yv8_graph_buffer_type (graph, i));
  }
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++)
    if (!cut_op (result, yv8_graph_op (graph, i), mask, error))
      return NULL;
  for (guint i = 0; i < graph->outputs->len; i++) {
    Yv8Slice output = cut_slice (mask, yv8_graph_output (graph, i));
    g_array_append_val (result->outputs, output);
  }
  return yv8_graph_check (result, error) ? g_steal_pointer (&result) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Drafts of networks, and lists of segments. */
#include "onnx/draft.h"

static void
draft_op_clear (gpointer data)
{
  Yv8DraftOp *self = data;

  g_clear_pointer (&self->op.name, g_free);
  g_clear_pointer (&self->op.weights, g_free);
  g_clear_pointer (&self->op.bias, g_free);
  for (guint i = 0; i < YV8_OP_MAX_INPUTS; i++)
    yv8_map_clear (&self->in[i]);
}

Yv8Draft *
yv8_draft_new (void)
{
  Yv8Draft *self = g_new0 (Yv8Draft, 1);

  self->ops = g_array_new (FALSE, TRUE, sizeof (Yv8DraftOp));
  g_array_set_clear_func (self->ops, draft_op_clear);
  return self;
}

void
yv8_draft_free (Yv8Draft *self)
{
  if (!self)
    return;
  g_array_unref (self->ops);
  g_free (self);
}

Yv8DraftOp *
yv8_draft_add (Yv8Draft *self, Yv8OpKind kind, const char *name, Yv8Shape out)
{
  Yv8DraftOp added = { .op = { .kind = kind, .name = g_strdup (name) }, .out = out };

  g_array_append_val (self->ops, added);
  return yv8_draft_op (self, self->ops->len - 1);
}

Yv8DraftOp *
yv8_draft_op (const Yv8Draft *self, guint index)
{
  return &g_array_index (self->ops, Yv8DraftOp, index);
}

Yv8Map
yv8_draft_map (const Yv8Draft *self, guint index, gint64 batch)
{
  const Yv8Shape *out = &yv8_draft_op (self, index)->out;
  Yv8Segment all = { index, 0, out->channels };
  Yv8Map map = { g_array_new (FALSE, FALSE, sizeof (Yv8Segment)), batch, out->channels, out->height,
    out->width };

  g_array_append_val (map.segments, all);
  return map;
}

Yv8Map
yv8_map_copy (const Yv8Map *map)
{
  Yv8Map copy = *map;

  copy.segments = g_array_ref (map->segments);
  return copy;
}

void
yv8_map_clear (Yv8Map *map)
{
  g_clear_pointer (&map->segments, g_array_unref);
}

static gboolean
append_segment (Yv8Map *map, const Yv8Segment *segment)
{
  GArray *segments = map->segments;
  Yv8Segment *last =
      segments->len ? &g_array_index (segments, Yv8Segment, segments->len - 1) : NULL;

  if (segment->channels > YV8_GRAPH_MAX_CHANNELS - map->channels)
    return FALSE;
  map->channels += segment->channels;
  if (last && last->op == segment->op && last->channel + last->channels == segment->channel) {
    last->channels += segment->channels;
    return TRUE;
  }
  g_array_append_vals (segments, segment, 1);
  return segments->len <= YV8_MAP_MAX_SEGMENTS;
}

gboolean
yv8_map_append (Yv8Map *map, const Yv8Map *from, guint first, guint channels)
{
  if (!map->segments)
    map->segments = g_array_new (FALSE, FALSE, sizeof (Yv8Segment));
  for (guint i = 0, at = 0; i < from->segments->len; i++) {
    const Yv8Segment *segment = &g_array_index (from->segments, Yv8Segment, i);
    guint begin = MAX (at, first), end = MIN (at + segment->channels, first + channels);
    Yv8Segment part = { segment->op, segment->channel + begin - at, end - begin };
    if (begin < end && !append_segment (map, &part))
      return FALSE;
    at += segment->channels;
  }
  return TRUE;
}

gboolean
yv8_map_whole (const Yv8Draft *draft, const Yv8Map *map, guint *op)
{
  const Yv8Segment *segment = &g_array_index (map->segments, Yv8Segment, 0);

  if (map->segments->len != 1 || segment->channel != 0 ||
      segment->channels != yv8_draft_op (draft, segment->op)->out.channels)
    return FALSE;
  *op = segment->op;
  return TRUE;
}

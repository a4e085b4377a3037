/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a draft to a graph: which op writes where. */
#include "onnx/draft.h"

#include <string.h>

#define NOWHERE G_MAXUINT

/* A place is a buffer in the making and a channel of it. */
typedef struct {
  guint place;
  guint channel;
} Place;

typedef struct {
  const Yv8Map *map;
  guint reader;    /* op; the number of ops for an output */
  guint place;     /* where COPY ops put it together; NOWHERE if its ops write it as one slice */
  gboolean copied; /* an earlier reader has had it put together */
} Demand;

typedef struct {
  Yv8Draft *draft;
  GArray *places;     /* guint: channels of each */
  Place *of_op;       /* where each op writes */
  GArray *demands;    /* Demand, widest first */
  GHashTable *by_map; /* Yv8Map to Demand */
  guint *buffers;     /* of each place; NOWHERE until something is written there */
  Yv8Graph *graph;
} Layout;

static gint
compare_demands (gconstpointer a, gconstpointer b)
{
  const Demand *x = a, *y = b;

  if (x->map->channels != y->map->channels)
    return x->map->channels > y->map->channels ? -1 : 1;
  return x->reader < y->reader ? -1 : x->reader > y->reader;
}

static guint
add_place (Layout *self, guint channels)
{
  g_array_append_val (self->places, channels);
  return self->places->len - 1;
}

static void
add_demand (Layout *self, const Yv8Map *map, guint reader)
{
  Demand demand = { map, reader, NOWHERE, FALSE };

  g_array_append_val (self->demands, demand);
}

static const Yv8Segment *
segment_at (const Yv8Map *map, guint index)
{
  return &g_array_index (map->segments, Yv8Segment, index);
}

/* Whether the ops of @map write it as one slice; then @slice says where, by place. */
static gboolean
find_slice (Layout *self, const Yv8Map *map, Place *slice)
{
  for (guint i = 0, at = 0; i < map->segments->len; i++) {
    const Yv8Segment *segment = segment_at (map, i);
    const Place *place = &self->of_op[segment->op];
    Place here = { place->place, place->channel + segment->channel };
    if (place->place == NOWHERE)
      return FALSE;
    if (i == 0)
      *slice = here;
    else if (here.place != slice->place || here.channel != slice->channel + at)
      return FALSE;
    at += segment->channels;
  }
  return TRUE;
}

static gboolean
same_map (const Yv8Map *a, const Yv8Map *b)
{
  return a->segments->len == b->segments->len &&
         memcmp (a->segments->data, b->segments->data, a->segments->len * sizeof (Yv8Segment)) == 0;
}

/* Demands are sorted: equal maps follow each other, but for others of their width between them. */
static gboolean
find_copied (Layout *self, Demand *demand)
{
  for (Demand *other = demand; other-- > &g_array_index (self->demands, Demand, 0);) {
    if (other->map->channels != demand->map->channels)
      return FALSE;
    if (other->place != NOWHERE && same_map (other->map, demand->map)) {
      demand->place = other->place;
      demand->copied = TRUE;
      return TRUE;
    }
  }
  return FALSE;
}

/* Lets the ops of a concat write straight into it, as far as nothing else has claimed them. */
static void
place_demand (Layout *self, Demand *demand)
{
  const Yv8Map *map = demand->map;
  Place found;

  if (map->segments->len == 1 || find_slice (self, map, &found) || find_copied (self, demand))
    return;
  guint place = add_place (self, map->channels);
  for (guint i = 0, at = 0; i < map->segments->len; i++) {
    const Yv8Segment *segment = segment_at (map, i);
    Place *of_op = &self->of_op[segment->op];
    if (of_op->place == NOWHERE && segment->channel == 0 &&
        segment->channels == yv8_draft_op (self->draft, segment->op)->out.channels) {
      of_op->place = place;
      of_op->channel = at;
    }
    at += segment->channels;
  }
  if (!find_slice (self, map, &found))
    demand->place = place;
}

static void
place_all (Layout *self, const Yv8Map *outputs, guint n_outputs)
{
  guint n = self->draft->ops->len;

  for (guint i = 0; i < n; i++) {
    Yv8DraftOp *op = yv8_draft_op (self->draft, i);
    self->of_op[i].place = NOWHERE;
    for (guint k = 0; k < op->op.n_in; k++)
      add_demand (self, &op->in[k], i);
  }
  for (guint i = 0; i < n_outputs; i++)
    add_demand (self, &outputs[i], n);
  g_array_sort (self->demands, compare_demands);

  /* The input's buffer is its own. */
  self->of_op[0].place = add_place (self, yv8_draft_op (self->draft, 0)->out.channels);
  for (guint i = 0; i < self->demands->len; i++)
    place_demand (self, &g_array_index (self->demands, Demand, i));
  for (guint i = 0; i < self->demands->len; i++) {
    Demand *demand = &g_array_index (self->demands, Demand, i);
    g_hash_table_insert (self->by_map, (gpointer) demand->map, demand);
  }
  for (guint i = 0; i < n; i++)
    if (self->of_op[i].place == NOWHERE)
      self->of_op[i].place = add_place (self, yv8_draft_op (self->draft, i)->out.channels);
}

/* Buffers are numbered in the order in which they are first written. */
static guint
buffer_of (Layout *self, guint place)
{
  if (self->buffers[place] == NOWHERE)
    self->buffers[place] =
        yv8_graph_add_buffer (self->graph, g_array_index (self->places, guint, place));
  return self->buffers[place];
}

static Yv8Slice
op_slice (Layout *self, const Yv8Segment *segment)
{
  const Place *place = &self->of_op[segment->op];
  Yv8Slice slice = { buffer_of (self, place->place), place->channel + segment->channel,
    segment->channels };

  return slice;
}

/* Copies into @demand's place what is not written there by its op. */
static void
add_copies (Layout *self, const Demand *demand, const char *name)
{
  for (guint i = 0, at = 0; i < demand->map->segments->len; i++) {
    const Yv8Segment *segment = segment_at (demand->map, i);
    const Place *place = &self->of_op[segment->op];
    if (place->place != demand->place || place->channel + segment->channel != at) {
      Yv8Op copy = { .kind = YV8_OP_COPY, .n_in = 1 };
      copy.name = g_strdup_printf ("%s/copy%u", name, i);
      copy.in[0] = op_slice (self, segment);
      copy.out.buffer = buffer_of (self, demand->place);
      copy.out.channel = at;
      copy.out.channels = segment->channels;
      yv8_graph_add_op (self->graph, &copy);
    }
    at += segment->channels;
  }
}

static Yv8Slice
resolve (Layout *self, const Yv8Map *map, const char *name)
{
  const Demand *demand = g_hash_table_lookup (self->by_map, map);
  Yv8Slice slice = { 0, 0, map->channels };
  Place place = { 0, 0 };

  if (demand->place != NOWHERE) {
    if (!demand->copied)
      add_copies (self, demand, name);
    slice.buffer = buffer_of (self, demand->place);
  } else if (find_slice (self, map, &place)) {
    slice.buffer = buffer_of (self, place.place);
    slice.channel = place.channel;
  }
  return slice;
}

static void
emit_op (Layout *self, guint index)
{
  Yv8DraftOp *draft = yv8_draft_op (self->draft, index);
  Yv8Op op = draft->op;

  for (guint i = 0; i < op.n_in; i++)
    op.in[i] = resolve (self, &draft->in[i], op.name);
  if (op.kind != YV8_OP_DETECT) {
    Yv8Segment all = { index, 0, draft->out.channels };
    op.out = op_slice (self, &all);
  }
  draft->op.name = NULL;
  draft->op.weights = draft->op.bias = NULL;
  yv8_graph_add_op (self->graph, &op);
}

/* Names are unique in a graph, but not in every file. */
static void
make_names_unique (Yv8Graph *graph)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < graph->ops->len; i++) {
    Yv8Op *op = &g_array_index (graph->ops, Yv8Op, i);
    while (g_hash_table_contains (names, op->name)) {
      char *longer = g_strdup_printf ("%s#%u", op->name, i);
      g_free (op->name);
      op->name = longer;
    }
    g_hash_table_add (names, op->name);
  }
}

Yv8Graph *
yv8_draft_layout (Yv8Draft *draft, const Yv8Map *outputs, guint n_outputs, GError **error)
{
  g_autoptr (Yv8Graph) graph = yv8_graph_new ();
  guint n = draft->ops->len;
  Layout self = { .draft = draft, .graph = graph };

  self.places = g_array_new (FALSE, FALSE, sizeof (guint));
  self.demands = g_array_new (FALSE, FALSE, sizeof (Demand));
  self.by_map = g_hash_table_new (NULL, NULL);
  self.of_op = g_new0 (Place, n);
  place_all (&self, outputs, n_outputs);
  self.buffers = g_new (guint, self.places->len);
  for (guint i = 0; i < self.places->len; i++)
    self.buffers[i] = NOWHERE;

  for (guint i = 0; i < n; i++)
    emit_op (&self, i);
  for (guint i = 0; i < n_outputs; i++) {
    Yv8Slice slice = resolve (&self, &outputs[i], "output");
    g_array_append_val (graph->outputs, slice);
  }
  make_names_unique (graph);
  g_free (self.of_op);
  g_free (self.buffers);
  g_hash_table_unref (self.by_map);
  g_array_unref (self.places);
  g_array_unref (self.demands);
  return yv8_graph_check (graph, error) ? g_steal_pointer (&graph) : NULL;
}

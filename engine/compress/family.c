/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Union-find over all channels of all buffers. */
#include "compress/family.h"

/* Nodes are the channels of all buffers, one buffer after the other. */
typedef struct {
  const Yv8Graph *graph;
  guint n;
  guint *first;   /* of each buffer, its first node */
  guint *parent;  /* of each node */
  gboolean *kept; /* of each root in the end */
  guint *part;    /* of each node: between which ends of slices it lies */
} Finder;

static guint
find_root (Finder *self, guint node)
{
  for (; self->parent[node] != node; node = self->parent[node])
    self->parent[node] = self->parent[self->parent[node]];
  return node;
}

static guint
node_of (const Finder *self, const Yv8Slice *slice, guint channel)
{
  return self->first[slice->buffer] + slice->channel + channel;
}

static void
tie (Finder *self, const Yv8Slice *a, const Yv8Slice *b)
{
  for (guint i = 0; i < a->channels; i++) {
    guint root = find_root (self, node_of (self, a, i)),
          other = find_root (self, node_of (self, b, i));
    self->parent[MAX (root, other)] = MIN (root, other);
  }
}

static void
set_kept (Finder *self, const Yv8Slice *slice, gboolean kept)
{
  for (guint i = 0; i < slice->channels; i++)
    self->kept[node_of (self, slice, i)] = kept;
}

/* Until parts are counted, 1 where one begins. */
static void
cut (Finder *self, const Yv8Slice *slice)
{
  self->part[node_of (self, slice, 0)] = 1;
  self->part[node_of (self, slice, slice->channels)] = 1; /* that may be the next buffer's */
}

static void
visit (Finder *self, const Yv8Op *op)
{
  for (guint i = 0; i < op->n_in; i++)
    cut (self, &op->in[i]);
  if (op->kind == YV8_OP_DETECT)
    return;
  cut (self, &op->out);
  set_kept (self, &op->out, op->kind == YV8_OP_INPUT);
  if (op->kind != YV8_OP_CONV && op->n_in > 0)
    tie (self, &op->in[0], &op->out);
  if (op->kind == YV8_OP_CONV && op->n_in > 1)
    tie (self, &op->in[1], &op->out);
}

static void
finder_init (Finder *self, const Yv8Graph *graph)
{
  guint n_buffers = yv8_graph_n_buffers (graph);

  self->graph = graph;
  self->first = g_new (guint, n_buffers);
  for (guint i = 0; i < n_buffers; i++) {
    self->first[i] = self->n;
    self->n += g_array_index (graph->buffer_channels, guint, i);
  }
  self->parent = g_new (guint, self->n);
  self->kept = g_new (gboolean, self->n);
  self->part = g_new0 (guint, self->n + 1);
  for (guint i = 0; i < self->n; i++) {
    self->parent[i] = i;
    self->kept[i] = TRUE; /* until someone writes it */
  }
  for (guint i = 0; i < n_buffers; i++)
    self->part[self->first[i]] = 1;
}

static void
finder_clear (Finder *self)
{
  g_free (self->first);
  g_free (self->parent);
  g_free (self->kept);
  g_free (self->part);
}

static void
family_free (gpointer data)
{
  g_free (((Yv8Family *) data)->channels);
  g_free (data);
}

/* Of @set: in which parts its nodes lie. */
static GBytes *
make_key (const Finder *self, const GArray *set)
{
  guint *parts = g_new (guint, set->len);

  for (guint i = 0; i < set->len; i++)
    parts[i] = self->part[g_array_index (set, guint, i)];
  return g_bytes_new_take (parts, set->len * sizeof (guint));
}

static void
add_set (const Finder *self, Yv8Family *family, const GArray *set)
{
  gsize at = (gsize) family->n_sets++ * set->len;
  guint buffer = 0;

  family->n_channels = set->len;
  family->channels = g_renew (Yv8Channel, family->channels, at + set->len);
  for (guint i = 0; i < set->len; i++) {
    guint node = g_array_index (set, guint, i);
    while (buffer + 1 < yv8_graph_n_buffers (self->graph) && self->first[buffer + 1] <= node)
      buffer++;
    family->channels[at + i] = (Yv8Channel){ buffer, node - self->first[buffer] };
  }
}

static void
set_free (gpointer data)
{
  if (data)
    g_array_unref (data);
}

/* The nodes of each root that may go; %NULL of all other nodes. */
static GPtrArray *
collect_sets (Finder *self)
{
  GPtrArray *sets = g_ptr_array_new_with_free_func (set_free);

  g_ptr_array_set_size (sets, (gint) self->n);
  for (guint i = 0; i < self->n; i++)
    self->kept[find_root (self, i)] |= self->kept[i];
  for (guint i = 0; i < self->n; i++) {
    guint root = find_root (self, i);
    if (self->kept[root])
      continue;
    if (!sets->pdata[root])
      sets->pdata[root] = g_array_new (FALSE, FALSE, sizeof (guint));
    g_array_append_val (sets->pdata[root], i);
  }
  return sets;
}

static GPtrArray *
collect_families (Finder *self)
{
  GPtrArray *families = g_ptr_array_new_with_free_func (family_free);
  g_autoptr (GPtrArray) sets = collect_sets (self);
  g_autoptr (GHashTable) by_key =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  for (guint i = 0; i < sets->len; i++) {
    if (!sets->pdata[i])
      continue;
    GBytes *key = make_key (self, sets->pdata[i]);
    Yv8Family *family = g_hash_table_lookup (by_key, key);
    if (!family) {
      family = g_new0 (Yv8Family, 1);
      g_ptr_array_add (families, family);
    }
    g_hash_table_replace (by_key, key, family);
    add_set (self, family, sets->pdata[i]);
  }
  return families;
}

GPtrArray *
yv8_families_find (const Yv8Graph *graph)
{
  Finder self = { 0 };

  finder_init (&self, graph);
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++)
    visit (&self, yv8_graph_op (graph, i));
  for (guint i = 0; i < graph->outputs->len; i++) {
    cut (&self, yv8_graph_output (graph, i));
    set_kept (&self, yv8_graph_output (graph, i), TRUE);
  }
  for (guint i = 1; i < self.n; i++)
    self.part[i] += self.part[i - 1];
  GPtrArray *families = collect_families (&self);
  finder_clear (&self);
  return families;
}

void
yv8_family_mark (const Yv8Family *self, guint set, Yv8Mask *mask)
{
  const Yv8Channel *channels = self->channels + (gsize) set * self->n_channels;

  for (guint i = 0; i < self->n_channels; i++)
    mask->marks[channels[i].buffer][channels[i].channel] = TRUE;
}

guint
yv8_family_meets (const Yv8Family *self, guint set, const Yv8Slice *slice, guint *channels)
{
  const Yv8Channel *own = self->channels + (gsize) set * self->n_channels;
  guint n = 0;

  for (guint i = 0; i < self->n_channels; i++)
    if (own[i].buffer == slice->buffer && own[i].channel >= slice->channel &&
        own[i].channel - slice->channel < slice->channels) {
      if (channels)
        channels[n] = own[i].channel - slice->channel;
      n++;
    }
  return n;
}

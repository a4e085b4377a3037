/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Greedy by size: buffers from the largest down, each at the lowest offset where it overlaps none
 * that is placed already and alive at the same time. */
#include "exec/plan.h"

typedef struct {
  guint buffer;
  gsize size;
} Item;

static void
touch (Yv8Plan *plan, guint buffer, guint op)
{
  plan->first[buffer] = MIN (plan->first[buffer], op);
  plan->last[buffer] = MAX (plan->last[buffer], op);
}

static void
find_lifetimes (Yv8Plan *plan, const Yv8Graph *graph, gboolean keep)
{
  for (guint i = 0; i < yv8_graph_n_buffers (graph); i++)
    plan->first[i] = G_MAXUINT;
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    for (guint j = 0; j < op->n_in; j++)
      touch (plan, op->in[j].buffer, i);
    if (op->kind != YV8_OP_DETECT)
      touch (plan, op->out.buffer, i);
    if (op->upsampled.channels)
      touch (plan, op->upsampled.buffer, i);
  }
  for (guint i = 0; i < graph->outputs->len; i++)
    plan->last[yv8_graph_output (graph, i)->buffer] = G_MAXUINT;
  for (guint i = 0; keep && i < yv8_graph_n_buffers (graph); i++)
    plan->last[i] = G_MAXUINT;
}

static gint
compare_items (gconstpointer a, gconstpointer b)
{
  const Item *x = a, *y = b;

  if (x->size != y->size)
    return x->size < y->size ? 1 : -1;
  return x->buffer < y->buffer ? -1 : 1;
}

static gint
compare_offsets (gconstpointer a, gconstpointer b, gpointer data)
{
  const Yv8Plan *plan = data;
  const Item *x = a, *y = b;

  if (plan->offset[x->buffer] != plan->offset[y->buffer])
    return plan->offset[x->buffer] < plan->offset[y->buffer] ? -1 : 1;
  return 0;
}

static gboolean
alive_together (const Yv8Plan *plan, guint a, guint b)
{
  return plan->first[a] <= plan->last[b] && plan->first[b] <= plan->last[a];
}

/* @placed is kept in the order of offsets. */
static gboolean
place (Yv8Plan *plan, const Item *item, GArray *placed, gsize alignment)
{
  gsize offset = 0, end;

  for (guint i = 0; i < placed->len; i++) {
    const Item *other = &g_array_index (placed, Item, i);
    gsize start = plan->offset[other->buffer];
    if (!alive_together (plan, item->buffer, other->buffer) || start + other->size <= offset)
      continue;
    if (start >= offset && start - offset >= item->size)
      break;
    offset = (start + other->size + alignment - 1) & ~(alignment - 1);
  }
  if (!g_size_checked_add (&end, offset, item->size) || end > G_MAXSSIZE - alignment)
    return FALSE;
  plan->offset[item->buffer] = offset;
  plan->arena_size = MAX (plan->arena_size, (end + alignment - 1) & ~(alignment - 1));
  g_array_append_vals (placed, item, 1);
  g_array_sort_with_data (placed, compare_offsets, plan);
  return TRUE;
}

Yv8Plan *
yv8_plan_new (
    const Yv8Graph *graph, const gsize *sizes, gsize alignment, gboolean keep, GError **error)
{
  guint n = yv8_graph_n_buffers (graph);
  g_autoptr (Yv8Plan) plan = g_new0 (Yv8Plan, 1);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));
  g_autoptr (GArray) placed = g_array_new (FALSE, FALSE, sizeof (Item));

  plan->offset = g_new0 (gsize, n);
  plan->first = g_new0 (guint, n);
  plan->last = g_new0 (guint, n);
  find_lifetimes (plan, graph, keep);

  for (guint i = 0; i < n; i++) {
    const Item item = { i, sizes[i] };
    if (item.size > 0 && plan->first[i] != G_MAXUINT)
      g_array_append_val (items, item);
  }
  g_array_sort (items, compare_items);
  for (guint i = 0; i < items->len; i++)
    if (!place (plan, &g_array_index (items, Item, i), placed, alignment)) {
      g_set_error_literal (error, YV8_ERROR, YV8_ERROR_MEMORY,
          "the network's feature maps are larger than the address space");
      return NULL;
    }
  return g_steal_pointer (&plan);
}

void
yv8_plan_free (Yv8Plan *plan)
{
  if (!plan)
    return;
  g_free (plan->offset);
  g_free (plan->first);
  g_free (plan->last);
  g_free (plan);
}

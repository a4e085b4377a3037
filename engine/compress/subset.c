/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The other classes' logits are channels that go. */
#include "compress/subset.h"

#include "compress/surgery.h"

/* Returns: of each class, whether it goes */
static gboolean *
mark_gone (guint n_classes, const guint *classes, guint n, GError **error)
{
  g_autofree gboolean *gone = g_new (gboolean, n_classes);

  for (guint i = 0; i < n_classes; i++)
    gone[i] = TRUE;
  for (guint i = 0; i < n; i++) {
    if (classes[i] >= n_classes || !gone[classes[i]]) {
      g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "class %u %s", classes[i],
          classes[i] < n_classes ? "is told twice" : "is not one of the model's");
      return NULL;
    }
    gone[classes[i]] = FALSE;
  }
  if (n == 0)
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "no class is left");
  return n > 0 ? g_steal_pointer (&gone) : NULL;
}

Yv8Graph *
yv8_subset_classes (const Yv8Graph *graph, const guint *classes, guint n, GError **error)
{
  const Yv8Op *detect = yv8_graph_detect (graph);
  g_autofree gboolean *gone = mark_gone (detect->n_classes, classes, n, error);
  g_autoptr (Yv8Mask) mask = yv8_mask_new (graph);

  if (!gone)
    return NULL;
  for (guint i = 1; i < detect->n_in; i += 2)
    for (guint k = 0; k < detect->n_classes; k++)
      yv8_mask_slice (mask, &detect->in[i])[k] = gone[k];
  return yv8_graph_cut (graph, mask, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Layers back to float, the noisiest first. */
#include "compress/mixed.h"
#include "compress/quantize.h"

gboolean
yv8_judge (const Yv8Judge *judge, const Yv8Graph *graph, Yv8Agreement *agreement, GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  if (!yv8_agreement_detect (graph, judge->target, judge->album, YV8_AGREEMENT_FOUND, found, error))
    return FALSE;
  yv8_agreement_compare (judge->truth, found, judge->n_classes, agreement);
  return TRUE;
}

static double
noise_share (const Yv8Fidelity *fidelity)
{
  return fidelity->signal > 0 ? fidelity->noise / fidelity->signal : 0;
}

/* The noisiest int8 layer that was not @tried. */
static guint
find_worst (const Yv8Scheme *scheme, const Yv8LayerFidelity *layers, const gboolean *tried)
{
  guint worst = G_MAXUINT;

  for (guint i = 0; i < yv8_graph_n_ops (scheme->graph); i++) {
    if (yv8_graph_op (scheme->graph, i)->kind != YV8_OP_CONV || scheme->keep_float[i] || tried[i])
      continue;
    if (worst == G_MAXUINT || noise_share (&layers[i].alone) > noise_share (&layers[worst].alone))
      worst = i;
  }
  return worst;
}

Yv8Graph *
yv8_mixed_make (
    const Yv8Scheme *scheme, const Yv8Judge *judge, Yv8Agreement *agreement, GError **error)
{
  g_autoptr (Yv8Graph) graph = yv8_quantize (scheme, error);

  if (!graph || !yv8_judge (judge, graph, agreement, error))
    return NULL;
  return g_steal_pointer (&graph);
}

Yv8Graph *
yv8_mixed_search (Yv8Scheme *scheme, const Yv8LayerFidelity *layers, const Yv8Judge *judge,
    double max_drop, Yv8Graph *graph, Yv8Agreement *agreement, GError **error)
{
  g_autofree gboolean *tried = g_new0 (gboolean, yv8_graph_n_ops (scheme->graph));
  g_autoptr (Yv8Graph) best = graph;
  guint failures = 0;

  for (guint trial = 0; trial < YV8_MIXED_TRIALS && failures < YV8_MIXED_FAILURES; trial++) {
    Yv8Agreement result;
    guint worst = find_worst (scheme, layers, tried);
    if (yv8_agreement_check (agreement, max_drop, NULL) || worst == G_MAXUINT)
      break;
    scheme->keep_float[worst] = tried[worst] = TRUE;
    g_autoptr (Yv8Graph) next = yv8_mixed_make (scheme, judge, &result, error);
    if (!next)
      return NULL;
    if (result.by_box > agreement->by_box) {
      g_clear_pointer (&best, yv8_graph_free);
      best = g_steal_pointer (&next);
      *agreement = result;
      failures = 0;
    } else {
      scheme->keep_float[worst] = FALSE;
      failures++;
    }
  }
  return g_steal_pointer (&best);
}

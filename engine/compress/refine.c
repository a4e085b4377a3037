/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ranges refined by the network's output. */
#include "compress/refine.h"
#include "compress/boxes.h"
#include "compress/quantize.h"
#include "compress/threshold.h"

#define N_PICTURES 8
#define N_LAYERS   12 /* the worst, that are refined */
#define N_STEPS    2  /* in one direction */

/* @enough: the error must fall below this part of what it was. A narrower range is a risk with
 * frames that were not seen, so it must pay well. */
static const struct {
  double factor, enough;
} STEPS[] = { { 0.7, 0.85 }, { 1.4, 0.97 } };

/* Of the network whose op @index alone writes values of @quant. */
static gboolean
judge (const Yv8BoxJudge *boxes, const Yv8Scheme *scheme, guint index, const Yv8Quant *quant,
    double *result, GError **error)
{
  g_autoptr (Yv8Graph) graph = yv8_quantize_output (scheme->graph, index, quant, error);

  return graph && yv8_box_judge_run (boxes, graph, result, error);
}

static gboolean
refine (const Yv8BoxJudge *boxes, Yv8Scheme *scheme, guint index, double least, GError **error)
{
  const Yv8Quant first = scheme->quants[index];
  gboolean fixed_low = yv8_scheme_fixed_low (scheme, index), moved = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (STEPS) && !moved; i++) {
    double factor = STEPS[i].factor, result;
    for (guint step = 0; step < N_STEPS; step++, factor *= STEPS[i].factor) {
      Yv8Quant quant = yv8_quant_scaled (&first, factor, fixed_low);
      if (!judge (boxes, scheme, index, &quant, &result, error))
        return FALSE;
      if (!(result < STEPS[i].enough * least))
        break;
      least = result;
      scheme->quants[index] = quant;
      moved = TRUE;
    }
  }
  return TRUE;
}

static guint
find_worst (const double *errors, guint n)
{
  guint worst = 0;

  for (guint i = 1; i < n; i++)
    if (errors[i] > errors[worst])
      worst = i;
  return worst;
}

guint
yv8_refine_n_runs (const Yv8Album *album)
{
  return (1 + N_LAYERS * (1 + N_STEPS + 1)) * MIN (yv8_album_n (album), N_PICTURES);
}

gboolean
yv8_refine_ranges (Yv8Scheme *scheme, const double *noise, const Yv8Target *target,
    const Yv8Album *album, GError **error)
{
  g_autoptr (Yv8BoxJudge) boxes =
      yv8_box_judge_new (scheme->graph, target, album, N_PICTURES, error);
  guint n = yv8_graph_n_ops (scheme->graph);
  g_autofree double *left = g_memdup2 (noise, n * sizeof (double));

  for (guint i = 0; boxes && i < N_LAYERS; i++) {
    guint worst = find_worst (left, n);
    double before;
    if (left[worst] <= 0)
      break;
    if (!judge (boxes, scheme, worst, &scheme->quants[worst], &before, error) ||
        (before > 0 && !refine (boxes, scheme, worst, before, error)))
      return FALSE;
    left[worst] = 0;
  }
  return boxes != NULL;
}

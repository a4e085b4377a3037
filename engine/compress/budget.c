/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A budget, spent where it costs least. */
#include "compress/budget.h"

#include <math.h>
#include <string.h>

static void
curve_clear (gpointer data)
{
  g_clear_pointer (&((Yv8Curve *) data)->costs, g_free);
}

GArray *
yv8_curves_new (void)
{
  GArray *curves = g_array_new (FALSE, TRUE, sizeof (Yv8Curve));

  g_array_set_clear_func (curves, curve_clear);
  return curves;
}

static double
next_price (const Yv8Curve *curve)
{
  return curve->costs[curve->removed] / (double) MAX (curve->macs, 1);
}

static Yv8Curve *
find_cheapest (GArray *curves)
{
  Yv8Curve *cheapest = NULL;

  for (guint i = 0; i < curves->len; i++) {
    Yv8Curve *curve = &g_array_index (curves, Yv8Curve, i);
    if (curve->removed < curve->n && (!cheapest || next_price (curve) < next_price (cheapest)))
      cheapest = curve;
  }
  return cheapest;
}

void
yv8_budget_spend (GArray *curves, guint64 macs, Yv8BudgetFunc update, gpointer data)
{
  guint64 saved = 0;

  for (guint i = 0; i < curves->len; i++)
    g_array_index (curves, Yv8Curve, i).removed = 0;
  while (saved < macs) {
    if (update)
      update (curves, data);
    Yv8Curve *curve = find_cheapest (curves);
    if (!curve)
      break;
    curve->removed++;
    saved += curve->macs;
  }
}

GBytes *
yv8_costs_pack (const GArray *costs)
{
  guint64 *bits = g_new (guint64, MAX (costs->len, 1));

  memcpy (bits, costs->data, costs->len * sizeof *bits);
  for (guint i = 0; i < costs->len; i++)
    bits[i] = GUINT64_TO_LE (bits[i]);
  return g_bytes_new_take (bits, costs->len * sizeof *bits);
}

GArray *
yv8_costs_unpack (GBytes *bytes, gsize n, GError **error)
{
  g_autoptr (GArray) costs = g_array_new (FALSE, FALSE, sizeof (double));
  gsize size;
  const guint8 *from = g_bytes_get_data (bytes, &size);
  gboolean good = size % sizeof (guint64) == 0 && size / sizeof (guint64) == n;

  for (gsize i = 0; good && i < n; i++) {
    guint64 bits;
    double cost;
    memcpy (&bits, from + i * sizeof bits, sizeof bits);
    bits = GUINT64_FROM_LE (bits);
    memcpy (&cost, &bits, sizeof cost);
    good = isfinite (cost) != 0;
    g_array_append_val (costs, cost);
  }
  if (!good)
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_FORMAT, "the costs are not of this network");
  return good ? g_steal_pointer (&costs) : NULL;
}

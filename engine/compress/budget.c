/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A budget, spent where it costs least. */
#include "compress/budget.h"

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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Search by halving. */
#include "compress/search.h"

#include <math.h>

#define HALVINGS 60

double
yv8_search_factor (gboolean greatest, double most, double width, guint n, Yv8TrialFunc func,
    gpointer data, GError **error)
{
  double low = 0, high = most, best = 0;

  for (guint i = 0; i < n && high - low > width; i++) {
    double factor = i == 0 && most > 1 ? 1 : (low + high) / 2;
    gboolean good;
    if (!func (factor, &good, data, error))
      return NAN;
    if (good)
      best = factor;
    if (good == greatest)
      low = factor;
    else
      high = factor;
  }
  return best;
}

static double
product (const double *shares, guint n, double most, double factor)
{
  double left = 1;

  for (guint i = 0; i < n; i++)
    left *= 1 - MIN (factor * shares[i], most);
  return left;
}

double
yv8_search_macs (const double *shares, guint n, double most, double left)
{
  double low = 0, high = 1;

  if (left >= 1)
    return 0;
  for (guint i = 0; i < HALVINGS && product (shares, n, most, high) > left; i++)
    high *= 2;
  if (product (shares, n, most, high) > left)
    return INFINITY;
  for (guint i = 0; i < HALVINGS; i++) {
    double middle = (low + high) / 2;
    if (product (shares, n, most, middle) > left)
      low = middle;
    else
      high = middle;
  }
  return high;
}

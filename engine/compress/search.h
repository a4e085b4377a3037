/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Search for a factor by trials. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Yv8TrialFunc:
 * @good: (out): whether the target is met
 *
 * Returns: %FALSE with @error set to stop the search
 */
typedef gboolean (*Yv8TrialFunc) (double factor, gboolean *good, gpointer data, GError **error);

/**
 * yv8_search_factor:
 * @greatest: look for the greatest factor that is good, with less being good too; else for the
 *   least, with more being good too
 * @most: of the factors; the first trial is 1, if that is less
 * @width: of the interval at which the search ends
 * @n: of trials at most
 *
 * Halves the interval 0..@most.
 *
 * Returns: the factor found; 0 if no trial was good; NaN with @error set
 */
double yv8_search_factor (gboolean greatest, double most, double width, guint n, Yv8TrialFunc func,
    gpointer data, GError **error);

/**
 * yv8_search_macs:
 * @shares: (array length=n): of prune steps, one after the other
 * @most: of a share
 * @left: what is to be left of 1
 *
 * Returns: the factor f with which the product of 1 - min (f shares[i], @most) is @left; 0 where
 *   1 is not more than @left; infinity where it cannot be
 */
double yv8_search_macs (const double *shares, guint n, double most, double left);

G_END_DECLS

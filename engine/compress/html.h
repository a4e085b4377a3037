/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Appending to an HTML page, with everything escaped and no locale. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * yv8_html_append:
 * @template: text, in which $s is a string, escaped, $u a guint64, and $0, $1, $2, $4, $6 a double
 *   with that many decimals, or an en dash where it is not a number; $$ is a dollar
 */
void yv8_html_append (GString *html, const char *template, ...);

/**
 * Yv8Point: one layer in a chart
 * @label: (nullable): under the axis
 * @title: what is shown when it is pointed at
 * @values: of up to two series; NaN for none
 * @muted: in the colour of layers in float32
 */
typedef struct {
  const char *label;
  const char *title;
  double values[2];
  gboolean muted;
} Yv8Point;

/**
 * Yv8Chart:
 * @max: of the vertical axis, which begins at 0
 * @step: from one line of the grid to the next
 * @unit: after each number on the axis
 * @bars: the first series as bars, in place of both as dots
 */
typedef struct {
  double max, step;
  const char *unit;
  gboolean bars;
  const Yv8Point *points;
  guint n_points;
} Yv8Chart;

void yv8_html_chart (GString *html, const Yv8Chart *chart);

/**
 * yv8_html_histogram:
 * @counts: (array length=n): from @min to @max; drawn on a logarithmic scale
 * @low: of the range that int8 covers
 * @high: likewise
 */
void yv8_html_histogram (
    GString *html, const double *counts, guint n, double min, double max, double low, double high);

G_END_DECLS

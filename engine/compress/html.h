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
 * yv8_html_begin: the page up to its content
 */
void yv8_html_begin (GString *html, const char *title);
void yv8_html_end (GString *html);

/**
 * yv8_html_tile:
 * @template: as of yv8_html_append(), of @value alone
 */
void yv8_html_tile (GString *html, const char *label, const char *template, double value);

/**
 * yv8_html_list:
 * @items: (element-type utf8)
 */
void yv8_html_list (GString *html, const char *title, const GPtrArray *items);

/**
 * Yv8Point: one layer in a chart
 * @label: (nullable): under the axis
 * @title: what is shown when it is pointed at
 * @values: of up to two series; NaN for none. Of bars the second is drawn behind the first: what it
 *   was before
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
 * @bars: bars in place of dots
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
 * yv8_html_scale: sets @step so that there are at most five lines below @max
 */
void yv8_html_scale (Yv8Chart *chart);

/**
 * Yv8Place: in a chart of two axes
 * @label: beside it
 * @y: 0 to 1
 */
typedef struct {
  const char *label;
  double x, y;
} Yv8Place;

/**
 * yv8_html_scatter: a line from place to place; the horizontal axis begins at 0, the vertical one
 * at a tenth below the least
 */
void yv8_html_scatter (GString *html, const Yv8Place *places, guint n);

/**
 * yv8_html_histogram:
 * @counts: (array length=n): from @min to @max; drawn on a logarithmic scale
 * @low: of the range that int8 covers
 * @high: likewise
 */
void yv8_html_histogram (
    GString *html, const double *counts, guint n, double min, double max, double low, double high);

G_END_DECLS

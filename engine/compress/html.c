/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text and charts of a page. */
#include <math.h>
#include <string.h>

#include "compress/html.h"

#define WIDTH        960.0
#define HEIGHT       250.0
#define LEFT         52.0
#define TOP          10.0
#define BOTTOM       26.0

#define SMALL_WIDTH  220.0
#define SMALL_HEIGHT 56.0

static void
append_double (GString *html, double value, char decimals)
{
  const char format[] = { '%', '.', decimals, 'f', '\0' };
  char text[G_ASCII_DTOSTR_BUF_SIZE + 320];

  if (isfinite (value))
    g_string_append (html, g_ascii_formatd (text, sizeof text, format, value));
  else
    g_string_append (html, "\xe2\x80\x93");
}

static void
append_escaped (GString *html, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text ? text : "", -1);
  g_autofree char *escaped = g_markup_escape_text (valid, -1);

  g_string_append (html, escaped);
}

void
yv8_html_append (GString *html, const char *template, ...)
{
  va_list args;

  va_start (args, template);
  for (const char *p = template; *p; p++) {
    if (*p != '$') {
      g_string_append_c (html, *p);
      continue;
    }
    p++;
    if (*p == 's')
      append_escaped (html, va_arg (args, const char *));
    else if (*p == 'u')
      g_string_append_printf (html, "%" G_GUINT64_FORMAT, va_arg (args, guint64));
    else if (g_ascii_isdigit (*p))
      append_double (html, va_arg (args, double), *p);
    else
      g_string_append_c (html, *p);
  }
  va_end (args);
}

static double
y_of (const Yv8Chart *chart, double value)
{
  double part = CLAMP (value / chart->max, 0.0, 1.0);

  return TOP + (HEIGHT - TOP - BOTTOM) * (1 - part);
}

static void
append_grid (GString *html, const Yv8Chart *chart)
{
  for (double value = 0; value <= chart->max * 1.001; value += chart->step) {
    double y = y_of (chart, value);
    yv8_html_append (html, "<line class=grid x1=$0 x2=$0 y1=$1 y2=$1 />", LEFT, WIDTH, y, y);
    yv8_html_append (html, "<text class=axis x=$0 y=$1 text-anchor=end>", LEFT - 6, y + 4);
    yv8_html_append (html, chart->step < 1 ? "$2$s</text>" : "$0$s</text>", value, chart->unit);
  }
}

static void
append_dots (GString *html, const Yv8Chart *chart, const Yv8Point *point, double x)
{
  double y[2] = { y_of (chart, point->values[0]), y_of (chart, point->values[1]) };

  if (isfinite (point->values[0]) && isfinite (point->values[1]))
    yv8_html_append (html, "<line class=link x1=$1 x2=$1 y1=$1 y2=$1 />", x, x, y[0], y[1]);
  for (guint i = 0; i < 2; i++)
    if (isfinite (point->values[i]))
      yv8_html_append (
          html, "<circle class=\"$s\" cx=$1 cy=$1 r=4 />", i ? "second" : "first", x, y[i]);
}

void
yv8_html_chart (GString *html, const Yv8Chart *chart)
{
  double slot = (WIDTH - LEFT) / MAX (chart->n_points, 1);

  yv8_html_append (html, "<svg viewBox=\"0 0 $0 $0\" role=img>", WIDTH, HEIGHT);
  append_grid (html, chart);
  for (guint i = 0; i < chart->n_points; i++) {
    const Yv8Point *point = &chart->points[i];
    double x = LEFT + slot * (i + 0.5), y = y_of (chart, point->values[0]);
    yv8_html_append (
        html, "<g class=\"point$s\"><title>$s</title>", point->muted ? " muted" : "", point->title);
    yv8_html_append (html, "<rect class=hit x=$1 y=$1 width=$1 height=$1 />", x - slot / 2, TOP,
        slot, HEIGHT - TOP - BOTTOM);
    if (chart->bars)
      yv8_html_append (html, "<rect class=first x=$1 y=$1 width=$1 height=$1 rx=1 />",
          x - slot / 2 + 1, y, MAX (slot - 2, 1.0), y_of (chart, 0) - y);
    else
      append_dots (html, chart, point, x);
    g_string_append (html, "</g>");
    if (point->label)
      yv8_html_append (html, "<text class=axis x=$1 y=$1 text-anchor=middle>$s</text>", x,
          HEIGHT - 8, point->label);
  }
  g_string_append (html, "</svg>\n");
}

void
yv8_html_histogram (
    GString *html, const double *counts, guint n, double min, double max, double low, double high)
{
  double span = max > min ? max - min : 1, most = 1;
  double left = CLAMP ((low - min) / span, 0.0, 1.0) * SMALL_WIDTH;
  double right = CLAMP ((high - min) / span, 0.0, 1.0) * SMALL_WIDTH;

  for (guint i = 0; i < n; i++)
    most = MAX (most, counts[i]);
  yv8_html_append (html, "<svg viewBox=\"0 0 $0 $0\" role=img>", SMALL_WIDTH, SMALL_HEIGHT);
  yv8_html_append (html, "<rect class=range x=$1 y=0 width=$1 height=$0 />", left,
      MAX (right - left, 0.5), SMALL_HEIGHT);
  yv8_html_append (html, "<path class=area d=\"M0 $0", SMALL_HEIGHT);
  for (guint i = 0; i < n; i++)
    yv8_html_append (html, "V$1H$1", SMALL_HEIGHT * (1 - log1p (counts[i]) / log1p (most)),
        SMALL_WIDTH * (i + 1) / n);
  yv8_html_append (html, "V$0Z\"/></svg>\n", SMALL_HEIGHT);
}

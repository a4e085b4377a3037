/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text and charts of a page. */
#include <math.h>
#include <string.h>

#include "compress/html.h"

#define WIDTH         960.0
#define HEIGHT        250.0
#define LEFT          52.0
#define TOP           10.0
#define BOTTOM        26.0

#define SQUARE_WIDTH  360.0
#define SQUARE_HEIGHT 240.0

#define SMALL_WIDTH   220.0
#define SMALL_HEIGHT  56.0

static const char HEAD[] =
    "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
    "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
    "<title>$s</title>\n<style>\n"
    ":root{color-scheme:light dark;--page:#f9f9f7;--card:#fcfcfb;--ink:#0b0b0b;--soft:#52514e;"
    "--faint:#898781;--grid:#e1e0d9;--edge:rgba(11,11,11,.1);--first:#2a78d6;--second:#eb6834;"
    "--muted:#898781;--range:rgba(42,120,214,.14)}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#0d0d0d;--card:#1a1a19;--ink:#fff;"
    "--soft:#c3c2b7;--grid:#2c2c2a;--edge:rgba(255,255,255,.1);--first:#3987e5;--second:#d95926;"
    "--range:rgba(57,135,229,.22)}}\n"
    "body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}\n"
    "main{max-width:1060px;margin:0 auto;padding:24px}\n"
    "h1{font-size:26px;margin:0}h2{font-size:17px;margin:0 0 4px}p{margin:0 0 12px;"
    "color:var(--soft)}\n"
    "section{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:18px;"
    "margin:18px 0;overflow-x:auto}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px}\n"
    ".tiles div{background:var(--card);border:1px solid var(--edge);border-radius:10px;"
    "padding:12px 16px}.tiles b{display:block;font-size:24px;font-weight:600}\n"
    ".tiles span,figcaption{color:var(--soft);font-size:13px}\n"
    ".maps{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:14px}\n"
    "figure{margin:0;min-width:0}figcaption{font-size:12px;overflow-wrap:anywhere}\n"
    "svg{display:block;width:100%;height:auto}.maps svg{border-bottom:1px solid var(--grid)}\n"
    ".grid{stroke:var(--grid)}.axis{fill:var(--faint);font-size:11px}.link{stroke:var(--grid);"
    "stroke-width:2}.hit{fill:transparent}.point:hover .hit{fill:var(--range)}\n"
    ".first,.area{fill:var(--first)}.second{fill:var(--second)}.muted .first,.muted .second{"
    "fill:var(--muted)}.range{fill:var(--range)}\n"
    ".key{display:inline-block;width:10px;height:10px;border-radius:5px;margin:0 6px 0 14px}\n"
    "table{border-collapse:collapse;width:100%;font-size:12.5px;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{text-align:right;padding:3px 8px;border-bottom:1px solid var(--grid);"
    "white-space:nowrap}th{color:var(--soft);font-weight:500}\n"
    "th:nth-child(2),td:nth-child(2){text-align:left}li{overflow-wrap:anywhere}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:14px}\n"
    ".pairs{display:grid;grid-template-columns:1fr 1fr;gap:14px}.before{fill:var(--grid)}\n"
    ".way{fill:none;stroke:var(--first);stroke-width:1.5}.box{fill:transparent;stroke:#ff3b30;"
    "stroke-width:2}.name{fill:#fff;stroke:#000;stroke-width:2.5;paint-order:stroke;font-size:12px}\n"
    "</style>\n<main>\n";

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

void
yv8_html_begin (GString *html, const char *title)
{
  yv8_html_append (html, HEAD, title);
}

void
yv8_html_end (GString *html)
{
  g_string_append (html, "</main>\n</html>\n");
}

void
yv8_html_tile (GString *html, const char *label, const char *template, double value)
{
  yv8_html_append (html, "<div><span>$s</span><b>", label);
  yv8_html_append (html, template, value);
  g_string_append (html, "</b></div>\n");
}

void
yv8_html_list (GString *html, const char *title, const GPtrArray *items)
{
  yv8_html_append (
      html, "<section><details><summary>$s: $u</summary><ol>\n", title, (guint64) items->len);
  for (guint i = 0; i < items->len; i++)
    yv8_html_append (html, "<li>$s</li>\n", (const char *) g_ptr_array_index (items, i));
  g_string_append (html, "</ol></details></section>\n");
}

/* 1, 2 or 5 times a power of ten, of which five at most lie below @max. */
static double
nice_step (double max)
{
  double power = pow (10, floor (log10 (max / 5)));
  double part = max / 5 / power;

  return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

void
yv8_html_scale (Yv8Chart *chart)
{
  chart->max = MAX (chart->max, 1e-3);
  chart->step = nice_step (chart->max);
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

static void
append_bar (GString *html, const Yv8Chart *chart, const char *class, double x, double value)
{
  double width = MAX ((WIDTH - LEFT) / chart->n_points - 2, 1.0), y = y_of (chart, value);

  yv8_html_append (html, "<rect class=$s x=$1 y=$1 width=$1 height=$1 rx=1 />", class,
      x - width / 2, y, width, y_of (chart, 0) - y);
}

void
yv8_html_chart (GString *html, const Yv8Chart *chart)
{
  double slot = (WIDTH - LEFT) / MAX (chart->n_points, 1);

  yv8_html_append (html, "<svg viewBox=\"0 0 $0 $0\" role=img>", WIDTH, HEIGHT);
  append_grid (html, chart);
  for (guint i = 0; i < chart->n_points; i++) {
    const Yv8Point *point = &chart->points[i];
    double x = LEFT + slot * (i + 0.5);
    yv8_html_append (
        html, "<g class=\"point$s\"><title>$s</title>", point->muted ? " muted" : "", point->title);
    yv8_html_append (html, "<rect class=hit x=$1 y=$1 width=$1 height=$1 />", x - slot / 2, TOP,
        slot, HEIGHT - TOP - BOTTOM);
    if (chart->bars) {
      append_bar (html, chart, "before", x, point->values[1]);
      append_bar (html, chart, "first", x, point->values[0]);
    } else {
      append_dots (html, chart, point, x);
    }
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

/* Where a place is drawn. */
typedef struct {
  double x_max, y_min;
} Axes;

static double
square_x (const Axes *axes, double x)
{
  return LEFT + (SQUARE_WIDTH - LEFT - TOP) * x / axes->x_max;
}

static double
square_y (const Axes *axes, double y)
{
  return TOP + (SQUARE_HEIGHT - TOP - BOTTOM) * (1 - y) / (1 - axes->y_min);
}

static void
append_axes (GString *html, const Axes *axes)
{
  double x_step = nice_step (axes->x_max), y_step = nice_step (1 - axes->y_min);

  for (double y = 1; y >= axes->y_min - y_step / 100; y -= y_step) {
    double at = square_y (axes, y);
    yv8_html_append (
        html, "<line class=grid x1=$0 x2=$0 y1=$1 y2=$1 />", LEFT, SQUARE_WIDTH, at, at);
    yv8_html_append (html, "<text class=axis x=$0 y=$1 text-anchor=end>", LEFT - 6, at + 4);
    yv8_html_append (html, y_step < 0.1 ? "$2</text>" : "$1</text>", y);
  }
  for (double x = 0; x <= axes->x_max * 1.001; x += x_step) {
    yv8_html_append (html, "<text class=axis x=$1 y=$1 text-anchor=middle>", square_x (axes, x),
        SQUARE_HEIGHT - 8);
    yv8_html_append (html, x_step < 1 ? "$1</text>" : "$0</text>", x);
  }
}

void
yv8_html_scatter (GString *html, const Yv8Place *places, guint n)
{
  Axes axes = { 1e-3, 0.9 };

  for (guint i = 0; i < n; i++) {
    axes.x_max = MAX (axes.x_max, places[i].x);
    axes.y_min = MIN (axes.y_min, floor (places[i].y * 10) / 10);
  }
  yv8_html_append (html, "<svg viewBox=\"0 0 $0 $0\" role=img>", SQUARE_WIDTH, SQUARE_HEIGHT);
  append_axes (html, &axes);
  g_string_append (html, "<polyline class=way points=\"");
  for (guint i = 0; i < n; i++)
    yv8_html_append (html, "$1,$1 ", square_x (&axes, places[i].x), square_y (&axes, places[i].y));
  g_string_append (html, "\" />");
  for (guint i = 0; i < n; i++) {
    double x = square_x (&axes, places[i].x), y = square_y (&axes, places[i].y);
    gboolean right = x > SQUARE_WIDTH * 0.6;
    yv8_html_append (html, "<circle class=first cx=$1 cy=$1 r=4><title>$s: $2, $4</title></circle>",
        x, y, places[i].label, places[i].x, places[i].y);
    yv8_html_append (html,
        right ? "<text class=axis text-anchor=end x=$1 y=$1>$s</text>"
              : "<text class=axis x=$1 y=$1>$s</text>",
        right ? x - 8 : x + 8, y + (i % 2 ? 14 : 4), places[i].label);
  }
  g_string_append (html, "</svg>\n");
}

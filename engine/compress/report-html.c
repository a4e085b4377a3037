/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The report as a page. */
#include <math.h>

#include "compress/html.h"
#include "compress/report.h"

static const char HEAD[] =
    "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
    "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
    "<title>INT8 calibration</title>\n<style>\n"
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
    "</style>\n<main>\n";

static double
snr_of (const Yv8Fidelity *fidelity)
{
  return fidelity->signal > 0 ? yv8_fidelity_snr (fidelity) : (double) NAN;
}

static void
append_header (GString *html, const Yv8Report *report)
{
  yv8_html_append (html,
      "<h1>INT8 calibration</h1>\n<p>$s at $ux$u, ranges by $s, judged on $s. Licence of the "
      "source: $s. SHA-256 of the source: <code>$s</code></p>\n",
      report->model, (guint64) report->width, (guint64) report->height,
      yv8_method_name (report->method), report->device,
      report->license ? report->license : "not stated", report->sha256);
}

static void
append_tile (GString *html, const char *label, const char *template, double value)
{
  yv8_html_append (html, "<div><span>$s</span><b>", label);
  yv8_html_append (html, template, value);
  g_string_append (html, "</b></div>\n");
}

static void
append_tiles (GString *html, const Yv8Report *report)
{
  const Yv8Agreement *agreement = &report->agreement;
  double macs = 0, int8_macs = 0;

  for (guint i = 0; i < report->layers->len; i++) {
    const Yv8ReportLayer *layer = &g_array_index (report->layers, Yv8ReportLayer, i);
    macs += (double) layer->macs;
    int8_macs += layer->keep_float ? 0 : (double) layer->macs;
  }
  g_string_append (html, "<div class=tiles>\n");
  append_tile (html, "Agreement, AP 0.50:0.95", "$4", agreement->ap);
  append_tile (html, "Agreement, AP 0.50", "$4", agreement->ap50);
  append_tile (
      html, "Score shift", "$4", agreement->n_boxes ? agreement->score_shift : (double) NAN);
  append_tile (html, "Weights, MB", "$2", (double) report->int8_size / 1e6);
  append_tile (html, "of float32, MB", "$2", (double) report->float_size / 1e6);
  append_tile (html, "MACs, G", "$2", macs / 1e9);
  append_tile (html, "of these in int8", "$1 %", macs > 0 ? 100 * int8_macs / macs : 0);
  yv8_html_append (html,
      "</div>\n<p>Agreement: average precision of the int8 model's boxes, with the float model's "
      "of at least 0.25 as the truth: $u boxes on $u frames that calibration did not see.</p>\n",
      (guint64) agreement->n_boxes, (guint64) agreement->n_frames);
}

static GArray *
new_points (const Yv8Report *report)
{
  GArray *points = g_array_new (FALSE, TRUE, sizeof (Yv8Point));

  for (guint i = 0; i < report->layers->len; i++) {
    const Yv8ReportLayer *layer = &g_array_index (report->layers, Yv8ReportLayer, i);
    Yv8Point point = { .muted = layer->keep_float };
    if (i % 5 == 0)
      point.label = g_strdup_printf ("%u", layer->index);
    g_array_append_val (points, point);
  }
  return points;
}

static void
free_points (GArray *points)
{
  for (guint i = 0; i < points->len; i++) {
    Yv8Point *point = &g_array_index (points, Yv8Point, i);
    g_free ((char *) point->title);
    g_free ((char *) point->label);
  }
  g_array_unref (points);
}

static void
append_chart (GString *html, Yv8Chart *chart, GArray *points)
{
  chart->points = (const Yv8Point *) points->data;
  chart->n_points = points->len;
  yv8_html_chart (html, chart);
  free_points (points);
}

static void
append_errors (GString *html, const Yv8Report *report)
{
  Yv8Chart chart = { .max = 60, .step = 10, .unit = " dB" };
  GArray *points = new_points (report);

  for (guint i = 0; i < points->len; i++) {
    const Yv8ReportLayer *layer = &g_array_index (report->layers, Yv8ReportLayer, i);
    Yv8Point *point = &g_array_index (points, Yv8Point, i);
    g_autoptr (GString) title = g_string_new (layer->name);
    point->values[0] = snr_of (&layer->fidelity.alone);
    point->values[1] = snr_of (&layer->fidelity.accumulated);
    yv8_html_append (title, ": alone $1 dB, accumulated $1 dB", point->values[0], point->values[1]);
    point->title = g_string_free (g_steal_pointer (&title), FALSE);
  }
  g_string_append (html,
      "<section><h2>Error of each layer</h2>\n<p>Signal-to-noise ratio against the float model; "
      "more is better. The number is the op's.<span class=key style=\"background:var(--first)\">"
      "</span>alone: on float inputs<span class=key style=\"background:var(--second)\"></span>"
      "accumulated: in the int8 model<span class=key style=\"background:var(--muted)\"></span>kept "
      "in float32</p>\n");
  append_chart (html, &chart, points);
  g_string_append (html, "</section>\n");
}

/* 1, 2 or 5 times a power of ten, of which five at most lie below @max. */
static double
nice_step (double max)
{
  double power = pow (10, floor (log10 (max / 5)));
  double part = max / 5 / power;

  return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static void
append_macs (GString *html, const Yv8Report *report)
{
  Yv8Chart chart = { .unit = " M", .bars = TRUE };
  GArray *points = new_points (report);

  for (guint i = 0; i < points->len; i++) {
    const Yv8ReportLayer *layer = &g_array_index (report->layers, Yv8ReportLayer, i);
    Yv8Point *point = &g_array_index (points, Yv8Point, i);
    g_autoptr (GString) title = g_string_new (layer->name);
    point->values[0] = (double) layer->macs / 1e6;
    chart.max = MAX (chart.max, point->values[0]);
    yv8_html_append (title, ": $1 MMAC, $u parameters", point->values[0], layer->parameters);
    point->title = g_string_free (g_steal_pointer (&title), FALSE);
  }
  chart.max = MAX (chart.max, 1e-3);
  chart.step = nice_step (chart.max);
  g_string_append (html, "<section><h2>Work of each layer</h2>\n<p>Millions of "
                         "multiply-accumulates a frame.</p>\n");
  append_chart (html, &chart, points);
  g_string_append (html, "</section>\n");
}

static void
append_ranges (GString *html, const Yv8Report *report)
{
  double counts[YV8_REPORT_BINS], low, high;

  g_string_append (html,
      "<section><h2>Ranges and histograms</h2>\n<p>Of what each layer writes, on a logarithmic "
      "scale; shaded is the range that int8 covers.</p>\n<div class=maps>\n");
  for (guint i = 0; i < report->layers->len; i++) {
    const Yv8ReportLayer *layer = &g_array_index (report->layers, Yv8ReportLayer, i);
    if (!yv8_report_range (layer, &low, &high))
      continue;
    double min = (double) layer->histogram->min, max = (double) layer->histogram->max;
    yv8_report_bins (layer, counts);
    g_string_append (html, "<figure>");
    yv8_html_histogram (html, counts, YV8_REPORT_BINS, min, max, low, high);
    yv8_html_append (html,
        "<figcaption>$u $s<br>seen $2 to $2, int8 $2 to $2</figcaption></figure>\n",
        (guint64) layer->index, layer->name, min, max, low, high);
  }
  g_string_append (html, "</div></section>\n");
}

static void
append_table (GString *html, const Yv8Report *report)
{
  g_string_append (html,
      "<section><h2>Layers</h2>\n<table><tr><th>op<th>name<th>type<th>output<th>MMAC<th>parameters"
      "<th>alone, dB<th>cosine<th>accumulated, dB<th>cosine</tr>\n");
  for (guint i = 0; i < report->layers->len; i++) {
    const Yv8ReportLayer *layer = &g_array_index (report->layers, Yv8ReportLayer, i);
    const Yv8Fidelity *alone = &layer->fidelity.alone, *all = &layer->fidelity.accumulated;
    yv8_html_append (html,
        "<tr><td>$u<td>$s<td>$s<td>$u×$u×$u<td>$1<td>$u<td>$2<td>$6<td>$2<td>$6</tr>\n",
        (guint64) layer->index, layer->name, layer->keep_float ? "float32" : "int8",
        (guint64) layer->channels, (guint64) layer->height, (guint64) layer->width,
        (double) layer->macs / 1e6, layer->parameters, snr_of (alone),
        alone->signal > 0 ? yv8_fidelity_cosine (alone) : (double) NAN, snr_of (all),
        all->signal > 0 ? yv8_fidelity_cosine (all) : (double) NAN);
  }
  g_string_append (html, "</table></section>\n");
}

static void
append_frames (GString *html, const char *title, const GPtrArray *frames)
{
  yv8_html_append (
      html, "<section><details><summary>$s: $u</summary><ol>\n", title, (guint64) frames->len);
  for (guint i = 0; i < frames->len; i++)
    yv8_html_append (html, "<li>$s</li>\n", (const char *) g_ptr_array_index (frames, i));
  g_string_append (html, "</ol></details></section>\n");
}

char *
yv8_report_html (const Yv8Report *report)
{
  GString *html = g_string_new (HEAD);

  append_header (html, report);
  append_tiles (html, report);
  append_errors (html, report);
  append_ranges (html, report);
  append_macs (html, report);
  append_table (html, report);
  append_frames (
      html, "Frames that ranges were gathered from", report->frames[YV8_FRAME_CALIBRATE]);
  append_frames (html, "Frames that were held out", report->frames[YV8_FRAME_VALIDATE]);
  g_string_append (html, "</main>\n</html>\n");
  return g_string_free (html, FALSE);
}

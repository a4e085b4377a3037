/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The report as a page. */
#include <math.h>

#include "compress/html.h"
#include "compress/report.h"

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
  yv8_html_tile (html, "Agreement, AP 0.50:0.95", "$4", agreement->ap);
  yv8_html_tile (html, "Agreement, AP 0.50", "$4", agreement->ap50);
  yv8_html_tile (html, "Agreement by box", "$4", agreement->by_box);
  yv8_html_tile (
      html, "Score shift", "$4", agreement->n_boxes ? agreement->score_shift : (double) NAN);
  yv8_html_tile (html, "Weights, MB", "$2", (double) report->int8_size / 1e6);
  yv8_html_tile (html, "of float32, MB", "$2", (double) report->float_size / 1e6);
  yv8_html_tile (html, "MACs, G", "$2", macs / 1e9);
  yv8_html_tile (html, "of these in int8", "$1 %", macs > 0 ? 100 * int8_macs / macs : 0);
  yv8_html_append (html,
      "</div>\n<p>Agreement: average precision of the int8 model's boxes, with the float model's "
      "of at least 0.25 as the truth: $u boxes on $u frames that calibration did not see. By box, "
      "classes count by their boxes.</p>\n",
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
  yv8_html_scale (&chart);
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

char *
yv8_report_html (const Yv8Report *report)
{
  GString *html = g_string_new (NULL);

  yv8_html_begin (html, "INT8 calibration");
  append_header (html, report);
  append_tiles (html, report);
  append_errors (html, report);
  append_ranges (html, report);
  append_macs (html, report);
  append_table (html, report);
  yv8_html_list (
      html, "Frames that ranges were gathered from", report->frames[YV8_FRAME_CALIBRATE]);
  yv8_html_list (html, "Frames that were held out", report->frames[YV8_FRAME_VALIDATE]);
  yv8_html_end (html);
  return g_string_free (html, FALSE);
}

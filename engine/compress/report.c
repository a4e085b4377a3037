/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The report as JSON. */
#include <json-glib/json-glib.h>
#include <math.h>

#include "compress/report.h"

void
yv8_report_bins (const Yv8ReportLayer *layer, double *counts)
{
  const Yv8Histogram *histogram = layer->histogram;
  double min = (double) histogram->min, span = (double) histogram->max - min;

  for (guint i = 0; i < YV8_REPORT_BINS; i++)
    counts[i] = 0;
  for (guint i = 0; i < YV8_HISTOGRAM_BINS; i++) {
    double centre = (yv8_histogram_edge (histogram, i) + yv8_histogram_edge (histogram, i + 1)) / 2;
    double part = span > 0 ? (centre - min) / span : 0;
    guint bin = (guint) CLAMP (part * YV8_REPORT_BINS, 0.0, YV8_REPORT_BINS - 1.0);
    counts[bin] += (double) histogram->counts[i];
  }
}

gboolean
yv8_report_range (const Yv8ReportLayer *layer, double *low, double *high)
{
  if (!layer->histogram)
    return FALSE;
  *low = (double) layer->quant.scale * (-128 - layer->quant.zero);
  *high = (double) layer->quant.scale * (127 - layer->quant.zero);
  return TRUE;
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

static void
add_int (JsonBuilder *builder, const char *name, guint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64) value);
}

static void
add_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

static void
add_fidelity (JsonBuilder *builder, const char *name, const Yv8Fidelity *fidelity)
{
  json_builder_set_member_name (builder, name);
  if (fidelity->signal == 0 && fidelity->noise == 0) {
    json_builder_add_null_value (builder);
    return;
  }
  json_builder_begin_object (builder);
  add_double (builder, "snr", yv8_fidelity_snr (fidelity));
  add_double (builder, "cosine", yv8_fidelity_cosine (fidelity));
  json_builder_end_object (builder);
}

static void
add_histogram (JsonBuilder *builder, const Yv8ReportLayer *layer)
{
  double counts[YV8_REPORT_BINS], low, high;

  if (!yv8_report_range (layer, &low, &high))
    return;
  add_double (builder, "min", (double) layer->histogram->min);
  add_double (builder, "max", (double) layer->histogram->max);
  add_double (builder, "low", low);
  add_double (builder, "high", high);
  add_double (builder, "scale", (double) layer->quant.scale);
  json_builder_set_member_name (builder, "zero");
  json_builder_add_int_value (builder, layer->quant.zero);
  yv8_report_bins (layer, counts);
  json_builder_set_member_name (builder, "histogram");
  json_builder_begin_array (builder);
  for (guint i = 0; i < YV8_REPORT_BINS; i++)
    json_builder_add_int_value (builder, (gint64) counts[i]);
  json_builder_end_array (builder);
}

static void
add_layers (JsonBuilder *builder, const Yv8Report *report)
{
  json_builder_set_member_name (builder, "layers");
  json_builder_begin_array (builder);
  for (guint i = 0; i < report->layers->len; i++) {
    const Yv8ReportLayer *layer = &g_array_index (report->layers, Yv8ReportLayer, i);
    json_builder_begin_object (builder);
    add_int (builder, "op", layer->index);
    add_string (builder, "name", layer->name);
    add_string (builder, "type", layer->keep_float ? "float32" : "int8");
    add_int (builder, "channels", layer->channels);
    add_int (builder, "height", layer->height);
    add_int (builder, "width", layer->width);
    add_int (builder, "macs", layer->macs);
    add_int (builder, "parameters", layer->parameters);
    add_fidelity (builder, "alone", &layer->fidelity.alone);
    add_fidelity (builder, "accumulated", &layer->fidelity.accumulated);
    add_histogram (builder, layer);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
add_agreement (JsonBuilder *builder, const Yv8Agreement *agreement)
{
  json_builder_set_member_name (builder, "agreement");
  json_builder_begin_object (builder);
  add_double (builder, "ap", agreement->ap);
  add_double (builder, "ap50", agreement->ap50);
  add_double (builder, "by_box", agreement->by_box);
  add_double (builder, "score_shift", agreement->score_shift);
  add_int (builder, "frames", agreement->n_frames);
  add_int (builder, "boxes", agreement->n_boxes);
  json_builder_end_object (builder);
}

static void
add_frames (JsonBuilder *builder, const char *name, const GPtrArray *frames)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < frames->len; i++)
    json_builder_add_string_value (builder, g_ptr_array_index (frames, i));
  json_builder_end_array (builder);
}

char *
yv8_report_json (const Yv8Report *report)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_string (builder, "model", report->model);
  add_string (builder, "license", report->license);
  add_string (builder, "source_sha256", report->sha256);
  add_string (builder, "device", report->device);
  add_string (builder, "method", yv8_method_name (report->method));
  add_int (builder, "width", report->width);
  add_int (builder, "height", report->height);
  add_double (builder, "max_drop", report->max_drop);
  add_int (builder, "float_size", report->float_size);
  add_int (builder, "int8_size", report->int8_size);
  add_agreement (builder, &report->agreement);
  add_layers (builder, report);
  add_frames (builder, "frames", report->frames[YV8_FRAME_CALIBRATE]);
  add_frames (builder, "held_out_frames", report->frames[YV8_FRAME_VALIDATE]);
  json_builder_end_object (builder);

  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

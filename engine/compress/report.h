/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a calibration did, as JSON and as a page. */
#pragma once

#include <yv8/calibrator.h>

#include "compress/fidelity.h"
#include "compress/histogram.h"

G_BEGIN_DECLS

/**
 * Yv8ReportLayer: a convolution
 * @name: (transfer none)
 * @index: of its op in the float graph
 * @keep_float: it stayed in float32
 * @channels: of its output; likewise @height, @width
 * @histogram: (nullable) (transfer none): of its output; %NULL for the network's outputs
 * @quant: of its output, where there is a histogram
 */
typedef struct {
  const char *name;
  guint index;
  gboolean keep_float;
  guint channels, height, width;
  guint64 macs, parameters;
  const Yv8Histogram *histogram;
  Yv8Quant quant;
  Yv8LayerFidelity fidelity;
} Yv8ReportLayer;

/**
 * Yv8Report:
 * @model: of the source, for people; (transfer none), as are all strings
 * @license: (nullable)
 * @sha256: of the source
 * @float_size: bytes of weights and biases in float32
 * @int8_size: of those of the int8 model, with multipliers
 * @layers: (element-type Yv8ReportLayer)
 * @frames: (element-type utf8): names by #Yv8FrameUse
 */
typedef struct {
  const char *model, *license, *sha256, *device;
  Yv8Method method;
  double max_drop;
  guint width, height;
  guint64 float_size, int8_size;
  Yv8Agreement agreement;
  GArray *layers;
  const GPtrArray *frames[2];
} Yv8Report;

#define YV8_REPORT_BINS 64

/**
 * yv8_report_bins: the layer's histogram in YV8_REPORT_BINS bins from its least to its greatest
 * value
 */
void yv8_report_bins (const Yv8ReportLayer *layer, double *counts);

/**
 * yv8_report_range: Returns: %FALSE if the layer has no range of its own
 */
gboolean yv8_report_range (const Yv8ReportLayer *layer, double *low, double *high);

/**
 * yv8_report_json: Returns: (transfer full): one object
 */
char *yv8_report_json (const Yv8Report *report);

/**
 * yv8_report_html: Returns: (transfer full): one page that refers to nothing outside of it
 */
char *yv8_report_html (const Yv8Report *report);

G_END_DECLS

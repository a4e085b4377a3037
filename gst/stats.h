/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long frames take: medians for people, a steady estimate for the latency of the pipeline. */
#pragma once

#include <gst/gst.h>
#include <yv8/yv8.h>

G_BEGIN_DECLS

typedef enum {
  YV8_STATS_PREPROCESS,
  YV8_STATS_INFERENCE,
  YV8_STATS_POSTPROCESS,
  YV8_STATS_OVERLAY,
  YV8_STATS_TOTAL,
} Yv8StatsKind;

#define YV8_STATS_N_KINDS (YV8_STATS_TOTAL + 1)
#define YV8_STATS_WINDOW  64

/**
 * Yv8Stats:
 * @frames: seen
 * @inferred: of these, those that went through the network
 * @times: microseconds of the last YV8_STATS_WINDOW inferred frames, a ring
 * @mean: moving average of the total, microseconds
 * @latency: what the pipeline was told, microseconds
 *
 * Zeroed it is empty. Not thread-safe.
 */
typedef struct {
  guint64 frames, inferred;
  double times[YV8_STATS_N_KINDS][YV8_STATS_WINDOW];
  double mean, latency;
} Yv8Stats;

/**
 * yv8_stats_add:
 * @times: microseconds of one inferred frame
 *
 * Returns: whether @stats->latency has changed, so that the pipeline should ask for it
 */
gboolean yv8_stats_add (Yv8Stats *stats, const double times[YV8_STATS_N_KINDS]);

/**
 * yv8_stats_fill:
 *
 * Sets in @structure the fields `frames` and `inferred` (guint64), and `preprocess`, `inference`,
 * `postprocess`, `overlay` and `total` (double): medians of the window in microseconds, 0 when it
 * is empty.
 */
void yv8_stats_fill (const Yv8Stats *stats, GstStructure *structure);

G_END_DECLS

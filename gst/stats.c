/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long frames take: medians for people, a steady estimate for the latency of the pipeline. */
#include <stdlib.h>
#include <string.h>

#include "stats.h"

#define SMOOTHING 0.125 /* weight of the newest frame in the mean */
#define HEADROOM  1.05  /* latency told / mean */
#define SLACK     0.75  /* told anew when the mean falls below this share of it */

static const char *const names[YV8_STATS_N_KINDS] = {
  [YV8_STATS_PREPROCESS] = "preprocess",
  [YV8_STATS_INFERENCE] = "inference",
  [YV8_STATS_POSTPROCESS] = "postprocess",
  [YV8_STATS_OVERLAY] = "overlay",
  [YV8_STATS_TOTAL] = "total",
};

gboolean
yv8_stats_add (Yv8Stats *stats, const double times[YV8_STATS_N_KINDS])
{
  double total = times[YV8_STATS_TOTAL];

  for (guint i = 0; i < YV8_STATS_N_KINDS; i++)
    stats->times[i][stats->inferred % YV8_STATS_WINDOW] = times[i];
  stats->mean += (stats->inferred == 0 ? 1. : SMOOTHING) * (total - stats->mean);
  stats->inferred++;
  if (stats->mean <= stats->latency && stats->mean >= SLACK * stats->latency)
    return FALSE;
  stats->latency = HEADROOM * stats->mean;
  return TRUE;
}

static int
compare (const void *a, const void *b)
{
  double one = *(const double *) a, other = *(const double *) b;

  return (one > other) - (one < other);
}

static double
median (const double times[YV8_STATS_WINDOW], gsize n)
{
  double sorted[YV8_STATS_WINDOW];

  if (n == 0)
    return 0.;
  memcpy (sorted, times, n * sizeof *times);
  qsort (sorted, n, sizeof *sorted, compare);
  return sorted[n / 2];
}

void
yv8_stats_fill (const Yv8Stats *stats, GstStructure *structure)
{
  gsize n = MIN (stats->inferred, YV8_STATS_WINDOW);

  gst_structure_set (structure, "frames", G_TYPE_UINT64, stats->frames, "inferred", G_TYPE_UINT64,
      stats->inferred, NULL);
  for (guint i = 0; i < YV8_STATS_N_KINDS; i++)
    gst_structure_set (structure, names[i], G_TYPE_DOUBLE, median (stats->times[i], n), NULL);
}

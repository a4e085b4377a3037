/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Histograms that grow. */
#include <math.h>

#include "compress/histogram.h"

#define MAX_INDEX (1 << 24) /* integers that float32 holds exactly */

Yv8Histogram *
yv8_histogram_new (void)
{
  Yv8Histogram *self = g_new0 (Yv8Histogram, 1);

  self->bins = (Yv8Bins){ YV8_BINS_MIN_EXPONENT, 0, YV8_HISTOGRAM_BINS };
  self->counts = g_new0 (guint64, YV8_HISTOGRAM_BINS);
  self->min = INFINITY;
  self->max = -INFINITY;
  return self;
}

void
yv8_histogram_free (Yv8Histogram *self)
{
  if (!self)
    return;
  g_free (self->counts);
  g_free (self);
}

static double
bin_of (float x, gint exponent)
{
  return floor (ldexp ((double) x, -exponent));
}

static gboolean
fits (const Yv8Histogram *self, gint exponent)
{
  double low = bin_of (self->min, exponent), high = bin_of (self->max, exponent);

  return low >= -MAX_INDEX && high < MAX_INDEX && high - low < YV8_HISTOGRAM_BINS;
}

void
yv8_histogram_fit (Yv8Histogram *self, float min, float max)
{
  Yv8Bins old = self->bins;
  g_autofree guint64 *counts = self->counts;

  self->min = MIN (self->min, min);
  self->max = MAX (self->max, max);
  while (self->bins.exponent < YV8_BINS_MAX_EXPONENT && !fits (self, self->bins.exponent))
    self->bins.exponent++;
  self->bins.first = (gint32) bin_of (self->min, self->bins.exponent);
  self->counts = g_new0 (guint64, YV8_HISTOGRAM_BINS);
  for (guint i = 0; i < YV8_HISTOGRAM_BINS; i++) {
    gint32 bin = (old.first + (gint32) i) >> MIN (self->bins.exponent - old.exponent, 31);
    if (counts[i])
      self->counts[bin - self->bins.first] += counts[i];
  }
}

gboolean
yv8_histogram_gather (
    Yv8Histogram *self, Yv8Executor *executor, const Yv8Slice *slice, GError **error)
{
  float min, max;

  if (!yv8_executor_range (executor, slice, &min, &max, error))
    return FALSE;
  if (min > max)
    return TRUE;
  if (!isfinite (min) || !isfinite (max)) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_DEVICE, "infinite values in a feature map");
    return FALSE;
  }
  if (min < self->min || max > self->max)
    yv8_histogram_fit (self, min, max);
  return yv8_executor_histogram (executor, slice, &self->bins, self->counts, error);
}

guint64
yv8_histogram_total (const Yv8Histogram *self)
{
  guint64 total = 0;

  for (guint i = 0; i < YV8_HISTOGRAM_BINS; i++)
    total += self->counts[i];
  return total;
}

double
yv8_histogram_edge (const Yv8Histogram *self, guint index)
{
  return ldexp ((double) self->bins.first + index, self->bins.exponent);
}

double
yv8_histogram_mean_square (const Yv8Histogram *self)
{
  double total = (double) yv8_histogram_total (self), sum = 0;

  for (guint i = 0; i < YV8_HISTOGRAM_BINS; i++) {
    double x = yv8_histogram_edge (self, i) + ldexp (0.5, self->bins.exponent);
    sum += x * x * (double) self->counts[i];
  }
  return total > 0 ? sum / total : 0;
}

double
yv8_histogram_quantile (const Yv8Histogram *self, double part)
{
  double left = part * (double) yv8_histogram_total (self);

  for (guint i = 0; i < YV8_HISTOGRAM_BINS; i++) {
    double count = (double) self->counts[i];
    if (count > 0 && left <= count) {
      double x = yv8_histogram_edge (self, i) + ldexp (left / count, self->bins.exponent);
      return CLAMP (x, (double) self->min, (double) self->max);
    }
    left -= count;
  }
  return self->max >= self->min ? (double) self->max : 0;
}

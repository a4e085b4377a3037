/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ranges by minmax, percentile, least squared error and least divergence. */
#include <math.h>

#include "compress/threshold.h"

#define N_LEVELS   256
#define N_STEPS    128    /* of a search along one end of the range */
#define N_ROUNDS   2      /* of searches along both ends in turn */
#define PERCENTILE 0.9999 /* of the values are within the range */
#define SCALE_BITS 8      /* significant ones of a rounded scale */

static const char *const METHOD_NAMES[YV8_N_METHODS] = {
  [YV8_METHOD_MSE] = "mse",
  [YV8_METHOD_MINMAX] = "minmax",
  [YV8_METHOD_PERCENTILE] = "percentile",
  [YV8_METHOD_KL] = "kl",
};

const char *
yv8_method_name (Yv8Method method)
{
  g_return_val_if_fail ((guint) method < YV8_N_METHODS, NULL);
  return METHOD_NAMES[method];
}

gboolean
yv8_method_from_name (const char *name, Yv8Method *method)
{
  g_return_val_if_fail (name && method, FALSE);

  for (guint i = 0; i < YV8_N_METHODS; i++)
    if (g_str_equal (name, METHOD_NAMES[i])) {
      *method = (Yv8Method) i;
      return TRUE;
    }
  return FALSE;
}

Yv8Quant
yv8_quant_for_range (double low, double high)
{
  low = MIN (low, 0.0);
  high = MAX (high, 0.0);
  double scale = (high - low) / (N_LEVELS - 1);
  scale = CLAMP (scale, 2.0 * YV8_QUANT_MIN_SCALE, 0.5 * YV8_QUANT_MAX_SCALE);
  double zero = rint (-128 - low / scale);
  return (Yv8Quant){ (float) scale, (gint32) CLAMP (zero, -128.0, 127.0) };
}

Yv8Quant
yv8_quant_scaled (const Yv8Quant *quant, double factor, gboolean fixed_low)
{
  double low = (double) quant->scale * (-128 - quant->zero);
  double high = (double) quant->scale * (127 - quant->zero);

  return yv8_quant_for_range (fixed_low ? YV8_SILU_MIN : factor * low, factor * high);
}

Yv8Quant
yv8_quant_rounded (const Yv8Quant *quant)
{
  gint exponent;
  double scale = rint (ldexp (frexp ((double) quant->scale, &exponent), SCALE_BITS));

  return (Yv8Quant){ (float) ldexp (scale, exponent - SCALE_BITS), quant->zero };
}

/* Integrals from -infinity to the bins' edges, of the density, and of it times x and times x^2. */
typedef struct {
  const Yv8Histogram *histogram;
  double (*sums)[3];
} Moments;

static Moments
moments_of (const Yv8Histogram *histogram)
{
  Moments self = { histogram, g_malloc0_n (YV8_HISTOGRAM_BINS + 1, sizeof *self.sums) };

  for (guint i = 0; i < YV8_HISTOGRAM_BINS; i++) {
    double a = yv8_histogram_edge (histogram, i), b = yv8_histogram_edge (histogram, i + 1);
    double count = (double) histogram->counts[i];
    self.sums[i + 1][0] = self.sums[i][0] + count;
    self.sums[i + 1][1] = self.sums[i][1] + count * (a + b) / 2;
    self.sums[i + 1][2] = self.sums[i][2] + count * (a * a + a * b + b * b) / 3;
  }
  return self;
}

static void
moments_below (const Moments *self, double x, double *sums)
{
  double t = ldexp (x, -self->histogram->bins.exponent) - self->histogram->bins.first;
  guint i = (guint) CLAMP (floor (t), 0.0, (double) YV8_HISTOGRAM_BINS - 1);
  double f = CLAMP (t - i, 0.0, 1.0), a = yv8_histogram_edge (self->histogram, i);
  double b = a + ldexp (f, self->histogram->bins.exponent);
  double count = f * (double) self->histogram->counts[i];

  sums[0] = self->sums[i][0] + count;
  sums[1] = self->sums[i][1] + count * (a + b) / 2;
  sums[2] = self->sums[i][2] + count * (a * a + a * b + b * b) / 3;
}

/* The sum over all levels v of the integral of (x - v)^2 over what is rounded to v. */
static double
squared_error (const Moments *self, const Yv8Quant *quant)
{
  const double *total = self->sums[YV8_HISTOGRAM_BINS];
  double below[3] = { 0 }, next[3], sum = 0;

  for (gint q = -128; q <= 127; q++) {
    double v = (double) quant->scale * (q - quant->zero);
    if (q < 127)
      moments_below (self, v + 0.5 * (double) quant->scale, next);
    for (guint i = 0; q == 127 && i < 3; i++)
      next[i] = total[i];
    sum += next[2] - below[2] - 2 * v * (next[1] - below[1]) + v * v * (next[0] - below[0]);
    for (guint i = 0; i < 3; i++)
      below[i] = next[i];
  }
  return total[0] > 0 ? MAX (sum, 0.0) / total[0] : 0;
}

double
yv8_quant_error (const Yv8Histogram *histogram, const Yv8Quant *quant)
{
  Moments moments = moments_of (histogram);
  double error = squared_error (&moments, quant);

  g_free (moments.sums);
  return error;
}

static guint
level_of (const Yv8Histogram *histogram, guint bin, const Yv8Quant *quant)
{
  double centre = yv8_histogram_edge (histogram, bin) + ldexp (0.5, histogram->bins.exponent);
  double q = rint (centre / (double) quant->scale) + quant->zero;

  return (guint) (CLAMP (q, -128.0, 127.0) + 128);
}

/* P: the histogram with what is clipped added to the outermost bins that are not. Q: what is left
 * of the unclipped values when only levels are known: each level's sum, spread over its bins. */
static double
divergence (const Moments *self, const Yv8Quant *quant)
{
  const Yv8Histogram *histogram = self->histogram;
  double low = (double) quant->scale * (-128.5 - quant->zero);
  double high = (double) quant->scale * (127.5 - quant->zero);
  double sums[N_LEVELS] = { 0 }, n[N_LEVELS] = { 0 }, below[3], above[3], inner = 0, kl = 0;
  double bin_low = ldexp (low, -histogram->bins.exponent) - histogram->bins.first;
  double bin_high = ldexp (high, -histogram->bins.exponent) - histogram->bins.first;
  guint first = (guint) CLAMP (floor (bin_low), 0.0, YV8_HISTOGRAM_BINS - 1.0);
  guint last = (guint) CLAMP (floor (bin_high), (double) first, YV8_HISTOGRAM_BINS - 1.0);

  for (guint i = first; i <= last; i++) {
    guint level = level_of (histogram, i, quant);
    sums[level] += (double) histogram->counts[i];
    n[level] += histogram->counts[i] > 0;
    inner += (double) histogram->counts[i];
  }
  moments_below (self, yv8_histogram_edge (histogram, first), below);
  moments_below (self, yv8_histogram_edge (histogram, last + 1), above);
  double total = self->sums[YV8_HISTOGRAM_BINS][0];
  for (guint i = first; i <= last; i++) {
    guint level = level_of (histogram, i, quant);
    double p = (double) histogram->counts[i];
    double q = p > 0 ? sums[level] / n[level] / inner : 1 / total;
    p += i == first ? below[0] : 0;
    p += i == last ? total - above[0] : 0;
    if (p > 0)
      kl += p / total * log (p / total / q);
  }
  return inner > 0 ? kl : INFINITY;
}

typedef double (*CostFunc) (const Moments *moments, const Yv8Quant *quant);

/* The best of N_STEPS ends between 0 and *end, and then of as many between the best's neighbours.
 * Of equals the widest wins. */
static void
search_end (const Moments *moments, CostFunc cost, double *low, double *high, double *end)
{
  double from = *end, step = *end / N_STEPS, best = *end, least = INFINITY;

  for (guint pass = 0; pass < 2; pass++) {
    for (guint i = 0; i < N_STEPS; i++) {
      *end = from - i * step;
      Yv8Quant quant = yv8_quant_for_range (*low, *high);
      double x = cost (moments, &quant);
      if (x < least) {
        least = x;
        best = *end;
      }
    }
    from = best + (pass == 0 && best != from ? step : 0);
    step *= 2.0 / N_STEPS;
  }
  *end = best;
}

static void
search (const Yv8Histogram *histogram, CostFunc cost, gboolean fixed_low, double *low, double *high)
{
  Moments moments = moments_of (histogram);

  for (guint i = 0; i < N_ROUNDS; i++) {
    if (*high > 0)
      search_end (&moments, cost, low, high, high);
    if (fixed_low)
      break;
    if (*low < 0)
      search_end (&moments, cost, low, high, low);
  }
  g_free (moments.sums);
}

Yv8Quant
yv8_threshold_choose (const Yv8Histogram *histogram, Yv8Method method, gboolean fixed_low)
{
  double outside = 1 - PERCENTILE;

  if (histogram->min > histogram->max)
    return yv8_quant_for_range (0, 1);
  double low = fixed_low ? YV8_SILU_MIN : (double) histogram->min;
  double high = (double) histogram->max;
  switch (method) {
  case YV8_METHOD_PERCENTILE:
    high = yv8_histogram_quantile (histogram, 1 - (fixed_low ? outside : outside / 2));
    low = fixed_low ? low : yv8_histogram_quantile (histogram, outside / 2);
    break;
  case YV8_METHOD_MSE:
    search (histogram, squared_error, fixed_low, &low, &high);
    break;
  case YV8_METHOD_KL:
    search (histogram, divergence, fixed_low, &low, &high);
    break;
  case YV8_METHOD_MINMAX:
    break;
  }
  return yv8_quant_for_range (low, high);
}

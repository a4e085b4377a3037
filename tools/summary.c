/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is told of many measurements of one thing. */
#include "summary.h"

#include <math.h>
#include <stdlib.h>

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

Yv8Summary
yv8_summarise (double *samples, gsize n)
{
  qsort (samples, n, sizeof *samples, compare_doubles);
  return (Yv8Summary){
    .min = samples[0],
    .median = (samples[(n - 1) / 2] + samples[n / 2]) / 2,
    .p95 = samples[(gsize) ceil (0.95 * (double) n) - 1],
  };
}

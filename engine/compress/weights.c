/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Weights in int8: the input's scales folded in, symmetric, a scale for each output channel. */
#include <math.h>

#include "compress/quantize.h"

#define N_CANDIDATES 48
#define STEP         0.0125 /* of the greatest weight, from one candidate to the next */

static double
squared_error (const double *weights, gsize n, double scale)
{
  double inverse = 1 / scale, sum = 0;

  for (gsize i = 0; i < n; i++) {
    double k = rint (weights[i] * inverse);
    double error = weights[i] - scale * CLAMP (k, -127.0, 127.0);
    sum += error * error;
  }
  return sum;
}

/* Of equal candidates the greatest scale: where the weights lie on a grid of 127 steps already,
 * nothing is lost. */
static float
choose_scale (const double *weights, gsize n)
{
  double most = 0, least = INFINITY, best = 1;

  for (gsize i = 0; i < n; i++)
    most = MAX (most, fabs (weights[i]));
  for (guint i = 0; i < N_CANDIDATES && most > 0; i++) {
    double scale = (double) (float) (most / 127 * (1 - i * STEP));
    double error = scale > 0 ? squared_error (weights, n, scale) : INFINITY;
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return (float) MAX (best, 1e-30);
}

void
yv8_quantize_conv (const Yv8Op *op, const Yv8Quant *quants, const float *correction, Yv8Op *result)
{
  gsize window = (gsize) op->window.kernel_h * op->window.kernel_w;
  gsize n = op->in[0].channels * window;
  g_autofree double *folded = g_new (double, n);

  result->qweights = g_new (gint8, n * op->out.channels);
  result->multiplier = g_new (float, op->out.channels);
  result->bias = g_new (float, op->out.channels);
  for (guint o = 0; o < op->out.channels; o++) {
    const float *weights = op->weights + o * n;
    for (gsize i = 0; i < n; i++)
      folded[i] = (double) weights[i] * (double) quants[i / window].scale;
    float scale = choose_scale (folded, n);
    for (gsize i = 0; i < n; i++) {
      double k = rint (folded[i] / (double) scale);
      result->qweights[o * n + i] = (gint8) CLAMP (k, -127.0, 127.0);
    }
    result->multiplier[o] = scale;
    result->bias[o] = op->bias[o] + (correction ? correction[o] : 0);
  }
}

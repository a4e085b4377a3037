/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signal-to-noise ratio and cosine, layer by layer, on the device's own kernels. */
#include <math.h>

#include "compress/fidelity.h"
#include "compress/pairs.h"
#include "compress/quantize.h"

void
yv8_fidelity_add (Yv8Fidelity *self, const float *x, const float *y, gsize n)
{
  double signal = 0, noise = 0, other = 0, product = 0;

  for (gsize i = 0; i < n; i++) {
    double a = (double) x[i], b = (double) y[i];
    signal += a * a;
    noise += (a - b) * (a - b);
    other += b * b;
    product += a * b;
  }
  self->signal += signal;
  self->noise += noise;
  self->other += other;
  self->product += product;
}

double
yv8_fidelity_snr (const Yv8Fidelity *self)
{
  double snr = 10 * log10 (self->signal / self->noise);

  if (self->noise == 0)
    return YV8_FIDELITY_MAX_SNR;
  return CLAMP (snr, -YV8_FIDELITY_MAX_SNR, YV8_FIDELITY_MAX_SNR);
}

double
yv8_fidelity_cosine (const Yv8Fidelity *self)
{
  double norm = sqrt (self->signal) * sqrt (self->other);

  if (norm == 0)
    return self->signal == self->other ? 1 : 0;
  return self->product / norm;
}

typedef struct {
  Yv8LayerFidelity *layers;
  gboolean alone;
} Sums;

static void
add_pair (gpointer data, guint index, const float *x, const float *y, Yv8Shape shape)
{
  Sums *sums = data;
  Yv8LayerFidelity *layer = &sums->layers[index];

  yv8_fidelity_add (sums->alone ? &layer->alone : &layer->accumulated, x, y,
      (gsize) shape.channels * shape.height * shape.width);
}

gboolean
yv8_fidelity_measure_alone (const Yv8Scheme *scheme, const Yv8Target *target, const Yv8Album *album,
    Yv8LayerFidelity *layers, GError **error)
{
  Sums sums = { layers, TRUE };
  g_autofree Yv8Slice *slices = NULL;
  g_autoptr (Yv8Graph) graph = yv8_quantize_alone (scheme, &slices, error);

  if (!graph)
    return FALSE;
  g_autofree Yv8Slice *own = yv8_pairs_slices (scheme->graph, scheme->graph);
  const Yv8Pairs pairs = { yv8_graph_n_ops (scheme->graph), graph, own, NULL, slices };
  return yv8_pairs_run (&pairs, target, album, add_pair, &sums, error);
}

gboolean
yv8_fidelity_measure_accumulated (const Yv8Scheme *scheme, const Yv8Graph *graph,
    const Yv8Target *target, const Yv8Album *album, Yv8LayerFidelity *layers, GError **error)
{
  Sums sums = { layers, FALSE };
  g_autofree Yv8Slice *own = yv8_pairs_slices (scheme->graph, scheme->graph);
  g_autofree Yv8Slice *slices = yv8_pairs_slices (scheme->graph, graph);
  const Yv8Pairs pairs = { yv8_graph_n_ops (scheme->graph), scheme->graph, own, graph, slices };

  return yv8_pairs_run (&pairs, target, album, add_pair, &sums, error);
}

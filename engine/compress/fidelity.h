/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How true the layers of an int8 network are to the float network. */
#pragma once

#include "compress/scheme.h"
#include "compress/target.h"

G_BEGIN_DECLS

/**
 * Yv8Fidelity: sums over values x of the float network and y of the other: x^2, (x - y)^2, y^2, xy
 */
typedef struct {
  double signal, noise, other, product;
} Yv8Fidelity;

#define YV8_FIDELITY_MAX_SNR 200.0

void yv8_fidelity_add (Yv8Fidelity *fidelity, const float *x, const float *y, gsize n);

/**
 * yv8_fidelity_snr: Returns: 10 log10 (signal / noise), in dB, within +-YV8_FIDELITY_MAX_SNR
 */
double yv8_fidelity_snr (const Yv8Fidelity *fidelity);

/**
 * yv8_fidelity_cosine: Returns: of the angle between x and y; 1 where both are 0
 */
double yv8_fidelity_cosine (const Yv8Fidelity *fidelity);

/**
 * Yv8LayerFidelity:
 * @alone: of the layer's int8 form on the float network's values: what it adds itself
 * @accumulated: of what the layer writes in the int8 network
 */
typedef struct {
  Yv8Fidelity alone, accumulated;
} Yv8LayerFidelity;

/**
 * yv8_fidelity_measure_alone:
 * @layers: (array): of each op of the scheme's graph; gets @alone of int8 convolutions
 *
 * Returns: %FALSE with @error set
 */
gboolean yv8_fidelity_measure_alone (const Yv8Scheme *scheme, const Yv8Target *target,
    const Yv8Album *album, Yv8LayerFidelity *layers, GError **error);

/**
 * yv8_fidelity_measure_accumulated:
 * @graph: from yv8_quantize()
 * @layers: likewise; gets @accumulated of all convolutions
 */
gboolean yv8_fidelity_measure_accumulated (const Yv8Scheme *scheme, const Yv8Graph *graph,
    const Yv8Target *target, const Yv8Album *album, Yv8LayerFidelity *layers, GError **error);

G_END_DECLS

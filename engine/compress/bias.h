/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bias correction: the mean error that quantising leaves in each output channel is subtracted
 * (Nagel et al. 2019, 1906.04721, section 4.2, empirical form). */
#pragma once

#include "compress/scheme.h"
#include "compress/target.h"

G_BEGIN_DECLS

/**
 * yv8_bias_correct:
 * @scheme: its quants are set; its corrections are replaced
 *
 * For each int8 convolution and output channel: the mean, over the pictures and the map, of what
 * goes into the activation in the float network less the same of the int8 form that reads the float
 * network's values, quantised: each layer undoes its own error and that of the rounding before it.
 * It is rounded to steps of 1/1024, for the reason that yv8_quant_rounded() gives.
 */
gboolean yv8_bias_correct (
    Yv8Scheme *scheme, const Yv8Target *target, const Yv8Album *album, GError **error);

G_END_DECLS

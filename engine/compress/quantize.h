/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a float graph to int8 ones. */
#pragma once

#include "compress/scheme.h"

G_BEGIN_DECLS

/**
 * yv8_quantize:
 * @scheme: its quants are set
 *
 * The graph in int8, but for the layers that the scheme keeps in float32. Convolutions keep their
 * names. What a layer of the other type needs is converted by QUANTIZE and DEQUANTIZE ops, named
 * after the buffer and the first channel that they write; neighbours in float32 hand their values
 * on as they are. MAXPOOL, UPSAMPLE and COPY are of the type that their input was made in.
 *
 * Weights: W[o][i] = w[o][i] s[i], with the scales s of the input's channels; then one scale for
 * each output channel, that of the least squared error.
 *
 * Returns: (transfer full): a graph that passes yv8_graph_check(); %NULL with @error set
 */
Yv8Graph *yv8_quantize (const Yv8Scheme *scheme, GError **error);

/**
 * yv8_quantize_alone:
 *
 * The float graph, and beside it each int8 convolution of yv8_quantize() on its own: it reads the
 * float graph's values, quantised, so that its error is its own. Its name ends in YV8_ALONE_SUFFIX.
 *
 * @slices: (out) (transfer full): of each op, what its int8 form writes; 0 channels if it has none
 *
 * Returns: (transfer full): the graph; the float graph's buffers have their numbers; %NULL with
 *   @error set
 */
Yv8Graph *yv8_quantize_alone (const Yv8Scheme *scheme, Yv8Slice **slices, GError **error);

#define YV8_ALONE_SUFFIX "/alone"

/**
 * yv8_graph_probe:
 *
 * A copy of @graph in which each convolution has a twin that writes to a float32 buffer of its own
 * what goes into the activation.
 *
 * @slices: (out) (transfer full): of each op, what its twin writes; 0 channels if it has none
 *
 * Returns: (transfer full): the graph; ops of @graph keep their order
 */
Yv8Graph *yv8_graph_probe (const Yv8Graph *graph, Yv8Slice **slices, GError **error);

/**
 * yv8_quantize_output:
 * @graph: float
 *
 * Returns: (transfer full): a copy of @graph in which what op @index writes is rounded to @quant's
 *   values and all else is float32; %NULL with @error set
 */
Yv8Graph *yv8_quantize_output (
    const Yv8Graph *graph, guint index, const Yv8Quant *quant, GError **error);

/**
 * yv8_quantize_conv:
 * @quants: (array): of the channels of op->in[0]
 * @correction: (nullable): to add to the biases
 * @result: (out): gets qweights, multiplier and bias
 */
void yv8_quantize_conv (
    const Yv8Op *op, const Yv8Quant *quants, const float *correction, Yv8Op *result);

G_END_DECLS

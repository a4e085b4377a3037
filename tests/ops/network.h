/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * YOLOv8 as a graph with random weights, for comparing and timing whole networks. */
#pragma once

#include "graph/graph.h"

/**
 * network_new:
 * @width: first channel count: 16 for YOLOv8n, 32 for s
 *
 * The graph of YOLOv8 n or s with 80 classes, without DETECT: its outputs are the six maps of the
 * head. Weights are random, of a size that keeps the values' variance.
 */
Yv8Graph *network_new (guint width, GRand *rand);

/**
 * network_quantize: makes int8 of all but the outputs, by scales that are not far off
 */
void network_quantize (Yv8Graph *graph);

/**
 * network_prune: makes zero of a random @share of the blocks of 16 output channels by 4 input
 * channels by one tap of an int8 convolution
 */
void network_prune (Yv8Op *op, double share, GRand *rand);

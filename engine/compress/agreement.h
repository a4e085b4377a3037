/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How far the boxes of two networks agree. */
#pragma once

#include <yv8/calibrator.h>

#include "compress/target.h"

G_BEGIN_DECLS

/**
 * yv8_agreement_detect:
 * @detections: (element-type Yv8Detection): gets what @graph finds on each picture of @album, a
 *   GArray each, in pixels of the network's input
 * @threshold: least score
 */
gboolean yv8_agreement_detect (const Yv8Graph *graph, const Yv8Target *target,
    const Yv8Album *album, float threshold, GPtrArray *detections, GError **error);

/**
 * yv8_agreement_compare:
 * @truth: (element-type GArray): the float network's boxes of each picture
 * @found: (element-type GArray): the int8 network's, also such of low score
 */
void yv8_agreement_compare (
    const GPtrArray *truth, const GPtrArray *found, guint n_classes, Yv8Agreement *agreement);

/* The float network's boxes that are the truth, and the int8 network's that are ranked. */
#define YV8_AGREEMENT_TRUTH 0.25f
#define YV8_AGREEMENT_FOUND 0.001f

G_END_DECLS

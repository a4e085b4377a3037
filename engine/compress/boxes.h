/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a change of a network does to its boxes. */
#pragma once

#include "compress/target.h"

G_BEGIN_DECLS

/**
 * Yv8BoxJudge: knows what the unchanged network finds on some pictures
 *
 * The error of another network is the mean, over the anchors of all pictures that have a score
 * p >= 0.05, and weighted by p, of (1 - IoU)^2 + (p' - p)^2, with p' its score of the same class.
 */
typedef struct _Yv8BoxJudge Yv8BoxJudge;

/**
 * yv8_box_judge_new:
 * @graph: float, checked, with DETECT
 * @target: must outlive the judge, as must @graph and @album
 * @most: pictures of @album, spread evenly
 *
 * Returns: (transfer full): %NULL with @error set
 */
Yv8BoxJudge *yv8_box_judge_new (const Yv8Graph *graph, const Yv8Target *target,
    const Yv8Album *album, guint most, GError **error);
void yv8_box_judge_free (Yv8BoxJudge *judge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8BoxJudge, yv8_box_judge_free)

/**
 * yv8_box_judge_run:
 * @result: (out): the error of @graph; 0 where the unchanged network sees nothing
 *
 * Returns: %FALSE with @error set
 */
gboolean yv8_box_judge_run (
    const Yv8BoxJudge *judge, const Yv8Graph *graph, double *result, GError **error);

G_END_DECLS

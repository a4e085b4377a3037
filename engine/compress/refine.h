/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ranges by what they do to the boxes. */
#pragma once

#include "compress/scheme.h"
#include "compress/target.h"

G_BEGIN_DECLS

/**
 * yv8_refine_ranges:
 * @scheme: its quants are set, and are scaled here
 * @noise: (array): of each op, the error of its range as a share of the signal: those of the
 *   greatest are refined, those of 0 are not
 * @album: pictures; eight at most, spread evenly, are used
 *
 * The range of the least squared error takes all errors of a map for equals; what they do to the
 * boxes differs. So the noisiest of these layers' ranges are judged by the network's output: the
 * float network runs with the output of that layer alone quantised, and Yv8BoxJudge tells its
 * error. A range is then widened, in steps of 1.4, while that lessens the error, or narrowed, in
 * steps of 0.7, while it falls by 15 %: frames to come may need what these few do not. One layer
 * at a time: errors of layers add up, while a search over all at once follows the noise of few
 * pictures. (After Nahshan et al., "Loss aware post-training quantization", 2019.)
 *
 * Nothing changes when the float network sees nothing.
 */
gboolean yv8_refine_ranges (Yv8Scheme *scheme, const double *noise, const Yv8Target *target,
    const Yv8Album *album, GError **error);

/**
 * yv8_refine_n_runs: Returns: at most so many runs of a network
 */
guint yv8_refine_n_runs (const Yv8Album *album);

G_END_DECLS

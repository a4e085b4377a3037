/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the raw output of the head to boxes: what the DETECT op does.
 *
 * Anchors are the cells' centres; a box is four distances from there, each the expectation of a
 * softmax over reg_max bins (Distribution Focal Loss, Li et al. 2020, 2006.04388), times the
 * stride; a score is the sigmoid of a logit. Anchor order: scales in turn, rows, columns.
 *
 * exp, reciprocal and sigmoid are those of shaders/lib/numeric.h, not the C library's, and sums are
 * in the order of the bins: equal heads give equal boxes and scores on every machine. */
#pragma once

#include <yv8/detector.h>

#include "graph/graph.h"

G_BEGIN_DECLS

/**
 * Yv8Decoder: buffers for candidates, reused from frame to frame.
 */
typedef struct _Yv8Decoder Yv8Decoder;

/**
 * yv8_decoder_new:
 * @detect: the graph's DETECT op; must outlive the decoder
 * @width: of the network's input, pixels
 * @height: likewise
 *
 * Returns: (transfer full) (nullable): %NULL when there is not enough memory
 */
Yv8Decoder *yv8_decoder_new (const Yv8Op *detect, guint width, guint height);
void yv8_decoder_free (Yv8Decoder *decoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Decoder, yv8_decoder_free)

/**
 * yv8_decoder_run:
 * @outputs: (array length=2 * scales): planes as the DETECT op's inputs: [channels][rows][columns],
 *   float32, dense
 * @params: (not nullable)
 * @detections: (out) (transfer none): best first; in pixels of the network's input, not clipped;
 *   the decoder's own until the next run
 *
 * Each (anchor, class) whose score reaches the threshold is a candidate; logits are compared with
 * the threshold's logit, log (t / (1 - t)), so no sigmoid is taken of the others. NaN is never a
 * candidate; threshold 1 leaves none but a logit of infinity, 0 all. Candidates are ordered by
 * logit, ties by class, then by anchor; the best YV8_DECODER_MAX_CANDIDATES enter the per-class NMS
 * (see nms.h). Scores never rise along the detections. A distance counts as 0 where a bin is NaN or
 * the greatest bin is infinite. Allocates nothing.
 *
 * Returns: how many
 */
guint yv8_decoder_run (Yv8Decoder *decoder, const float *const *outputs,
    const Yv8DetectParams *params, const Yv8Detection **detections);

#define YV8_DECODER_MAX_CANDIDATES 30000

/**
 * yv8_logit:
 * @probability: taken into 0..1
 *
 * Returns: log (p / (1 - p)), the same on every machine: of IEEE double's + - * / alone
 */
float yv8_logit (double probability);

/**
 * yv8_decode_dense:
 * @outputs: as for yv8_decoder_run()
 * @dense: float32 [4 + n_classes][anchors]: centre x, centre y, width, height in input pixels, then
 *   the scores: the tensor that an Ultralytics export outputs
 *
 * The specification of DETECT, for importers and tests.
 */
void yv8_decode_dense (
    const Yv8Op *detect, guint width, guint height, const float *const *outputs, float *dense);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What of a network goes first. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Yv8Criterion: by which blocks of weights, or channels, are chosen
 * @YV8_CRITERION_OBS: what costs least when the other weights make good what they can (optimal
 *   brain surgeon, on statistics of the frames); the default
 * @YV8_CRITERION_L1: the least sum of the weights' magnitudes; of a channel, of those that make it.
 *   This and the others are there to compare with
 * @YV8_CRITERION_L2: the least sum of their squares
 * @YV8_CRITERION_ENERGY: channels whose squared values are least on the frames
 * @YV8_CRITERION_RANDOM: any
 */
typedef enum {
  YV8_CRITERION_OBS,
  YV8_CRITERION_L1,
  YV8_CRITERION_L2,
  YV8_CRITERION_ENERGY,
  YV8_CRITERION_RANDOM,
} Yv8Criterion;

#define YV8_N_CRITERIA (YV8_CRITERION_RANDOM + 1)

/**
 * yv8_criterion_name: Returns: (transfer none): "obs", "l1", "l2", "energy", "random"
 */
const char *yv8_criterion_name (Yv8Criterion criterion);

/**
 * yv8_criterion_for_blocks: Returns: whether blocks of weights can be chosen by @criterion;
 *   channels can by every one
 */
gboolean yv8_criterion_for_blocks (Yv8Criterion criterion);

G_END_DECLS

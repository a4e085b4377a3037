/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which channels of a network can go, and which of them only together.
 *
 * Channels are tied where an op hands them on as they are (MAXPOOL, UPSAMPLE, COPY) and where a
 * residual is added to them. Those that are tied, directly or through others, are a set: it goes as
 * a whole. What comes of the picture and what can be read after a run does not go.
 *
 * Every buffer is cut at the ends of all slices that ops read and write; sets that have as many
 * channels in each of the parts are alike: they have the same producers and consumers. All alike
 * sets are a family. If a family loses a multiple of 4 sets, the first channel and the number of
 * channels of each slice change by a multiple of 4, as the int8 kernels want it.
 *
 * So the two halves of a C2f's first convolution are two families, the half that has a shortcut
 * being one with all that is added to it; the four maps that an SPPF's second convolution reads
 * are one family of sets of four channels; and so on, without a word of names. */
#pragma once

#include "compress/surgery.h"

G_BEGIN_DECLS

/**
 * Yv8Channel: channel @channel of buffer @buffer
 */
typedef struct {
  guint buffer, channel;
} Yv8Channel;

/**
 * Yv8Family:
 * @n_sets: that can go one by one
 * @n_channels: of each set
 * @channels: [n_sets][n_channels], rising
 */
typedef struct {
  guint n_sets, n_channels;
  Yv8Channel *channels;
} Yv8Family;

/**
 * yv8_families_find:
 * @graph: checked
 *
 * Returns: (transfer full) (element-type Yv8Family): all families whose sets may go, in the order
 *   of their first channels
 */
GPtrArray *yv8_families_find (const Yv8Graph *graph);

/**
 * yv8_family_mark: marks the channels of set @set in @mask
 */
void yv8_family_mark (const Yv8Family *family, guint set, Yv8Mask *mask);

/**
 * yv8_family_meets:
 * @channels: (out) (optional): [n_channels] of those that set @set has in @slice, counted from
 *   the slice's first
 *
 * Returns: how many of them there are; the same for all sets
 */
guint yv8_family_meets (const Yv8Family *family, guint set, const Yv8Slice *slice, guint *channels);

G_END_DECLS

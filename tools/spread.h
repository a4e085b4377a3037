/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames chosen evenly from pictures and clips. */
#pragma once

#include <yv8/yv8.h>

G_BEGIN_DECLS

/**
 * Yv8Spread:
 *
 * All frames of all inputs in a row, divided into stretches of equal length, and one frame of each:
 * of pictures the first, of a clip the first that differs from all that were taken before
 * (#Yv8Novelty), else the last. The same files give the same frames.
 */
typedef struct _Yv8Spread Yv8Spread;

/**
 * Yv8SpreadFunc:
 * @name: (transfer none): of the frame, for people: "street.jpg", "clip.mp4 120"
 *
 * Returns: %FALSE with @error set to stop
 */
typedef gboolean (*Yv8SpreadFunc) (
    const Yv8Frame *frame, const char *name, gpointer data, GError **error);

/**
 * yv8_spread_new:
 * @inputs: (array zero-terminated=1): files, URIs, and folders, of which the pictures are taken in
 *   the order of their names; each of which may end in a part of its frames, "vtest.avi#0-50%"
 * @n: how many frames to choose at most
 *
 * Opens every clip to learn how long it is; one that does not say is decoded once.
 *
 * Returns: (transfer full): %NULL with @error set (as yv8_source_new(), yv8_source_next())
 */
Yv8Spread *yv8_spread_new (char *const *inputs, guint n, GError **error);
void yv8_spread_free (Yv8Spread *spread);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Spread, yv8_spread_free)

/**
 * yv8_spread_split: Returns: (transfer full): @input without the part of it that is to be taken
 * @part: (out): the percentages where that begins and ends; 0 and 100 where none is given
 */
char *yv8_spread_split (const char *input, double part[2]);

/**
 * yv8_spread_n_frames: Returns: how many frames will be chosen; less when a clip is shorter than it
 *   says
 */
guint yv8_spread_n_frames (const Yv8Spread *spread);

/**
 * yv8_spread_run:
 *
 * Calls @func with each chosen frame, in order.
 */
gboolean yv8_spread_run (
    const Yv8Spread *spread, Yv8SpreadFunc func, gpointer data, GError **error);

G_END_DECLS

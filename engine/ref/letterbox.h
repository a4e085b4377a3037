/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The letterbox, defined once: from any Yv8Frame to the network's input picture, in fixed-point
 * integer arithmetic. Every other implementation equals this one in every bit.
 *
 * All values are integers of 32 bits, but for the positions, which take 64; / is the floor of a
 * quotient and >> an arithmetic shift. Geometry is that of detect/letterbox.h.
 *
 * Taps. Along either axis let F be the frame's side, P the picture's, s the component's subsampling
 * (1, or 2 for chroma) and N = ceil (F / s) its samples. Pixel d of the picture, 0 <= d < P, lies,
 * centres being at halves, at the position (in 1/256 of a sample)
 *
 *   p = ((2 d + 1) F 256 + s P) / (2 s P) - 128, clamped to 0 .. 256 (N - 1)
 *
 * and is sampled at index i = p / 256 and j = min (i + 1, N - 1), of which j weighs w = p mod 256
 * and i weighs 256 - w. Where F = P and s = 1 that is i = d, w = 0.
 *
 * Samples. With column taps (i, j, w) and row taps (k, l, v), each component is rounded once:
 *
 *   a = c[k][i] (256 - v) + c[l][i] v
 *   b = c[k][j] (256 - v) + c[l][j] v
 *   c' = (a (256 - w) + b w + 32768) >> 16
 *
 * Colour. R, G, B are taken as they are. Y, U, V (GRAY8: U = V = 128) become, clamped to 0..255,
 *
 *   R = (y (Y - o) + rv (V - 128) + 4096) >> 13
 *   G = (y (Y - o) - gu (U - 128) - gv (V - 128) + 4096) >> 13
 *   B = (y (Y - o) + bu (U - 128) + 4096) >> 13
 *
 * with o = 16, y = 255/219, c = 255/224 for limited range and o = 0, y = c = 1 for full range;
 * rv = 2 (1 - Kr) c, bu = 2 (1 - Kb) c, gu = bu Kb / Kg, gv = rv Kr / Kg; all times 8192 and
 * rounded to nearest. (Kr, Kb) is (0.299, 0.114) for BT.601, (0.2126, 0.0722) for BT.709, (0.2627,
 * 0.0593) for BT.2020; Kg = 1 - Kr - Kb. Every factor fits 16 bits with sign.
 *
 * Padding is 114 in R, G and B. */
#pragma once

#include <yv8/frame.h>

#include "detect/letterbox.h"

G_BEGIN_DECLS

/**
 * Yv8Resampler: the tables of one geometry and format; made once for a stream.
 */
typedef struct _Yv8Resampler Yv8Resampler;

/**
 * yv8_resampler_new:
 *
 * @letterbox: made for the size of @frame
 * @frame: only format, matrix and range are looked at; those in range, see yv8_frame_check()
 *
 * Returns: (transfer full): free with yv8_resampler_free()
 */
Yv8Resampler *yv8_resampler_new (const Yv8Letterbox *letterbox, const Yv8Frame *frame);
void yv8_resampler_free (Yv8Resampler *resampler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Resampler, yv8_resampler_free)

/**
 * yv8_resampler_fits: Returns: whether the resampler was made for this geometry and kind of frame
 */
gboolean yv8_resampler_fits (
    const Yv8Resampler *resampler, const Yv8Letterbox *letterbox, const Yv8Frame *frame);

/**
 * yv8_resampler_run:
 * @frame: of the size and kind that the resampler was made for, passed by yv8_frame_check()
 * @picture: uint32 [height][width] of the letterbox: R | G << 8 | B << 16, top byte 0
 * @first_row: of the picture, to write
 * @n_rows: how many rows to write
 *
 * Reads no byte of the frame outside of its samples. Threads may write disjoint rows of one picture
 * at the same time.
 */
void yv8_resampler_run (const Yv8Resampler *resampler, const Yv8Frame *frame, guint32 *picture,
    guint first_row, guint n_rows);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The letterbox, defined once: from any Yv8Frame to the network's input picture, in fixed-point
 * integer arithmetic. Every other implementation equals this one in every bit. */
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
 * @frame: only format, matrix, range and size are looked at
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
 * @frame: as the resampler was made for
 * @picture: uint32 [height][width] of the letterbox: R | G << 8 | B << 16, top byte 0
 * @first_row: of the picture, to write
 * @n_rows: how many rows to write
 *
 * Threads may write disjoint rows of one picture at the same time.
 */
void yv8_resampler_run (const Yv8Resampler *resampler, const Yv8Frame *frame, guint32 *picture,
    guint first_row, guint n_rows);

G_END_DECLS

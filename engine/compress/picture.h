/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames as the pictures that an album holds. */
#pragma once

#include "compress/target.h"
#include "ref/letterbox.h"

G_BEGIN_DECLS

/**
 * Yv8Letterboxer: zeroed, and freed with yv8_letterboxer_clear()
 */
typedef struct {
  Yv8Resampler *resampler; /* of the last frame's size and format */
} Yv8Letterboxer;

void yv8_letterboxer_clear (Yv8Letterboxer *letterboxer);

/**
 * yv8_letterboxer_run:
 * @frame: checked here
 *
 * Returns: (transfer full): the picture that networks run on @target's size see of @frame, for
 *   yv8_album_add(); %NULL with @error set
 */
guint32 *yv8_letterboxer_run (
    Yv8Letterboxer *letterboxer, const Yv8Target *target, const Yv8Frame *frame, GError **error);

G_END_DECLS

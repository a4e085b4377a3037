/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small pictures for a page. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * yv8_png_encode:
 * @picture: dwords R, G, B, 0 [height][width], as in #Yv8Album
 * @width: pixels, at most 8192
 * @height: likewise
 * @scale: each pixel of the file is the mean of a square of so many by so many; at least 1. What is
 *   left at the right and at the bottom is dropped
 *
 * Returns: (transfer full): a PNG of 8 bits a channel (ISO/IEC 15948)
 */
GByteArray *yv8_png_encode (const guint32 *picture, guint width, guint height, guint scale);

G_END_DECLS

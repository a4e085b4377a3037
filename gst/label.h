/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of text as small bitmaps, rendered once and kept. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Yv8Label:
 * @width: pixels, a margin around the text included
 * @height: pixels, likewise
 * @stride: bytes from one row to the next
 * @mask: coverage by the text, 0 to 255 a pixel
 */
typedef struct {
  gint width, height, stride;
  const guint8 *mask;
} Yv8Label;

/**
 * Yv8LabelCache:
 *
 * Keeps what was used last, up to a fixed number of bytes. Not thread-safe.
 */
typedef struct _Yv8LabelCache Yv8LabelCache;

Yv8LabelCache *yv8_label_cache_new (void);
void yv8_label_cache_free (Yv8LabelCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8LabelCache, yv8_label_cache_free)

/**
 * yv8_label_cache_get:
 * @text: one line; bytes that are not UTF-8 are replaced, what is too long is cut
 * @size: of the font in pixels
 *
 * Allocates nothing for a text and size that the cache holds.
 *
 * Returns: (transfer none) (nullable): valid until the next call but one; %NULL when memory
 * is short
 */
const Yv8Label *yv8_label_cache_get (Yv8LabelCache *cache, const char *text, guint size);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where on pictures a network sees objects. */
#pragma once

#include "compress/target.h"

G_BEGIN_DECLS

/**
 * Yv8Sights: of each anchor on each picture, the greatest score over all classes
 */
typedef struct _Yv8Sights Yv8Sights;

/**
 * yv8_sights_new:
 * @graph: checked, with DETECT; must outlive what is returned
 *
 * Runs @graph on every picture of @album; 33 KB are kept of each at 640x640.
 *
 * Returns: (transfer full): %NULL with @error set
 */
Yv8Sights *yv8_sights_new (
    const Yv8Graph *graph, const Yv8Target *target, const Yv8Album *album, GError **error);
void yv8_sights_free (Yv8Sights *sights);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Sights, yv8_sights_free)

/**
 * yv8_sights_score:
 * @row: of a cell of a map of @height rows and @width columns
 *
 * Returns: the greatest score of all anchors whose cells overlap that one
 */
float yv8_sights_score (
    const Yv8Sights *sights, guint picture, guint row, guint column, guint height, guint width);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gathering the Gram statistics of layers from pictures. */
#pragma once

#include "compress/gram.h"
#include "compress/sights.h"

G_BEGIN_DECLS

#define YV8_GATHER_PLACES 160 /* of each picture and layer */
#define YV8_GATHER_SCORE  0.1f

/* Statistics held at a time; a layer that has more by itself is gathered alone. YOLOv8n's largest
 * have 22 MB, those of all layers 140 MB. */
#define YV8_GATHER_BYTES (64 << 20)

/**
 * yv8_gather_end: Returns: the op before which to stop if gathering begins at op @first, so that
 *   statistics stay within YV8_GATHER_BYTES
 */
guint yv8_gather_end (const Yv8Graph *graph, guint first);

/**
 * yv8_gather:
 * @dense: float, checked
 * @pruned: of the same shape, with other weights; or @dense itself
 * @sights: (nullable): of @dense on @album; %NULL: places anywhere
 * @first: op to begin at
 * @end: op to stop before
 *
 * Statistics of the convolutions from @first to @end - 1: x are values of @pruned, y what the
 * convolution of @dense makes of the values of @dense. So whoever fits to them makes good what was
 * lost in the layers before, too.
 *
 * Of each picture and layer YV8_GATHER_PLACES places of the output's map are used, or all where it
 * has fewer. Half of them, if there are as many, lie where @sights tell a score of YV8_GATHER_SCORE
 * or more: what matters is the objects, and most of a picture is none. They are drawn one of each
 * of as many stretches of equal length, by a generator that the indices of picture and op seed.
 *
 * Returns: (transfer full) (element-type Yv8Gram): of ops @first to @end - 1, %NULL of all but
 *   convolutions; %NULL with @error set
 */
GPtrArray *yv8_gather (const Yv8Graph *dense, const Yv8Graph *pruned, guint first, guint end,
    const Yv8Target *target, const Yv8Album *album, const Yv8Sights *sights, Yv8Pool *pool,
    GError **error);

/**
 * yv8_gather_some: as yv8_gather()
 * @wanted: (array): of each op, whether it is gathered; the others' statistics are %NULL
 */
GPtrArray *yv8_gather_some (const Yv8Graph *dense, const Yv8Graph *pruned, const gboolean *wanted,
    const Yv8Target *target, const Yv8Album *album, const Yv8Sights *sights, Yv8Pool *pool,
    GError **error);

G_END_DECLS

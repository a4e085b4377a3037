/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where networks are run while one is quantised, and the pictures that they are run on. */
#pragma once

#include "exec/executor.h"

G_BEGIN_DECLS

/**
 * Yv8Target:
 * @open: a new backend of the device
 * @step: (nullable): called before each run; %FALSE with @error set stops the work
 * @data: for @open and @step
 * @width: of the networks' input, pixels
 * @height: likewise
 */
typedef struct {
  Yv8Backend *(*open) (gpointer data, GError **error);
  gboolean (*step) (gpointer data, GError **error);
  gpointer data;
  guint width, height;
} Yv8Target;

/**
 * yv8_target_open: Returns: (transfer full): %NULL with @error set
 */
Yv8Executor *yv8_target_open (
    const Yv8Target *target, const Yv8Graph *graph, Yv8ExecutorFlags flags, GError **error);

/**
 * yv8_target_run: runs the network on a letterboxed picture, uint32 [height][width] as
 * yv8_resampler_run() makes it
 */
gboolean yv8_target_run (
    const Yv8Target *target, Yv8Executor *executor, const guint32 *picture, GError **error);

/**
 * yv8_target_count: Returns: values of @slice
 */
gsize yv8_target_count (const Yv8Executor *executor, const Yv8Slice *slice);

/**
 * Yv8Album: at most so many of any number of pictures, spread evenly: every one at first; each time
 * it is full every second is dropped, and from then on half as many are taken
 */
typedef struct _Yv8Album Yv8Album;

Yv8Album *yv8_album_new (guint most);
void yv8_album_free (Yv8Album *album);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Album, yv8_album_free)

/**
 * yv8_album_add:
 * @picture: (transfer full): freed with g_free(), at once if it is not taken
 */
void yv8_album_add (Yv8Album *album, guint32 *picture);
guint yv8_album_n (const Yv8Album *album);
const guint32 *yv8_album_get (const Yv8Album *album, guint index);

G_END_DECLS

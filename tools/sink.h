/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Annotated pictures and clips, encoded into files. */
#pragma once

#include "source.h"

G_BEGIN_DECLS

typedef struct _Yv8Sink Yv8Sink;

/**
 * yv8_sink_new:
 * @path: what to write; its suffix picks the format
 * @model: (transfer none): names the classes; must outlive the sink
 *
 * Returns: (transfer full): an encoder; %NULL with @error set (G_OPTION_ERROR for a suffix that is
 *   not known, UNSUPPORTED when no encoder for it is installed)
 */
Yv8Sink *yv8_sink_new (const char *path, const Yv8Model *model, GError **error);

/**
 * yv8_sink_free:
 *
 * Leaves no file behind unless yv8_sink_finish() succeeded.
 */
void yv8_sink_free (Yv8Sink *sink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Sink, yv8_sink_free)

/**
 * yv8_sink_write:
 * @source: its last frame is taken, drawn upon and encoded
 */
gboolean yv8_sink_write (Yv8Sink *sink, Yv8Source *source, const Yv8Detection *detections,
    guint n_detections, GError **error);

/**
 * yv8_sink_finish:
 *
 * Ends the file and puts it in its place, which it takes at once and whole.
 */
gboolean yv8_sink_finish (Yv8Sink *sink, GError **error);

/**
 * yv8_sink_check_name:
 *
 * Returns: %FALSE with @error set (G_OPTION_ERROR) when the suffix of @path is none that can be
 *   written
 */
gboolean yv8_sink_check_name (const char *path, GError **error);

G_END_DECLS

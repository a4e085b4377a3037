/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pictures and clips, decoded to frames. */
#pragma once

#include <yv8/yv8.h>

G_BEGIN_DECLS

typedef struct _Yv8Source Yv8Source;
struct _GstSample;

/**
 * yv8_source_new:
 * @path: file name or URI
 *
 * Returns: (transfer full): a decoder; %NULL with @error set (NOT_FOUND; UNSUPPORTED when a part of
 *   GStreamer is missing or this program was built without it)
 */
Yv8Source *yv8_source_new (const char *path, GError **error);
void yv8_source_free (Yv8Source *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Source, yv8_source_free)

/**
 * yv8_source_next:
 *
 * Decodes the next frame, in one of the formats of #Yv8Format. Pictures are taken as they are
 * stored: an orientation that they state is not applied.
 *
 * Returns: (transfer none) (nullable): valid until the next call; %NULL at the end, or with @error
 *   set (UNSUPPORTED when a decoder is missing, READ or FORMAT)
 */
const Yv8Frame *yv8_source_next (Yv8Source *source, GError **error);

/**
 * yv8_source_time:
 *
 * Returns: when the last frame is shown, in seconds from the beginning
 */
double yv8_source_time (const Yv8Source *source);

/**
 * yv8_source_n_frames:
 *
 * Returns: about how many frames there are, once one has been decoded; 0 where it is not known
 */
guint64 yv8_source_n_frames (const Yv8Source *source);

/**
 * yv8_source_take:
 *
 * Returns: (transfer full): the last frame as GStreamer has it; the view that yv8_source_next()
 * gave ends
 */
struct _GstSample *yv8_source_take (Yv8Source *source);

G_END_DECLS

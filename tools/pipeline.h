/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What reading and writing by GStreamer share: building a pipeline and hearing of its errors. */
#pragma once

#include <gst/gst.h>
#include <yv8/error.h>

G_BEGIN_DECLS

/**
 * Yv8Pipeline:
 * @element: the pipeline itself
 * @path: what is read or written, for messages
 * @missing: (nullable): what is missing to decode @path, as far as is known
 * @ended: the end of the stream has been posted
 */
typedef struct {
  GstElement *element;
  char *path;
  char *missing;
  gboolean ended;
} Yv8Pipeline;

/**
 * yv8_pipeline_uri:
 * @path: a file or a URI
 *
 * Returns: (transfer full): its URI; %NULL with @error set when it is neither
 */
char *yv8_pipeline_uri (const char *path, GError **error);

/**
 * yv8_pipeline_new:
 * @description: in the language of gst-launch
 *
 * Returns: (transfer full): the pipeline; %NULL with @error set, UNSUPPORTED with the Debian
 * package in its message where an element is missing
 */
Yv8Pipeline *yv8_pipeline_new (const char *description, const char *path, GError **error);

/**
 * yv8_pipeline_free:
 *
 * Stops the pipeline first.
 */
void yv8_pipeline_free (Yv8Pipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Pipeline, yv8_pipeline_free)

/**
 * yv8_pipeline_start:
 *
 * Sets it playing.
 */
gboolean yv8_pipeline_start (Yv8Pipeline *pipeline, GError **error);

/**
 * yv8_pipeline_get:
 *
 * Returns: (transfer full): the element of that name
 */
gpointer yv8_pipeline_get (const Yv8Pipeline *pipeline, const char *name);

/**
 * yv8_pipeline_check:
 * @wait: how long to wait for a message at most
 *
 * Takes the messages that have come.
 *
 * Returns: %FALSE with @error set when the pipeline has failed
 */
gboolean yv8_pipeline_check (Yv8Pipeline *pipeline, GstClockTime wait, GError **error);

G_END_DECLS

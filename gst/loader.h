/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loads models aside, in a thread of its own, so that a stream changes its model between two
 * frames and never waits for one. */
#pragma once

#include <gst/gst.h>
#include <yv8/yv8.h>

G_BEGIN_DECLS

/**
 * Yv8Wish:
 * @model: (nullable): path
 * @fallback_model: (nullable): path, for a start at which @model is missing or broken
 * @device: (nullable): as in #Yv8DetectorOptions
 * @input_size: (nullable): "WxH"; empty for the model's own
 * @classes: (nullable): see yv8_classes_parse()
 * @watch: whether to look after the file @model
 *
 * What the user asks for. Empty strings are as %NULL. Zeroed it is empty.
 */
typedef struct {
  char *model, *fallback_model;
  char *device, *input_size, *classes;
  gboolean watch;
} Yv8Wish;

void yv8_wish_clear (Yv8Wish *wish);

/**
 * Yv8Loaded:
 * @path: of the file that it comes from
 *
 * A model that has found its device and given finite boxes on a blank frame.
 */
typedef struct {
  char *path;
  Yv8Model *model;
  Yv8Detector *detector;
} Yv8Loaded;

void yv8_loaded_free (Yv8Loaded *loaded);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Loaded, yv8_loaded_free)

/**
 * Yv8Loader:
 *
 * All functions may be called from any thread, except that yv8_loader_start() and
 * yv8_loader_stop() take turns.
 */
typedef struct _Yv8Loader Yv8Loader;

/**
 * yv8_loader_new:
 * @element: whose warnings are posted; outlives the loader
 */
Yv8Loader *yv8_loader_new (GstElement *element);

/**
 * yv8_loader_free: @loader must be stopped
 */
void yv8_loader_free (Yv8Loader *loader);

/**
 * yv8_loader_start:
 *
 * Loads what the latest request asks for and blocks; what is requested from then on is loaded
 * aside. The fallback model is taken, with a warning if the model was there, when the model cannot
 * be had.
 *
 * Returns: (transfer full): %NULL with @error set
 */
Yv8Loaded *yv8_loader_start (Yv8Loader *loader, GError **error);

/**
 * yv8_loader_stop:
 *
 * Waits for a load that is under way; what was loaded is forgotten, the request is not.
 */
void yv8_loader_stop (Yv8Loader *loader);

/**
 * yv8_loader_request:
 * @reload: whether to load anew; else only the rest of @wish is noted
 *
 * Overrides earlier requests, of which nothing is heard any more. A failure is posted as a warning.
 * Never blocks. Unless started, @wish is only noted.
 */
void yv8_loader_request (Yv8Loader *loader, const Yv8Wish *wish, gboolean reload);

/**
 * yv8_loader_swap:
 * @running: (transfer full)
 *
 * Returns: (transfer full): what is loaded for the latest request, in exchange for @running, which
 *   the loader's thread frees; @running itself when there is nothing new. Never blocks
 */
Yv8Loaded *yv8_loader_swap (Yv8Loader *loader, Yv8Loaded *running);

/**
 * yv8_loader_is_busy:
 *
 * Returns: whether a request is waiting for its answer
 */
gboolean yv8_loader_is_busy (Yv8Loader *loader);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a model is inside of the library. */
#pragma once

#include <yv8/model.h>

#include "model/network.h"

G_BEGIN_DECLS

struct _Yv8Model {
  gatomicrefcount ref_count;
  Yv8Graph *graph;
  GHashTable *metadata; /* (element-type utf8 utf8) */
  guint width, height;
  guint n_classes;
  char **labels;
  char *sha256;
  gsize size; /* of the file, bytes */
};

/**
 * yv8_model_new:
 * @network: (transfer full)
 * @bytes: the file that it is from, or would be written to
 *
 * Returns: (transfer full)
 */
Yv8Model *yv8_model_new (Yv8Network *network, const guint8 *bytes, gsize size);

/**
 * yv8_model_make:
 * @graph: (transfer full)
 * @metadata: (transfer full)
 *
 * Returns: (transfer full): the model of the file that would be written; %NULL with @error set
 */
Yv8Model *yv8_model_make (
    Yv8Graph *graph, GHashTable *metadata, guint width, guint height, GError **error);

/**
 * yv8_model_is_float: Returns: whether nothing in @model is int8
 */
gboolean yv8_model_is_float (const Yv8Model *model);

/**
 * yv8_model_derive_metadata: Returns: (transfer full): what the file of @model says, for a model
 * made of it: with yv8.source_sha256, of the file that the first of such steps began with
 */
GHashTable *yv8_model_derive_metadata (const Yv8Model *model);

G_END_DECLS

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

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The input size that a caller asked for. */
#pragma once

#include "api/model.h"

G_BEGIN_DECLS

/**
 * yv8_size_resolve:
 * @width: (inout): 0 becomes the model's own
 * @height: (inout): likewise
 *
 * Returns: %FALSE with @error set (ARGUMENT) unless both are multiples of 32 within range
 */
gboolean yv8_size_resolve (const Yv8Model *model, guint *width, guint *height, GError **error);

G_END_DECLS

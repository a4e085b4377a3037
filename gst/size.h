/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The property input-size of the elements. */
#pragma once

#include <yv8/yv8.h>

G_BEGIN_DECLS

/**
 * yv8_input_size_parse:
 * @text: (nullable): "WxH" in multiples of 32; %NULL or empty leaves @width and @height as
 * they are
 *
 * Returns: %FALSE with @error set (ARGUMENT)
 */
gboolean yv8_input_size_parse (const char *text, guint *width, guint *height, GError **error);

G_END_DECLS

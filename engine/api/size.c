/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The input size that a caller asked for. */
#include "api/size.h"

gboolean
yv8_size_resolve (const Yv8Model *model, guint *width, guint *height, GError **error)
{
  if (*width == 0 && *height == 0) {
    *width = model->width;
    *height = model->height;
  }
  if (*width == 0 || *height == 0 || *width % 32 || *height % 32 || *width > YV8_GRAPH_MAX_SIDE ||
      *height > YV8_GRAPH_MAX_SIDE) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "input size %ux%u: both sides must be multiples of 32 from 32 to %u", *width, *height,
        YV8_GRAPH_MAX_SIDE);
    return FALSE;
  }
  return TRUE;
}

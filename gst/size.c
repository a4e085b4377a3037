/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The property input-size of the elements. */
#include "size.h"

static gboolean
side_parse (const char *text, guint *side)
{
  guint64 number;

  if (!text || !g_ascii_string_to_unsigned (text, 10, 32, G_MAXINT, &number, NULL))
    return FALSE;
  *side = (guint) number;
  return number % 32 == 0;
}

gboolean
yv8_input_size_parse (const char *text, guint *width, guint *height, GError **error)
{
  g_auto (GStrv) sides = g_strsplit (text ? text : "", "x", 2);

  if (!sides[0] || (side_parse (sides[0], width) && side_parse (sides[1], height)))
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
      "Property input-size is \"%s\" instead of WxH in multiples of 32, as in 640x384", text);
  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The error domain. */
#include <yv8/error.h>

GQuark
yv8_error_quark (void)
{
  return g_quark_from_static_string ("yv8-error-quark");
}

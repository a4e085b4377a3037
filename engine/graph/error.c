/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The error domain. */
#include <yv8/error.h>

G_DEFINE_QUARK (yv8 - error - quark, yv8_error)

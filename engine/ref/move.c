/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * move.tmpl.c for float32 and for int8. */
#include <math.h>
#include <string.h>

#include "ref/ref.h"

#define T          float
#define T_MAP      yv8_planar_map
#define T_LEAST    -INFINITY
#define T_NAME(op) op##_f32
#include "ref/move.tmpl.c"
#undef T
#undef T_MAP
#undef T_LEAST
#undef T_NAME

#define T          gint8
#define T_MAP      yv8_planar_map_qs8
#define T_LEAST    -128
#define T_NAME(op) op##_qs8
#include "ref/move.tmpl.c"

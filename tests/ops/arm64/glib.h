/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the int8 loops want of GLib, for a machine that has none of it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int8_t gint8;
typedef uint8_t guint8;
typedef int16_t gint16;
typedef int32_t gint32, gboolean;
typedef uint32_t guint32;
typedef unsigned int guint;
typedef int64_t gint64;
typedef size_t gsize;
typedef void *gpointer;
typedef const void *gconstpointer;

#define TRUE        1
#define FALSE       0
#define G_MAXUINT32 UINT32_MAX
#define G_BEGIN_DECLS
#define G_END_DECLS
#define G_STATIC_ASSERT(x) _Static_assert(x, #x)

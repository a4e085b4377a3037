/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Memory of this process. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * yv8_memory_resident:
 *
 * Returns: bytes of this process in memory now; 0 where the system does not tell
 */
guint64 yv8_memory_resident (void);

/**
 * yv8_memory_peak:
 *
 * Returns: the most bytes of this process that were ever in memory
 */
guint64 yv8_memory_peak (void);

G_END_DECLS

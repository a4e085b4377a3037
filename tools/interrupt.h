/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Control-C in commands whose work is long. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * yv8_interrupt_watch: from now on SIGINT and SIGTERM are remembered; the second one ends the
 * program at once
 */
void yv8_interrupt_watch (void);

gboolean yv8_interrupt_seen (void);

/**
 * yv8_interrupt_check: Returns: %FALSE with @error set (G_IO_ERROR, CANCELLED) once there was one
 */
gboolean yv8_interrupt_check (GError **error);

G_END_DECLS

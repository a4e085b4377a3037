/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Work beside a stream must not take the processor from it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * yv8_thread_lower_priority:
 *
 * The calling thread, and those that it makes from now on, run behind the streaming threads when
 * processors are short. Where the system knows no priority of a single thread, nothing happens.
 */
void yv8_thread_lower_priority (void);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Threads that share the tasks of one parallel loop after another, with little time between them.
 *
 * A thread that finds no work spins for some microseconds, as the next loop usually follows at
 * once, and sleeps then. The caller takes part and never waits for a thread that has not begun: on
 * a busy machine a loop ends as soon as its tasks are done, by whomever. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define YV8_POOL_MAX_LANES 1024

typedef struct _Yv8Pool Yv8Pool;

/**
 * Yv8PoolTask:
 * @lane: 0 to the pool's lanes - 1: tasks that run at the same time have different ones
 */
typedef void (*Yv8PoolTask) (gpointer data, guint lane, guint task);

/**
 * yv8_pool_new:
 * @n_lanes: threads, the caller's included; 1 to YV8_POOL_MAX_LANES
 *
 * Returns: (transfer full): the pool; %NULL with @error set: ARGUMENT, or MEMORY if a thread cannot
 * be started
 */
Yv8Pool *yv8_pool_new (guint n_lanes, GError **error);
void yv8_pool_free (Yv8Pool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Pool, yv8_pool_free)

guint yv8_pool_n_lanes (const Yv8Pool *pool);

/**
 * yv8_pool_run: calls @run once for each of 0 to @n_tasks - 1, in any order, on all lanes, and
 * returns when all are done. From one thread at a time.
 */
void yv8_pool_run (Yv8Pool *pool, Yv8PoolTask run, gpointer data, guint n_tasks);

G_END_DECLS

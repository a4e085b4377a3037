/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One line on the terminal that says how far a long job is. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _Yv8Progress Yv8Progress;

/**
 * yv8_progress_new:
 * @title: what is being done
 * @total: units of work; 0 where it is not known
 *
 * The bar is drawn on stderr, and only if that is a terminal. One may exist at a time.
 */
Yv8Progress *yv8_progress_new (const char *title, guint64 total);

/**
 * yv8_progress_free:
 *
 * Takes the bar off the terminal.
 */
void yv8_progress_free (Yv8Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Progress, yv8_progress_free)

/**
 * yv8_progress_update:
 * @done: units of work done so far
 *
 * Draws the bar anew, ten times a second at most.
 */
void yv8_progress_update (Yv8Progress *progress, guint64 done);

/**
 * yv8_progress_set_title:
 * @title: what is being done from now on
 */
void yv8_progress_set_title (Yv8Progress *progress, const char *title);

/**
 * yv8_progress_hide:
 *
 * Takes the bar off the terminal until the next update: call it before other output.
 */
void yv8_progress_hide (void);

/**
 * yv8_progress_format:
 * @elapsed: seconds since the beginning
 * @columns: width of the terminal
 *
 * Returns: (transfer full): the line: title, percentage, bar, units, rate, time left
 */
char *yv8_progress_format (
    const char *title, guint64 done, guint64 total, double elapsed, guint columns);

G_END_DECLS

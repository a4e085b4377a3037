/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Labels from an export's metadata. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * yv8_labels_parse:
 * @names: (nullable): metadata "names", a Python or JSON dictionary {0: 'person', 1: "..."} or list
 * @n_classes: how many labels are wanted
 *
 * Hostile text gives odd labels, never an error: what is missing, unreadable or not UTF-8 is called
 * "class N", control characters become spaces.
 *
 * Returns: (transfer full): %NULL-terminated, @n_classes strings; free with g_strfreev()
 */
char **yv8_labels_parse (const char *names, guint n_classes);

/**
 * yv8_labels_subset:
 * @labels: %NULL-terminated
 * @classes: (array length=n): of those, in any order
 *
 * Returns: (transfer full): a dictionary of the labels of @classes, numbered anew in the order of
 *   @labels, as yv8_labels_parse() reads it
 */
char *yv8_labels_subset (const char *const *labels, const guint *classes, guint n);

G_END_DECLS

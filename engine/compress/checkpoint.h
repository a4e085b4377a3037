/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Intermediate results on disk, so that work that was cut short goes on where it was.
 *
 * A file for each result: KEY.checkpoint, where KEY says of what it is the result: a SHA-256 of all
 * that it depends on. It begins with a line that names it and the SHA-256 of what follows. */
#pragma once

#include <yv8/error.h>

G_BEGIN_DECLS

typedef struct _Yv8Checkpoint Yv8Checkpoint;

/**
 * yv8_checkpoint_new:
 * @folder: (nullable): made if it is not there; %NULL: results are kept in memory
 *
 * Returns: (transfer full): %NULL with @error set (READ)
 */
Yv8Checkpoint *yv8_checkpoint_new (const char *folder, GError **error);
void yv8_checkpoint_free (Yv8Checkpoint *checkpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Checkpoint, yv8_checkpoint_free)

/**
 * yv8_checkpoint_on_disk: Returns: whether there is a folder
 */
gboolean yv8_checkpoint_on_disk (const Yv8Checkpoint *checkpoint);

/**
 * yv8_checkpoint_key:
 * @first: text, followed by more, up to %NULL
 *
 * Returns: (transfer full): SHA-256 of the texts, 64 hexadecimal digits
 */
char *yv8_checkpoint_key (const char *first, ...) G_GNUC_NULL_TERMINATED;

/**
 * yv8_checkpoint_load:
 * @key: from yv8_checkpoint_key()
 *
 * Returns: (transfer full) (nullable): what was saved; %NULL if there is none, or if it is broken,
 *   which a message says. Whoever uses the bytes has to check them: anybody can write a file
 */
GBytes *yv8_checkpoint_load (const Yv8Checkpoint *checkpoint, const char *key);

/**
 * yv8_checkpoint_save: as a whole or not at all. That it failed is a message: work goes on without
 */
void yv8_checkpoint_save (Yv8Checkpoint *checkpoint, const char *key, GBytes *bytes);

/**
 * yv8_checkpoint_clear: removes all results, also such of other work in the folder, and the folder
 * if nothing else is in it
 */
void yv8_checkpoint_clear (Yv8Checkpoint *checkpoint);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names of files that commands read and write. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * yv8_files_is_picture: Returns: whether the suffix of @name is that of a picture
 */
gboolean yv8_files_is_picture (const char *name);

/**
 * yv8_files_list_pictures:
 *
 * Returns: (transfer container) (element-type filename): names of the pictures in @folder, sorted
 *   by their bytes, at least one; %NULL with @error set (G_FILE_ERROR, NOT_FOUND when there is
 * none)
 */
GPtrArray *yv8_files_list_pictures (const char *folder, GError **error);

/**
 * yv8_files_same: Returns: whether both names are those of one file
 */
gboolean yv8_files_same (const char *a, const char *b);

/**
 * yv8_files_size: Returns: bytes of the file; 0 where there is none
 */
gint64 yv8_files_size (const char *path);

/**
 * yv8_files_check_output:
 * @path: (nullable): of a file that is to be written after long work
 *
 * Returns: %FALSE with @error set (READ) where it cannot be written
 */
gboolean yv8_files_check_output (const char *path, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The truth about a picture, as YOLO's training tools write it. */
#pragma once

#include <yv8/yv8.h>

G_BEGIN_DECLS

/**
 * yv8_labels_load:
 * @path: text of lines "class cx cy w h": class 0 to @n_classes - 1, box centre and size as parts
 *   of the picture's width and height
 * @width: of the picture, in pixels
 * @height: likewise
 *
 * A file that is not there means no objects.
 *
 * Returns: (transfer full) (element-type Yv8Detection): boxes in pixels; %NULL with @error set,
 *   READ, or FORMAT with the number of the line in its message
 */
GArray *yv8_labels_load (
    const char *path, guint n_classes, guint width, guint height, GError **error);

/**
 * yv8_labels_of_picture: like yv8_labels_load()
 * @folder: of the labels
 * @name: of the picture's file: of "a.jpg" the labels are in "a.txt"
 */
GArray *yv8_labels_of_picture (const char *folder, const char *name, guint n_classes, guint width,
    guint height, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The choice of classes that a user writes: labels and numbers, separated by commas. */
#pragma once

#include <yv8/yv8.h>

G_BEGIN_DECLS

/**
 * yv8_classes_parse:
 * @list: (nullable): labels of @model in any case, or numbers of classes, separated by commas;
 * blanks around them do not count
 * @classes: (out) (transfer full) (nullable): for the field of #Yv8DetectParams; %NULL, all of
 * them, when @list names none
 *
 * Returns: %FALSE with @error set (ARGUMENT) for what @model does not know; the message tells some
 * of what it does
 */
gboolean yv8_classes_parse (
    const Yv8Model *model, const char *list, guint8 **classes, GError **error);

G_END_DECLS

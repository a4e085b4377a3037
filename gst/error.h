/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Errors of the engine as error and warning messages of an element. */
#pragma once

#include <gst/gst.h>
#include <yv8/yv8.h>

G_BEGIN_DECLS

/**
 * yv8_element_error:
 * @error: (transfer full): in the domain YV8_ERROR
 *
 * Posts @error with a remedy as one GST_MESSAGE_ERROR of @element. Must not be called with the
 * object lock of @element held.
 */
void yv8_element_error (GstElement *element, GError *error);

/**
 * yv8_element_warning:
 * @what: (nullable): what is not done because of @error, put before it
 * @error: (transfer full): in the domain YV8_ERROR
 *
 * The same as one GST_MESSAGE_WARNING: the stream goes on.
 */
void yv8_element_warning (GstElement *element, const char *what, GError *error);

G_END_DECLS

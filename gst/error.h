/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Errors of the engine as error messages of an element. */
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

G_END_DECLS

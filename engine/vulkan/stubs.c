/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Stands in for the backend in a build without Vulkan: there is no device. */
#include "vulkan/backend.h"

void
yv8_vulkan_devices_append (GPtrArray *devices)
{
}

Yv8Backend *
yv8_vulkan_backend_new (guint index, GError **error)
{
  g_set_error_literal (
      error, YV8_ERROR, YV8_ERROR_NOT_FOUND, "built without Vulkan (meson option 'vulkan')");
  return NULL;
}

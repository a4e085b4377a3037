/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backend "vulkan": one command buffer, recorded once and submitted for each frame. Built
 * without Vulkan, the same functions report that no device is there. */
#pragma once

#include <yv8/device.h>

#include "exec/backend.h"

G_BEGIN_DECLS

/**
 * yv8_vulkan_devices_append:
 * @devices: (element-type Yv8Device): gets one entry a Vulkan device that can run the engine
 *
 * A missing loader or driver is not an error: nothing is appended.
 */
void yv8_vulkan_devices_append (GPtrArray *devices);

/**
 * yv8_vulkan_backend_new:
 * @index: of the device, as in the id "vulkan:INDEX"
 *
 * Returns: (transfer full): the backend; %NULL with @error set (NOT_FOUND, DEVICE, MEMORY)
 */
Yv8Backend *yv8_vulkan_backend_new (guint index, GError **error);

G_END_DECLS

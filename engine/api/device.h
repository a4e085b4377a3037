/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From what a user asks for to a backend. */
#pragma once

#include <yv8/device.h>

#include "exec/backend.h"

G_BEGIN_DECLS

/**
 * yv8_device_free: frees one entry of a list of devices
 */
void yv8_device_free (Yv8Device *device);

/**
 * yv8_device_open:
 * @request: (nullable): as in Yv8DetectorOptions.device
 * @threads: CPU threads; 0 for as many as the process may use
 * @device: (out) (transfer full): what was chosen
 *
 * Returns: (transfer full): its backend; %NULL with @error set; NOT_FOUND lists what is there
 */
Yv8Backend *yv8_device_open (
    const char *request, guint threads, Yv8Device **device, GError **error);

/**
 * yv8_device_open_again: Returns: (transfer full): another backend of a device that
 * yv8_device_open() chose; nothing is probed or chosen again. %NULL with @error set
 */
Yv8Backend *yv8_device_open_again (const Yv8Device *device, guint threads, GError **error);

G_END_DECLS

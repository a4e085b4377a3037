/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a detector can run on. */
#pragma once

#include <glib.h>
#include <yv8/error.h>
#include <yv8/export.h>

G_BEGIN_DECLS

/**
 * Yv8Device:
 * @id: what to ask for: "cpu", "ref", "vulkan:0" ...
 * @name: what it is: the processor's or the driver's own name of the device
 * @driver: driver name and version; the CPU backend's library for "cpu"
 * @software: a Vulkan device that computes on the CPU (lavapipe); "auto" never picks it
 * @automatic: the device that "auto" picks
 */
typedef struct {
  char *id;
  char *name;
  char *driver;
  gboolean software;
  gboolean automatic;
} Yv8Device;

/**
 * yv8_devices_list:
 *
 * Asks the drivers anew on every call. May be called from any thread.
 *
 * Returns: (transfer full) (element-type Yv8Device): never empty, Vulkan devices first, then "cpu"
 *   and "ref"; free with g_ptr_array_unref()
 */
YV8_API GPtrArray *yv8_devices_list (void);

G_END_DECLS

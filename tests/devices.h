/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a test may run on. */
#pragma once

#include <yv8/device.h>

/* (transfer full) (nullable): the first device of "cpu" or "vulkan"; else the test is skipped */
static inline char *
test_device (const char *kind)
{
  g_autoptr (GPtrArray) devices = yv8_devices_list ();

  for (guint i = 0; i < devices->len; i++) {
    const Yv8Device *device = g_ptr_array_index (devices, i);

    if (g_str_has_prefix (device->id, kind))
      return g_strdup (device->id);
  }
  g_test_skip ("no such device");
  return NULL;
}

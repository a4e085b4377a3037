/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The devices, and the choice among them. */
#include <string.h>

#include "api/device.h"
#include "cpu/backend.h"
#include "ref/backend.h"
#include "vulkan/backend.h"

#define VULKAN "vulkan"

void
yv8_device_free (Yv8Device *device)
{
  if (!device)
    return;
  g_free (device->id);
  g_free (device->name);
  g_free (device->driver);
  g_free (device);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Device, yv8_device_free)

static void
append (GPtrArray *devices, const char *id, char *name, char *driver)
{
  Yv8Device *device = g_new0 (Yv8Device, 1);

  device->id = g_strdup (id);
  device->name = name;
  device->driver = driver;
  g_ptr_array_add (devices, device);
}

static gboolean
is_host (const char *id)
{
  return g_str_equal (id, "cpu") || g_str_equal (id, "ref");
}

static GPtrArray *
list (gboolean vulkan)
{
  GPtrArray *devices = g_ptr_array_new_with_free_func ((GDestroyNotify) yv8_device_free);

  if (vulkan)
    yv8_vulkan_devices_append (devices);
  append (devices, "cpu", yv8_cpu_name (), yv8_cpu_driver ());
  append (devices, "ref", g_strdup ("plain C, one thread: the specification, slow"),
      g_strdup ("built in"));

  for (guint i = 0; i < devices->len; i++) {
    Yv8Device *device = g_ptr_array_index (devices, i);
    if (!device->software) {
      device->automatic = TRUE;
      break;
    }
  }
  return devices;
}

GPtrArray *
yv8_devices_list (void)
{
  return list (TRUE);
}

static gboolean
contains (const char *text, const char *part)
{
  g_autofree char *a = g_utf8_casefold (text, -1);
  g_autofree char *b = g_utf8_casefold (part, -1);

  return strstr (a, b) != NULL;
}

/* "vulkan" prefers a device that is none of software, and takes lavapipe where there is no other.
 */
static gboolean
matches (const Yv8Device *device, const char *request, gboolean software)
{
  if (g_str_equal (request, "auto"))
    return device->automatic;
  if (g_str_equal (request, VULKAN))
    return g_str_has_prefix (device->id, VULKAN) && device->software == software;
  if (g_str_equal (request, device->id))
    return TRUE;
  if (!g_str_has_prefix (request, VULKAN ":") || !g_str_has_prefix (device->id, VULKAN))
    return FALSE;
  const char *name = request + strlen (VULKAN ":");
  gboolean number = strspn (name, "0123456789") == strlen (name);
  return !number && contains (device->name, name);
}

static guint
find (const GPtrArray *devices, const char *request)
{
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < devices->len; i++)
      if (matches (g_ptr_array_index (devices, i), request, pass > 0))
        return i;
  return G_MAXUINT;
}

static void
set_not_found (const GPtrArray *devices, const char *request, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);

  for (guint i = 0; i < devices->len; i++) {
    const Yv8Device *device = g_ptr_array_index (devices, i);
    g_string_append_printf (known, "%s%s (%s)", i ? ", " : "", device->id, device->name);
  }
  g_set_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND,
      "no device '%s'. Ask for auto, cpu, vulkan, vulkan:INDEX or vulkan:NAME; there are: %s",
      request, known->str);
}

Yv8Backend *
yv8_device_open_again (const Yv8Device *device, guint threads, GError **error)
{
  if (g_str_equal (device->id, "ref"))
    return yv8_ref_backend_new ();
  if (g_str_equal (device->id, "cpu"))
    return yv8_cpu_backend_new (threads, error);
  return yv8_vulkan_backend_new (
      (guint) g_ascii_strtoull (device->id + strlen (VULKAN ":"), NULL, 10), error);
}

Yv8Backend *
yv8_device_open (const char *request, guint threads, Yv8Device **device, GError **error)
{
  gboolean automatic = !request || !*request || g_str_equal (request, "auto");
  /* Vulkan's drivers cost 40 MB and a tenth of a second, if only they are looked at. */
  g_autoptr (GPtrArray) devices = list (automatic || !is_host (request));
  guint index = find (devices, automatic ? "auto" : request);

  if (index == G_MAXUINT) {
    set_not_found (devices, request, error);
    return NULL;
  }
  g_ptr_array_set_free_func (devices, NULL);
  *device = g_ptr_array_steal_index (devices, index);
  g_ptr_array_set_free_func (devices, (GDestroyNotify) yv8_device_free);

  Yv8Backend *backend = yv8_device_open_again (*device, threads, error);
  if (!backend)
    g_clear_pointer (device, yv8_device_free);
  return backend;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 devices: what a detector could run on. */
#include "command.h"
#include "text.h"

static void
print_json (const GPtrArray *devices)
{
  g_autoptr (Yv8Json) json = yv8_json_new ();

  yv8_json_array (json, NULL);
  for (guint i = 0; i < devices->len; i++) {
    const Yv8Device *device = devices->pdata[i];
    yv8_json_newline (json);
    yv8_json_object (json, NULL);
    yv8_json_string (json, "id", device->id);
    yv8_json_string (json, "name", device->name);
    yv8_json_string (json, "driver", device->driver);
    yv8_json_boolean (json, "software", device->software);
    yv8_json_boolean (json, "automatic", device->automatic);
    yv8_json_end (json);
  }
  yv8_json_newline (json);
  yv8_json_end (json);
  yv8_json_print (json);
}

static void
print_table (const GPtrArray *devices)
{
  const char *titles[] = { "<id", "<name", "<driver", "<kind", "<auto", NULL };
  g_autoptr (Yv8Table) table = yv8_table_new (titles);

  for (guint i = 0; i < devices->len; i++) {
    const Yv8Device *device = devices->pdata[i];
    gboolean vulkan = g_str_has_prefix (device->id, "vulkan");
    yv8_table_add (table, "%s", device->id);
    yv8_table_add (table, "%s", device->name);
    yv8_table_add (table, "%s", device->driver);
    yv8_table_add (table, "%s", !vulkan ? "CPU" : device->software ? "Vulkan on the CPU" : "GPU");
    yv8_table_add (table, "%s", device->automatic ? "yes" : "");
  }
  yv8_table_print (table);
}

static gboolean
run (const Yv8Options *options, GError **error)
{
  g_autoptr (GPtrArray) devices = yv8_devices_list ();

  if (options->json)
    print_json (devices);
  else
    print_table (devices);
  return TRUE;
}

const Yv8Command yv8_devices_command = {
  .name = "devices",
  .summary = "List what detection could run on",
  .details = "Examples:\n"
             "  yv8 devices\n"
             "  yv8 devices --json",
  .run = run,
};

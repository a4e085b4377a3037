/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The processor's name. */
#include "cpu/backend.h"

#include <string.h>

char *
yv8_cpu_name (void)
{
  g_autofree char *text = NULL;
  const char *field = NULL;

  if (g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL))
    field = strstr (text, "model name");
  const char *value = field ? strchr (field, ':') : NULL;
  if (!value)
    return g_strdup ("processor");
  return g_strstrip (g_strndup (value + 1, strcspn (value + 1, "\n")));
}

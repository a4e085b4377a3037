/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Memory of this process, as Linux counts it. */
#include "memory.h"

#include <string.h>
#include <sys/resource.h>

static guint64
status_bytes (const char *key)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL))
    return 0;
  const char *line = strstr (text, key);
  return line ? 1024 * g_ascii_strtoull (line + strlen (key), NULL, 10) : 0;
}

guint64
yv8_memory_resident (void)
{
  return status_bytes ("VmRSS:");
}

guint64
yv8_memory_peak (void)
{
  guint64 peak = status_bytes ("VmHWM:");
  struct rusage usage;

  if (peak == 0 && getrusage (RUSAGE_SELF, &usage) == 0)
    peak = 1024 * (guint64) usage.ru_maxrss;
  return peak;
}

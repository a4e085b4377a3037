/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Work beside a stream must not take the processor from it. */
#include <errno.h>
#include <sys/resource.h>

#include "priority.h"

#define NICENESS 10 /* more than before is a tenth of the share */

/* Against POSIX, Linux has a niceness for each thread; 0 is the calling one. Beyond 19 is 19. */
void
yv8_thread_lower_priority (void)
{
#ifdef __linux__
  if (setpriority (PRIO_PROCESS, 0, getpriority (PRIO_PROCESS, 0) + NICENESS) != 0)
    g_debug ("priority: %s", g_strerror (errno));
#endif
}

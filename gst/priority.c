/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Work beside a stream must not take the processor from it. */
#include <errno.h>
#include <sys/resource.h>

#include "priority.h"

#define NICENESS 10 /* a tenth of the share of a thread at 0 */

/* Against POSIX, Linux has a niceness for each thread; 0 is the calling one. */
void
yv8_thread_lower_priority (void)
{
#ifdef __linux__
  if (setpriority (PRIO_PROCESS, 0, NICENESS) != 0)
    g_debug ("priority: %s", g_strerror (errno));
#endif
}

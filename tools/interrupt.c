/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signals that ask a command to stop. */
#include "interrupt.h"

#include <gio/gio.h>
#include <signal.h>

static volatile sig_atomic_t interrupted;

static void
on_interrupt (int number)
{
  interrupted = 1;
  signal (number, SIG_DFL);
}

void
yv8_interrupt_watch (void)
{
  signal (SIGINT, on_interrupt);
  signal (SIGTERM, on_interrupt);
}

gboolean
yv8_interrupt_seen (void)
{
  return interrupted != 0;
}

gboolean
yv8_interrupt_check (GError **error)
{
  if (!interrupted)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "interrupted; nothing was written");
  return FALSE;
}

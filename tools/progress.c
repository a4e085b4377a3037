/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One line on the terminal that says how far a long job is. */
#include "progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INTERVAL  (G_USEC_PER_SEC / 10)
#define BAR_CELLS 24

struct _Yv8Progress {
  char *title;
  guint64 total;
  gint64 start, drawn;
  gboolean terminal;
};

static gboolean visible;

Yv8Progress *
yv8_progress_new (const char *title, guint64 total)
{
  Yv8Progress *progress = g_new0 (Yv8Progress, 1);

  progress->title = g_strdup (title);
  progress->total = total;
  progress->start = g_get_monotonic_time ();
  progress->terminal = isatty (STDERR_FILENO);
  yv8_progress_update (progress, 0);
  return progress;
}

void
yv8_progress_free (Yv8Progress *progress)
{
  yv8_progress_hide ();
  g_free (progress->title);
  g_free (progress);
}

void
yv8_progress_hide (void)
{
  if (visible)
    fputs ("\r\033[K", stderr);
  visible = FALSE;
}

void
yv8_progress_set_title (Yv8Progress *progress, const char *title)
{
  if (g_str_equal (progress->title, title))
    return;
  g_free (progress->title);
  progress->title = g_strdup (title);
}

static guint
terminal_columns (void)
{
  struct winsize size;

  return ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

char *
yv8_progress_format (const char *title, guint64 done, guint64 total, double elapsed, guint columns)
{
  g_autoptr (GString) line = g_string_new (title);
  double rate = elapsed > 0 ? (double) done / elapsed : 0;

  if (total > 0) {
    double part = MIN ((double) done / (double) total, 1);
    guint full = (guint) (part * BAR_CELLS);
    g_string_append_printf (line, " %3.0f%% [", part * 100);
    for (guint i = 0; i < BAR_CELLS; i++)
      g_string_append_c (line, i < full ? '#' : '-');
    g_string_append_printf (line, "] %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, done, total);
  } else {
    g_string_append_printf (line, " %" G_GUINT64_FORMAT, done);
  }
  if (rate > 0)
    g_string_append_printf (line, " %.1f/s", rate);
  if (rate > 0 && total > done) {
    guint64 left = (guint64) ((double) (total - done) / rate + 0.5);
    g_string_append_printf (
        line, ", %" G_GUINT64_FORMAT ":%02u left", left / 60, (guint) (left % 60));
  }
  return g_utf8_substring (line->str, 0, MIN (g_utf8_strlen (line->str, -1), (glong) columns - 1));
}

void
yv8_progress_update (Yv8Progress *progress, guint64 done)
{
  gint64 now = g_get_monotonic_time ();

  if (!progress->terminal || (visible && now - progress->drawn < INTERVAL))
    return;
  g_autofree char *line = yv8_progress_format (progress->title, done, progress->total,
      (double) (now - progress->start) / G_USEC_PER_SEC, terminal_columns ());
  fprintf (stderr, "\r\033[K%s", line);
  fflush (stderr);
  progress->drawn = now;
  visible = TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program yv8: picks the sub-command, turns errors into messages and exit status. */
#include "config.h"

#include "command.h"
#include "progress.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>

enum { STATUS_GOOD, STATUS_FAILED, STATUS_USAGE };

static const Yv8Command *const commands[] = {
  &yv8_detect_command,
  &yv8_eval_command,
  &yv8_calibrate_command,
  &yv8_compress_command,
  &yv8_compare_command,
  &yv8_bench_command,
  &yv8_inspect_command,
  &yv8_devices_command,
};

static void
print_help (void)
{
  g_print ("Usage:\n  yv8 COMMAND [OPTION…] [ARGUMENT…]\n\n"
           "Finds objects with YOLOv8 on Vulkan and on the CPU\n\nCommands:\n");
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    g_print ("  %-10s %s\n", commands[i]->name, commands[i]->summary);
  g_print ("\nOptions:\n"
           "  -h, --help     Print this, or after a command its options and examples\n"
           "  --version      Print the version\n\n"
           "Exit status: 0 good, 1 failed, 2 wrong usage\n");
}

static int
fail (int status, const char *message)
{
  yv8_progress_hide ();
  g_printerr ("%s: %s\n", g_get_prgname (), message);
  if (status == STATUS_USAGE)
    g_printerr ("Try '%s --help'\n", g_get_prgname ());
  return status;
}

static gboolean
flush_stdout (GError **error)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "cannot write the output: %s",
      g_strerror (errno));
  return FALSE;
}

static int
run (const Yv8Command *command, int argc, char **argv)
{
  g_autofree char *name = g_strconcat ("yv8 ", command->name, NULL);
  g_autoptr (GError) error = NULL;
  Yv8Options options = { 0 };

  g_set_prgname (name);
  gboolean good = yv8_command_parse (command, argc, argv, &options, &error) &&
                  command->run (&options, &error) && flush_stdout (&error);
  yv8_options_clear (&options);
  if (good)
    return STATUS_GOOD;
  return fail (error->domain == G_OPTION_ERROR ? STATUS_USAGE : STATUS_FAILED, error->message);
}

/* Anything may be logged while a bar is on the terminal, and all of it belongs on stderr. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  yv8_progress_hide ();
  return g_log_writer_default (level, fields, n_fields, user_data);
}

int
main (int argc, char **argv)
{
  setlocale (LC_CTYPE, "");
  g_set_prgname ("yv8");
  g_log_writer_default_set_use_stderr (TRUE);
  g_log_set_writer_func (write_log, NULL, NULL);

  const char *word = argc > 1 ? argv[1] : NULL;
  if (!word)
    return fail (STATUS_USAGE, "no command");
  if (g_str_equal (word, "--help") || g_str_equal (word, "-h") || g_str_equal (word, "help")) {
    print_help ();
    return STATUS_GOOD;
  }
  if (g_str_equal (word, "--version")) {
    g_print ("yv8 %s\n", YV8_VERSION);
    return STATUS_GOOD;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (word, commands[i]->name))
      return run (commands[i], argc - 1, argv + 1);

  g_autofree char *message =
      g_strdup_printf ("unknown %s '%s'", word[0] == '-' ? "option" : "command", word);
  return fail (STATUS_USAGE, message);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs the real program and keeps what it said. */
#pragma once

#include "testing.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

/**
 * Program:
 * @status: exit status
 * @out: stdout
 * @err: stderr
 */
typedef struct {
  int status;
  char *out, *err;
} Program;

static inline void
program_clear (Program *program)
{
  g_free (program->out);
  g_free (program->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Program, program_clear)

/**
 * program_run:
 * @arguments: of the program, as a shell would split them; %NULL for none
 *
 * Returns: (transfer full): what YV8_PROGRAM said, run in the current directory
 */
static inline Program
program_run (const char *arguments)
{
  g_autofree char *program = g_shell_quote (g_getenv ("YV8_PROGRAM"));
  g_autofree char *line = g_strjoin (" ", program, arguments, NULL);
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  Program result = { 0 };

  g_assert_true (g_shell_parse_argv (line, NULL, &argv, &error));
  g_autoptr (GSubprocess) process = g_subprocess_newv ((const char *const *) argv,
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &result.out, &result.err, &error);
  g_assert_no_error (error);
  g_test_message ("yv8 %s\n%s%s", arguments ? arguments : "", result.out, result.err);
  g_assert_true (g_subprocess_get_if_exited (process));
  result.status = g_subprocess_get_exit_status (process);
  return result;
}

/**
 * program_run_good:
 *
 * Like program_run(), and asserts that the program succeeded and said nothing on stderr.
 */
static inline Program
program_run_good (const char *arguments)
{
  Program result = program_run (arguments);

  g_assert_cmpstr (result.err, ==, "");
  g_assert_cmpint (result.status, ==, 0);
  return result;
}

/**
 * program_json:
 *
 * Returns: (transfer full): @text as JSON, which it must be
 */
static inline JsonNode *
program_json (const char *text)
{
  g_autoptr (GError) error = NULL;
  JsonNode *node = json_from_string (text, &error);

  g_assert_no_error (error);
  g_assert_nonnull (node);
  return node;
}

/**
 * program_enter_folder:
 *
 * Makes a new directory the current one, for files that a test makes and for its caches.
 *
 * Returns: (transfer full): its path, for program_leave_folder()
 */
static inline char *
program_enter_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("yv8-test-XXXXXX", &error);

  g_assert_no_error (error);
  g_assert_cmpint (g_chdir (folder), ==, 0);
  g_setenv ("YV8_CACHE_DIR", folder, TRUE);
  return folder;
}

static inline void
program_remove (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *child = g_build_filename (path, name, NULL);
    program_remove (child);
  }
  g_remove (path);
}

/**
 * program_leave_folder:
 * @folder: (transfer full): removed with all that is in it
 */
static inline void
program_leave_folder (char *folder)
{
  g_assert_cmpint (g_chdir (g_get_tmp_dir ()), ==, 0);
  program_remove (folder);
  g_free (folder);
}

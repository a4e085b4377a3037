/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yolov8calibrate, killed at random: no half-written model is ever seen. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calibrate.h"

#define CHILD "YV8_TEST_CHILD" /* environment: the output of the program that is killed */

/* Calibrates again and again, until it is killed. */
static int
child_main (const char *output)
{
  Fixture f = { .rand = test_rand_new () };

  for (;;) {
    f.element = element_new (g_getenv ("YV8_TEST_TOY"), output, 8, 8);
    g_object_set (f.element, "max-drop", 0., NULL);
    fixture_play (&f);
    push_until_taken (&f, 8);
    push_eos (&f);
    gst_harness_teardown (f.harness);
    gst_element_set_state (f.element, GST_STATE_NULL);
    gst_object_unref (f.element);
    if (write (STDOUT_FILENO, "+", 1) != 1)
      return 1;
  }
}

/* Killed at 50 random moments: the output is whole, or there is none. */
static void
test_killed (gconstpointer program)
{
  enum { N = 50 };
  g_autofree char *folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  g_autofree char *output = g_build_filename (folder, "int8.bin", NULL);
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), CHILD, output, TRUE);
  const char *argv[] = { program, NULL };
  guint n_whole = 0;

  /* For a quick start. */
  environment = g_environ_setenv (environment, "GST_REGISTRY_UPDATE", "no", TRUE);
  environment = g_environ_setenv (environment, "VK_ICD_FILENAMES", "/nowhere", TRUE);
  for (guint i = 0; i < N; i++) {
    g_autoptr (GError) error = NULL;
    GPid pid;
    gint out, status;
    char byte = '+';

    g_unlink (output);
    g_assert_true (g_spawn_async_with_pipes (NULL, (char **) argv, environment,
        G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL, &out, NULL, &error));
    /* Every other one is killed in its first round. */
    do
      if (i % 2)
        g_assert_cmpint (read (out, &byte, 1), ==, 1);
    while (byte != '+');
    g_usleep ((gulong) g_test_rand_int_range (0, 150000));
    g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
    g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
    g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
    close (out);
    if (g_file_test (output, G_FILE_TEST_EXISTS)) {
      g_autoptr (Yv8Model) model = yv8_model_load (output, &error);
      g_assert_no_error (error);
      g_assert_nonnull (model);
      n_whole++;
    }
  }
  g_test_message ("%u of %d times a whole file, else none", n_whole, N);
  g_assert_cmpuint (n_whole, >=, N / 2);
  folder_remove (folder);
}

int
main (int argc, char **argv)
{
  const char *program = argv[0];

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  if (g_getenv (CHILD))
    return child_main (g_getenv (CHILD));
  g_test_add_data_func ("/calibrate/killed", program, test_killed);
  return g_test_run ();
}

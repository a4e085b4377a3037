/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 compress on made pictures. The model finds its class 0 in every picture. */
#include "media.h"
#include "program.h"

#include <signal.h>

static Program
compress (const char *arguments)
{
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  g_autofree char *line = g_strdup_printf ("compress --model %s --device ref %s", model, arguments);

  return program_run (line);
}

static char *
enter (void)
{
  static const char *const patterns[] = { "smpte", "snow", "ball", "checkers-8", "zone-plate",
    "gradient", "red", "circular", "pinwheel", "spokes" };
  char *folder = program_enter_folder ();

  g_assert_cmpint (g_mkdir ("images", 0777), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (patterns); i++) {
    g_autofree char *path = g_strdup_printf ("images/%c.png", 'a' + (int) i);
    if (!media_make_picture (path, patterns[i], 80, 60)) {
      program_leave_folder (folder);
      return NULL;
    }
  }
  return folder;
}

static char *
read_file (const char *path, gsize *size)
{
  char *contents = NULL;

  g_assert_true (g_file_get_contents (path, &contents, size, NULL));
  return contents;
}

static void
test_same (void)
{
  char *folder = enter ();

  if (!folder)
    return;
  g_auto (Program) one = compress ("--output 0.bin --frames 4 --prune blocks:0.2 --input images");
  g_auto (Program) two =
      compress ("--output 1.bin --frames 4 --prune blocks:0.2 --threads 1 images");
  g_auto (Program) other =
      compress ("--output 2.bin --frames 4 --prune blocks:0.2 --criterion random images");
  g_autofree char *contents[3] = { NULL };
  gsize sizes[3];
  g_assert_cmpint (one.status | two.status | other.status, ==, 0);
  g_assert_nonnull (strstr (one.out, "unit=blocks share=0.2"));
  for (guint i = 0; i < 3; i++) {
    char path[] = { '0' + (char) i, '.', 'b', 'i', 'n', 0 };
    contents[i] = read_file (path, &sizes[i]);
  }
  g_assert_cmpmem (contents[0], sizes[0], contents[1], sizes[1]);
  g_assert_false (sizes[0] == sizes[2] && memcmp (contents[0], contents[2], sizes[0]) == 0);
  g_auto (Program) inspect = program_run ("inspect 0.bin");
  g_assert_nonnull (strstr (inspect.out, "\n            share=0.2\n"));
  g_assert_nonnull (strstr (inspect.out, "yv8.quantization"));
  g_assert_false (g_file_test ("0.bin.checkpoint", G_FILE_TEST_EXISTS));
  for (guint i = 0; i < 3; i++)
    g_free (g_steal_pointer (&contents[i]));
  program_leave_folder (folder);
}

static void
test_json (void)
{
  char *folder = enter ();

  if (!folder)
    return;
  g_auto (Program) program = compress (
      "--json --output float.bin --keep-float --prune blocks:0.1 --criterion l2 --measure images");
  g_assert_cmpstr (program.err, ==, "");
  g_assert_cmpint (program.status, ==, 0);
  g_autoptr (JsonNode) node = program_json (program.out);
  JsonObject *root = json_node_get_object (node);
  g_assert_cmpint (json_object_get_int_member (root, "frames"), ==, 9);
  g_assert_cmpint (json_object_get_int_member (root, "held_out"), ==, 1);
  g_assert_nonnull (strstr (json_object_get_string_member (root, "recipe"), "share=0.1\n"));
  JsonArray *points = json_object_get_array_member (root, "points");
  g_assert_cmpuint (json_array_get_length (points), ==, 2);
  JsonObject *source = json_array_get_object_element (points, 0);
  JsonObject *pruned = json_array_get_object_element (points, 1);
  g_assert_cmpint (json_object_get_int_member (pruned, "macs"), <=,
      json_object_get_int_member (source, "macs") / 10 * 9);
  g_assert_cmpfloat (json_object_get_double_member (pruned, "ms"), >, 0);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "trials")), ==, 1);
  program_leave_folder (folder);
}

/* A recipe in a file, a folder for checkpoints, and a target. */
static void
test_recipe (void)
{
  static const char text[] = "[classes]\nkeep=0\n[prune]\nunit=blocks\nshare=0.2\ncriterion=l1\n";
  char *folder = enter ();

  if (!folder)
    return;
  g_assert_true (g_file_set_contents ("own.recipe", text, -1, NULL));
  g_auto (Program) program = compress ("--json --output a.bin --recipe own.recipe --size 32x32 "
                                       "--checkpoint kept --target-macs 0.9 images");
  g_assert_cmpstr (program.err, ==, "");
  g_assert_cmpint (program.status, ==, 0);
  g_autoptr (JsonNode) node = program_json (program.out);
  JsonArray *points = json_object_get_array_member (json_node_get_object (node), "points");
  double macs[3];
  g_assert_cmpuint (json_array_get_length (points), ==, 3);
  for (guint i = 0; i < 3; i++)
    macs[i] =
        (double) json_object_get_int_member (json_array_get_object_element (points, i), "macs");
  g_assert_cmpfloat (macs[1], <, macs[0]);
  g_assert_cmpfloat (macs[2] / macs[0], >, 0.85);
  g_assert_cmpfloat (macs[2] / macs[0], <, 0.901);
  g_auto (Program) inspect = program_run_good ("inspect a.bin");
  g_assert_nonnull (strstr (inspect.out, "classes     1\n"));
  g_assert_nonnull (strstr (inspect.out, "input       32x32\n"));
  g_autoptr (GDir) dir = g_dir_open ("kept", 0, NULL);
  g_assert_nonnull (g_dir_read_name (dir));
  program_leave_folder (folder);
}

/* A target that cannot be reached: the curve, a message, and no file. */
static void
test_target (void)
{
  char *folder = enter ();

  if (!folder)
    return;
  g_auto (Program) program = compress ("--output a.bin --prune blocks:0.2 --criterion random "
                                       "--keep-float --target-ms 1e-6 --checkpoint kept images");
  g_assert_cmpint (program.status, ==, 1);
  g_assert_nonnull (strstr (program.err, "a.bin: not written"));
  g_assert_nonnull (strstr (program.err, "allowed are 1e-06"));
  g_assert_nonnull (strstr (program.out, "shares times"));
  g_assert_false (g_file_test ("a.bin", G_FILE_TEST_EXISTS));
  program_leave_folder (folder);
}

/* Kills the program after @seconds, unless it has ended. Returns whether it was killed. */
static gboolean
run_and_kill (const char *arguments, double seconds)
{
  g_autofree char *program = g_shell_quote (g_getenv ("YV8_PROGRAM"));
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  g_autofree char *line =
      g_strdup_printf ("%s compress --model %s --device ref %s", program, model, arguments);
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_shell_parse_argv (line, NULL, &argv, NULL));
  g_autoptr (GSubprocess) process =
      g_subprocess_newv ((const char *const *) argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error);
  g_assert_no_error (error);
  g_usleep ((gulong) (1e6 * seconds));
  g_subprocess_send_signal (process, SIGKILL);
  g_assert_true (g_subprocess_wait (process, NULL, &error));
  return g_subprocess_get_if_signaled (process);
}

/* Whatever it was doing when it was killed, the same command gives the same bytes. */
static void
test_killed (void)
{
  guint n = g_getenv ("YV8_TEST_LONG") ? 60 : 4, killed = 0;
  g_autoptr (GRand) rand = test_rand_new ();
  char *folder = enter ();
  gsize size, resumed_size;

  if (!folder)
    return;
  gint64 start = g_get_monotonic_time ();
  g_auto (Program) whole = compress ("--output whole.bin --frames 4 --prune blocks:0.2 images");
  double seconds = (double) (g_get_monotonic_time () - start) / 1e6;
  g_assert_cmpint (whole.status, ==, 0);
  g_autofree char *contents = read_file ("whole.bin", &size);
  for (guint i = 0; i < n; i++) {
    double after = g_rand_double_range (rand, 0, 1.1 * seconds);
    killed += run_and_kill ("--output a.bin --frames 4 --prune blocks:0.2 images", after);
    if (g_rand_int_range (rand, 0, 3) && i + 1 < n) /* go on, or see what has become of it */
      continue;
    g_auto (Program) last = compress ("--output a.bin --frames 4 --prune blocks:0.2 images");
    g_assert_cmpstr (last.err, ==, "");
    g_autofree char *resumed = read_file ("a.bin", &resumed_size);
    g_assert_cmpmem (contents, size, resumed, resumed_size);
    g_assert_false (g_file_test ("a.bin.checkpoint", G_FILE_TEST_EXISTS));
    g_remove ("a.bin");
  }
  g_test_message ("killed %u of %u times", killed, n);
  g_assert_cmpuint (killed, >, 0);
  program_leave_folder (folder);
}

static void
test_failures (void)
{
  static const struct {
    const char *arguments, *message;
    int status;
  } cases[] = {
    { "--output a.bin --prune squares:0.2 images", "unit is none of blocks, channels", 2 },
    { "--output a.bin --prune blocks: images", "share is empty", 2 },
    { "--output a.bin --prune blocks images", "share is missing", 2 },
    { "--output a.bin --prune blocks:0.95 images", "share must be a number from 0 to 0.9", 2 },
    { "--output a.bin --prune blocks:nan images", "share must be", 2 },
    { "--output a.bin --prune blocks:0.1 --criterion best images", "criterion is none of", 2 },
    { "--output a.bin --criterion obs images", "--criterion needs --prune", 2 },
    { "--output a.bin --keep-float --palette 32 images", "needs [quantize]", 2 },
    { "--output a.bin --keep-float images", "has no steps", 2 },
    { "--output a.bin --classes unicorn images", "no class 'unicorn'", 2 },
    { "--output a.bin --recipe fast --classes 0 images", "--recipe has steps of its own", 2 },
    { "--output a.bin --target-macs 0.5 images", "needs a recipe that prunes", 2 },
    { "--output a.bin --target-macs 1.5 --prune blocks:0.1 images", "from 0 to below 1", 2 },
    { "--output a.bin --max-drop 2 images", "--max-drop must be", 2 },
    { "--output a.bin --frames 0 images", "--frames must be", 2 },
    { "--output images/a.png images/a.png", "must not be files that are read", 2 },
    { "images", "missing option --output", 2 },
    { "--output a.bin", "missing argument INPUT", 2 },
    { "--output nowhere/a.bin images", "nowhere", 1 },
    { "--output a.bin nothing", "nothing", 1 },
    { "--output a.bin --recipe no-such images", "there are: balanced, fast, scene, small", 1 },
    { "--output a.bin --recipe ./no.recipe images", "no.recipe", 1 },
    { "--output a.bin --checkpoint images/a.png images", "images/a.png", 1 },
  };
  char *folder = enter ();

  if (!folder)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Program) program = compress (cases[i].arguments);
    g_assert_cmpint (program.status, ==, cases[i].status);
    g_assert_nonnull (strstr (program.err, cases[i].message));
    g_assert_false (g_file_test ("a.bin", G_FILE_TEST_EXISTS));
    g_assert_false (g_file_test ("a.bin.checkpoint", G_FILE_TEST_EXISTS));
  }
  program_leave_folder (folder);
}

int
main (int argc, char **argv)
{
  gst_init (NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/compress/same", test_same);
  g_test_add_func ("/tools/compress/json", test_json);
  g_test_add_func ("/tools/compress/recipe", test_recipe);
  g_test_add_func ("/tools/compress/target", test_target);
  g_test_add_func ("/tools/compress/killed", test_killed);
  g_test_add_func ("/tools/compress/failures", test_failures);
  return g_test_run ();
}

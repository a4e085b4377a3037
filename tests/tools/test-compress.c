/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 compress on made pictures. The model finds its class 0 in every picture. */
#include "media.h"
#include "program.h"

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
  g_assert_nonnull (strstr (one.out, "20.0 % of MACs in blocks, obs"));
  for (guint i = 0; i < 3; i++) {
    char path[] = { '0' + (char) i, '.', 'b', 'i', 'n', 0 };
    g_assert_true (g_file_get_contents (path, &contents[i], &sizes[i], NULL));
  }
  g_assert_cmpmem (contents[0], sizes[0], contents[1], sizes[1]);
  g_assert_false (sizes[0] == sizes[2] && memcmp (contents[0], contents[2], sizes[0]) == 0);
  g_auto (Program) inspect = program_run ("inspect 0.bin");
  g_assert_nonnull (strstr (inspect.out, "blocks:0.2:obs"));
  g_assert_nonnull (strstr (inspect.out, "yv8.quantization"));
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
  g_auto (Program) program =
      compress ("--json --output float.bin --keep-float --prune blocks:0.1 images");
  g_assert_cmpstr (program.err, ==, "");
  g_assert_cmpint (program.status, ==, 0);
  g_autoptr (JsonNode) node = program_json (program.out);
  JsonObject *root = json_node_get_object (node);
  g_assert_cmpint (json_object_get_int_member (root, "frames"), ==, 10);
  g_assert_cmpstr (json_object_get_string_member (root, "criterion"), ==, "obs");
  g_assert_cmpfloat (json_object_get_double_member (root, "blocks"), ==, 0.1);
  program_leave_folder (folder);
}

static void
test_failures (void)
{
  static const struct {
    const char *arguments, *message;
    int status;
  } cases[] = {
    { "--output a.bin --prune channels:0.2 images", "--prune must be", 2 },
    { "--output a.bin --prune blocks: images", "--prune must be", 2 },
    { "--output a.bin --prune blocks:0.95 images", "--prune must be", 2 },
    { "--output a.bin --prune blocks:nan images", "--prune must be", 2 },
    { "--output a.bin --criterion best images", "--criterion must be", 2 },
    { "--output a.bin --frames 0 images", "--frames must be", 2 },
    { "--output images/a.png images/a.png", "must not be a file that is read", 2 },
    { "images", "missing option --output", 2 },
    { "--output a.bin", "missing argument INPUT", 2 },
    { "--output nowhere/a.bin images", "nowhere", 1 },
    { "--output a.bin nothing", "nothing", 1 },
  };
  char *folder = enter ();

  if (!folder)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Program) program = compress (cases[i].arguments);
    g_assert_cmpint (program.status, ==, cases[i].status);
    g_assert_nonnull (strstr (program.err, cases[i].message));
    g_assert_false (g_file_test ("a.bin", G_FILE_TEST_EXISTS));
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
  g_test_add_func ("/tools/compress/failures", test_failures);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 calibrate on made pictures and a made clip. The model finds its class 0 in every picture. */
#include "media.h"
#include "program.h"

#include <signal.h>

static Program
calibrate (const char *arguments)
{
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  g_autofree char *line =
      g_strdup_printf ("calibrate --model %s --device ref %s", model, arguments);

  return program_run (line);
}

static JsonNode *
calibrate_json (const char *arguments)
{
  g_autofree char *line = g_strconcat ("--json ", arguments, NULL);
  g_auto (Program) program = calibrate (line);

  g_assert_cmpstr (program.err, ==, "");
  g_assert_cmpint (program.status, ==, 0);
  g_assert_cmpuint (strcspn (program.out, "\n") + 1, ==, strlen (program.out));
  return program_json (program.out);
}

/* Ten pictures in images/, with one more file that is none. */
static char *
enter (void)
{
  static const char *const patterns[] = { "smpte", "snow", "ball", "checkers-8", "zone-plate",
    "gradient", "red", "circular", "pinwheel", "spokes" };
  char *folder = program_enter_folder ();

  g_assert_cmpint (g_mkdir ("images", 0777), ==, 0);
  g_assert_true (g_file_set_contents ("images/readme.txt", "no picture\n", -1, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (patterns); i++) {
    g_autofree char *path = g_strdup_printf ("images/%c.png", 'a' + (int) i);
    if (!media_make_picture (path, patterns[i], 80, 60)) {
      program_leave_folder (folder);
      return NULL;
    }
  }
  return folder;
}

/* Names that a member lists, in one string. */
static char *
get_list (JsonNode *node, const char *member)
{
  JsonArray *array = json_object_get_array_member (json_node_get_object (node), member);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (array); i++)
    g_string_append_printf (text, "%s ", json_array_get_string_element (array, i));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static guint
count_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

static void
test_same (void)
{
  char *folder = enter ();
  g_autofree char *contents[3] = { NULL };
  gsize sizes[3];

  if (!folder)
    return;
  g_auto (Program) one = calibrate ("--output 0.bin --input images");
  g_auto (Program) two = calibrate ("--output 1.bin --threads 1 images");
  g_auto (Program) other = calibrate ("--output 2.bin --method minmax images");
  g_auto (Program) inspect = program_run_good ("inspect 0.bin");
  g_assert_cmpstr (one.err, ==, "");
  g_assert_cmpint (one.status + two.status + other.status, ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (contents); i++) {
    const char path[] = { (char) ('0' + i), '.', 'b', 'i', 'n', 0 };
    g_assert_true (g_file_get_contents (path, &contents[i], &sizes[i], NULL));
  }
  g_assert_cmpmem (contents[0], sizes[0], contents[1], sizes[1]);
  g_assert_false (sizes[0] == sizes[2] && memcmp (contents[0], contents[2], sizes[0]) == 0);
  for (gsize i = 1; i < G_N_ELEMENTS (contents); i++)
    g_clear_pointer (&contents[i], g_free);
  g_assert_nonnull (strstr (inspect.out, "int8"));
  g_assert_nonnull (strstr (one.out, "frames      9\nheld out    1\nagreement   AP50-95 "));
  g_assert_nonnull (strstr (one.out, "\nlicense     "));
  g_assert_nonnull (strstr (one.out, "worst layers"));
  g_assert_nonnull (strstr (other.out, "method      minmax\n"));
  program_leave_folder (folder);
}

static void
test_json (void)
{
  char *folder = enter ();
  g_autofree char *bytes = NULL;
  gsize size;

  if (!folder)
    return;
  g_autoptr (JsonNode) node =
      calibrate_json ("--output int8.bin --validate 5 --method kl --keep-float '*cv3.2.2*' images");
  JsonObject *root = json_node_get_object (node);
  JsonObject *agreement = json_object_get_object_member (root, "agreement");
  JsonArray *layers = json_object_get_array_member (root, "layers");
  g_autofree char *used = get_list (node, "frames"), *held_out = get_list (node, "held_out_frames");
  guint n_float = 0;

  g_assert_true (g_file_get_contents ("int8.bin", &bytes, &size, NULL));
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guint8 *) bytes, size);
  g_assert_cmpstr (json_object_get_string_member (root, "sha256"), ==, sum);
  g_assert_cmpstr (json_object_get_string_member (root, "output"), ==, "int8.bin");
  g_assert_cmpint (json_object_get_int_member (root, "output_bytes"), ==, (gint64) size);
  g_assert_cmpint (json_object_get_int_member (root, "source_bytes"), >, (gint64) size);
  g_assert_cmpfloat (json_object_get_double_member (root, "seconds"), >, 0);
  g_assert_cmpstr (json_object_get_string_member (root, "method"), ==, "kl");
  g_assert_true (json_object_has_member (root, "license"));
  g_assert_cmpstr (used, ==, "a.png b.png c.png d.png f.png g.png h.png i.png ");
  g_assert_cmpstr (held_out, ==, "e.png j.png ");
  g_assert_cmpint (json_object_get_int_member (agreement, "frames"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (agreement, "boxes"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (agreement, "ap"), >, 0.5);
  g_assert_cmpfloat (json_object_get_double_member (agreement, "by_box"), >, 0.5);
  for (guint i = 0; i < json_array_get_length (layers); i++)
    n_float += g_str_equal (
        json_object_get_string_member (json_array_get_object_element (layers, i), "type"),
        "float32");
  g_assert_cmpuint (n_float, ==, 1);
  program_leave_folder (folder);
}

/* Which frames are chosen: every k-th picture, of a clip no frame twice, and all of a few. */
static void
test_spread (void)
{
  char *folder = enter ();

  if (!folder)
    return;
  if (media_make_clip ("clip.avi", 30)) {
    g_autoptr (JsonNode) pictures = calibrate_json ("--output a.bin --frames 5 images");
    g_autoptr (JsonNode) clip = calibrate_json ("--output b.bin --frames 6 clip.avi");
    g_autoptr (JsonNode) again = calibrate_json ("--output c.bin --frames 6 clip.avi");
    g_autoptr (JsonNode) both =
        calibrate_json ("--output d.bin --frames 4 --validate 0 --input clip.avi images");
    g_autofree char *few = get_list (pictures, "frames");
    g_autofree char *last = get_list (pictures, "held_out_frames");
    g_autofree char *frames = get_list (clip, "frames"), *same = get_list (again, "frames");
    g_autofree char *mixed = get_list (both, "frames"), *none = get_list (both, "held_out_frames");
    g_auto (GStrv) words = g_strsplit (frames, " ", -1);
    g_assert_cmpstr (few, ==, "a.png c.png e.png g.png ");
    g_assert_cmpstr (last, ==, "i.png ");
    g_assert_cmpstr (frames, ==, same);
    g_assert_cmpuint (g_strv_length (words), ==, 11);
    for (guint i = 0; i < 5; i++) {
      guint64 number = g_ascii_strtoull (words[2 * i + 1], NULL, 10);
      g_assert_cmpstr (words[2 * i], ==, "clip.avi");
      g_assert_cmpuint (number, >=, 5 * i);
      g_assert_cmpuint (number, <, 5 * i + 5);
    }
    g_assert_true (g_str_has_prefix (mixed, "clip.avi "));
    g_assert_true (g_str_has_suffix (mixed, ".png "));
    g_assert_cmpstr (none, ==, "");
    g_assert_true (json_object_get_null_member (
        json_object_get_object_member (json_node_get_object (both), "agreement"), "ap"));
  }
  program_leave_folder (folder);
}

static void
test_report (void)
{
  char *folder = enter ();
  g_autofree char *page = NULL;

  if (!folder)
    return;
  g_auto (Program) program = calibrate ("--output int8.bin --report report.html images");
  g_assert_cmpint (program.status, ==, 0);
  g_assert_true (g_file_get_contents ("report.html", &page, NULL, NULL));
  g_assert_nonnull (strstr (page, "<svg"));
  g_assert_nonnull (strstr (page, "a.png"));
  g_assert_null (strstr (page, "src="));
  g_assert_null (strstr (page, "href="));
  g_assert_null (strstr (page, "@import"));
  g_assert_null (strstr (page, "url("));
  program_leave_folder (folder);
}

/* Whatever fails, no file is there that was not there before, and an old one is as it was. */
static void
test_failures (void)
{
  static const struct {
    const char *arguments;
    int status;
    const char *message;
  } cases[] = {
    { "--output a.bin", 2, "missing argument INPUT" },
    { "images", 2, "missing option --output" },
    { "--output a.bin --frames 0 images", 2, "--frames" },
    { "--output a.bin --validate 1 images", 2, "--validate" },
    { "--output a.bin --validate 0 --max-drop 0.1 images", 2, "--validate" },
    { "--output a.bin --max-drop 1.5 images", 2, "--max-drop" },
    { "--output a.bin --max-drop nan images", 2, "--max-drop" },
    { "--output a.bin --method best images", 2, "--method" },
    { "--output a.bin --keep-float no-such images", 2, "no-such" },
    { "--output a.bin --report a.bin images", 2, "two files" },
    { "--output images/a.png images/a.png", 2, "files that are read" },
    { "--output no-such/a.bin images", 1, "no-such/a.bin: cannot be written" },
    { "--output a.bin --report no-such/a.html images", 1, "no-such/a.html: cannot be written" },
    { "--output a.bin no-such", 1, "no-such" },
    { "--output a.bin empty", 1, "no pictures" },
    { "--output a.bin images broken.jpg", 1, "broken.jpg" },
  };
  char *folder = enter ();

  if (!folder)
    return;
  g_assert_cmpint (g_mkdir ("empty", 0777), ==, 0);
  g_assert_true (g_file_set_contents ("broken.jpg", "no picture\n", -1, NULL));
  guint n = count_files (".");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Program) program = calibrate (cases[i].arguments);
    g_assert_cmpint (program.status, ==, cases[i].status);
    g_assert_cmpstr (program.out, ==, "");
    g_assert_nonnull (strstr (program.err, cases[i].message));
    g_assert_cmpuint (count_files ("."), ==, n);
  }
  program_leave_folder (folder);
}

/* The least network, calibrated on one flat picture, does lose. */
static void
test_loss (void)
{
  char *folder = enter ();
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TOY_ONNX"));
  g_autofree char *line = g_strdup_printf ("--model %s --output int8.bin --report report.html "
                                           "--method minmax --max-drop 1e-9 images/g.png "
                                           "images/b.png",
      model);
  g_autofree char *old = NULL;

  if (!folder)
    return;
  g_assert_true (g_file_set_contents ("int8.bin", "old\n", -1, NULL));
  guint n = count_files (".");
  g_auto (Program) loss = calibrate (line);
  g_assert_cmpint (loss.status, ==, 1);
  g_assert_cmpstr (loss.out, ==, "");
  g_assert_nonnull (strstr (loss.err, "int8.bin: not written: "));
  g_assert_nonnull (strstr (loss.err, "agrees with the float model to 0."));
  g_assert_nonnull (strstr (loss.err, "--max-drop"));
  g_auto (Program) unjudged = calibrate ("--output int8.bin --max-drop 0.5 images/a.png");
  g_assert_cmpint (unjudged.status, ==, 1);
  g_assert_nonnull (strstr (unjudged.err, "cannot be judged"));
  g_assert_cmpuint (count_files ("."), ==, n);
  g_assert_true (g_file_get_contents ("int8.bin", &old, NULL, NULL));
  g_assert_cmpstr (old, ==, "old\n");
  program_leave_folder (folder);
}

static void
test_interrupted (void)
{
  char *folder = program_enter_folder ();

  if (media_make_clip ("clip.avi", 1500)) {
    g_autofree char *err = NULL;
    g_autoptr (GSubprocess) process =
        g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE, NULL,
            g_getenv ("YV8_PROGRAM"), "calibrate", "--model", g_getenv ("YV8_TINY_ONNX"),
            "--device", "ref", "--frames", "1500", "--output", "int8.bin", "clip.avi", NULL);
    g_assert_nonnull (process);
    g_usleep (G_USEC_PER_SEC / 2);
    g_subprocess_send_signal (process, SIGINT);
    g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &err, NULL));
    g_assert_cmpuint (count_files ("."), ==, 1);
    g_assert_false (g_subprocess_get_successful (process));
    if (g_subprocess_get_if_exited (process)) /* else it had not yet begun */
      g_assert_nonnull (strstr (err, "interrupted; nothing was written"));
  }
  program_leave_folder (folder);
}

int
main (int argc, char **argv)
{
  gst_init (NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/calibrate/same", test_same);
  g_test_add_func ("/tools/calibrate/json", test_json);
  g_test_add_func ("/tools/calibrate/spread", test_spread);
  g_test_add_func ("/tools/calibrate/report", test_report);
  g_test_add_func ("/tools/calibrate/failures", test_failures);
  g_test_add_func ("/tools/calibrate/loss", test_loss);
  g_test_add_func ("/tools/calibrate/interrupted", test_interrupted);
  return g_test_run ();
}

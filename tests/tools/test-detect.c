/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 detect on pictures and clips: tables, JSON, annotated output. The model finds
 * its class 0 in every picture. */
#include "media.h"
#include "program.h"

#include <signal.h>

static Program
detect (const char *format, ...)
{
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *rest = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *line = g_strdup_printf ("detect --model %s --device ref %s", model, rest);
  return program_run (line);
}

static void
assert_good (const Program *program)
{
  g_assert_cmpstr (program->err, ==, "");
  g_assert_cmpint (program->status, ==, 0);
}

/* The lines of JSON, which must be n. */
static char **
split_lines (const char *out, guint n)
{
  char **lines = g_strsplit (out, "\n", -1);

  g_assert_cmpuint (g_strv_length (lines), ==, n + 1);
  g_assert_cmpstr (lines[n], ==, "");
  return lines;
}

static guint
assert_frame (const char *line, const char *file, guint frame, guint width, guint height)
{
  g_autoptr (JsonNode) node = program_json (line);
  JsonObject *object = json_node_get_object (node);
  JsonArray *detections = json_object_get_array_member (object, "detections");

  g_assert_cmpstr (json_object_get_string_member (object, "file"), ==, file);
  g_assert_cmpint (json_object_get_int_member (object, "frame"), ==, frame);
  g_assert_cmpint (json_object_get_int_member (object, "width"), ==, width);
  g_assert_cmpint (json_object_get_int_member (object, "height"), ==, height);
  for (guint i = 0; i < json_array_get_length (detections); i++) {
    JsonObject *detection = json_array_get_object_element (detections, i);
    JsonArray *box = json_object_get_array_member (detection, "bbox");
    double v[4];
    for (guint j = 0; j < 4; j++)
      v[j] = json_array_get_double_element (box, j);
    g_assert_cmpint (json_object_get_int_member (detection, "class_id"), <, 3);
    g_assert_cmpfloat (json_object_get_double_member (detection, "score"), >=, 0.25);
    g_assert_cmpfloat (v[0], >=, 0);
    g_assert_cmpfloat (v[1], >=, 0);
    g_assert_cmpfloat (v[0] + v[2], <=, width + 0.02);
    g_assert_cmpfloat (v[1] + v[3], <=, height + 0.02);
  }
  return json_array_get_length (detections);
}

static void
test_picture (void)
{
  char *folder = program_enter_folder ();

  if (media_make_picture ("a.png", "smpte", 63, 41)) {
    g_auto (Program) table = detect ("a.png");
    g_auto (Program) json = detect ("--json a.png");
    g_auto (GStrv) lines = split_lines (json.out, 1);
    assert_good (&table);
    assert_good (&json);
    g_assert_cmpuint (assert_frame (lines[0], "a.png", 0, 63, 41), >, 0);
    g_assert_true (g_str_has_prefix (table.out, "a.png: 63x41, "));
    g_assert_nonnull (strstr (table.out, "objects\n  class"));
  }
  program_leave_folder (folder);
}

static void
test_options (void)
{
  char *folder = program_enter_folder ();

  if (media_make_picture ("a.png", "smpte", 64, 64)) {
    g_auto (Program) none = detect ("--threshold 1 --json a.png");
    g_auto (Program) one =
        detect ("--max-detections 1 --classes 'thing 0' --threads 1 --json a.png");
    g_auto (Program) wide = detect ("--size 128x32 --json a.png");
    g_auto (Program) wrong = detect ("--classes no-such-class a.png");
    g_assert_cmpuint (assert_frame (none.out, "a.png", 0, 64, 64), ==, 0);
    g_assert_cmpuint (assert_frame (one.out, "a.png", 0, 64, 64), ==, 1);
    assert_good (&wide);
    assert_frame (wide.out, "a.png", 0, 64, 64);
    g_assert_null (strstr (one.out, "\"class_id\": 1"));
    g_assert_null (strstr (one.out, "\"class_id\": 2"));
    g_assert_cmpint (wrong.status, ==, 2);
    g_assert_nonnull (strstr (wrong.err, "no-such-class"));
  }
  program_leave_folder (folder);
}

static void
test_clip (void)
{
  char *folder = program_enter_folder ();

  if (media_make_clip ("a.avi", 5)) {
    g_auto (Program) json = detect ("--json a.avi");
    g_auto (GStrv) lines = split_lines (json.out, 5);
    g_auto (Program) table = detect ("a.avi");
    assert_good (&json);
    for (guint i = 0; i < 5; i++)
      g_assert_cmpuint (assert_frame (lines[i], "a.avi", i, 160, 120), >, 0);
    g_assert_nonnull (strstr (lines[3], "\"time\": 0.300000"));
    g_assert_nonnull (strstr (table.out, "a.avi, frame 4 at 0.400 s: 160x120, "));
  }
  program_leave_folder (folder);
}

static guint
count_files (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir))
    n++;
  return n;
}

/* The output decodes to as many frames of the same size as the input, and is not the input. */
static void
test_output (gconstpointer data)
{
  const char *name = data;
  gboolean still = g_str_has_suffix (name, "png") || g_str_has_suffix (name, "jpg");
  const char *input = still ? "a.png" : "a.avi";
  guint n = still ? 1 : 4;
  char *folder = program_enter_folder ();

  if (still ? media_make_picture (input, "smpte", 160, 120) : media_make_clip (input, n)) {
    g_auto (Program) write = detect ("--output %s %s", name, input);
    g_auto (Program) read = detect ("--json %s", name);
    if (strstr (write.err, "apt install")) {
      g_test_skip (write.err);
    } else {
      assert_good (&write);
      assert_good (&read);
      g_auto (GStrv) lines = split_lines (read.out, n);
      assert_frame (lines[n - 1], name, n - 1, 160, 120);
      g_assert_cmpuint (count_files ("."), ==, 2);
    }
  }
  program_leave_folder (folder);
}

static void
test_output_is_drawn (void)
{
  char *folder = program_enter_folder ();

  if (media_make_picture ("a.png", "black", 64, 64)) {
    g_auto (Program) plain = detect ("--threshold 1 --output plain.png a.png");
    g_auto (Program) drawn = detect ("--output drawn.png a.png");
    g_autofree char *before = NULL, *after = NULL;
    gsize before_size, after_size;
    assert_good (&plain);
    assert_good (&drawn);
    g_assert_true (g_file_get_contents ("plain.png", &before, &before_size, NULL));
    g_assert_true (g_file_get_contents ("drawn.png", &after, &after_size, NULL));
    g_assert_true (before_size != after_size || memcmp (before, after, before_size) != 0);
  }
  program_leave_folder (folder);
}

static void
test_several (void)
{
  char *folder = program_enter_folder ();

  g_assert_cmpint (g_mkdir ("other", 0777), ==, 0);
  if (media_make_picture ("a.png", "smpte", 64, 64) &&
      media_make_picture ("other/a.png", "ball", 64, 64) && media_make_clip ("b.avi", 2)) {
    g_auto (Program) good = detect ("--output found/ a.png b.avi");
    g_auto (Program) partly = detect ("--json --output found a.png no-such.png b.avi");
    g_auto (Program) twice = detect ("--output found a.png other/a.png");
    assert_good (&good);
    g_assert_true (g_file_test ("found/a.png", G_FILE_TEST_IS_REGULAR));
    g_assert_true (g_file_test ("found/b.avi", G_FILE_TEST_IS_REGULAR));
    g_assert_cmpint (partly.status, ==, 1);
    g_assert_nonnull (strstr (partly.err, "no-such.png: no such file"));
    g_assert_nonnull (strstr (partly.err, "1 of 3 inputs failed"));
    g_auto (GStrv) lines = split_lines (partly.out, 3);
    assert_frame (lines[0], "a.png", 0, 64, 64);
    assert_frame (lines[2], "b.avi", 1, 160, 120);
    g_assert_cmpint (twice.status, ==, 2);
    g_assert_nonnull (strstr (twice.err, "two inputs"));
  }
  program_leave_folder (folder);
}

static void
test_interrupted (void)
{
  char *folder = program_enter_folder ();

  g_assert_cmpint (g_mkdir ("found", 0777), ==, 0);
  if (media_make_clip ("a.avi", 2000)) {
    g_autoptr (GSubprocess) process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE, NULL,
        g_getenv ("YV8_PROGRAM"), "detect", "--model", g_getenv ("YV8_TINY_ONNX"), "--device",
        "ref", "--output", "found/b.avi", "a.avi", NULL);
    g_assert_nonnull (process);
    for (guint i = 0; i < 30000 && count_files ("found") == 0; i++)
      g_usleep (1000);
    g_assert_cmpuint (count_files ("found"), ==, 1);
    g_subprocess_send_signal (process, SIGTERM);
    g_subprocess_wait (process, NULL, NULL);
    g_assert_true (g_subprocess_get_if_signaled (process));
    g_assert_cmpuint (count_files ("found"), ==, 0);
  }
  program_leave_folder (folder);
}

static void
test_bad_output (void)
{
  char *folder = program_enter_folder ();

  if (media_make_picture ("a.png", "smpte", 64, 64) && media_make_clip ("b.avi", 2)) {
    g_auto (Program) suffix = detect ("--output b.gif a.png");
    g_auto (Program) same = detect ("--output ./a.png a.png");
    g_auto (Program) still = detect ("--output b.png b.avi");
    g_auto (Program) nowhere = detect ("--output no-such/b.png a.png");
    g_assert_cmpint (suffix.status, ==, 2);
    g_assert_nonnull (strstr (suffix.err, ".mkv"));
    g_assert_cmpint (same.status, ==, 2);
    g_assert_nonnull (strstr (same.err, "overwrite"));
    g_assert_cmpint (still.status, ==, 2);
    g_assert_cmpint (nowhere.status, ==, 1);
    g_assert_false (g_file_test ("b.png", G_FILE_TEST_EXISTS));
    g_assert_false (g_file_test ("b.gif", G_FILE_TEST_EXISTS));
  }
  program_leave_folder (folder);
}

static void
test_bad_input (void)
{
  static const char *const names[] = { "empty.png", "text.jpg", "cut.png", "sound.wav", "." };
  char *folder = program_enter_folder ();
  g_autofree char *png = NULL;

  if (media_make_picture ("a.png", "smpte", 64, 64) &&
      media_make ("audiotestsrc num-buffers=4 ! wavenc ! filesink location=sound.wav")) {
    g_assert_true (g_file_get_contents ("a.png", &png, NULL, NULL));
    g_assert_true (g_file_set_contents ("cut.png", png, 60, NULL));
    g_assert_true (g_file_set_contents ("empty.png", "", 0, NULL));
    g_assert_true (g_file_set_contents ("text.jpg", "no picture\n", -1, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
      g_auto (Program) program = detect ("--output b.png %s", names[i]);
      g_assert_cmpint (program.status, ==, 1);
      g_assert_cmpstr (program.out, ==, "");
      g_assert_nonnull (strstr (program.err, names[i]));
      g_assert_false (g_file_test ("b.png", G_FILE_TEST_EXISTS));
    }
  }
  program_leave_folder (folder);
}

int
main (int argc, char **argv)
{
  static const char *const outputs[] = { "b.png", "b.jpg", "b.avi", "b.mkv", "b.webm", "b.mp4" };

  gst_init (NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/detect/picture", test_picture);
  g_test_add_func ("/tools/detect/options", test_options);
  g_test_add_func ("/tools/detect/clip", test_clip);
  for (gsize i = 0; i < G_N_ELEMENTS (outputs); i++) {
    g_autofree char *path = g_strconcat ("/tools/detect/output/", outputs[i], NULL);
    g_test_add_data_func (path, outputs[i], test_output);
  }
  g_test_add_func ("/tools/detect/output-is-drawn", test_output_is_drawn);
  g_test_add_func ("/tools/detect/several", test_several);
  g_test_add_func ("/tools/detect/interrupted", test_interrupted);
  g_test_add_func ("/tools/detect/bad-output", test_bad_output);
  g_test_add_func ("/tools/detect/bad-input", test_bad_input);
  return g_test_run ();
}

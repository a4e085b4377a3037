/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 eval on two made pictures. The model finds its class 0 in every picture: labels made of
 * what it finds are found perfectly. */
#include "media.h"
#include "program.h"

static Program
eval (const char *arguments)
{
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  g_autofree char *line = g_strdup_printf (
      "eval --model %s --device ref --threshold 0.5 --classes 0 --images images %s", model,
      arguments);

  return program_run (line);
}

static char *
enter (void)
{
  char *folder = program_enter_folder ();

  g_assert_cmpint (g_mkdir ("images", 0777), ==, 0);
  g_assert_cmpint (g_mkdir ("labels", 0777), ==, 0);
  if (media_make_picture ("images/b.png", "smpte", 64, 48) &&
      media_make_picture ("images/a.PNG", "ball", 100, 100))
    return folder;
  program_leave_folder (folder);
  return NULL;
}

static JsonNode *
load_results (const char *path)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return program_json (text);
}

static guint
count_file (JsonArray *results, const char *name)
{
  guint n = 0;

  for (guint i = 0; i < json_array_get_length (results); i++)
    n += g_str_equal (
        json_object_get_string_member (json_array_get_object_element (results, i), "file_name"),
        name);
  return n;
}

/* Writes labels that are exactly what was found. */
static void
write_labels (JsonArray *results, const char *name, const char *path, double width, double height)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (results); i++) {
    JsonObject *result = json_array_get_object_element (results, i);
    JsonArray *box = json_object_get_array_member (result, "bbox");
    double v[4];
    if (!g_str_equal (json_object_get_string_member (result, "file_name"), name))
      continue;
    for (guint j = 0; j < 4; j++)
      v[j] = json_array_get_double_element (box, j);
    g_string_append_printf (text, "%d %f %f %f %f\n",
        (int) json_object_get_int_member (result, "category_id"), (v[0] + v[2] / 2) / width,
        (v[1] + v[3] / 2) / height, v[2] / width, v[3] / height);
  }
  g_assert_true (g_file_set_contents (path, text->str, -1, NULL));
}

static void
test_results (void)
{
  char *folder = enter ();

  if (!folder)
    return;
  g_auto (Program) first = eval ("--results one.json");
  g_auto (Program) second = eval ("--results two.json");
  g_autofree char *one = NULL, *two = NULL;
  g_assert_cmpint (first.status, ==, 0);
  g_assert_cmpstr (first.err, ==, "");
  g_assert_true (g_file_get_contents ("one.json", &one, NULL, NULL));
  g_assert_true (g_file_get_contents ("two.json", &two, NULL, NULL));
  g_assert_cmpstr (one, ==, two);
  g_assert_cmpstr (first.out, ==, second.out);
  g_autoptr (JsonNode) node = program_json (one);
  JsonArray *results = json_node_get_array (node);
  guint n_first = count_file (results, "a.PNG"), n = json_array_get_length (results);
  g_assert_cmpuint (n_first, >, 0);
  g_assert_cmpuint (n_first, <, n);
  for (guint i = 0; i < n; i++) {
    JsonObject *result = json_array_get_object_element (results, i);
    g_assert_cmpstr (
        json_object_get_string_member (result, "file_name"), ==, i < n_first ? "a.PNG" : "b.png");
    g_assert_cmpint (json_object_get_int_member (result, "category_id"), ==, 0);
  }
  g_auto (Program) limited = eval ("--limit 1 --results three.json");
  g_assert_cmpint (limited.status, ==, 0);
  g_autoptr (JsonNode) three = load_results ("three.json");
  g_assert_cmpuint (json_array_get_length (json_node_get_array (three)), ==, n_first);
  program_leave_folder (folder);
}

static void
test_average (void)
{
  char *folder = enter ();

  if (!folder)
    return;
  g_auto (Program) found = eval ("--results found.json");
  g_assert_cmpint (found.status, ==, 0);
  g_autoptr (JsonNode) results = load_results ("found.json");
  guint n = json_array_get_length (json_node_get_array (results));
  guint n_last = count_file (json_node_get_array (results), "b.png");
  write_labels (json_node_get_array (results), "a.PNG", "labels/a.txt", 100, 100);
  write_labels (json_node_get_array (results), "b.png", "labels/b.txt", 64, 48);
  g_auto (Program) json = eval ("--labels labels --json");
  g_auto (Program) table = eval ("--labels labels");
  g_autoptr (JsonNode) node = program_json (json.out);
  JsonObject *root = json_node_get_object (node);
  JsonArray *classes = json_object_get_array_member (root, "classes");
  g_assert_cmpint (json_object_get_int_member (root, "images"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (root, "labels"), ==, n);
  g_assert_cmpfloat (json_object_get_double_member (root, "map"), >, 0.98);
  g_assert_cmpfloat (json_object_get_double_member (root, "map50"), >, 0.98);
  g_assert_cmpuint (json_array_get_length (classes), ==, 3);
  g_assert_true (json_object_get_null_member (json_array_get_object_element (classes, 1), "ap"));
  g_assert_nonnull (strstr (table.out, "mAP50-95    1.0000\nmAP50       1.0000\n"));

  g_assert_cmpint (g_remove ("labels/a.txt"), ==, 0); /* so its objects are now false */
  g_auto (Program) half = eval ("--labels labels --json");
  g_autoptr (JsonNode) less = program_json (half.out);
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (less), "labels"), ==, n_last);
  g_assert_cmpfloat (json_object_get_double_member (json_node_get_object (less), "map50"), <, 0.98);
  program_leave_folder (folder);
}

static void
test_reference (void)
{
  char *folder = enter ();

  if (!folder)
    return;
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  g_autofree char *same = g_strdup_printf ("--reference %s --json", model);
  g_autofree char *both = g_strdup_printf ("--reference %s --labels labels", model);
  g_auto (Program) json = eval (same);
  g_auto (Program) usage = eval (both);
  g_assert_cmpint (json.status, ==, 0);
  g_autoptr (JsonNode) node = program_json (json.out);
  JsonObject *root = json_node_get_object (node);
  g_assert_cmpint (json_object_get_int_member (root, "labels"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (root, "map"), >, 0.98);
  g_assert_cmpint (usage.status, ==, 2);
  g_auto (Program) deaf = eval ("--reference no-such.onnx");
  g_assert_cmpint (deaf.status, ==, 1);
  program_leave_folder (folder);
}

static void
test_failures (void)
{
  static const struct {
    const char *arguments, *message;
  } cases[] = {
    { "--labels no-such", "no-such: no such directory" },
    { "--labels labels", "labels/b.txt:1: " },
    { "--results no-such/found.json", "no-such/found.json: cannot be written" },
    { "--images labels", "labels: no pictures" },
  };
  char *folder = enter ();

  if (!folder)
    return;
  g_assert_true (g_file_set_contents ("labels/b.txt", "0 0.5 0.5\n", -1, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Program) program = eval (cases[i].arguments);
    g_assert_cmpint (program.status, ==, 1);
    g_assert_cmpstr (program.out, ==, "");
    g_assert_nonnull (strstr (program.err, cases[i].message));
  }
  g_assert_true (g_file_set_contents ("images/c.jpg", "no picture\n", -1, NULL));
  g_auto (Program) broken = eval ("--results found.json");
  g_assert_cmpint (broken.status, ==, 1);
  g_assert_nonnull (strstr (broken.err, "c.jpg"));
  g_assert_false (g_file_test ("found.json", G_FILE_TEST_EXISTS));
  program_leave_folder (folder);
}

int
main (int argc, char **argv)
{
  gst_init (NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/eval/results", test_results);
  g_test_add_func ("/tools/eval/average", test_average);
  g_test_add_func ("/tools/eval/reference", test_reference);
  g_test_add_func ("/tools/eval/failures", test_failures);
  return g_test_run ();
}

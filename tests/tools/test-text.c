/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program's own small parts: JSON, tables, progress, labels. */
#include "labels.h"
#include "program.h"
#include "progress.h"
#include "text.h"

#include <math.h>

static void
test_json (void)
{
  g_autoptr (Yv8Json) json = yv8_json_new ();
  const Yv8Detection box = { .x = 1.006f, .y = 2, .width = 3.5f, .height = 1e6f };

  yv8_json_object (json, NULL);
  yv8_json_string (json, "text", "a\"b\\n\u00e4");
  yv8_json_string (json, "none", NULL);
  yv8_json_number (json, "pi", 3.14159, 2);
  yv8_json_number (json, "huge", 1e300, 1);
  yv8_json_number (json, "nan", NAN, 2);
  yv8_json_boolean (json, "yes", TRUE);
  yv8_json_box (json, "box", &box);
  yv8_json_array (json, "empty");
  yv8_json_end (json);
  yv8_json_array (json, "lines");
  for (guint i = 0; i < 2; i++) {
    yv8_json_newline (json);
    yv8_json_integer (json, NULL, i);
  }
  yv8_json_newline (json);
  yv8_json_end (json);
  yv8_json_end (json);
  g_autofree char *text = yv8_json_take (json);
  g_autoptr (JsonNode) node = program_json (text);
  JsonObject *object = json_node_get_object (node);
  g_assert_cmpstr (json_object_get_string_member (object, "text"), ==, "a\"b\\n\u00e4");
  g_assert_true (json_object_get_null_member (object, "none"));
  g_assert_true (json_object_get_null_member (object, "nan"));
  g_assert_cmpfloat (json_object_get_double_member (object, "huge"), ==, 1e300);
  g_assert_nonnull (strstr (text, "\"pi\": 3.14, "));
  g_assert_nonnull (strstr (text, "\"box\": [1.01, 2.00, 3.50, 1000000.00], "));
  g_assert_true (g_str_has_suffix (text, "\"empty\": [], \"lines\": [\n0,\n1\n]}"));
}

static void
test_progress (void)
{
  g_autofree char *half = yv8_progress_format ("eval", 30, 60, 60, 80);
  g_autofree char *open = yv8_progress_format ("detect", 5, 0, 2, 80);
  g_autofree char *narrow = yv8_progress_format ("eval", 30, 60, 60, 10);
  g_autofree char *start = yv8_progress_format ("eval", 0, 60, 0, 80);

  g_assert_cmpstr (half, ==, "eval  50% [############------------] 30/60 0.5/s, 1:00 left");
  g_assert_cmpstr (open, ==, "detect 5 2.5/s");
  g_assert_cmpstr (narrow, ==, "eval  50%");
  g_assert_cmpstr (start, ==, "eval   0% [------------------------] 0/60");
}

static GArray *
load_labels (const char *text, GError **error)
{
  g_assert_true (g_file_set_contents ("labels.txt", text, -1, NULL));
  return yv8_labels_load ("labels.txt", 3, 200, 100, error);
}

static void
test_labels (void)
{
  char *folder = program_enter_folder ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) none = yv8_labels_load ("none.txt", 3, 200, 100, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (none->len, ==, 0);
  g_autoptr (GArray) two = load_labels ("0 0.5 0.5 0.5 0.2\r\n\n  2\t0.25 0.5 0.1 1 \n", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (two->len, ==, 2);

  const Yv8Detection *label = &g_array_index (two, Yv8Detection, 0);
  g_assert_cmpuint (label->class_id, ==, 0);
  g_assert_cmpfloat_with_epsilon (label->x, 50, 1e-3);
  g_assert_cmpfloat_with_epsilon (label->y, 40, 1e-3);
  g_assert_cmpfloat_with_epsilon (label->width, 100, 1e-3);
  g_assert_cmpfloat_with_epsilon (label->height, 20, 1e-3);
  g_assert_cmpuint (g_array_index (two, Yv8Detection, 1).class_id, ==, 2);
  program_leave_folder (folder);
}

static void
test_bad_labels (void)
{
  static const char *const bad[] = {
    "0 0.5 0.5 0.5",
    "0 0.5 0.5 0.5 0.2 0.1",
    "person 0.5 0.5 0.5 0.2",
    "3 0.5 0.5 0.5 0.2",
    "-1 0.5 0.5 0.5 0.2",
    "0.5 0.5 0.5 0.5 0.2",
    "1e99 0.5 0.5 0.5 0.2",
    "0 1.5 0.5 0.5 0.2",
    "0 0.5 0.5 -0.5 0.2",
    "0 nan 0.5 0.5 0.2",
    "0 0.5 0.5 0.5 0.2x",
    "0,0.5,0.5,0.5,0.2",
  };
  char *folder = program_enter_folder ();

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *text = g_strconcat ("0 0.5 0.5 0.5 0.2\n", bad[i], "\n", NULL);
    g_autoptr (GError) error = NULL;
    g_assert_null (load_labels (text, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
    g_assert_true (g_str_has_prefix (error->message, "labels.txt:2: "));
  }
  program_leave_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/json", test_json);
  g_test_add_func ("/tools/progress", test_progress);
  g_test_add_func ("/tools/labels", test_labels);
  g_test_add_func ("/tools/bad-labels", test_bad_labels);
  return g_test_run ();
}

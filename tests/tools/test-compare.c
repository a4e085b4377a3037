/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 compare on made pictures. The model finds its class 0 in every picture. */
#include "media.h"
#include "program.h"

static Program
compare (const char *b, const char *arguments)
{
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  g_autofree char *line =
      g_strdup_printf ("compare --device ref %s %s %s", model, b ? b : model, arguments);

  return program_run (line);
}

static char *
enter (void)
{
  static const char *const patterns[] = { "smpte", "ball", "checkers-8", "zone-plate", "circular",
    "pinwheel" };
  char *folder = program_enter_folder ();

  g_assert_cmpint (g_mkdir ("images", 0777), ==, 0);
  g_assert_cmpint (g_mkdir ("labels", 0777), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (patterns); i++) {
    g_autofree char *path = g_strdup_printf ("images/%c.png", 'a' + (int) i);
    if (!media_make_picture (path, patterns[i], 80, 60)) {
      program_leave_folder (folder);
      return NULL;
    }
  }
  return folder;
}

/* Makes a model of the test model. */
static void
make (const char *format, ...)
{
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  va_list list;

  va_start (list, format);
  g_autofree char *arguments = g_strdup_vprintf (format, list);
  va_end (list);
  g_autofree char *line = g_strdup_printf ("compress --model %s --device ref %s", model, arguments);
  Program program = program_run_good (line);
  program_clear (&program);
}

static JsonObject *
get_model (JsonNode *node, guint index)
{
  return json_array_get_object_element (
      json_object_get_array_member (json_node_get_object (node), "models"), index);
}

/* A model agrees with itself in every box. */
static void
test_same (void)
{
  char *folder = enter ();

  if (!folder)
    return;
  g_auto (Program) json = compare (NULL, "--json images");
  g_auto (Program) table = compare (NULL, "--input images --frames 3");
  g_assert_cmpstr (json.err, ==, "");
  g_assert_cmpint (json.status, ==, 0);
  g_autoptr (JsonNode) node = program_json (json.out);
  JsonObject *root = json_node_get_object (node);
  g_assert_cmpint (json_object_get_int_member (root, "frames"), ==, 6);
  g_assert_cmpint (json_object_get_int_member (root, "agreement_boxes"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (root, "agreement_ap"), ==, 1);
  g_assert_cmpfloat (json_object_get_double_member (root, "agreement_ap50"), ==, 1);
  g_assert_cmpfloat (json_object_get_double_member (root, "agreement_by_box_ap50"), ==, 1);
  g_assert_cmpfloat (json_object_get_double_member (root, "score_shift"), ==, 0);
  JsonObject *a = get_model (node, 0), *b = get_model (node, 1);
  g_assert_cmpint (json_object_get_int_member (a, "macs"), >, 0);
  g_assert_cmpint (
      json_object_get_int_member (a, "live_macs"), ==, json_object_get_int_member (a, "macs"));
  g_assert_cmpstr (
      json_object_get_string_member (a, "sha256"), ==, json_object_get_string_member (b, "sha256"));
  g_assert_cmpfloat (json_object_get_double_member (a, "ms_min"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (a, "ms_min"), <=,
      json_object_get_double_member (a, "ms_median"));
  g_assert_nonnull (strstr (table.out, "frames      3\n"));
  g_assert_nonnull (strstr (table.out, "AP50-95 1.0000, AP50 1.0000"));
  program_leave_folder (folder);
}

/* Most blocks gone, one class left. */
static void
test_other (void)
{
  char *folder = enter ();

  if (!folder)
    return;
  make ("--output b.bin --classes 0 --prune blocks:0.8 --criterion random images");
  g_assert_true (g_file_set_contents ("labels/a.txt", "0 0.5 0.5 1 1\n2 0.5 0.5 1 1\n", -1, NULL));
  g_auto (Program) json = compare ("b.bin", "--json --labels labels images");
  g_auto (Program) table = compare ("b.bin", "--labels labels images");
  g_assert_cmpstr (json.err, ==, "");
  g_assert_cmpint (json.status, ==, 0);
  g_autoptr (JsonNode) node = program_json (json.out);
  JsonObject *root = json_node_get_object (node);
  double ap = json_object_get_double_member (root, "agreement_ap");
  g_assert_cmpfloat (ap, >=, 0);
  g_assert_cmpfloat (ap, <=, 1);
  g_assert_cmpfloat (json_object_get_double_member (root, "score_shift"), !=, 0);
  JsonArray *classes = json_object_get_array_member (root, "classes");
  g_assert_cmpuint (json_array_get_length (classes), ==, 1);
  JsonObject *class = json_array_get_object_element (classes, 0);
  g_assert_cmpint (json_object_get_int_member (class, "labels"), ==, 1);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (class, "agreement_ap"), ap, 1e-9);
  JsonObject *a = get_model (node, 0), *b = get_model (node, 1);
  double live = (double) json_object_get_int_member (b, "live_macs");
  g_assert_cmpfloat (live / (double) json_object_get_int_member (b, "macs"), <, 0.21);
  g_assert_cmpint (
      json_object_get_int_member (b, "bytes"), <, json_object_get_int_member (a, "bytes"));
  g_assert_cmpstr (json_object_get_string_member (
                       json_object_get_object_member (b, "metadata"), "yv8.source_sha256"),
      ==, json_object_get_string_member (a, "sha256"));
  g_assert_nonnull (strstr (table.out, "unit=blocks"));
  g_assert_nonnull (strstr (table.out, "mAP50-95"));
  program_leave_folder (folder);
}

/* Two networks that find other boxes. */
static void
test_unlike (void)
{
  char *folder = enter ();

  if (!folder)
    return;
  g_autofree char *toy = g_shell_quote (g_getenv ("YV8_TOY_ONNX"));
  g_auto (Program) program = compare (toy, "--json --labels labels images");
  g_assert_cmpint (program.status, ==, 0);
  g_autoptr (JsonNode) node = program_json (program.out);
  JsonObject *root = json_node_get_object (node);
  double ap = json_object_get_double_member (root, "agreement_ap");
  g_assert_cmpfloat (ap, >, 0);
  g_assert_cmpfloat (ap, <, 1);
  g_assert_true (json_object_get_null_member (get_model (node, 0), "map")); /* no labels */
  g_assert_cmpint (json_object_get_int_member (get_model (node, 1), "macs"), <,
      json_object_get_int_member (get_model (node, 0), "macs"));
  program_leave_folder (folder);
}

/* Parts of a clip are disjoint, and share out its frames. */
static void
test_parts (void)
{
  static const struct {
    const char *part;
    gint64 n;
  } cases[] = { { "", 20 }, { "#0-50%", 10 }, { "#50-100%", 10 }, { "#12.5-25%", 3 },
    { "#95-100%", 1 } };
  char *folder = program_enter_folder ();

  if (!media_make_clip ("clip.avi", 20)) {
    program_leave_folder (folder);
    return;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *arguments = g_strdup_printf ("--json --input 'clip.avi%s'", cases[i].part);
    g_auto (Program) program = compare (NULL, arguments);
    g_assert_cmpint (program.status, ==, 0);
    g_autoptr (JsonNode) node = program_json (program.out);
    g_assert_cmpint (
        json_object_get_int_member (json_node_get_object (node), "frames"), ==, cases[i].n);
  }
  program_leave_folder (folder);
}

static void
test_failures (void)
{
  static const struct {
    const char *b, *arguments, *message;
    int status;
  } cases[] = {
    { NULL, "", "missing argument INPUT", 2 },
    { NULL, "--frames 0 images", "--frames must be", 2 },
    { NULL, "--size 33x32 images", "multiples of 32", 2 },
    { NULL, "--device toaster images", "toaster", 1 },
    { NULL, "'images#50-20%'", "#0-50%", 2 },
    { NULL, "'images#0-110%'", "#0-50%", 2 },
    { NULL, "'images#1-2%'", "no frame is in this part", 1 },
    { NULL, "nothing", "nothing", 1 },
    { NULL, "--labels nowhere images", "nowhere: no such directory", 1 },
    { "none.bin", "images", "none.bin", 1 },
    { "images/a.png", "images", "images/a.png", 1 },
  };
  char *folder = enter ();

  if (!folder)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Program) program = compare (cases[i].b, cases[i].arguments);
    g_assert_cmpint (program.status, ==, cases[i].status);
    g_assert_cmpstr (program.out, ==, "");
    g_assert_nonnull (strstr (program.err, cases[i].message));
  }
  g_auto (Program) lonely = program_run ("compare images");
  g_assert_cmpint (lonely.status, ==, 2);
  g_assert_nonnull (strstr (lonely.err, "missing argument A B"));
  program_leave_folder (folder);
}

int
main (int argc, char **argv)
{
  gst_init (NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/compare/same", test_same);
  g_test_add_func ("/tools/compare/other", test_other);
  g_test_add_func ("/tools/compare/unlike", test_unlike);
  g_test_add_func ("/tools/compare/parts", test_parts);
  g_test_add_func ("/tools/compare/failures", test_failures);
  return g_test_run ();
}

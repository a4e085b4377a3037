/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 bench --pipeline and --overlay: what the element costs in a pipeline, and what drawing does.
 */
#include "media.h"
#include "program.h"

#define N_IN_CLIP 8

static Program
bench (const char *rest)
{
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  g_autofree char *line = g_strdup_printf ("bench --model %s --device ref %s", model, rest);

  return program_run (line);
}

static void
assert_pipeline (JsonObject *pipeline, const char *name, gint64 n_frames, gboolean detects)
{
  g_assert_cmpstr (json_object_get_string_member (pipeline, "name"), ==, name);
  g_assert_cmpint (json_object_get_int_member (pipeline, "frames"), ==, n_frames);
  g_assert_cmpfloat (json_object_get_double_member (pipeline, "fps"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (pipeline, "cpu_ms"), >=, 0);
  g_assert_cmpint (json_object_get_int_member (pipeline, "resident_bytes"), >, 0);
  g_assert_true (json_object_has_member (pipeline, "latency_ms") == detects);
  if (!detects)
    return;
  JsonObject *latency = json_object_get_object_member (pipeline, "latency_ms");
  double median = json_object_get_double_member (latency, "median");
  g_assert_cmpfloat (json_object_get_double_member (latency, "min"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (latency, "min"), <=, median);
  g_assert_cmpfloat (json_object_get_double_member (latency, "p95"), >=, median);
  /* A frame is in the element for most of the time that it takes. */
  g_assert_cmpfloat (median, <, 2e3 / json_object_get_double_member (pipeline, "fps"));
}

static void
assert_benched (const char *rest, gint64 n_frames)
{
  g_auto (Program) program = bench (rest);

  g_assert_cmpstr (program.err, ==, "");
  g_assert_cmpint (program.status, ==, 0);
  g_autoptr (JsonNode) node = program_json (program.out);
  JsonObject *root = json_node_get_object (node);
  JsonArray *pipelines = json_object_get_array_member (root, "pipelines");
  static const char *const names[] = { "decode", "detect", "overlay" };

  g_assert_cmpstr (json_object_get_string_member (root, "device"), ==, "ref");
  g_assert_cmpint (json_object_get_int_member (root, "frame_width"), ==, 160);
  g_assert_cmpint (json_object_get_int_member (root, "frame_height"), ==, 120);
  g_assert_cmpuint (json_array_get_length (pipelines), ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    assert_pipeline (json_array_get_object_element (pipelines, i), names[i], n_frames, i > 0);
}

static void
test_json (void)
{
  char *folder = program_enter_folder ();

  if (media_make_clip ("clip.avi", N_IN_CLIP)) {
    assert_benched ("--pipeline clip.avi --frames 4 --warmup 2 --size 64x32 --json", 4);
    /* No more than the clip holds. */
    assert_benched ("--pipeline clip.avi --frames 100 --warmup 3 --json", N_IN_CLIP - 3);
  }
  program_leave_folder (folder);
}

static void
test_table (void)
{
  char *folder = program_enter_folder ();

  if (media_make_clip ("clip.avi", N_IN_CLIP)) {
    g_auto (Program) program = bench ("--pipeline clip.avi --frames 4");
    g_assert_cmpstr (program.err, ==, "");
    g_assert_cmpint (program.status, ==, 0);
    g_assert_nonnull (strstr (program.out, "frames  4 after 3 of warm-up"));
    g_assert_nonnull (strstr (program.out, "160x120"));
    g_assert_nonnull (strstr (program.out, "CPU ms"));
  }
  program_leave_folder (folder);
}

static void
test_errors (void)
{
  char *folder = program_enter_folder ();

  g_auto (Program) missing = bench ("--pipeline no-such.avi");
  g_assert_cmpint (missing.status, ==, 1);
  g_assert_nonnull (strstr (missing.err, "no-such.avi: no such file"));
  g_auto (Program) threads = bench ("--pipeline no-such.avi --threads 1");
  g_assert_cmpint (threads.status, ==, 2);
  g_assert_nonnull (strstr (threads.err, "--threads"));
  if (media_make_clip ("clip.avi", N_IN_CLIP)) {
    g_auto (Program) few = bench ("--pipeline clip.avi --warmup 8");
    g_assert_cmpint (few.status, ==, 1);
    g_assert_nonnull (strstr (few.err, "holds 8 frames"));
    g_auto (Program) model = program_run ("bench --model no-such.onnx --pipeline clip.avi");
    g_assert_cmpint (model.status, ==, 1);
    g_assert_nonnull (strstr (model.err, "no-such.onnx"));
  }
  program_leave_folder (folder);
}

static void
test_overlay (void)
{
  g_auto (Program) program = bench ("--frames 2 --overlay 3 --json");
  g_assert_cmpint (program.status, ==, 0);
  g_autoptr (JsonNode) node = program_json (program.out);
  JsonObject *latency = json_object_get_object_member (json_node_get_object (node), "latency_ms");
  JsonObject *overlay = json_object_get_object_member (latency, "overlay");

  g_assert_cmpfloat (json_object_get_double_member (overlay, "min"), >, 0);
  g_auto (Program) wrong = bench ("--overlay -1");
  g_assert_cmpint (wrong.status, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/tools/pipeline/json", test_json);
  g_test_add_func ("/tools/pipeline/table", test_table);
  g_test_add_func ("/tools/pipeline/errors", test_errors);
  g_test_add_func ("/tools/overlay", test_overlay);
  return g_test_run ();
}

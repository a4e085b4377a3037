/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 bench, inspect and devices; the progress bar on a terminal and in a pipe. */
#include "program.h"

#include <pty.h>
#include <unistd.h>

static char *
tiny_line (const char *format)
{
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  g_auto (GStrv) parts = g_strsplit (format, "MODEL", -1);

  return g_strjoinv (model, parts);
}

static void
test_bench_json (void)
{
  static const char *const stages[] = { "preprocess", "inference", "postprocess", "total" };
  g_autofree char *line = tiny_line (
      "bench --model MODEL --device ref --frames 3 --warmup 1 --frame 99x51 --ops --json");
  g_auto (Program) program = program_run_good (line);
  g_autoptr (JsonNode) node = program_json (program.out);
  JsonObject *root = json_node_get_object (node);
  JsonObject *latency = json_object_get_object_member (root, "latency_ms");
  JsonArray *ops = json_object_get_array_member (root, "ops");
  double share = 0;

  g_assert_cmpstr (json_object_get_string_member (root, "device"), ==, "ref");
  g_assert_cmpint (json_object_get_int_member (root, "frames"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (root, "frame_width"), ==, 99);
  g_assert_cmpint (json_object_get_int_member (root, "input_width"), ==, 64);
  g_assert_cmpfloat (json_object_get_double_member (root, "fps"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (root, "first_ms"), >,
      json_object_get_double_member (root, "load_ms"));
  g_assert_cmpint (json_object_get_int_member (root, "resident_bytes"), >, 0);
  g_assert_cmpint (json_object_get_int_member (root, "peak_bytes"), >=,
      json_object_get_int_member (root, "resident_bytes"));
  for (gsize i = 0; i < G_N_ELEMENTS (stages); i++) {
    JsonObject *stage = json_object_get_object_member (latency, stages[i]);
    double median = json_object_get_double_member (stage, "median");
    g_assert_cmpfloat (json_object_get_double_member (stage, "min"), <=, median);
    g_assert_cmpfloat (json_object_get_double_member (stage, "p95"), >=, median);
  }
  g_assert_cmpuint (json_array_get_length (ops), >, 10);
  for (guint i = 0; i < json_array_get_length (ops); i++)
    share += json_object_get_double_member (json_array_get_object_element (ops, i), "share");
  g_assert_cmpfloat_with_epsilon (share, 1, 0.01);
}

/* Every device takes two frames in flight; more are refused, as is none. */
static void
test_bench_in_flight (void)
{
  g_autofree char *line =
      tiny_line ("bench --model MODEL --device cpu --frames 5 --in-flight 2 --ops --json");
  g_auto (Program) program = program_run_good (line);
  g_autoptr (JsonNode) node = program_json (program.out);
  JsonObject *root = json_node_get_object (node);

  g_assert_cmpint (json_object_get_int_member (root, "in_flight"), ==, 2);
  g_assert_cmpfloat (json_object_get_double_member (root, "fps"), >, 0);
  for (guint n = 0; n <= 3; n += 3) {
    g_autofree char *bad = g_strdup_printf ("bench --model MODEL --in-flight %u", n);
    g_autofree char *bad_line = tiny_line (bad);
    g_auto (Program) refused = program_run (bad_line);
    g_assert_cmpint (refused.status, ==, 2);
    g_assert_nonnull (strstr (refused.err, "--in-flight must be 1 to 2"));
  }
}

/* The CPU knows what it could do: an op's share is of the greater of its two bounds. */
static void
test_bench_roofline (void)
{
  g_autofree char *line =
      tiny_line ("bench --model MODEL --device cpu --frames 3 --ops --json --threads 1");
  g_auto (Program) program = program_run_good (line);
  g_autoptr (JsonNode) node = program_json (program.out);
  JsonObject *root = json_node_get_object (node);
  JsonObject *roofline = json_object_get_object_member (root, "roofline");
  JsonArray *ops = json_object_get_array_member (root, "ops");
  double products = json_object_get_double_member (roofline, "float_gmac_per_s") * 1e6;
  double bytes = json_object_get_double_member (roofline, "gb_per_s") * 1e6;
  double sum = 0;

  g_assert_cmpfloat (json_object_get_double_member (roofline, "int8_gmac_per_s"), >, 0);
  for (guint i = 0; i < json_array_get_length (ops); i++) {
    JsonObject *op = json_array_get_object_element (ops, i);
    double bound = MAX ((double) json_object_get_int_member (op, "macs") / products,
        (double) json_object_get_int_member (op, "bytes") / bytes);
    sum += bound;
    g_assert_cmpfloat_with_epsilon (json_object_get_double_member (op, "share_of_peak") *
                                        json_object_get_double_member (op, "ms"),
        bound, 0.05 * bound + 1e-3);
  }
  g_assert_cmpfloat (sum, >, 0);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (roofline, "ms"), sum, 0.05 * sum);
}

static void
test_bench_table (void)
{
  g_autofree char *line =
      tiny_line ("bench --model MODEL --device ref --frames 2 --ops --size 96x32");
  g_auto (Program) program = program_run_good (line);

  g_assert_nonnull (strstr (program.out, "input   96x32 of 1280x720 NV12 frames"));
  g_assert_nonnull (strstr (program.out, "GMAC/s"));
  g_assert_nonnull (strstr (program.out, "frames/s"));
  g_assert_nonnull (strstr (program.out, "100.0 %"));
}

static void
test_inspect (void)
{
  g_autofree char *table = tiny_line ("inspect MODEL");
  g_autofree char *wide = tiny_line ("inspect --size 128x96 MODEL");
  g_autofree char *line = tiny_line ("inspect --json MODEL");
  g_auto (Program) own = program_run_good (table);
  g_auto (Program) again = program_run_good (table);
  g_auto (Program) other = program_run_good (wide);
  g_auto (Program) json = program_run_good (line);
  g_autoptr (JsonNode) node = program_json (json.out);

  g_assert_true (JSON_NODE_HOLDS_OBJECT (node));
  g_assert_cmpuint (strlen (own.out), >, 0);
  g_assert_cmpstr (own.out, ==, again.out);
  g_assert_cmpstr (own.out, !=, other.out);
}

static void
test_devices (void)
{
  g_auto (Program) table = program_run_good ("devices");
  g_auto (Program) json = program_run_good ("devices --json");
  g_autoptr (JsonNode) node = program_json (json.out);
  JsonArray *devices = json_node_get_array (node);
  guint n_automatic = 0;
  gboolean ref = FALSE;

  for (guint i = 0; i < json_array_get_length (devices); i++) {
    JsonObject *device = json_array_get_object_element (devices, i);
    const char *id = json_object_get_string_member (device, "id");
    g_assert_nonnull (strstr (table.out, id));
    g_assert_nonnull (strstr (table.out, json_object_get_string_member (device, "name")));
    n_automatic += json_object_get_boolean_member (device, "automatic");
    ref |= g_str_equal (id, "ref");
  }
  g_assert_true (ref);
  g_assert_cmpuint (n_automatic, ==, 1);
}

static char *
read_all (int fd)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[512];
  gssize n;

  while ((n = read (fd, buffer, sizeof buffer)) > 0)
    g_string_append_len (text, buffer, n);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* The bar is on stderr alone, and gone at the end. In a pipe there is none: program_run_good() has
 * asserted that of all the runs above. */
static void
test_bar_on_terminal (void)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GError) error = NULL;
  g_autofree char *out = NULL;
  int controller, terminal;

  if (openpty (&controller, &terminal, NULL, NULL, NULL) != 0) {
    g_test_skip ("no pseudo terminal");
    return;
  }
  g_subprocess_launcher_take_stderr_fd (launcher, terminal);
  g_autoptr (GSubprocess) process =
      g_subprocess_launcher_spawn (launcher, &error, g_getenv ("YV8_PROGRAM"), "bench", "--model",
          g_getenv ("YV8_TINY_ONNX"), "--device", "ref", "--frames", "2", NULL);
  g_assert_no_error (error);
  g_subprocess_launcher_close (launcher);
  g_autofree char *drawn = read_all (controller);
  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, &out, NULL, &error));
  g_assert_true (g_subprocess_get_successful (process));
  close (controller);
  g_assert_nonnull (strstr (drawn, "bench   0% ["));
  g_assert_true (g_str_has_suffix (drawn, "\r\033[K"));
  g_assert_null (strchr (out, '\033'));
  g_assert_null (strchr (out, '\r'));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/bench/json", test_bench_json);
  g_test_add_func ("/tools/bench/table", test_bench_table);
  g_test_add_func ("/tools/bench/in-flight", test_bench_in_flight);
  g_test_add_func ("/tools/bench/roofline", test_bench_roofline);
  g_test_add_func ("/tools/inspect", test_inspect);
  g_test_add_func ("/tools/devices", test_devices);
  g_test_add_func ("/tools/bar-on-terminal", test_bar_on_terminal);
  return g_test_run ();
}

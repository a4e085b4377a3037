/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The model file: what is written is read back to the bit, by us and by others, and is never seen
 * half written. */
#include <glib/gstdio.h>
#include <string.h>

#include "api/model.h"
#include "encodings.h"
#include "exec/executor.h"
#include "model/file.h"
#include "ref/backend.h"
#include "testing.h"

#define KILLS              50
#define MAX_MICROSECONDS   20000
#define CHILD_MICROSECONDS (20 * G_USEC_PER_SEC) /* should nobody kill it */

static const char *program;
static const char *tiny_path; /* tiny.onnx */

static Yv8Model *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  Yv8Model *model = yv8_model_load (path, &error);

  g_assert_no_error (error);
  return model;
}

static GBytes *
write_network (const Yv8Network *network)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = yv8_file_write (network, &error);

  g_assert_no_error (error);
  return bytes;
}

static Yv8Network *
read_network (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  Yv8Network *network = yv8_file_read (data, size, &error);

  g_assert_no_error (error);
  g_assert_true (yv8_file_detect (data, size));
  return network;
}

/* Of all outputs, on a fixed picture. */
static char *
run_checksum (const Yv8Network *network)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  gsize n = (gsize) 3 * network->width * network->height;
  g_autofree float *values = g_new (float, n);
  g_autoptr (Yv8Executor) executor = yv8_executor_new (
      network->graph, network->width, network->height, yv8_ref_backend_new (), FALSE, &error);

  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_int_range (rand, 0, 256) / 255;
  g_assert_true (yv8_executor_load_values (executor, values, &error));
  g_assert_true (yv8_executor_run (executor, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < network->graph->outputs->len; i++) {
    const Yv8Slice *output = yv8_graph_output (network->graph, i);
    const Yv8Shape *shape = &yv8_executor_shapes (executor)[output->buffer];
    gsize size = sizeof (float) * output->channels * shape->height * shape->width;
    g_checksum_update (sum, (const guchar *) yv8_executor_output (executor, i), (gssize) size);
  }
  return g_strdup (g_checksum_get_string (sum));
}

static void
check_round_trip (const Yv8Network *network)
{
  g_autoptr (GBytes) first = write_network (network), second = write_network (network);
  g_autoptr (Yv8Network) back = read_network (first);
  g_autoptr (GBytes) third = write_network (back);
  g_autofree char *before = run_checksum (network), *after = run_checksum (back);
  GHashTableIter iter;
  gpointer key, value;

  g_assert_true (g_bytes_equal (first, second));
  g_assert_true (g_bytes_equal (first, third));
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (g_hash_table_size (network->metadata), ==, g_hash_table_size (back->metadata));
  g_hash_table_iter_init (&iter, network->metadata);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_assert_cmpstr (g_hash_table_lookup (back->metadata, key), ==, value);
}

static void
test_every_op (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Network) network = test_int8_network (rand);
  Yv8Op *op = &g_array_index (network->graph->ops, Yv8Op, 1);

  g_free (op->name);
  op->name = g_strdup ("a \"name\" \\ of\n\xe2\x82\xac");
  check_round_trip (network);
}

static void
test_float_and_int8 (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Model) model = load (tiny_path);
  Yv8Network network = { model->graph, model->metadata, model->width, model->height };

  check_round_trip (&network);
  g_autoptr (Yv8Graph) graph = test_quantize (model->graph, rand);
  network.graph = graph;
  check_round_trip (&network);
}

/* Every binary32 that a scale may be comes back. */
static void
test_scales (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Network) network = test_int8_network (rand);
  Yv8Op *op = &g_array_index (network->graph->ops, Yv8Op, 1);

  for (guint i = 0; i < 300; i++) {
    op->quant.scale = i == 0   ? YV8_QUANT_MIN_SCALE
                      : i == 1 ? YV8_QUANT_MAX_SCALE
                               : (float) exp (g_rand_double_range (rand, log (1e-9), log (1e9)));
    g_autoptr (GBytes) bytes = write_network (network);
    g_autoptr (Yv8Network) back = read_network (bytes);
    float scale = yv8_graph_op (back->graph, 1)->quant.scale;
    g_assert_cmpmem (&scale, sizeof scale, &op->quant.scale, sizeof scale);
  }
}

static void
append_tensor (GString *text, const Yv8Op *op, const char *suffix, const char *type,
    const void *values, gsize item_bytes)
{
  gboolean weight = g_str_equal (suffix, "weight");
  gsize n = op->out.channels;

  g_string_append_printf (text, "%s.%s %s %u", op->name, suffix, type, op->out.channels);
  if (weight) {
    n *= (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
    g_string_append_printf (
        text, ",%u,%u,%u", op->in[0].channels, op->window.kernel_h, op->window.kernel_w);
  }
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, values, n * item_bytes);
  g_string_append_printf (text, " %s\n", sum);
}

/* What the other reader must print of the tensors. */
static char *
describe (const Yv8Graph *graph)
{
  GString *text = g_string_new (NULL);

  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
      const Yv8Op *op = yv8_graph_op (graph, i);
      if (op->kind != YV8_OP_CONV)
        continue;
      if (pass == 0)
        append_tensor (text, op, "bias", "F32", op->bias, sizeof (float));
      if (pass == 0 && op->qweights)
        append_tensor (text, op, "multiplier", "F32", op->multiplier, sizeof (float));
      if (pass == 0 && !op->qweights)
        append_tensor (text, op, "weight", "F32", op->weights, sizeof (float));
      if (pass == 1 && op->qweights)
        append_tensor (text, op, "weight", "I8", op->qweights, 1);
    }
  return g_string_free (text, FALSE);
}

/* What the other reader prints of @network's file; NULL without Python. */
static char *
read_elsewhere (const Yv8Network *network)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *python = g_find_program_in_path ("python3");
  g_autofree char *script =
      g_build_filename (g_getenv ("YV8_SOURCE_DIR"), "tests", "unit", "read_safetensors.py", NULL);
  g_autoptr (GBytes) bytes = write_network (network);
  g_autofree char *path = NULL, *err = NULL;
  char *out = NULL;
  gint status;

  if (!python) {
    g_test_skip ("no python3");
    return NULL;
  }
  g_close (g_file_open_tmp (NULL, &path, &error), NULL);
  g_file_set_contents (
      path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), &error);
  char *argv[] = { python, script, path, NULL };
  g_spawn_sync (NULL, argv, NULL, 0, NULL, NULL, &out, &err, &status, &error);
  g_remove (path);
  g_assert_no_error (error);
  g_assert_cmpstr (err, ==, "");
  g_assert_cmpint (status, ==, 0);
  return out;
}

static void
test_other_reader (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Network) network = test_int8_network (rand);
  g_autofree char *out = read_elsewhere (network);

  if (!out)
    return;
  g_autofree char *want = describe (network->graph);
  const char *license = g_hash_table_lookup (network->metadata, "license");
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, license, -1);
  g_autofree char *line = g_strdup_printf ("license %s\n", sum);
  g_assert_true (g_str_has_prefix (out, line));
  g_assert_true (g_str_has_suffix (out, want));
}

static void
test_other_decoder (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Network) network = test_encodings_network (rand);
  g_autofree char *out = read_elsewhere (network);

  for (guint i = 1; out && i < TEST_N_ENCODINGS; i++) { /* the first is plain */
    const Yv8Op *op = yv8_graph_op (network->graph, i + 1);
    gsize n = (gsize) op->out.channels * op->in[0].channels;
    g_autofree char *sum =
        g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) op->qweights, n);
    g_autofree char *line = g_strdup_printf ("%s decoded %s\n", op->name, sum);
    g_assert_nonnull (strstr (out, line));
  }
}

/* Little more than a byte a weight. */
static void
test_size (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autofree char *path = test_data_path ("yolov8n.onnx");

  if (!path)
    return;
  g_autoptr (Yv8Model) model = load (path);
  g_autoptr (Yv8Graph) graph = test_quantize (model->graph, rand);
  const Yv8Network network = { graph, model->metadata, model->width, model->height };
  g_autoptr (GBytes) bytes = write_network (&network);
  g_test_message ("%" G_GSIZE_FORMAT " bytes", g_bytes_get_size (bytes));
  g_assert_cmpuint (g_bytes_get_size (bytes), <=, 3400000);
}

static void
test_save (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = load (tiny_path);
  g_autofree char *folder = g_dir_make_tmp (NULL, &error);
  g_autofree char *path = g_build_filename (folder, "model.onnx", NULL);

  g_assert_true (yv8_model_save (model, path, &error));
  g_assert_no_error (error);
  g_autoptr (Yv8Model) back = load (path);
  g_assert_cmpuint (yv8_model_n_classes (back), ==, yv8_model_n_classes (model));
  g_assert_cmpstr (yv8_model_label (back, 1), ==, yv8_model_label (model, 1));
  g_assert_cmpstr (yv8_model_metadata (back, "license"), ==, yv8_model_metadata (model, "license"));
  g_assert_null (yv8_model_metadata (back, "yv8.graph"));

  g_assert_false (yv8_model_save (model, "/nonexistent/model.bin", &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_READ);
  g_assert_nonnull (strstr (error->message, "/nonexistent/model.bin"));
  g_clear_error (&error);
  g_assert_false (yv8_model_save (model, folder, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_READ);
  g_remove (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* What was written once is read for ever, and written again as it was. */
static void
test_kept_files (void)
{
  static const char *const names[] = { "int8.bin", "float32.bin", "encoded.bin" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *path = g_build_filename (
        g_getenv ("YV8_SOURCE_DIR"), "tests", "fuzz", "corpus-model", names[i], NULL);
    g_autofree char *contents = NULL;
    gsize size;
    g_file_get_contents (path, &contents, &size, &error);
    g_assert_no_error (error);
    g_autoptr (GBytes) bytes = g_bytes_new_static (contents, size);
    g_autoptr (Yv8Network) network = read_network (bytes);
    g_autoptr (GBytes) again = write_network (network);
    g_assert_true (g_bytes_equal (bytes, again));
  }
}

static void
test_inspect (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = yv8_model_new (test_int8_network (rand), NULL, 0);
  g_autofree char *text = yv8_model_inspect (model, 0, 0, FALSE, &error);
  g_autofree char *json = yv8_model_inspect (model, 0, 0, TRUE, &error);

  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "int8             0.03125   -90    -1.188     6.781  op1\n"));
  g_assert_nonnull (strstr (text, "int8>float32"));
  g_assert_nonnull (strstr (text, "  plain               108  int8   "));
  g_assert_nonnull (strstr (json, "\"stored\":\"plain\",\"stored_bytes\":108"));
  g_assert_nonnull (strstr (text, "license"));
  g_assert_nonnull (
      strstr (json, "\"precision\":\"int8\",\"scale\":0.03125,\"zero\":-90,\"least\":-1.1875"));
  g_assert_nonnull (strstr (json, "\"license\""));
}

/* What the child does until it is killed: two models of different sizes in turn. */
static int
save_forever (const char *onnx, const char *path)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  Yv8Model *model = load (onnx);
  Yv8Network *network = yv8_network_new ();

  network->graph = test_quantize (model->graph, rand);
  network->width = model->width;
  network->height = model->height;
  Yv8Model *models[] = { model, yv8_model_new (network, NULL, 0) };
  gint64 end = g_get_monotonic_time () + CHILD_MICROSECONDS;
  g_print ("ready\n");
  for (guint i = 0; g_get_monotonic_time () < end; i++)
    if (!yv8_model_save (models[i % 2], path, NULL))
      return 1;
  return 0;
}

/* Returns how many temporary files were left. */
static guint
clean (const char *folder, const char *keep)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  for (const char *name; (name = g_dir_read_name (dir));) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (g_strcmp0 (name, keep) == 0)
      continue;
    g_remove (path);
    n++;
  }
  return n;
}

static void
test_killed (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *folder = g_dir_make_tmp (NULL, &error);
  g_autofree char *path = g_build_filename (folder, "int8.bin", NULL);
  guint n_halves = 0, n_none = 0;

  for (guint i = 0; i < KILLS; i++) {
    g_autoptr (GSubprocess) child = g_subprocess_new (
        G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, "--save-forever", tiny_path, path, NULL);
    g_assert_no_error (error);
    char ready;
    g_input_stream_read (g_subprocess_get_stdout_pipe (child), &ready, 1, NULL, &error);
    g_assert_no_error (error);
    g_usleep ((gulong) g_rand_int_range (rand, 0, MAX_MICROSECONDS));
    g_subprocess_force_exit (child);
    g_subprocess_wait (child, NULL, NULL);
    g_assert_true (g_subprocess_get_if_signaled (child));
    n_halves += clean (folder, "int8.bin");
    if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
      n_none++;
      continue;
    }
    g_autoptr (Yv8Model) model = load (path);
    g_hash_table_add (seen, g_strdup (yv8_model_sha256 (model)));
    if (g_rand_boolean (rand))
      g_remove (path);
  }
  g_test_message ("%u kills: no file %u times, a temporary one left %u times, %u models", KILLS,
      n_none, n_halves, g_hash_table_size (seen));
  g_assert_cmpuint (n_none, <, KILLS);
  g_assert_cmpuint (g_hash_table_size (seen), <=, 2);
  clean (folder, NULL);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  if (argc == 4 && g_str_equal (argv[1], "--save-forever"))
    return save_forever (argv[2], argv[3]);
  g_test_init (&argc, &argv, NULL);
  program = argv[0];
  tiny_path = g_getenv ("YV8_TINY_ONNX");
  g_assert_nonnull (tiny_path);
  g_test_add_func ("/model-file/every-op", test_every_op);
  g_test_add_func ("/model-file/float-and-int8", test_float_and_int8);
  g_test_add_func ("/model-file/scales", test_scales);
  g_test_add_func ("/model-file/other-reader", test_other_reader);
  g_test_add_func ("/model-file/other-decoder", test_other_decoder);
  g_test_add_func ("/model-file/size", test_size);
  g_test_add_func ("/model-file/kept-files", test_kept_files);
  g_test_add_func ("/model-file/inspect", test_inspect);
  g_test_add_func ("/model-file/save", test_save);
  g_test_add_func ("/model-file/killed", test_killed);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * However a network was exported, it gives the same graph and the same numbers. */
#include <math.h>

#include "exports.h"

/* Exports that must equal the one with @base alone, to the last bit. */
static const struct {
  const char *base, *variant;
} VARIANTS[] = {
  { "", "--opset 11" },
  { "", "--opset 12 --no-simplify" },
  { "", "--opset 13" },
  { "", "--opset 14 --no-simplify" },
  { "", "--opset 15" },
  { "", "--opset 16 --no-simplify" },
  { "", "--opset 18" },
  { "", "--opset 19 --no-simplify" },
  { "", "--dynamic --opset 11 --no-simplify" },
  { "", "--dynamic --opset 12" },
  { "", "--dynamic --opset 13 --no-simplify" },
  { "", "--dynamic --opset 17" },
  { "", "--dynamic --opset 19" },
  { "", "--resize-sizes --opset 11" },
  { "", "--resize-sizes --dynamic" },
  { "", "--slices --no-simplify --opset 11" },
  { "", "--slices --dynamic" },
  { "", "--separate" },
  { "", "--separate --dynamic --no-simplify --opset 12" },
  { "", "--batch 4" },
  { "", "--batch 4 --separate --opset 11 --no-simplify" },
  { "--half", "--keep-io" },
  { "--half", "--no-simplify --opset 12" },
  { "--half", "--batch 4 --separate" },
  { "--classes 1", "--dynamic --no-simplify" },
  { "--classes 64", "--separate" },
  { "--classes 81", "--opset 11 --batch 2" },
  { "--classes 365", "--dynamic" },
  { "--imgsz 320x192", "--dynamic --opset 13" },
  { "--imgsz 320x192", "--opset 11 --no-simplify --batch 2" },
  { "--reg-max 8", "--dynamic" },
  { "--size toy", "--dynamic --separate --opset 19" },
};

typedef struct {
  guint width, height;
  char *dump;
  GArray *run;
} Result;

static void
result_free (gpointer data)
{
  Result *self = data;

  g_free (self->dump);
  g_array_unref (self->run);
  g_free (self);
}

static Result *
result_new (GBytes *bytes)
{
  g_autoptr (Yv8Network) import = test_import (bytes);
  Result *self = g_new0 (Result, 1);

  self->width = import->width;
  self->height = import->height;
  self->dump = test_import_dump (import);
  self->run = test_import_run (import);
  return self;
}

static GHashTable *bases; /* options to Result */
static GPtrArray *variants;

/* All exports at once, when the first is wanted. */
static void
make_variants (void)
{
  enum { N = G_N_ELEMENTS (VARIANTS) };
  g_autoptr (GPtrArray) options = g_ptr_array_new_with_free_func (g_free);

  if (variants)
    return;
  for (guint i = 0; i < N; i++)
    g_ptr_array_add (options, g_strdup_printf ("%s %s", VARIANTS[i].base, VARIANTS[i].variant));
  for (guint i = 0; i < N; i++)
    if (i == 0 || !g_str_equal (VARIANTS[i].base, VARIANTS[i - 1].base))
      g_ptr_array_add (options, g_strdup (VARIANTS[i].base));
  variants = test_exports ((const char *const *) options->pdata, options->len);
  for (guint i = N; i < options->len; i++)
    g_hash_table_insert (bases, g_strdup (g_ptr_array_index (options, i)),
        result_new (g_ptr_array_index (variants, i)));
}

static void
test_variant (gconstpointer data)
{
  guint index = GPOINTER_TO_UINT (data);

  make_variants ();
  const Result *base = g_hash_table_lookup (bases, VARIANTS[index].base);
  Result *variant = result_new (g_ptr_array_index (variants, index));
  g_assert_cmpuint (variant->width, ==, base->width);
  g_assert_cmpuint (variant->height, ==, base->height);
  g_assert_cmpstr (variant->dump, ==, base->dump);
  g_assert_cmpmem (variant->run->data, variant->run->len * sizeof (float), base->run->data,
      base->run->len * sizeof (float));
  result_free (variant);
}

/* Weights rounded to float16 are another network, but not by much. */
static void
test_half (void)
{
  static const char *const OPTIONS[] = { "", "--half" };
  g_autoptr (GPtrArray) files = test_exports (OPTIONS, 2);
  g_autoptr (Yv8Network) full = test_import (g_ptr_array_index (files, 0));
  g_autoptr (Yv8Network) half = test_import (g_ptr_array_index (files, 1));
  g_autofree char *wanted = test_import_dump (full);
  g_autofree char *given = test_import_dump (half);
  g_autoptr (GArray) wanted_run = test_import_run (full);
  g_autoptr (GArray) given_run = test_import_run (half);
  float most = 0;

  g_assert_cmpstr (given, ==, wanted);
  g_assert_cmpuint (given_run->len, ==, wanted_run->len);
  for (guint i = 0; i < given_run->len; i++) {
    float value = g_array_index (wanted_run, float, i);
    most = MAX (most, fabsf (g_array_index (given_run, float, i) - value) / (1 + fabsf (value)));
  }
  g_test_message ("largest relative difference of a logit: %g", most);
  g_assert_cmpfloat (most, >, 0);
  g_assert_cmpfloat (most, <, 0.05f); /* eleven bits, through twenty layers of random weights */
}

/* Parameters in millions and 2 MAC in thousand millions at 640x640, as YOLOv8's table of models
 * states them. Its figures also count what is no convolution. */
static const struct {
  const char *options;
  double parameters, flops;
  guint n_convs;
} SIZES[] = {
  { "--size n --imgsz 640x640 --classes 80 --no-simplify --opset 12", 3.2, 8.7, 63 },
  { "--size s --imgsz 640x640 --classes 80 --dynamic", 11.2, 28.6, 63 },
  { "--size m --imgsz 640x640 --classes 80 --half", 25.9, 78.9, 83 },
  { "--size l --imgsz 640x640 --classes 80 --half --separate", 43.7, 165.2, 103 },
  { "--size x --imgsz 640x640 --classes 80 --half --opset 11", 68.2, 257.8, 103 },
};

typedef struct {
  guint64 parameters, macs;
  guint n_convs;
} Totals;

static Totals
sum_up (const Yv8Network *import, guint width, guint height)
{
  g_autofree Yv8Shape *shapes = yv8_graph_infer (import->graph, width, height, NULL);
  Totals totals = { 0 };

  for (guint i = 0; i < yv8_graph_n_ops (import->graph); i++) {
    const Yv8Op *op = yv8_graph_op (import->graph, i);
    totals.parameters += yv8_op_parameters (op);
    totals.macs += yv8_op_macs (op, shapes);
    totals.n_convs += op->kind == YV8_OP_CONV;
  }
  return totals;
}

static void
test_size (gconstpointer data)
{
  guint index = GPOINTER_TO_UINT (data);
  g_autoptr (GBytes) bytes = test_export (SIZES[index].options);
  g_autoptr (Yv8Network) import = test_import (bytes);
  Totals totals = sum_up (import, 640, 640);

  g_test_message ("%.3f M parameters, %.2f GFLOP", totals.parameters * 1e-6, totals.macs * 2e-9);
  g_assert_cmpfloat_with_epsilon (totals.parameters * 1e-6, SIZES[index].parameters, 0.06);
  g_assert_cmpfloat_with_epsilon (totals.macs * 2e-9, SIZES[index].flops, 0.06);
  g_assert_cmpuint (totals.n_convs, ==, SIZES[index].n_convs);
}

static void
test_metadata (void)
{
  static const char *const OPTIONS[] = { "--dynamic --imgsz 320x192",
    "--dynamic --imgsz 320x192 --no-metadata" };
  g_autoptr (GPtrArray) files = test_exports (OPTIONS, 2);
  g_autoptr (Yv8Network) import = test_import (g_ptr_array_index (files, 0));
  g_autoptr (Yv8Network) bare = test_import (g_ptr_array_index (files, 1));
  const Yv8Op *detect = yv8_graph_detect (import->graph);

  g_assert_cmpuint (import->width, ==, 320);
  g_assert_cmpuint (import->height, ==, 192);
  g_assert_cmpuint (bare->width, ==, 640);
  g_assert_cmpuint (bare->height, ==, 640);
  g_assert_cmpuint (g_hash_table_size (bare->metadata), ==, 0);
  g_assert_cmpstr (g_hash_table_lookup (import->metadata, "license"), ==, "LGPL-2.1-or-later");
  g_assert_cmpstr (g_hash_table_lookup (import->metadata, "names"), ==,
      "{0: 'thing 0', 1: 'thing 1', 2: 'thing 2'}");
  g_assert_cmpuint (detect->n_classes, ==, 3);
  g_assert_cmpuint (detect->reg_max, ==, 16);
  g_assert_cmpuint (detect->n_in, ==, 6);
}

/* The file may lie anywhere in memory. */
static void
test_alignment (void)
{
  g_autoptr (GBytes) bytes = test_export ("--size toy");
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  for (guint shift = 1; shift < 8; shift++) {
    g_autofree guint8 *moved = g_malloc (size + shift);
    g_autoptr (GError) error = NULL;
    memcpy (moved + shift, data, size);
    g_autoptr (Yv8Network) import = yv8_onnx_import (moved + shift, size, &error);
    g_assert_no_error (error);
    g_assert_nonnull (import);
  }
}

static void
test_yolov8n (void)
{
  g_autofree char *path = test_data_path ("yolov8n.onnx");
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (!path)
    return;
  g_file_get_contents (path, &contents, &size, &error);
  g_assert_no_error (error);
  g_autoptr (Yv8Network) import = yv8_onnx_import ((const guint8 *) contents, size, &error);
  g_assert_no_error (error);
  Totals totals = sum_up (import, 640, 640);
  g_assert_cmpuint (totals.parameters, ==, 3151888);
  g_assert_cmpuint (totals.macs, ==, 4371456000);
  g_assert_cmpuint (totals.n_convs, ==, 63);
  g_assert_cmpstr (g_hash_table_lookup (import->metadata, "task"), ==, "detect");

  /* The generator writes what Ultralytics writes. */
  g_autoptr (GBytes) bytes = test_export ("--size n --imgsz 640x640 --classes 80");
  g_autoptr (Yv8Network) made = test_import (bytes);
  g_autofree char *given = test_import_dump (import);
  g_autofree char *wanted = test_import_dump (made);
  g_assert_cmpuint (strlen (given), ==, strlen (wanted));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  bases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, result_free);
  for (guint i = 0; i < G_N_ELEMENTS (VARIANTS); i++) {
    g_autofree char *name =
        g_strdup_printf ("/onnx/variant/%s %s", VARIANTS[i].base, VARIANTS[i].variant);
    g_test_add_data_func (name, GUINT_TO_POINTER (i), test_variant);
  }
  for (guint i = 0; i < G_N_ELEMENTS (SIZES); i++) {
    g_autofree char *name = g_strdup_printf ("/onnx/size/%.8s", SIZES[i].options);
    g_test_add_data_func (name, GUINT_TO_POINTER (i), test_size);
  }
  g_test_add_func ("/onnx/half", test_half);
  g_test_add_func ("/onnx/metadata", test_metadata);
  g_test_add_func ("/onnx/alignment", test_alignment);
  g_test_add_func ("/onnx/yolov8n", test_yolov8n);
  int status = g_test_run ();
  g_hash_table_unref (bases);
  g_clear_pointer (&variants, g_ptr_array_unref);
  return status;
}

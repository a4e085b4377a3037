/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compression through the public API, on a generated model. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "tiny.h"

#define BLOCKS "[prune]\nunit=blocks\nshare=0.2\n"
#define QUICK  BLOCKS "criterion=l2\n"

static void
add (Yv8Compressor *compressor, guint n, Yv8FrameUse use)
{
  g_autofree guint8 *pixels = g_malloc (TINY_SIZE);
  g_autoptr (GError) error = NULL;
  Yv8Frame frame;

  for (guint i = 0; i < n; i++) {
    tiny_draw (&frame, pixels, 100 * use + i);
    yv8_compressor_add (compressor, &frame, NULL, use, &error);
    g_assert_no_error (error);
  }
}

static Yv8Compressor *
prepare (const char *text, const Yv8CompressorOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = tiny_load ();
  g_autoptr (Yv8Recipe) recipe = yv8_recipe_parse (text, -1, &error);
  Yv8CompressorOptions on_ref = options ? *options : (Yv8CompressorOptions){ 0 };

  g_assert_no_error (error);
  on_ref.device = "ref";
  Yv8Compressor *compressor = yv8_compressor_new (model, recipe, &on_ref, &error);
  g_assert_no_error (error);
  add (compressor, 4, YV8_FRAME_CALIBRATE);
  add (compressor, 2, YV8_FRAME_VALIDATE);
  return compressor;
}

static gboolean
check_progress (const char *stage, double fraction, gpointer data)
{
  double *last = data;

  g_assert_nonnull (stage);
  g_assert_cmpfloat (fraction, >=, *last);
  g_assert_cmpfloat (fraction, <=, 1);
  *last = fraction;
  return TRUE;
}

static Yv8Model *
finish (Yv8Compressor *compressor)
{
  g_autoptr (GError) error = NULL;
  double last = 0;
  Yv8Model *model = yv8_compressor_finish (compressor, check_progress, &last, &error);

  g_assert_no_error (error);
  g_assert_cmpfloat (last, ==, 1);
  return model;
}

static char *
compress (const char *text, const char *checkpoint)
{
  const Yv8CompressorOptions options = { .checkpoint = checkpoint };
  g_autoptr (Yv8Compressor) compressor = prepare (text, &options);
  g_autoptr (Yv8Model) model = finish (compressor);

  return g_strdup (yv8_model_sha256 (model));
}

static Yv8CompressorPoint
get_point (const Yv8Compressor *compressor, guint index)
{
  Yv8CompressorPoint point;

  yv8_compressor_point (compressor, index, &point);
  return point;
}

/* The same frames give the same file, each step is a point, and the file says how it was made. */
static void
test_points (void)
{
  static const char text[] = "[recipe]\ndescription=A test\n" BLOCKS "[quantize]\nmethod=minmax\n";
  g_autoptr (Yv8Recipe) recipe = yv8_recipe_parse (text, -1, NULL);
  g_autoptr (Yv8Compressor) compressor = prepare (text, NULL);
  g_autoptr (Yv8Model) model = finish (compressor), source = tiny_load ();
  g_autofree char *again = compress (text, NULL);

  g_assert_cmpstr (yv8_model_sha256 (model), ==, again);
  g_assert_cmpuint (yv8_compressor_n_points (compressor), ==, 3);
  g_assert_cmpuint (yv8_compressor_n_trials (compressor), ==, 1);
  Yv8CompressorPoint first = get_point (compressor, 0), middle = get_point (compressor, 1);
  Yv8CompressorPoint last = get_point (compressor, 2);
  g_assert_cmpstr (first.name, ==, "source");
  g_assert_cmpstr (middle.name, ==, "prune");
  g_assert_cmpstr (last.name, ==, "quantize");
  g_assert_true (last.model == model);
  g_assert_cmpfloat (first.agreement.ap, >, 0.999);
  g_assert_cmpfloat (last.agreement.ap, >, 0.5);
  g_assert_true (isnan (last.ms));
  g_assert_cmpfloat ((double) middle.macs, <=, 0.8 * (double) first.macs);
  g_assert_cmpfloat ((double) middle.macs, >, 0.7 * (double) first.macs);
  g_assert_cmpuint (last.macs, <=, middle.macs);
  g_assert_cmpuint (middle.parameters, <, first.parameters);
  g_assert_cmpuint (last.bytes, <, middle.bytes);
  g_assert_cmpstr (yv8_model_metadata (model, "yv8.recipe"), ==, yv8_recipe_text (recipe));
  g_assert_cmpstr (yv8_model_metadata (model, "yv8.frames"), ==, "4");
  g_assert_cmpstr (yv8_model_metadata (model, "yv8.method"), ==, "minmax");
  g_assert_cmpstr (yv8_model_metadata (model, "yv8.agreement_frames"), ==, "2");
  g_assert_cmpstr (yv8_model_metadata (model, "yv8.source_sha256"), ==, yv8_model_sha256 (source));
}

/* The page is whole, refers to nothing, and shows every step and a picture. */
static void
test_report (void)
{
  g_autoptr (Yv8Compressor) compressor = prepare (BLOCKS "[quantize]\nmethod=minmax\n", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (yv8_compressor_report (compressor, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_autoptr (Yv8Model) model = finish (compressor);
  g_assert_nonnull (model);
  g_autofree char *page = yv8_compressor_report (compressor, &error);
  g_assert_no_error (error);
  const char *const parts[] = { "<!doctype html>", "<svg", "quantize", "share=0.2",
    "data:image/png;base64,", "</html>" };
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (!strstr (page, parts[i]))
      g_error ("the page has no '%s'", parts[i]);
  g_assert_null (strstr (page, "src=\"http"));
}

/* Quantising alone is what a calibrator does. */
static void
test_calibrator (void)
{
  g_autoptr (Yv8Compressor) compressor = prepare ("[quantize]\n", NULL);
  g_autoptr (Yv8Model) compressed = finish (compressor), source = tiny_load ();
  const Yv8CalibratorOptions options = { .device = "ref" };
  g_autoptr (Yv8Calibrator) calibrator = yv8_calibrator_new (source, &options, NULL);
  g_autofree guint8 *pixels = g_malloc (TINY_SIZE);
  Yv8Frame frame;

  for (guint i = 0; i < 6; i++) {
    tiny_draw (&frame, pixels, i < 4 ? i : 96 + i);
    g_assert_true (yv8_calibrator_add (
        calibrator, &frame, NULL, i < 4 ? YV8_FRAME_CALIBRATE : YV8_FRAME_VALIDATE, NULL));
  }
  g_autoptr (Yv8Model) calibrated = yv8_calibrator_finish (calibrator, NULL, NULL, NULL);
  g_autofree char *one = yv8_model_inspect (compressed, 0, 0, FALSE, NULL);
  g_autofree char *two = yv8_model_inspect (calibrated, 0, 0, FALSE, NULL);
  *strstr (one, "\nlicense") = *strstr (two, "\nlicense") = 0; /* layers, ranges, totals */
  g_assert_cmpstr (one, ==, two);
  Yv8Agreement agreement;
  yv8_calibrator_agreement (calibrator, &agreement);
  g_assert_cmpfloat (agreement.ap, ==, get_point (compressor, 1).agreement.ap);
}

static void
test_classes (void)
{
  g_autoptr (Yv8Model) source = tiny_load ();
  g_autofree char *text = g_strdup_printf (
      "[classes]\nkeep=%s, 0\n[resize]\nsize=32x96\n", yv8_model_label (source, 2));
  g_autoptr (Yv8Compressor) compressor = prepare (text, NULL);
  g_autoptr (Yv8Model) model = finish (compressor);
  guint width, height;

  g_assert_cmpuint (yv8_model_n_classes (model), ==, 2);
  g_assert_cmpstr (yv8_model_label (model, 0), ==, yv8_model_label (source, 0));
  g_assert_cmpstr (yv8_model_label (model, 1), ==, yv8_model_label (source, 2));
  yv8_model_input_size (model, &width, &height);
  g_assert_cmpuint (width, ==, 32);
  g_assert_cmpuint (height, ==, 96);
  g_assert_true (isnan (get_point (compressor, 0).agreement.ap));
  g_assert_cmpfloat (get_point (compressor, 2).agreement.ap, >, 0.999);
}

/* Channels go, then blocks of what is left; the costs of the one are not those of the other. */
static void
test_channels (void)
{
  static const char text[] = "[prune 1]\nunit=channels\nshare=0.2\ncriterion=l2\n"
                             "[prune 2]\nunit=blocks\nshare=0.1\ncriterion=l2\n";
  g_autoptr (Yv8Compressor) compressor = prepare (text, NULL);
  g_autoptr (Yv8Model) model = finish (compressor);
  double macs[3];

  g_assert_nonnull (model);
  for (guint i = 0; i < 3; i++)
    macs[i] = (double) get_point (compressor, i).macs;
  g_assert_cmpfloat (macs[1], <=, 0.8 * macs[0]);
  g_assert_cmpfloat (macs[1], >, 0.7 * macs[0]);
  g_assert_cmpfloat (macs[2], <=, 0.9 * macs[1]);
  g_assert_cmpfloat (macs[2], >, 0.85 * macs[1]);
}

static gboolean
stop (const char *stage, double fraction, gpointer data)
{
  return fraction < *(double *) data;
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_remove (path);
  }
  g_rmdir (folder);
}

static guint
count_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  return n;
}

/* Work that is stopped again and again goes on from where it was, to the same bytes. */
static void
test_stopped (void)
{
  static const char text[] = BLOCKS "[quantize]\n";
  g_autofree char *folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  g_autofree char *whole = compress (text, NULL);
  const Yv8CompressorOptions options = { .checkpoint = folder };

  for (double part = 0.35; part < 1; part += 0.3) {
    g_autoptr (Yv8Compressor) compressor = prepare (text, &options);
    g_autoptr (GError) error = NULL;
    g_assert_null (yv8_compressor_finish (compressor, stop, &part, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  }
  g_assert_cmpuint (count_files (folder), ==, 3); /* costs, pruned, int8 */
  g_autofree char *resumed = compress (text, folder);
  g_assert_cmpstr (whole, ==, resumed);
  g_autofree char *other = compress ("[prune]\nunit=blocks\nshare=0.1\n", folder);
  g_assert_cmpstr (whole, !=, other);
  g_assert_cmpuint (count_files (folder), ==, 4); /* with the same costs */
  remove_folder (folder);
}

static void
flip (const char *path, GRand *rand)
{
  g_autofree char *contents = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  contents[g_rand_int_range (rand, 0, (gint32) size)] ^= 1;
  g_assert_true (g_file_set_contents (path, contents, (gssize) size, NULL));
}

/* The end is missing, and the head is right for what is left. */
static void
forge (const char *path, GRand *rand)
{
  gsize size, cut = 8 * (gsize) g_rand_int_range (rand, 1, 4);
  g_autofree char *contents = NULL;

  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  char *payload = strchr (contents, '\n') + 1;
  gsize left = size - (gsize) (payload - contents) - cut;
  g_autofree char *sum =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) payload, left);
  memcpy (payload - 1 - strlen (sum), sum, strlen (sum));
  g_assert_true (g_file_set_contents (path, contents, (gssize) (size - cut), NULL));
}

static void
damage (const char *folder, void (*how) (const char *path, GRand *rand), GRand *rand)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    how (path, rand);
  }
}

static void
count_message (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  *(guint *) data += strstr (message, "made again") ? 1 : 0;
}

/* What is no checkpoint any more, or was written by somebody else, is made again. */
static void
test_broken (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autofree char *folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  g_autofree char *whole = compress (QUICK, folder);
  guint n = 0, handler = g_log_set_handler ("yv8", G_LOG_LEVEL_MESSAGE, count_message, &n);

  damage (folder, flip, rand);
  g_autofree char *flipped = compress (QUICK, folder);
  damage (folder, forge, rand);
  g_autofree char *forged = compress (QUICK, folder);
  g_assert_cmpstr (whole, ==, flipped);
  g_assert_cmpstr (whole, ==, forged);
  g_assert_cmpuint (n, ==, 4); /* costs and model, twice */
  g_log_remove_handler ("yv8", handler);
  const Yv8CompressorOptions options = { .checkpoint = folder };
  g_autoptr (Yv8Compressor) compressor = prepare (QUICK, &options);
  yv8_compressor_forget (compressor);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
}

static void
test_macs (void)
{
  const Yv8CompressorOptions options = { .target_macs = 0.85 };
  g_autoptr (Yv8Compressor) compressor = prepare (QUICK, &options);
  g_autoptr (Yv8Model) model = finish (compressor);
  double left = (double) get_point (compressor, 1).macs / (double) get_point (compressor, 0).macs;

  g_assert_nonnull (model);
  g_assert_cmpfloat (left, <=, 0.851);
  g_assert_cmpfloat (left, >, 0.82);
  g_assert_nonnull (strstr (yv8_recipe_text (yv8_compressor_recipe (compressor)), "share=0.15\n"));
}

/* Any loss is too much, or none: the search ends at one side or at the other. */
static void
test_drop (void)
{
  const Yv8CompressorOptions strict = { .max_drop = 1e-9 }, loose = { .max_drop = 1 };
  g_autoptr (Yv8Compressor) one = prepare (QUICK, &strict), two = prepare (QUICK, &loose);
  g_autoptr (GError) error = NULL;
  Yv8CompressorTrial trial;
  guint kept = 0;

  g_autoptr (Yv8Model) none = yv8_compressor_finish (one, NULL, NULL, &error);
  if (!none)
    g_assert_error (error, YV8_ERROR, YV8_ERROR_ACCURACY);
  else
    g_assert_cmpfloat (get_point (one, 1).agreement.by_box, >=, 1 - 1e-9);
  g_autoptr (Yv8Model) most = finish (two);
  g_assert_nonnull (most);
  g_assert_cmpuint (yv8_compressor_n_trials (two), >, 2);
  g_assert_cmpuint (yv8_compressor_n_trials (two), <=, YV8_COMPRESSOR_TRIALS);
  for (guint i = 0; i < yv8_compressor_n_trials (two); i++) {
    yv8_compressor_trial (two, i, &trial);
    g_assert_true (isnan (trial.ms));
    kept += trial.kept ? 1 : 0;
  }
  g_assert_cmpuint (kept, ==, 1);
  g_assert_true (trial.kept);
  g_assert_cmpfloat (trial.factor, >, 3);
  g_assert_cmpuint (trial.macs, <, get_point (two, 0).macs / 2);
}

static void
test_time (void)
{
  const Yv8CompressorOptions fast = { .target_ms = 1e-6 }, slow = { .target_ms = 1e6 };
  g_autoptr (Yv8Compressor) one = prepare (QUICK, &fast), two = prepare (QUICK, &slow);
  g_autoptr (GError) error = NULL;
  Yv8CompressorTrial trial;

  g_assert_null (yv8_compressor_finish (one, NULL, NULL, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ACCURACY);
  g_assert_cmpuint (yv8_compressor_n_points (one), ==, 2);
  g_autoptr (Yv8Model) model = finish (two);
  g_assert_nonnull (model);
  yv8_compressor_trial (two, yv8_compressor_n_trials (two) - 1, &trial);
  g_assert_cmpfloat (trial.factor, <, 0.1);
  g_assert_cmpfloat (trial.ms, >, 0);
}

static void
test_failures (void)
{
  static const struct {
    const char *recipe;
    Yv8CompressorOptions options;
    const char *message;
  } cases[] = {
    { "[quantize]\n", { .target_macs = 0.5 }, "needs a recipe that prunes" },
    { "[quantize]\n", { .target_ms = 5 }, "needs a recipe that prunes" },
    { "[quantize]\n", { .max_drop = 2 }, "from 0 to 1" },
    { "[quantize]\n", { .width = 33 }, "33" },
    { "[quantize]\nkeep-float=none*\n", { 0 }, "none*" },
    { "[classes]\nkeep=unicorn\n", { 0 }, "no class 'unicorn'" },
    { "[classes]\nkeep=3\n", { 0 }, "no class '3'" },
    { "[classes]\nkeep=0,0\n", { 0 }, "" },
    { QUICK, { .target_macs = 1e-6 }, "cannot leave" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (Yv8Model) source = tiny_load ();
    g_autoptr (Yv8Recipe) recipe = yv8_recipe_parse (cases[i].recipe, -1, NULL);
    g_autoptr (GError) error = NULL;
    Yv8CompressorOptions options = cases[i].options;
    options.device = "ref";
    g_autoptr (Yv8Compressor) compressor = yv8_compressor_new (source, recipe, &options, &error);
    if (compressor) {
      add (compressor, 1, YV8_FRAME_CALIBRATE);
      g_assert_null (yv8_compressor_finish (compressor, NULL, NULL, &error));
    }
    g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
    if (!strstr (error->message, cases[i].message))
      g_error ("%s", error->message);
  }
}

static void
test_frames (void)
{
  const Yv8CompressorOptions options = { .device = "ref", .max_drop = 0.5 };
  g_autoptr (Yv8Model) source = tiny_load ();
  g_autoptr (Yv8Recipe) recipe = yv8_recipe_parse (QUICK, -1, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Compressor) compressor = yv8_compressor_new (source, recipe, &options, &error);

  g_assert_null (yv8_compressor_finish (compressor, NULL, NULL, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_clear_error (&error);
  add (compressor, 1, YV8_FRAME_CALIBRATE);
  g_assert_null (yv8_compressor_finish (compressor, NULL, NULL, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/compressor/points", test_points);
  g_test_add_func ("/compressor/report", test_report);
  g_test_add_func ("/compressor/calibrator", test_calibrator);
  g_test_add_func ("/compressor/classes", test_classes);
  g_test_add_func ("/compressor/channels", test_channels);
  g_test_add_func ("/compressor/stopped", test_stopped);
  g_test_add_func ("/compressor/broken", test_broken);
  g_test_add_func ("/compressor/macs", test_macs);
  g_test_add_func ("/compressor/drop", test_drop);
  g_test_add_func ("/compressor/time", test_time);
  g_test_add_func ("/compressor/failures", test_failures);
  g_test_add_func ("/compressor/frames", test_frames);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calibrations of small networks: ranges where frames show few of the classes, and the search for
 * layers that stay in float, by what. */
#include "compress/calibration.h"
#include "steps.h"

#define N_CLASSES 8
#define N_OPS     6

/* Maps of 16 and 8 pixels, and of 4, which are the deep ones; a class is seen where @bias is high.
 */
static Yv8Graph *
make_network (GRand *rand, guint n_seen)
{
  static const Yv8Window k3s2 = { 3, 3, 2, 1 }, k1 = { 1, 1, 1, 0 };
  Yv8Graph *graph = yv8_graph_new ();

  test_graph_input (graph, 3);
  for (guint i = 1; i <= 5; i++)
    yv8_graph_add_buffer (graph, i < 4 ? 8 : N_CLASSES);
  for (guint i = 0; i < 3; i++)
    test_graph_op (
        graph, YV8_OP_CONV, (Yv8Slice){ i, 0, i ? 8 : 3 }, (Yv8Slice){ i + 1, 0, 8 }, k3s2, rand)
        ->activation = YV8_ACTIVATION_SILU;
  for (guint i = 4; i <= 5; i++) {
    Yv8Op *op = test_graph_op (
        graph, YV8_OP_CONV, (Yv8Slice){ 3, 0, 8 }, (Yv8Slice){ i, 0, N_CLASSES }, k1, rand);
    for (guint c = 0; i == 5 && c < N_CLASSES; c++)
      op->bias[c] = c < n_seen ? 40 : -40;
  }
  test_graph_detect (graph, (Yv8Slice){ 4, 0, 8 }, (Yv8Slice){ 5, 0, N_CLASSES }, 8);
  return graph;
}

static void
add_noise (Yv8Calibration *calibration, guint n, Yv8FrameUse use, GRand *rand)
{
  guint8 pixels[3 * STEP_SIDE * STEP_SIDE] = { 0 };
  g_autoptr (GError) error = NULL;
  Yv8Frame frame;

  g_assert_true (
      yv8_frame_init_packed (&frame, YV8_FORMAT_RGB, STEP_SIDE, STEP_SIDE, pixels, sizeof pixels));
  for (guint i = 0; i < n; i++) {
    for (guint k = 0; k < sizeof pixels; k++)
      pixels[k] = (guint8) g_rand_int_range (rand, 0, 256);
    g_assert_true (yv8_calibration_add (calibration, &frame, NULL, use, &error));
  }
}

/* Returns: the scale of the deep map */
static float
calibrate (guint n_seen, guint seed, Yv8Method method)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (Yv8Graph) graph = make_network (rand, n_seen);
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Calibration) calibration =
      yv8_calibration_new (graph, &STEP_TARGET, method, NULL, 0, &error);

  g_assert_no_error (error);
  add_noise (calibration, 4, YV8_FRAME_CALIBRATE, rand);
  g_autoptr (Yv8Graph) int8 = yv8_calibration_finish (calibration, NULL, NULL, &error);
  g_assert_nonnull (int8);
  return calibration->scheme->quants[3].scale;
}

/* With one of eight classes seen the range of the deep map is wider than with two or more, but by
 * other methods. */
static void
test_unseen (void)
{
  guint32 seed = (guint32) g_test_rand_int ();
  float few = calibrate (1, seed, YV8_METHOD_MSE), enough = calibrate (2, seed, YV8_METHOD_MSE);

  g_assert_cmpfloat (few, >, enough);
  g_assert_cmpfloat (enough, ==, calibrate (N_CLASSES, seed, YV8_METHOD_MSE));
  g_assert_cmpfloat (
      calibrate (1, seed, YV8_METHOD_MINMAX), ==, calibrate (2, seed, YV8_METHOD_MINMAX));
}

static gboolean
count (const char *stage, double fraction, gpointer data)
{
  *(guint *) data += 1;
  return TRUE;
}

/* One that int8 is compared with, and does not equal. */
static Yv8Graph *
make_truth (const Yv8Graph *graph, GRand *rand)
{
  Yv8Graph *truth = yv8_graph_copy (graph, yv8_graph_n_ops (graph));

  for (guint c = 0; c < N_CLASSES; c++)
    g_array_index (truth->ops, Yv8Op, 3).bias[c] += (float) g_rand_double_range (rand, 0, 0.5);
  return truth;
}

/* Steps that a calibration of @seed takes, and in @kept what becomes of its layers. */
static guint
search (guint32 seed, gboolean brief, double max_drop, gboolean kept[N_OPS], double *ap)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (Yv8Graph) graph = make_network (rand, N_CLASSES);
  g_autoptr (Yv8Graph) truth = make_truth (graph, rand);
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Calibration) calibration =
      yv8_calibration_new (graph, &STEP_TARGET, YV8_METHOD_MSE, NULL, max_drop, &error);
  guint n_steps = 0;

  g_assert_no_error (error);
  calibration->truth = truth;
  calibration->brief = brief;
  add_noise (calibration, 4, YV8_FRAME_CALIBRATE, rand);
  add_noise (calibration, 4, YV8_FRAME_VALIDATE, rand);
  g_autoptr (Yv8Graph) int8 = yv8_calibration_finish (calibration, count, &n_steps, &error);
  if (!int8)
    g_assert_error (error, YV8_ERROR, YV8_ERROR_ACCURACY);
  for (guint i = 0; i < N_OPS; i++)
    kept[i] = calibration->scheme->keep_float[i];
  *ap = calibration->agreement.by_box;
  return n_steps;
}

/* A brief calibration ends as any other, in fewer steps. */
static void
test_brief (void)
{
  guint32 seed = (guint32) g_test_rand_int ();
  gboolean one[N_OPS], other[N_OPS];
  double ap, brief_ap;

  for (guint i = 0; i < 8; i++, seed++) {
    for (guint tight = 0; tight < 2; tight++) {
      guint n = search (seed, FALSE, tight ? 1e-9 : 0, one, &ap);
      guint n_brief = search (seed, TRUE, tight ? 1e-9 : 0, other, &brief_ap);
      g_test_message ("%u: AP %.4f, %u and %u steps", seed, ap, n, n_brief);
      g_assert_cmpfloat (ap, ==, brief_ap);
      g_assert_cmpmem (one, sizeof one, other, sizeof other);
      g_assert_cmpuint (n_brief, <, n);
    }
  }
}

/* Of ten boxes one, the only one of its class, is lost. */
static void
test_by_box (void)
{
  g_autoptr (GPtrArray) truth = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  Yv8Agreement agreement;

  for (guint i = 0; i < 2; i++) {
    GArray *boxes = g_array_new (FALSE, TRUE, sizeof (Yv8Detection));
    for (guint k = 0; k < 10 - i; k++) {
      const Yv8Detection box = { k == 9, 0.5f, 20.0f * (float) k, 0, 10, 10 };
      g_array_append_val (boxes, box);
    }
    g_ptr_array_add (i ? found : truth, boxes);
  }
  yv8_agreement_compare (truth, found, N_CLASSES, &agreement);
  g_assert_cmpuint (agreement.n_boxes, ==, 10);
  g_assert_cmpfloat_with_epsilon (agreement.ap, 0.5, 1e-9);
  g_assert_cmpfloat_with_epsilon (agreement.by_box, 0.9, 1e-9);
  g_assert_true (yv8_agreement_check (&agreement, 0.11, NULL));
  g_assert_true (yv8_agreement_check (&agreement, 0, NULL));
  g_assert_false (yv8_agreement_check (&agreement, 0.09, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ACCURACY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calibration/unseen", test_unseen);
  g_test_add_func ("/calibration/brief", test_brief);
  g_test_add_func ("/calibration/by-box", test_by_box);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ranges of calibrations whose frames show few of the classes. */
#include "compress/calibration.h"
#include "steps.h"

#define N_CLASSES 8

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

/* Returns: the scale of the deep map */
static float
calibrate (guint n_seen, guint seed, Yv8Method method)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (Yv8Graph) graph = make_network (rand, n_seen);
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Calibration) calibration =
      yv8_calibration_new (graph, &STEP_TARGET, method, NULL, 0, &error);
  guint8 pixels[3 * STEP_SIDE * STEP_SIDE];
  Yv8Frame frame;

  g_assert_no_error (error);
  g_assert_true (
      yv8_frame_init_packed (&frame, YV8_FORMAT_RGB, STEP_SIDE, STEP_SIDE, pixels, sizeof pixels));
  for (guint i = 0; i < 4; i++) {
    for (guint k = 0; k < sizeof pixels; k++)
      pixels[k] = (guint8) g_rand_int_range (rand, 0, 256);
    g_assert_true (yv8_calibration_add (calibration, &frame, NULL, YV8_FRAME_CALIBRATE, &error));
  }
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/unseen", test_unseen);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * IoU by hand; NMS against a brute-force statement of what it must leave. */
#include "detect/nms.h"

#include <yv8/evaluator.h>

#include "testing.h"

static void
test_iou (void)
{
  static const struct {
    Yv8Detection a, b;
    float iou;
  } cases[] = {
    { { 0, 0, 0, 0, 10, 10 }, { 0, 0, 0, 0, 10, 10 }, 1 },
    { { 0, 0, 0, 0, 10, 10 }, { 1, 1, 5, 0, 10, 10 }, 50 / 150.0f },
    { { 0, 0, 0, 0, 10, 10 }, { 0, 0, 10, 0, 10, 10 }, 0 }, /* touching */
    { { 0, 0, 0, 0, 10, 10 }, { 0, 0, 40, 40, 10, 10 }, 0 },
    { { 0, 0, 0, 0, 10, 10 }, { 0, 0, 2, 2, 5, 4 }, 0.2f },    /* within */
    { { 0, 0, 3, 3, 0, 0 }, { 0, 0, 3, 3, 0, 0 }, 0 },         /* empty union */
    { { 0, 0, 3, 3, 0, 5 }, { 0, 0, 0, 0, 10, 10 }, 0 },       /* empty box */
    { { 0, 0, -5, -5, 10, 10 }, { 0, 0, 0, 0, 5, 5 }, 0.25f }, /* outside of the frame */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_assert_cmpfloat (yv8_detection_iou (&cases[i].a, &cases[i].b), ==, cases[i].iou);
    g_assert_cmpfloat (yv8_detection_iou (&cases[i].b, &cases[i].a), ==, cases[i].iou);
  }
}

static void
test_iou_range (void)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint i = 0; i < 100000; i++) {
    Yv8Detection a = { 0, 0, (float) g_rand_double_range (rand, 0, 1000),
      (float) g_rand_double_range (rand, 0, 1000), (float) g_rand_double_range (rand, 0.001, 9),
      (float) g_rand_double_range (rand, 0.001, 9) };
    g_assert_cmpfloat (yv8_detection_iou (&a, &a), >=, 0.999f);
    g_assert_cmpfloat (yv8_detection_iou (&a, &a), <=, 1);
  }
}

static void
random_detections (GRand *rand, Yv8Detection *detections, guint n)
{
  for (guint i = 0; i < n; i++)
    detections[i] = (Yv8Detection){ (guint) g_rand_int_range (rand, 0, 3), 1 - (float) i / n,
      (float) g_rand_int_range (rand, 0, 12), (float) g_rand_int_range (rand, 0, 12),
      (float) g_rand_int_range (rand, 1, 9), (float) g_rand_int_range (rand, 1, 9) };
}

/* A detection is kept if and only if no kept better one of its class overlaps it: resolved from
 * the best on, with a table of flags instead of moving. */
static guint
brute_force (const Yv8Detection *in, guint n, float threshold, guint limit, Yv8Detection *out)
{
  g_autofree gboolean *is_dropped = g_new0 (gboolean, n);
  guint n_out = 0;

  for (guint i = 0; i < n; i++) {
    if (is_dropped[i])
      continue;
    if (limit == 0 || n_out < limit)
      out[n_out++] = in[i];
    for (guint j = i + 1; j < n; j++)
      if (in[j].class_id == in[i].class_id && yv8_detection_iou (&in[i], &in[j]) > threshold)
        is_dropped[j] = TRUE;
  }
  return n_out;
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  Yv8Detection detections[120], expected[120];

  for (guint i = 0; i < 2000; i++) {
    guint n = (guint) g_rand_int_range (rand, 0, 121);
    guint limit = g_rand_boolean (rand) ? 0 : (guint) g_rand_int_range (rand, 1, 40);
    float threshold = (float) g_rand_int_range (rand, 0, 11) / 10;
    random_detections (rand, detections, n);
    guint n_expected = brute_force (detections, n, threshold, limit, expected);
    g_assert_cmpuint (yv8_nms (detections, n, threshold, limit), ==, n_expected);
    g_assert_cmpmem (
        detections, n_expected * sizeof *detections, expected, n_expected * sizeof *expected);
  }
}

static void
test_edges (void)
{
  Yv8Detection detections[3] = { { 0, 0.9f, 0, 0, 10, 10 }, { 0, 0.8f, 0, 0, 10, 10 },
    { 1, 0.7f, 0, 0, 10, 10 } };

  g_assert_cmpuint (yv8_nms (detections, 0, 0.5f, 0), ==, 0);
  /* "More than": at an IoU of 1 and a threshold of 1 nothing is dropped. */
  g_assert_cmpuint (yv8_nms (detections, 3, 1, 0), ==, 3);
  g_assert_cmpuint (yv8_nms (detections, 3, 1, 2), ==, 2);
  g_assert_cmpuint (yv8_nms (detections, 3, 0.99f, 0), ==, 2);
  g_assert_cmpuint (detections[0].class_id, ==, 0);
  g_assert_cmpuint (detections[1].class_id, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nms/iou", test_iou);
  g_test_add_func ("/nms/iou/range", test_iou_range);
  g_test_add_func ("/nms/random", test_random);
  g_test_add_func ("/nms/edges", test_edges);
  return g_test_run ();
}

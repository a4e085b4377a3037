/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decoder: dense against the definition in double, sparse against dense, and what hostile
 * numbers do. */
#include "detect/decode.h"

#include <math.h>
#include <stdlib.h>

#include "detect/nms.h"
#include "testing.h"

enum { WIDTH = 96, HEIGHT = 64, CLASSES = 5, REG_MAX = 16, SCALES = 3 };

/* A DETECT op and its inputs, of random values. */
typedef struct {
  Yv8Op detect;
  float *outputs[2 * SCALES];
  guint cells[SCALES];
  guint n_anchors;
} Head;

static void
head_clear (Head *head)
{
  for (guint i = 0; i < 2 * SCALES; i++)
    g_free (head->outputs[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Head, head_clear)

static float *
random_values (GRand *rand, gsize n, double low, double high)
{
  float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double_range (rand, low, high);
  return values;
}

static void
head_init (Head *head, GRand *rand)
{
  *head = (Head){ .detect = { .kind = YV8_OP_DETECT,
                      .n_in = 2 * SCALES,
                      .reg_max = REG_MAX,
                      .n_classes = CLASSES,
                      .strides = { 8, 16, 32 } } };
  for (guint i = 0; i < SCALES; i++) {
    guint stride = head->detect.strides[i];
    head->cells[i] = (WIDTH / stride) * (HEIGHT / stride);
    head->n_anchors += head->cells[i];
    head->outputs[2 * i] = random_values (rand, (gsize) head->cells[i] * 4 * REG_MAX, -6, 6);
    head->outputs[2 * i + 1] = random_values (rand, (gsize) head->cells[i] * CLASSES, -6, 3);
    /* Equal, or so far apart that their scores are too. */
    for (guint j = 0; j < head->cells[i] * CLASSES; j++)
      head->outputs[2 * i + 1][j] = ldexpf (rintf (ldexpf (head->outputs[2 * i + 1][j], 12)), -12);
  }
  g_assert_cmpuint (head->n_anchors, ==, yv8_graph_n_anchors (&head->detect, WIDTH, HEIGHT));
}

static const float *const *
head_outputs (const Head *head)
{
  return (const float *const *) head->outputs;
}

static double
distance (const float *bins, guint cells)
{
  double sum = 0, weighted = 0;

  for (guint i = 0; i < REG_MAX; i++) {
    sum += exp (bins[i * cells]);
    weighted += i * exp (bins[i * cells]);
  }
  return weighted / sum;
}

static void
test_dense (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_auto (Head) head;

  head_init (&head, rand);
  g_autofree float *dense = g_new (float, (4 + CLASSES) * head.n_anchors);
  yv8_decode_dense (&head.detect, WIDTH, HEIGHT, head_outputs (&head), dense);
  guint anchor = 0;
  for (guint i = 0; i < SCALES; i++)
    for (guint cell = 0; cell < head.cells[i]; cell++, anchor++) {
      guint stride = head.detect.strides[i], n = head.cells[i];
      double d[4], box[4];
      for (guint j = 0; j < 4; j++)
        d[j] = distance (head.outputs[2 * i] + j * REG_MAX * n + cell, n);
      box[0] = (cell % (WIDTH / stride) + 0.5 + (d[2] - d[0]) / 2) * stride;
      box[1] = (cell / (WIDTH / stride) + 0.5 + (d[3] - d[1]) / 2) * stride;
      box[2] = (d[0] + d[2]) * stride;
      box[3] = (d[1] + d[3]) * stride;
      for (guint j = 0; j < 4; j++)
        g_assert_cmpfloat_with_epsilon (dense[j * head.n_anchors + anchor], box[j], 1e-3);
      for (guint j = 0; j < CLASSES; j++) {
        double score = 1 / (1 + exp (-head.outputs[2 * i + 1][j * n + cell]));
        g_assert_cmpfloat_with_epsilon (dense[(4 + j) * head.n_anchors + anchor], score, 1e-6);
      }
    }
}

static int
compare_detections (gconstpointer a, gconstpointer b)
{
  const Yv8Detection *x = a, *y = b;

  return x->score < y->score ? 1 : x->score > y->score ? -1 : 0;
}

/* What the decoder must return, from the dense tensor. */
static GArray *
detect_dense (const Head *head, const Yv8DetectParams *params)
{
  GArray *expected = g_array_new (FALSE, FALSE, sizeof (Yv8Detection));
  gsize n = head->n_anchors;
  g_autofree float *dense = g_new (float, (4 + CLASSES) * n);

  yv8_decode_dense (&head->detect, WIDTH, HEIGHT, head_outputs (head), dense);
  for (guint c = 0; c < CLASSES; c++)
    for (gsize i = 0; i < n; i++) {
      float score = dense[(4 + c) * n + i];
      if (!(score >= params->threshold) || (params->classes && !params->classes[c]))
        continue;
      Yv8Detection detection = { c, score, dense[i] - dense[2 * n + i] / 2,
        dense[n + i] - dense[3 * n + i] / 2, dense[2 * n + i], dense[3 * n + i] };
      g_array_append_val (expected, detection);
    }
  g_array_sort (expected, compare_detections);
  g_array_set_size (expected, yv8_nms ((Yv8Detection *) expected->data, expected->len,
                                  params->iou_threshold, params->max_detections));
  return expected;
}

static void
assert_detections (Yv8Decoder *decoder, const Head *head, const Yv8DetectParams *params)
{
  g_autoptr (GArray) expected = detect_dense (head, params);
  const Yv8Detection *detections;
  guint n = yv8_decoder_run (decoder, head_outputs (head), params, &detections);

  g_assert_cmpuint (n, ==, expected->len);
  for (guint i = 0; i < n; i++) {
    const Yv8Detection *e = &g_array_index (expected, Yv8Detection, i);
    g_assert_cmpuint (detections[i].class_id, ==, e->class_id);
    g_assert_cmpfloat (detections[i].score, ==, e->score);
    g_assert_cmpfloat_with_epsilon (detections[i].x, e->x, 1e-3);
    g_assert_cmpfloat_with_epsilon (detections[i].y, e->y, 1e-3);
    g_assert_cmpfloat_with_epsilon (detections[i].width, e->width, 1e-3);
    g_assert_cmpfloat_with_epsilon (detections[i].height, e->height, 1e-3);
  }
}

static void
test_sparse (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  static const guint8 classes[CLASSES] = { 1, 0, 0, 1, 1 };
  static const Yv8DetectParams params[] = { { 0.25f, 0.7f, 300, NULL }, { 0.9f, 0.3f, 0, NULL },
    { 0.01f, 0.71f, 10, NULL }, { 0.4f, 0.5f, 0, classes }, { 0.96f, 0.5f, 0, NULL } };

  for (guint round = 0; round < 5; round++) {
    g_auto (Head) head;
    head_init (&head, rand);
    g_autoptr (Yv8Decoder) decoder = yv8_decoder_new (&head.detect, WIDTH, HEIGHT);
    for (guint i = 0; i < G_N_ELEMENTS (params); i++)
      assert_detections (decoder, &head, &params[i]);
  }
}

static guint
run (const Head *head, float threshold, const Yv8Detection **detections)
{
  static Yv8Decoder *decoder;
  Yv8DetectParams params = { threshold, 1, 0, NULL };

  g_clear_pointer (&decoder, yv8_decoder_free);
  if (!head)
    return 0;
  decoder = yv8_decoder_new (&head->detect, WIDTH, HEIGHT);
  return yv8_decoder_run (decoder, head_outputs (head), &params, detections);
}

static void
test_thresholds (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_auto (Head) head;
  const Yv8Detection *d;

  head_init (&head, rand);
  float *logits = head.outputs[1];
  logits[0] = 0.0f;
  logits[1] = -0.0f;
  logits[2] = -INFINITY;
  g_assert_cmpuint (run (&head, 0, &d), ==, head.n_anchors * CLASSES);
  g_assert_cmpuint (run (&head, -1, &d), ==, head.n_anchors * CLASSES);
  g_assert_cmpuint (run (&head, 1, &d), ==, 0);
  g_assert_cmpuint (run (&head, 2, &d), ==, 0);
  g_assert_cmpuint (run (&head, NAN, &d), ==, 0);
  /* Zero of either sign reaches 0.5. */
  guint n = run (&head, 0.5f, &d);
  logits[1] = -1e-6f;
  g_assert_cmpuint (run (&head, 0.5f, &d), ==, n - 1);
  logits[0] = INFINITY;
  g_assert_cmpuint (run (&head, 1, &d), ==, 1);
  g_assert_cmpfloat_with_epsilon (d[0].score, 1, 1e-7);
  run (NULL, 0, NULL);
}

static void
test_logit (void)
{
  for (guint i = 1; i < 100000; i++) {
    double p = i < 50000 ? exp2 (i / -2500.0) : i / 100000.0;
    double want = log (p) - log1p (-p);
    g_assert_cmpfloat (fabs (yv8_logit (p) - want), <=, 6e-8 * fabs (want) + 1e-15);
  }
  g_assert_cmpfloat (yv8_logit (0.5), ==, 0);
  g_assert_cmpfloat (yv8_logit (0), ==, -INFINITY);
  g_assert_cmpfloat (yv8_logit (1), ==, INFINITY);
}

static void
test_hostile_numbers (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  static const float values[] = { NAN, INFINITY, -INFINITY, 3e38f, -3e38f };
  g_auto (Head) head;
  const Yv8Detection *d;
  guint n_nan = 0;

  head_init (&head, rand);
  for (guint i = 0; i < SCALES; i++) {
    for (guint j = 0; j < head.cells[i] * 4 * REG_MAX; j += 3)
      head.outputs[2 * i][j] = values[g_rand_int_range (rand, 0, G_N_ELEMENTS (values))];
    for (guint j = 0; j < head.cells[i] * CLASSES; j += 2) {
      float value = values[g_rand_int_range (rand, 0, G_N_ELEMENTS (values))];
      head.outputs[2 * i + 1][j] = value;
      n_nan += isnan (value) != 0;
    }
  }
  guint n = run (&head, 0, &d);
  g_assert_cmpuint (n, ==, head.n_anchors * CLASSES - n_nan);
  for (guint i = 0; i < n; i++) {
    g_assert_true (isfinite (d[i].x) && isfinite (d[i].y));
    g_assert_true (d[i].width >= 0 && d[i].height >= 0);
    g_assert_true (d[i].score >= 0 && d[i].score <= 1);
    g_assert_true (i == 0 || d[i].score <= d[i - 1].score);
  }
  run (NULL, 0, NULL);
}

/* All scores equal: class, then anchor decide, and who is left of too many. */
static void
test_ties_and_cap (void)
{
  enum { SIDE = 640, MANY = 10 };
  Yv8Op detect = {
    .kind = YV8_OP_DETECT, .n_in = 2, .reg_max = 1, .n_classes = MANY, .strides = { 8 }
  };
  const guint cells = SIDE / 8 * (SIDE / 8);
  g_autofree float *distances = g_new0 (float, 4 * cells);
  g_autofree float *logits = g_new0 (float, MANY *cells);
  const float *outputs[] = { distances, logits };
  Yv8DetectParams params = { 0.1f, 0.5f, 0, NULL };
  g_autoptr (Yv8Decoder) decoder = yv8_decoder_new (&detect, SIDE, SIDE);
  const Yv8Detection *d;

  logits[MANY * cells - 1] = 1;
  guint n = yv8_decoder_run (decoder, outputs, &params, &d);
  g_assert_cmpuint (cells * MANY, >, YV8_DECODER_MAX_CANDIDATES);
  g_assert_cmpuint (n, ==, YV8_DECODER_MAX_CANDIDATES);
  g_assert_cmpuint (d[0].class_id, ==, MANY - 1);
  for (guint i = 1; i < n; i++) {
    g_assert_cmpuint (d[i].class_id, ==, (i - 1) / cells);
    g_assert_cmpfloat (d[i].x, ==, (float) ((i - 1) % cells % (SIDE / 8) * 8 + 4));
    g_assert_cmpfloat (d[i].y, ==, (float) ((i - 1) % cells / (SIDE / 8) * 8 + 4));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decode/dense", test_dense);
  g_test_add_func ("/decode/sparse", test_sparse);
  g_test_add_func ("/decode/thresholds", test_thresholds);
  g_test_add_func ("/decode/logit", test_logit);
  g_test_add_func ("/decode/hostile-numbers", test_hostile_numbers);
  g_test_add_func ("/decode/ties-and-cap", test_ties_and_cap);
  return g_test_run ();
}

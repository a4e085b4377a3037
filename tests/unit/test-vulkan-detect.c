/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Boxes that Vulkan shaders find: those of the host's decoder, of the same maps, to the bit. */
#include "config.h"

#include <math.h>

#include "detect/decode.h"
#include "exec/executor.h"
#include "shaders/lib/interface.h"
#include "testing.h"
#include "vulkan/backend.h"

enum { REG_MAX = 16, SCALES = 3, MOST_SIDE = 48, MOST_CLASSES = 11 };

static const struct {
  const char *path, *precision, *access;
} VARIANTS[] = {
  { "f32-ssbo", "f32", "ssbo" },
  { "f32-texel", "f32", "texel" },
  { "f16-ssbo", "f16", "ssbo" },
  { "f16-texel", "f16", "texel" },
};

/* A head whose maps are the input's values, and every second and every fourth of them. */
typedef struct {
  Yv8Graph *graph;
  Yv8Executor *executor;
  Yv8Decoder *decoder;
  guint width, height, n_classes;
  float *values;
  guint n_values;
} Head;

static void
head_clear (Head *head)
{
  g_clear_pointer (&head->decoder, yv8_decoder_free);
  g_clear_pointer (&head->executor, yv8_executor_free);
  g_clear_pointer (&head->graph, yv8_graph_free);
  g_free (head->values);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Head, head_clear)

static Yv8Graph *
make_graph (guint n_classes)
{
  Yv8Graph *graph = yv8_graph_new ();
  Yv8Op detect = { YV8_OP_DETECT, g_strdup ("detect"), 2 * SCALES, .reg_max = REG_MAX,
    .n_classes = n_classes };
  guint channels = 4 * REG_MAX + n_classes;

  for (guint i = 0; i < SCALES; i++) {
    Yv8Op op = { i ? YV8_OP_MAXPOOL : YV8_OP_INPUT, g_strdup_printf ("map %u", i), i > 0,
      .out = { yv8_graph_add_buffer (graph, channels), 0, channels } };
    if (i) {
      op.in[0] = (Yv8Slice){ i - 1, 0, channels };
      op.window = (Yv8Window){ 1, 1, 2, 0 };
    }
    yv8_graph_add_op (graph, &op);
    detect.in[2 * i] = (Yv8Slice){ i, 0, 4 * REG_MAX };
    detect.in[2 * i + 1] = (Yv8Slice){ i, 4 * REG_MAX, n_classes };
    detect.strides[i] = 1u << i;
  }
  g_array_append_vals (graph->outputs, detect.in, 2 * SCALES);
  yv8_graph_add_op (graph, &detect);
  return graph;
}

/* Returns: FALSE with the test skipped */
static gboolean
head_init (Head *head, GRand *rand, guint variant)
{
  g_autoptr (GError) error = NULL;

  head->width = 4 * (guint) g_rand_int_range (rand, 4, MOST_SIDE / 4 + 1);
  head->height = 4 * (guint) g_rand_int_range (rand, 4, MOST_SIDE / 4 + 1);
  head->n_classes = (guint) g_rand_int_range (rand, 8, MOST_CLASSES + 1);
  head->graph = make_graph (head->n_classes);
  head->n_values = (4 * REG_MAX + head->n_classes) * head->width * head->height;
  head->values = g_new (float, head->n_values);
  g_setenv ("YV8_VULKAN_PRECISION", VARIANTS[variant].precision, TRUE);
  g_setenv ("YV8_VULKAN_ACCESS", VARIANTS[variant].access, TRUE);
  Yv8Backend *backend = yv8_vulkan_backend_new (0, &error);
  if (g_error_matches (error, YV8_ERROR, YV8_ERROR_NOT_FOUND)) {
    g_test_skip (error->message);
    return FALSE;
  }
  g_assert_no_error (error);
  head->executor = yv8_executor_new (head->graph, head->width, head->height, backend, 0, &error);
  g_assert_no_error (error);
  head->decoder = yv8_decoder_new (yv8_graph_detect (head->graph), head->width, head->height);
  return TRUE;
}

static float *
logits_of (const Head *head)
{
  return head->values + 4 * REG_MAX * head->width * head->height;
}

/* Values in steps of 2^-@digits: the fewer, the more candidates are equal. */
static void
fill_values (Head *head, GRand *rand, gint digits)
{
  for (guint i = 0; i < head->n_values; i++)
    head->values[i] =
        ldexpf (rintf (ldexpf ((float) g_rand_double_range (rand, -7, 7), digits)), -digits);
}

static void
get_outputs (const Head *head, const float **outputs)
{
  for (guint i = 0; i < 2 * SCALES; i++)
    outputs[i] = yv8_executor_output (head->executor, i);
}

static guint
count_candidates (const Head *head, const float *const *outputs, const Yv8DetectParams *params)
{
  float least = yv8_logit (params->threshold);
  guint n = 0;

  for (guint i = 0; i < SCALES; i++) {
    guint cells = (head->width >> i) * (head->height >> i);
    for (guint k = 0; k < head->n_classes * cells; k++)
      n += outputs[2 * i + 1][k] >= least && (!params->classes || params->classes[k / cells]);
  }
  return n;
}

/* Returns: how many boxes there are; whether the device found them in *@by_device */
static guint
compare (Head *head, const Yv8DetectParams *params, gboolean *by_device)
{
  const float *outputs[2 * SCALES];
  const Yv8Detection *found, *expected;
  g_autofree Yv8Detection *copy = NULL;
  guint n = 0;

  g_assert_true (yv8_executor_load_values (head->executor, head->values, NULL));
  g_assert_true (yv8_executor_detect (head->executor, params, &found, &n, NULL));
  *by_device = found != NULL;
  if (!found) {
    get_outputs (head, outputs);
    n = yv8_decoder_run (head->decoder, outputs, params, &found);
  }
  copy = g_memdup2 (found, n * sizeof *found);
  g_assert_true (yv8_executor_run (head->executor, NULL));
  get_outputs (head, outputs);
  guint n_expected = yv8_decoder_run (head->decoder, outputs, params, &expected);
  g_assert_cmpmem (copy, n * sizeof *copy, expected, n_expected * sizeof *expected);
  g_assert_cmpint (*by_device, ==, count_candidates (head, outputs, params) <= YV8_MOST_CANDIDATES);
  return n;
}

static void
test_random (gconstpointer data)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_auto (Head) head = { 0 };
  gboolean by_device;

  if (!head_init (&head, rand, GPOINTER_TO_UINT (data)))
    return;
  for (guint i = 0; i < 60; i++) {
    guint8 classes[MOST_CLASSES];
    for (guint k = 0; k < head.n_classes; k++)
      classes[k] = g_rand_boolean (rand);
    Yv8DetectParams params = {
      .threshold = (float) (1 / (1 + exp (g_rand_double_range (rand, -7, 2)))),
      .iou_threshold = (float) g_rand_int_range (rand, 0, 11) / 10,
      .max_detections = g_rand_boolean (rand) ? 0 : (guint) g_rand_int_range (rand, 1, 200),
      .classes = g_rand_boolean (rand) ? classes : NULL,
    };
    if (i % 4 == 0)
      fill_values (&head, rand, g_rand_boolean (rand) ? 2 : 14);
    compare (&head, &params, &by_device);
  }
}

/* As many as the list takes, and one more; of logits so near each other that the order of their
 * sigmoids is not always theirs. */
static void
test_full (gconstpointer data)
{
  const Yv8DetectParams params = { 0.5f, 1, 0, NULL };
  g_autoptr (GRand) rand = test_rand_new ();
  g_auto (Head) head = { 0 };
  gboolean by_device;
  guint n = 0;

  if (!head_init (&head, rand, GPOINTER_TO_UINT (data)))
    return;
  fill_values (&head, rand, 14);
  for (guint i = 0; i < head.n_classes * head.width * head.height; i++) {
    gboolean odd = i % 2; /* in the first scale alone */
    logits_of (&head)[i] = odd && n < YV8_MOST_CANDIDATES ? 2.75f - ldexpf ((float) n, -22) : -1;
    n += odd;
  }
  g_assert_cmpuint (compare (&head, &params, &by_device), ==, YV8_MOST_CANDIDATES);
  g_assert_true (by_device);
  logits_of (&head)[0] = 1;
  g_assert_cmpuint (compare (&head, &params, &by_device), >, YV8_MOST_CANDIDATES);
  g_assert_false (by_device);
}

static void
test_hostile (gconstpointer data)
{
  static const float values[] = { NAN, INFINITY, -INFINITY, 6e4f, -6e4f, 0.0f, -0.0f };
  static const float thresholds[] = { 0, 0.5f, 0.999f, 1, 2, NAN };
  g_autoptr (GRand) rand = test_rand_new ();
  g_auto (Head) head = { 0 };
  gboolean by_device;

  if (!head_init (&head, rand, GPOINTER_TO_UINT (data)))
    return;
  fill_values (&head, rand, 14);
  for (guint i = 0; i < head.n_values; i++)
    if (g_rand_int_range (rand, 0, 40) == 0)
      head.values[i] = values[g_rand_int_range (rand, 0, G_N_ELEMENTS (values))];
  for (guint i = 0; i < head.n_classes * head.width * head.height; i++)
    if (g_rand_int_range (rand, 0, 8) > 0)
      logits_of (&head)[i] = NAN;
  for (guint i = 0; i < G_N_ELEMENTS (thresholds); i++) {
    Yv8DetectParams params = { thresholds[i], 0.7f, 0, NULL };
    compare (&head, &params, &by_device);
  }
}

static void
add (const char *name, GTestDataFunc func)
{
  for (guint i = 0; i < G_N_ELEMENTS (VARIANTS); i++) {
    g_autofree char *path = g_strdup_printf ("/vulkan-detect/%s/%s", name, VARIANTS[i].path);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), func);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("YV8_CACHE_DIR", "", TRUE);

  add ("random", test_random);
  add ("full", test_full);
  add ("hostile", test_hostile);
  return g_test_run ();
}

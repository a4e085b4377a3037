/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backend "cpu" beyond single ops: SiLU's error, the thread pool, a whole network, several
 * detectors at a time. */
#include "config.h"

#include <math.h>

#include "cases.h"
#include "cpu/backend.h"
#include "cpu/qs8.h"
#include "network.h"
#include "ref/backend.h"
#include "shaders/lib/numeric.h"
#include "testing.h"

/* Relative to the largest value of a map: 23 convolutions in a row, each of which adds some 10
 * roundings and none of which amplifies. */
#define NETWORK_TOLERANCE 1e-5f

static void
test_forced (void)
{
  const Yv8CpuKernels *fastest = yv8_cpu_kernels ();

  for (guint i = 0; yv8_cpu_kernels_nth (i); i++) {
    g_setenv ("YV8_CPU", yv8_cpu_kernels_nth (i)->isa, TRUE);
    g_assert_true (yv8_cpu_kernels () == yv8_cpu_kernels_nth (i));
    g_assert_true (i == 0 || yv8_cpu_kernels_nth (i) != yv8_cpu_kernels_nth (i - 1));
  }
  g_setenv ("YV8_CPU", "abacus", TRUE);
  g_test_expect_message ("yv8", G_LOG_LEVEL_WARNING, "*abacus*");
  g_assert_true (yv8_cpu_kernels () == fastest);
  g_test_assert_expected_messages ();
  g_unsetenv ("YV8_CPU");
}

static const char *const ISAS[] = { "ref", "sse41", "avx2", "avxvnni", "avx512", "avx512vnni" };

static const Yv8CpuKernels *
find_kernels (const char *isa)
{
  const Yv8CpuKernels *kernels;

  for (guint i = 0; (kernels = yv8_cpu_kernels_nth (i)); i++)
    if (g_str_equal (kernels->isa, isa))
      return kernels;
  return NULL;
}

static void
test_silu (gconstpointer isa)
{
  const Yv8CpuKernels *kernels = find_kernels (isa);
  double worst = 0;

  if (!kernels) {
    g_test_skip ("this processor does not have the instruction set");
    return;
  }
  for (int block = -2000; block < 2000; block++) {
    float x[64], y[64];
    for (int i = 0; i < 64; i++)
      y[i] = (x[i] = block / 16.0f + i / 1024.0f) - 0.5f;
    kernels->finish_silu (y, 0.5f, 64 - (block & 31));
    for (int i = 0; i < 64 - (block & 31); i++) {
      double v = (double) ((x[i] - 0.5f) + 0.5f);
      worst = MAX (worst, fabs (y[i] - v / (1 + exp (-v))) / MAX (1, fabs (v)));
    }
  }
  g_test_message ("%s: largest error of SiLU: %.3g max (1, |x|)", kernels->isa, worst);
  g_assert_cmpfloat (worst, <=, YV8_CPU_SILU_ERROR);

  float ends[] = { 0, -1e30f, 1e30f, NAN };
  kernels->finish_silu (ends, 0, G_N_ELEMENTS (ends));
  g_assert_cmpfloat (ends[0], ==, 0);
  g_assert_cmpfloat (fabsf (ends[1]), <=, 1e-6f);
  g_assert_cmpfloat (ends[2], ==, 1e30f);
  g_assert_true (isnan (ends[3]));
}

static int
requantized (const Yv8CpuFinish *by, guint channel, gint32 acc)
{
  float v = (float) acc * by->multiplier[channel];

  return yv8_requantize (yv8_silu (v + by->bias[channel]), by->inverse, by->zero);
}

/* Accumulators that follow one another, float by float, across the one where what is written
 * changes from one integer to the next. */
static void
cross_tie (const Yv8CpuFinish *by, guint channel, gint32 *acc, guint n)
{
  gint32 low = 1 << 23, high = (1 << 24) - 1;
  int least = requantized (by, channel, low), most = requantized (by, channel, high);

  while (least != most && high - low > 1) {
    gint32 middle = (low + high) / 2;
    *(requantized (by, channel, middle) == least ? &low : &high) = middle;
  }
  for (guint i = 0; i < n; i++)
    acc[i] = low - (gint32) (n / 2) + (gint32) i;
}

/* Accumulators of any size that the epilogue's short way is for, and how far it is to them. */
static void
reach_far (const Yv8CpuFinish *by, float *multiplier, gint32 *acc, guint n, GRand *rand)
{
  float far = YV8_CPU_BOUND / by->inverse - 4;

  *multiplier = (float) g_rand_double_range (rand, -far, far) / (1 << 24);
  for (guint i = 0; i < n; i++)
    acc[i] = g_rand_int_range (rand, -(1 << 24), 1 << 24) >> g_rand_int_range (rand, 0, 24);
}

/* The epilogue at the ties of its rounding, where an error of one bit shows, and far from 0. */
static void
test_ties (gconstpointer isa)
{
  const Yv8CpuKernels *kernels = find_kernels (isa);
  const Yv8CpuQs8Kernels *qs8 = kernels ? kernels->qs8 : NULL;
  g_autoptr (GRand) rand = test_rand_new ();
  gint32 acc[YV8_CPU_MAX_PIXELS * YV8_CPU_MAX_CHANNELS] __attribute__ ((aligned (64)));
  guint32 y[YV8_CPU_MAX_PIXELS * YV8_CPU_MAX_CHANNELS / 4];
  float multiplier[YV8_CPU_MAX_CHANNELS], bias[YV8_CPU_MAX_CHANNELS];

  if (!qs8) {
    g_test_skip ("this processor does not have the instruction set");
    return;
  }
  for (guint round = 0; round < 4000; round++) {
    Yv8CpuFinish by = { y, qs8->pixels, NULL, 0, multiplier, bias, NULL, NULL,
      (float) exp (g_rand_double_range (rand, -1, 6)), g_rand_int_range (rand, -128, 128),
      qs8->pixels, round % 4 != 0 };
    for (guint o = 0; o < qs8->channels; o++) {
      multiplier[o] = (float) (g_rand_double_range (rand, -12, 12) / (1 << 24));
      bias[o] = (float) g_rand_double_range (rand, -4, 4);
      cross_tie (&by, o, acc + o * qs8->pixels, qs8->pixels);
      if (round % 4 == 3)
        reach_far (&by, &multiplier[o], acc + o * qs8->pixels, qs8->pixels, rand);
    }
    qs8->finish_qs8[1][0](&by, acc);
    for (guint i = 0; i < qs8->channels * qs8->pixels; i++) {
      guint o = i / qs8->pixels;
      guint32 word = y[o / 4 * qs8->pixels + i % qs8->pixels];
      g_assert_cmpint ((gint8) (word >> o % 4 * 8), ==, requantized (&by, o, acc[i]));
    }
  }
}

typedef struct {
  gint lanes[8]; /* whether one is taken */
  gint counts[300];
} Loop;

static void
count_task (gpointer data, guint lane, guint task)
{
  Loop *loop = data;

  g_assert_true (g_atomic_int_compare_and_exchange (&loop->lanes[lane], 0, 1));
  g_atomic_int_inc (&loop->counts[task]);
  if (task % 50 == 7)
    g_usleep (task);
  g_atomic_int_set (&loop->lanes[lane], 0);
}

static gpointer
run_loops (gpointer data)
{
  for (guint n_lanes = 1; n_lanes <= 8; n_lanes *= 2) {
    g_autoptr (GError) error = NULL;
    g_autoptr (Yv8Pool) pool = yv8_pool_new (n_lanes, &error);
    g_assert_no_error (error);
    for (guint round = 0; round < 300; round++) {
      Loop loop = { 0 };
      yv8_pool_run (pool, count_task, &loop, round);
      for (guint i = 0; i < G_N_ELEMENTS (loop.counts); i++)
        g_assert_cmpint (loop.counts[i], ==, i < round);
      if (round % 100 == 99)
        g_usleep (1000); /* long enough for the threads to sleep */
    }
  }
  return NULL;
}

static void
test_pool (void)
{
  GThread *other = g_thread_new ("loops", run_loops, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (yv8_pool_new (G_MAXUINT, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  run_loops (NULL);
  g_thread_join (other);
}

static float **
run_network (const Yv8Graph *graph, guint side, Yv8Backend *backend, const float *values)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Executor) executor = yv8_executor_new (graph, side, side, backend, 0, &error);
  guint n = graph->outputs->len;
  float **maps = g_new0 (float *, n + 1);

  g_assert_no_error (error);
  for (guint run = 0; run < 2; run++) { /* the second sees what the first left in the arena */
    yv8_executor_load_values (executor, values, &error);
    yv8_executor_run (executor, &error);
    g_assert_no_error (error);
  }
  for (guint i = 0; i < n; i++) {
    Yv8Shape shape = yv8_executor_shapes (executor)[yv8_graph_output (graph, i)->buffer];
    maps[i] = g_memdup2 (yv8_executor_output (executor, i),
        sizeof (float) * shape.channels * shape.height * shape.width);
  }
  return maps;
}

static void
compare_networks (const Yv8Graph *graph, guint side, float tolerance, float **got, float **want)
{
  g_autofree Yv8Shape *shapes = yv8_graph_infer (graph, side, side, NULL);

  for (guint i = 0; i < graph->outputs->len; i++) {
    Yv8Shape *shape = &shapes[yv8_graph_output (graph, i)->buffer];
    gsize n = (gsize) shape->channels * shape->height * shape->width;
    g_autofree float *bound = g_new (float, n);
    float most = 0;
    for (gsize j = 0; j < n; j++)
      most = MAX (most, fabsf (want[i][j]));
    for (gsize j = 0; j < n; j++)
      bound[j] = most;
    g_assert_cmpfloat (most, >, 0.01f);
    g_autofree char *wrong = values_check (got[i], want[i], bound, tolerance, n);
    g_assert_cmpstr (wrong, ==, NULL);
  }
}

typedef struct {
  const Yv8Graph *graph;
  const float *values;
  float **want;
  guint side;
} Network;

static gpointer
check_network (gpointer data)
{
  const Network *network = data;

  for (guint threads = 1; threads <= 4; threads++) {
    g_autoptr (GError) error = NULL;
    Yv8Backend *backend = yv8_cpu_backend_new (threads, &error);
    g_assert_no_error (error);
    g_auto (GStrv) got =
        (char **) run_network (network->graph, network->side, backend, network->values);
    compare_networks (
        network->graph, network->side, NETWORK_TOLERANCE, (float **) got, network->want);
  }
  return NULL;
}

static float *
random_values (guint side, GRand *rand)
{
  float *values = g_new (float, 3 * side * side);

  for (guint i = 0; i < 3 * side * side; i++)
    values[i] = (float) g_rand_double (rand);
  return values;
}

static void
test_network (void)
{
  enum { SIDE = 96 };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = network_new (16, rand);
  g_autofree float *values = random_values (SIDE, rand);
  g_auto (GStrv) want = (char **) run_network (graph, SIDE, yv8_ref_backend_new (), values);
  Network network = { graph, values, (float **) want, SIDE };
  GThread *other = g_thread_new ("network", check_network, &network);
  check_network (&network);
  g_thread_join (other);
}

/* The integer network gives the same bits on any number of threads. */
static void
test_network_qs8 (gconstpointer isa)
{
  enum { SIDE = 160 };
  const Yv8CpuKernels *kernels = find_kernels (isa);
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = network_new (16, rand);
  g_autofree float *values = random_values (SIDE, rand);
  g_autoptr (GError) error = NULL;

  if (!kernels) {
    g_test_skip ("this processor does not have the instruction set");
    return;
  }
  network_quantize (graph);
  g_assert_true (yv8_graph_check (graph, &error));
  g_auto (GStrv) want = (char **) run_network (graph, SIDE, yv8_ref_backend_new (), values);
  for (guint threads = 1; threads <= 3; threads++) {
    Yv8Backend *backend = yv8_cpu_backend_new_for (kernels, threads, &error);
    g_assert_no_error (error);
    g_auto (GStrv) got = (char **) run_network (graph, SIDE, backend, values);
    compare_networks (graph, SIDE, 0, (float **) got, (float **) want);
  }
}

/* One convolution of 3x3 from 8 to 32 channels; groups of 16 output channels have @live[i] blocks
 * of weights that are not 0. */
static Yv8Graph *
pruned_graph (const guint *live)
{
  enum { IN = 8, OUT = 32, TAPS = 9 };
  Yv8Graph *graph = yv8_graph_new ();
  Yv8Op input = { YV8_OP_INPUT, g_strdup ("input"), .out = { 0, 0, IN } };
  Yv8Op quantize = { YV8_OP_QUANTIZE, g_strdup ("quantize"), 1, .in = { { 0, 0, IN } },
    .out = { 1, 0, IN }, .quant = { 0.01f, 3 } };
  Yv8Op conv = { YV8_OP_CONV, g_strdup ("conv"), 1, .in = { { 1, 0, IN } }, .out = { 2, 0, OUT },
    .window = { 3, 3, 1, 1 }, .quant = { 0.5f, -7 } };

  conv.qweights = g_new0 (gint8, OUT * IN * TAPS);
  conv.multiplier = g_new0 (float, OUT);
  conv.bias = g_new0 (float, OUT);
  for (guint o = 0; o < OUT; o++) {
    conv.multiplier[o] = 1e-3f;
    for (guint block = 0; block < live[o / 16]; block++) /* the last of its channels and lanes */
      if (o % 16 == 15)
        conv.qweights[(o * IN + block / TAPS * 4 + 3) * TAPS + block % TAPS] = 1;
  }
  yv8_graph_add_buffer (graph, IN);
  yv8_graph_add_typed_buffer (graph, IN, YV8_TYPE_QS8);
  yv8_graph_add_typed_buffer (graph, OUT, YV8_TYPE_QS8);
  g_array_append_val (graph->outputs, conv.out);
  yv8_graph_add_op (graph, &input);
  yv8_graph_add_op (graph, &quantize);
  yv8_graph_add_op (graph, &conv);
  return graph;
}

/* What is 0 for all channels of a tile is left out. */
static void
test_pruned (void)
{
  static const guint LIVE[][2] = { { 18, 18 }, { 0, 0 }, { 18, 0 }, { 1, 10 } };

  for (guint i = 0; i < G_N_ELEMENTS (LIVE); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (Yv8Graph) graph = pruned_graph (LIVE[i]);
    Yv8Backend *backend = yv8_cpu_backend_new (1, &error);
    g_autoptr (Yv8Executor) executor = yv8_executor_new (graph, 64, 64, backend, 0, &error);
    g_assert_no_error (error);
    g_assert_nonnull (executor);
    const Yv8CpuConvQs8 *conv = ((Yv8Cpu *) backend)->convs[2];
    g_assert_cmpuint (conv->steps[conv->n_groups], ==, LIVE[i][0] + LIVE[i][1]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cpu/forced", test_forced);
  for (guint i = 0; i < G_N_ELEMENTS (ISAS); i++) {
    g_autofree char *silu = g_strdup_printf ("/cpu/silu/%s", ISAS[i]);
    g_autofree char *network = g_strdup_printf ("/cpu/network-qs8/%s", ISAS[i]);
    g_autofree char *ties = g_strdup_printf ("/cpu/ties/%s", ISAS[i]);
    g_test_add_data_func (silu, ISAS[i], test_silu);
    g_test_add_data_func (ties, ISAS[i], test_ties);
    g_test_add_data_func (network, ISAS[i], test_network_qs8);
  }
  g_test_add_func ("/cpu/pruned", test_pruned);
  g_test_add_func ("/cpu/pool", test_pool);
  g_test_add_func ("/cpu/network", test_network);
  return g_test_run ();
}

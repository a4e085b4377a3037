/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Families of channels, and graphs without some of them: a property of random graphs. */
#include <math.h>
#include <string.h>

#include "compress/family.h"
#include "exec/executor.h"
#include "graphs.h"
#include "ref/backend.h"
#include "testing.h"

#define SIDE     8
#define N_GRAPHS 1000

static const Yv8Window NONE = { 0 }, K1 = { 1, 1, 1, 0 }, K3 = { 3, 3, 1, 1 },
                       K3S2 = { 3, 3, 2, 1 }, K2S2 = { 2, 2, 2, 0 };

/* Something to read, and how often its sides were halved. */
typedef struct {
  Yv8Slice slice;
  guint scale;
} Value;

typedef struct {
  GRand *rand;
  Yv8Graph *graph;
  GArray *values;
} Maker;

static guint
below (GRand *rand, guint n)
{
  return (guint) g_rand_int_range (rand, 0, (gint32) n);
}

/* Sometimes a part of a value. */
static Value
pick (Maker *self)
{
  Value value = g_array_index (self->values, Value, below (self->rand, self->values->len));

  if (value.slice.buffer > 0 && value.slice.channels > 4 && below (self->rand, 3) == 0) {
    guint half = value.slice.channels / 2 / 4 * 4;
    value.slice.channel += half;
    value.slice.channels -= half;
  }
  return value;
}

/* A value of that size and so many channels, if a few tries find one. */
static gboolean
pick_like (Maker *self, guint scale, guint channels, Value *value)
{
  for (guint i = 0; i < 20; i++) {
    *value = pick (self);
    if (value->scale == scale && (channels == 0 || value->slice.channels == channels))
      return TRUE;
  }
  return FALSE;
}

typedef struct {
  Yv8OpKind kind;
  const Yv8Window *window;
  gint halved;
} Producer;

static const Producer PRODUCERS[] = {
  { YV8_OP_CONV, &K1, 0 },
  { YV8_OP_CONV, &K3, 0 },
  { YV8_OP_CONV, &K3, 0 },
  { YV8_OP_CONV, &K3S2, 1 },
  { YV8_OP_MAXPOOL, &K3, 0 },
  { YV8_OP_MAXPOOL, &K2S2, 1 },
  { YV8_OP_UPSAMPLE, &NONE, -1 },
  { YV8_OP_COPY, &NONE, 0 },
};

/* Into buffer @buffer, which takes its scale from the first that writes to it. */
static guint
add_part (Maker *self, guint buffer, guint first, guint *scale)
{
  const Producer *producer = &PRODUCERS[below (self->rand, G_N_ELEMENTS (PRODUCERS))];
  Value value = pick (self), residual;
  gint at = (gint) value.scale + producer->halved;

  if (at < 0 || at > 2 || (first > 0 && (guint) at != *scale)) {
    if (first > 0 && !pick_like (self, *scale, 0, &value))
      return 0;
    producer = &PRODUCERS[1];
    at = (gint) value.scale;
  }
  *scale = (guint) at;
  guint channels = producer->kind == YV8_OP_CONV
                       ? 4 + 4 * below (self->rand, 3) + below (self->rand, 2)
                       : value.slice.channels;
  Yv8Slice out = { buffer, first, channels };
  g_array_index (self->graph->buffer_channels, guint, buffer) = first + channels;
  Yv8Op *op =
      test_graph_op (self->graph, producer->kind, value.slice, out, *producer->window, self->rand);
  if (op->kind == YV8_OP_CONV) {
    op->activation = below (self->rand, 3) ? YV8_ACTIVATION_SILU : YV8_ACTIVATION_NONE;
    if (below (self->rand, 2) && pick_like (self, *scale, channels, &residual)) {
      op->in[1] = residual.slice;
      op->n_in = 2;
    }
  }
  g_array_append_vals (self->values, &(Value){ out, *scale }, 1);
  return channels;
}

static Yv8Graph *
make_graph (GRand *rand)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (Value));
  Maker self = { rand, yv8_graph_new (), values };
  guint n_buffers = 3 + below (rand, 5);

  test_graph_input (self.graph, 3);
  g_array_append_vals (values, &(Value){ { 0, 0, 3 }, 0 }, 1);
  for (guint i = 0; i < n_buffers; i++) {
    guint buffer = yv8_graph_add_buffer (self.graph, 1), channels = 0, scale = 0;
    for (guint n = 1 + below (rand, 4); n > 0; n--)
      channels += add_part (&self, buffer, channels, &scale);
    if (channels > 0)
      g_array_append_vals (values, &(Value){ { buffer, 0, channels }, scale }, 1);
  }
  for (guint n = 1 + below (rand, 2); n > 0; n--) {
    Value value = g_array_index (values, Value, values->len - n);
    if (value.slice.buffer > 0)
      g_array_append_val (self.graph->outputs, value.slice);
  }
  return self.graph;
}

/* Of each family some sets, but never all. */
static Yv8Mask *
draw_mask (const Yv8Graph *graph, GRand *rand, guint step, guint *n_marked)
{
  g_autoptr (GPtrArray) families = yv8_families_find (graph);
  Yv8Mask *mask = yv8_mask_new (graph);

  for (guint i = 0; i < families->len; i++) {
    const Yv8Family *family = families->pdata[i];
    guint n = below (rand, (family->n_sets - 1) / step + 1) * step;
    for (guint set = 0; n > 0; set++)
      if (below (rand, family->n_sets - set) < n) {
        yv8_family_mark (family, set, mask);
        *n_marked += 1;
        n--;
      }
  }
  return mask;
}

static Yv8Graph *
silence (const Yv8Graph *graph, const Yv8Mask *mask)
{
  Yv8Graph *silent = yv8_graph_copy (graph, yv8_graph_n_ops (graph));

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    Yv8Op *op = &g_array_index (silent->ops, Yv8Op, i);
    gsize n = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
    for (guint row = 0; op->kind == YV8_OP_CONV && row < op->out.channels; row++)
      if (yv8_mask_slice (mask, &op->out)[row]) {
        memset (op->weights + row * n, 0, n * sizeof (float));
        op->bias[row] = 0;
      }
  }
  return silent;
}

static float *
run (const Yv8Graph *graph, const float *picture, gsize *n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Executor) executor =
      yv8_executor_new (graph, SIDE, SIDE, yv8_ref_backend_new (), 0, &error);
  float *values = NULL;

  g_assert_no_error (error);
  g_assert_true (yv8_executor_load_values (executor, picture, &error));
  g_assert_true (yv8_executor_run (executor, &error));
  *n = 0;
  for (guint i = 0; i < graph->outputs->len; i++) {
    const Yv8Slice *output = yv8_graph_output (graph, i);
    const Yv8Shape *shape = &yv8_executor_shapes (executor)[output->buffer];
    gsize count = (gsize) output->channels * shape->height * shape->width;
    values = g_renew (float, values, *n + count);
    g_assert_true (yv8_executor_read (executor, output, values + *n, &error));
    *n += count;
  }
  return values;
}

/* In units of what rounding may do. */
static float
difference (const Yv8Graph *a, const Yv8Graph *b, GRand *rand)
{
  float picture[3 * SIDE * SIDE], most = 0;
  gsize n, other;

  for (guint i = 0; i < G_N_ELEMENTS (picture); i++)
    picture[i] = (float) g_rand_double (rand);
  g_autofree float *values = run (a, picture, &n), *others = run (b, picture, &other);
  g_assert_cmpuint (n, ==, other);
  for (gsize i = 0; i < n; i++)
    most = MAX (most, fabsf (values[i] - others[i]) / (1e-4f + 1e-4f * fabsf (values[i])));
  return most;
}

static void
check_grid (const Yv8Slice *before, const Yv8Slice *after)
{
  g_assert_cmpuint (before->channel % 4, ==, after->channel % 4);
  g_assert_cmpuint (before->channels % 4, ==, after->channels % 4);
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  guint n_marked = 0, n_pruned = 0;

  for (guint i = 0; i < N_GRAPHS; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (Yv8Graph) graph = make_graph (rand);
    guint step = i % 2 ? 4 : 1, before = n_marked;
    g_assert_true (yv8_graph_check (graph, &error));
    g_autoptr (Yv8Mask) mask = draw_mask (graph, rand, step, &n_marked);
    g_autoptr (Yv8Graph) cut = yv8_graph_cut (graph, mask, &error);
    g_assert_no_error (error);
    g_autoptr (Yv8Graph) silent = silence (graph, mask);
    g_assert_cmpfloat (difference (silent, cut, rand), <, 1);
    for (guint k = 1; step == 4 && k < yv8_graph_n_ops (graph); k++) {
      check_grid (&yv8_graph_op (graph, k)->out, &yv8_graph_op (cut, k)->out);
      check_grid (&yv8_graph_op (graph, k)->in[0], &yv8_graph_op (cut, k)->in[0]);
    }
    n_pruned += n_marked > before;
  }
  g_test_message ("%u sets removed from %u of %u graphs", n_marked, n_pruned, N_GRAPHS);
  g_assert_cmpuint (n_pruned, >, N_GRAPHS / 2);
}

/* Columns of another channel. */
static void
turn_columns (Yv8Op *op)
{
  gsize taps = op->window.kernel_h * op->window.kernel_w, n = op->in[0].channels * taps;

  for (gsize row = 0; row < op->out.channels; row++) {
    float *weights = op->weights + row * n;
    g_autofree float *first = g_memdup2 (weights, taps * sizeof (float));
    memmove (weights, weights + taps, (n - taps) * sizeof (float));
    memcpy (weights + n - taps, first, taps * sizeof (float));
  }
}

/* Biases of another channel. */
static void
turn_biases (Yv8Op *op)
{
  float first = op->bias[0];

  memmove (op->bias, op->bias + 1, (op->out.channels - 1) * sizeof (float));
  op->bias[op->out.channels - 1] = first;
}

/* One channel too far. */
static void
turn_slice (Yv8Op *op)
{
  op->in[0].channel -= op->in[0].channel > 0;
}

/* The property must notice surgery that goes wrong: on an op from which channels were cut. */
static void
test_mutants (gconstpointer data)
{
  void (*const mutate) (Yv8Op * op) = *(void (*const *) (Yv8Op *)) data;
  g_autoptr (GRand) rand = test_rand_new ();
  guint n = 0, n_noticed = 0;

  for (guint i = 0; i < 100; i++) {
    guint n_marked = 0;
    g_autoptr (Yv8Graph) graph = make_graph (rand);
    g_autoptr (Yv8Mask) mask = draw_mask (graph, rand, 1, &n_marked);
    g_autoptr (Yv8Graph) cut = yv8_graph_cut (graph, mask, NULL), silent = silence (graph, mask);
    for (guint k = yv8_graph_n_ops (cut) - 1; k > 0; k--) {
      Yv8Op *op = &g_array_index (cut->ops, Yv8Op, k);
      if (op->kind != YV8_OP_CONV || op->out.channels < 2 || op->in[0].channels < 2 ||
          (mutate == turn_slice && op->in[0].channel == 0))
        continue;
      mutate (op);
      n_noticed += difference (silent, cut, rand) > 1;
      n++;
      break;
    }
  }
  g_test_message ("%u of %u noticed", n_noticed, n);
  g_assert_cmpuint (n, >, 15);
  g_assert_cmpuint (n_noticed, >, n / 2); /* others change what no output reads */
}

/* [buffer, channel] of set 0, and how many sets. */
static void
check_family (const GPtrArray *families, guint index, guint n_sets, guint n_channels, guint buffer,
    guint channel)
{
  g_assert_cmpuint (families->len, >, index);
  const Yv8Family *family = families->pdata[index];
  g_assert_cmpuint (family->n_sets, ==, n_sets);
  g_assert_cmpuint (family->n_channels, ==, n_channels);
  g_assert_cmpuint (family->channels[0].buffer, ==, buffer);
  g_assert_cmpuint (family->channels[0].channel, ==, channel);
}

/* A C2f and an SPPF, as the importer makes them. */
static Yv8Graph *
make_blocks (gboolean shortcut)
{
  Yv8Graph *graph = yv8_graph_new ();
  static const guint CHANNELS[] = { 16, 32, 24, 8, 32, 5 };

  test_graph_input (graph, 3);
  for (guint i = 0; i < G_N_ELEMENTS (CHANNELS); i++)
    yv8_graph_add_buffer (graph, CHANNELS[i]);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 0, 0, 3 }, (Yv8Slice){ 1, 0, 16 }, K3, NULL);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 1, 0, 16 }, (Yv8Slice){ 3, 0, 16 }, K1, NULL);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 3, 8, 8 }, (Yv8Slice){ 4, 0, 8 }, K3, NULL);
  Yv8Op *op =
      test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 4, 0, 8 }, (Yv8Slice){ 3, 16, 8 }, K3, NULL);
  op->in[1] = (Yv8Slice){ 3, 8, 8 };
  op->n_in = shortcut ? 2 : 1;
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 3, 0, 24 }, (Yv8Slice){ 5, 0, 8 }, K1, NULL);
  for (guint i = 0; i < 3; i++)
    test_graph_op (
        graph, YV8_OP_MAXPOOL, (Yv8Slice){ 5, 8 * i, 8 }, (Yv8Slice){ 5, 8 * i + 8, 8 }, K3, NULL);
  test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ 5, 0, 32 }, (Yv8Slice){ 6, 0, 5 }, K1, NULL);
  g_array_append_vals (graph->outputs, &(Yv8Slice){ 6, 0, 5 }, 1);
  return graph;
}

static void
test_blocks (void)
{
  g_autoptr (Yv8Graph) with = make_blocks (TRUE), without = make_blocks (FALSE);
  g_autoptr (GPtrArray) families = yv8_families_find (with);

  g_assert_true (yv8_graph_check (with, NULL));
  g_assert_cmpuint (families->len, ==, 5);
  check_family (families, 0, 16, 1, 1, 0); /* what the C2f reads */
  check_family (families, 1, 8, 1, 3, 0);  /* the half that waits */
  check_family (families, 2, 8, 2, 3, 8);  /* the other half, and what is added to it */
  check_family (families, 3, 8, 1, 4, 0);  /* inside of the bottleneck */
  check_family (families, 4, 8, 4, 5, 0);  /* the pyramid's four maps */

  g_clear_pointer (&families, g_ptr_array_unref);
  families = yv8_families_find (without);
  g_assert_cmpuint (families->len, ==, 6);
  check_family (families, 2, 8, 1, 3, 8);
  check_family (families, 3, 8, 1, 3, 16);
  check_family (families, 5, 8, 4, 5, 0);
}

static void
test_refused (void)
{
  g_autoptr (Yv8Graph) graph = make_blocks (TRUE);
  g_autoptr (Yv8Mask) mask = yv8_mask_new (graph), whole = yv8_mask_new (graph);
  g_autoptr (GError) error = NULL;

  mask->marks[3][8] = TRUE; /* not 3, 16, which is added to it */
  g_assert_null (yv8_graph_cut (graph, mask, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_clear_error (&error);
  for (guint i = 0; i < 16; i++)
    whole->marks[1][i] = TRUE;
  g_assert_null (yv8_graph_cut (graph, whole, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
}

int
main (int argc, char **argv)
{
  static void (*const MUTANTS[]) (Yv8Op *) = { turn_columns, turn_biases, turn_slice };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/family/blocks", test_blocks);
  g_test_add_func ("/family/random", test_random);
  g_test_add_data_func ("/family/mutants/columns", &MUTANTS[0], test_mutants);
  g_test_add_data_func ("/family/mutants/biases", &MUTANTS[1], test_mutants);
  g_test_add_data_func ("/family/mutants/slice", &MUTANTS[2], test_mutants);
  g_test_add_func ("/family/refused", test_refused);
  return g_test_run ();
}

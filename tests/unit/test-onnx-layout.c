/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whatever concats and splits a network has, each op reads what it must: networks of ops that pass
 * their input on, so that each channel of the output is a known channel of the input. */
#include "exec/executor.h"
#include "onnx/draft.h"
#include "ref/backend.h"
#include "testing.h"

#define CHANNELS 6
#define SIDE     2

typedef struct {
  Yv8Draft *draft;
  GPtrArray *origins; /* of each op: guint: input channel of each of its channels */
} Network;

static Network
network_new (void)
{
  Network self = { yv8_draft_new (), g_ptr_array_new_with_free_func (g_free) };
  guint *origin = g_new (guint, CHANNELS);

  yv8_draft_add (self.draft, YV8_OP_INPUT, "input", (Yv8Shape){ CHANNELS, SIDE, SIDE });
  for (guint i = 0; i < CHANNELS; i++)
    origin[i] = i;
  g_ptr_array_add (self.origins, origin);
  return self;
}

static void
network_clear (Network *self)
{
  yv8_draft_free (self->draft);
  g_ptr_array_unref (self->origins);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Network, network_clear)

static void
append (Network *self, Yv8Map *map, guint op, guint first, guint channels)
{
  Yv8Map all = yv8_draft_map (self->draft, op, 1);

  map->height = map->width = SIDE;
  g_assert_true (yv8_map_append (map, &all, first, channels));
  yv8_map_clear (&all);
}

/* Input channel of each channel of @map. */
static guint *
trace (const Network *self, const Yv8Map *map)
{
  guint *origin = g_new (guint, map->channels), *to = origin;

  for (guint i = 0; i < map->segments->len; i++) {
    const Yv8Segment *segment = &g_array_index (map->segments, Yv8Segment, i);
    const guint *from = g_ptr_array_index (self->origins, segment->op);
    for (guint c = 0; c < segment->channels; c++)
      *to++ = from[segment->channel + c];
  }
  return origin;
}

/* An op that passes @map on; consumes @map. */
static guint
pass (Network *self, Yv8Map *map)
{
  Yv8DraftOp *op =
      yv8_draft_add (self->draft, YV8_OP_MAXPOOL, "pool", (Yv8Shape){ map->channels, SIDE, SIDE });

  op->op.window = (Yv8Window){ 1, 1, 1, 0 };
  op->op.n_in = 1;
  op->in[0] = *map;
  g_ptr_array_add (self->origins, trace (self, map));
  return self->draft->ops->len - 1;
}

/* Lays out, runs, and compares all of @map; returns the number of COPY ops. */
static guint
check (Network *self, const Yv8Map *map)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint *origin = trace (self, map);
  g_autoptr (Yv8Graph) graph = yv8_draft_layout (self->draft, map, 1, &error);
  float values[CHANNELS * SIDE * SIDE];
  guint n_copies = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++)
    n_copies += yv8_graph_op (graph, i)->kind == YV8_OP_COPY;
  g_autoptr (Yv8Executor) executor =
      yv8_executor_new (graph, SIDE, SIDE, yv8_ref_backend_new (), FALSE, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = i;
  yv8_executor_load_values (executor, values, &error);
  yv8_executor_run (executor, &error);
  g_assert_no_error (error);
  g_autofree float *out = g_new (float, map->channels *SIDE *SIDE);
  yv8_executor_read (executor, yv8_graph_output (graph, 0), out, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < map->channels * SIDE * SIDE; i++)
    g_assert_cmpfloat (
        out[i], ==, values[origin[i / (SIDE * SIDE)] * SIDE * SIDE + i % (SIDE * SIDE)]);
  return n_copies;
}

/* Concats of concats are one buffer. */
static void
test_nested (void)
{
  g_auto (Network) net = network_new ();
  Yv8Map in[4] = { { NULL } }, inner = { NULL }, outer = { NULL };

  for (guint i = 0; i < 3; i++) {
    append (&net, &in[i], 0, 2 * i, 2);
    g_assert_cmpuint (pass (&net, &in[i]), ==, i + 1);
  }
  append (&net, &inner, 1, 0, 2);
  append (&net, &inner, 2, 0, 2);
  append (&net, &outer, 1, 0, 2);
  append (&net, &outer, 2, 0, 2);
  append (&net, &outer, 3, 0, 2);
  append (&net, &outer, pass (&net, &inner), 0, 4);
  g_assert_cmpuint (check (&net, &outer), ==, 0);
  yv8_map_clear (&outer);
}

/* A map in two concats that disagree is copied into one of them, and only once for two readers. */
static void
test_shared (void)
{
  g_auto (Network) net = network_new ();
  Yv8Map in[2] = { { NULL } }, concat[3] = { { NULL } }, out = { NULL };

  for (guint i = 0; i < 2; i++) {
    append (&net, &in[i], 0, 3 * i, 3);
    pass (&net, &in[i]);
  }
  for (guint i = 0; i < 3; i++) { /* 1 2, 2 1, 2 1 */
    append (&net, &concat[i], i == 0 ? 1 : 2, 0, 3);
    append (&net, &concat[i], i == 0 ? 2 : 1, 0, 3);
    append (&net, &out, pass (&net, &concat[i]), 0, 6);
  }
  g_assert_cmpuint (check (&net, &out), ==, 2);
  yv8_map_clear (&out);
}

/* The input has a buffer of its own, and nothing can be in one concat twice. */
static void
test_input_twice (void)
{
  g_auto (Network) net = network_new ();
  Yv8Map concat = { NULL }, out = { NULL };

  append (&net, &concat, 0, 0, CHANNELS);
  append (&net, &concat, 0, 0, CHANNELS);
  append (&net, &out, pass (&net, &concat), 0, 2 * CHANNELS);
  g_assert_cmpuint (check (&net, &out), ==, 2);
  yv8_map_clear (&out);
}

static void
random_map (Network *self, GRand *rand, Yv8Map *map)
{
  for (gint parts = g_rand_int_range (rand, 1, 5); parts > 0; parts--) {
    guint op = g_rand_int_range (rand, 0, self->draft->ops->len);
    guint channels = yv8_draft_op (self->draft, op)->out.channels;
    guint first = g_rand_boolean (rand) ? 0 : g_rand_int_range (rand, 0, channels);
    guint n = first == 0 && g_rand_boolean (rand)
                  ? channels
                  : (guint) g_rand_int_range (rand, 1, channels - first + 1);
    append (self, map, op, first, MIN (n, 12));
  }
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  guint n_copies = 0;

  for (guint run = 0; run < 200; run++) {
    g_auto (Network) net = network_new ();
    Yv8Map out = { NULL };
    for (gint ops = g_rand_int_range (rand, 1, 12); ops > 0; ops--) {
      Yv8Map in = { NULL };
      random_map (&net, rand, &in);
      pass (&net, &in);
    }
    random_map (&net, rand, &out);
    n_copies += check (&net, &out);
    yv8_map_clear (&out);
  }
  g_test_message ("%u copies in 200 networks", n_copies);
  g_assert_cmpuint (n_copies, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/onnx-layout/nested", test_nested);
  g_test_add_func ("/onnx-layout/shared", test_shared);
  g_test_add_func ("/onnx-layout/input-twice", test_input_twice);
  g_test_add_func ("/onnx-layout/random", test_random);
  return g_test_run ();
}

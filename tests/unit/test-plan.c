/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The memory planner: what is alive together never overlaps, and reuse happens. */
#include "exec/plan.h"
#include "graphs.h"
#include "testing.h"

#define ALIGNMENT 64

/* A chain with random side inputs from earlier buffers. */
static Yv8Graph *
make_random (GRand *rand, guint n_ops)
{
  static const Yv8Window k1 = { 1, 1, 1, 0 };
  Yv8Graph *graph = yv8_graph_new ();

  test_graph_input (graph, 4);
  for (guint i = 1; i < n_ops; i++) {
    guint in = (guint) g_rand_int_range (rand, MAX (0, (gint) i - 4), (gint) i);
    guint out = yv8_graph_add_buffer (graph, 4);
    test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ in, 0, 4 }, (Yv8Slice){ out, 0, 4 }, k1, NULL);
  }
  const Yv8Slice output = { (guint) g_rand_int_range (rand, 0, (gint) n_ops), 0, 4 };
  g_array_append_val (graph->outputs, output);
  return graph;
}

static gboolean
disjoint (const Yv8Plan *plan, const gsize *sizes, guint a, guint b)
{
  return plan->offset[a] + sizes[a] <= plan->offset[b] ||
         plan->offset[b] + sizes[b] <= plan->offset[a];
}

static void
check_plan (const Yv8Graph *graph, const Yv8Plan *plan, const gsize *sizes)
{
  guint n = yv8_graph_n_buffers (graph);

  for (guint a = 0; a < n; a++) {
    g_assert_cmpuint (plan->offset[a] % ALIGNMENT, ==, 0);
    g_assert_cmpuint (plan->offset[a] + sizes[a], <=, plan->arena_size);
    for (guint b = 0; b < a; b++)
      if (plan->first[a] <= plan->last[b] && plan->first[b] <= plan->last[a])
        g_assert_true (disjoint (plan, sizes, a, b));
  }
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint run = 0; run < 200; run++) {
    guint n = (guint) g_rand_int_range (rand, 1, 60);
    g_autoptr (Yv8Graph) graph = make_random (rand, n);
    g_autofree gsize *sizes = g_new0 (gsize, n);
    for (guint i = 0; i < n; i++)
      sizes[i] = (gsize) g_rand_int_range (rand, 1, 5000);
    g_autoptr (Yv8Plan) plan = yv8_plan_new (graph, sizes, ALIGNMENT, FALSE, NULL);
    g_assert_nonnull (plan);
    check_plan (graph, plan, sizes);
  }
}

/* In a chain only two neighbours live at a time: three equal buffers need no more than two places,
 * and the output keeps its own. */
static void
test_reuse (void)
{
  static const Yv8Window k1 = { 1, 1, 1, 0 };
  g_autoptr (Yv8Graph) graph = yv8_graph_new ();
  const gsize sizes[] = { 640, 640, 640, 640, 640, 640 };

  test_graph_input (graph, 4);
  for (guint i = 1; i < G_N_ELEMENTS (sizes); i++) {
    yv8_graph_add_buffer (graph, 4);
    test_graph_op (graph, YV8_OP_CONV, (Yv8Slice){ i - 1, 0, 4 }, (Yv8Slice){ i, 0, 4 }, k1, NULL);
  }
  g_autoptr (Yv8Plan) plan = yv8_plan_new (graph, sizes, ALIGNMENT, FALSE, NULL);
  g_assert_cmpuint (plan->arena_size, ==, 2 * 640);
}

/* Where all is kept, nothing overlaps. */
static void
test_keep (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Graph) graph = make_random (rand, 20);
  gsize sizes[20];

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    sizes[i] = (gsize) g_rand_int_range (rand, 1, 5000);
  g_autoptr (Yv8Plan) plan = yv8_plan_new (graph, sizes, ALIGNMENT, TRUE, NULL);
  for (guint a = 0; a < G_N_ELEMENTS (sizes); a++)
    for (guint b = 0; b < a; b++)
      g_assert_true (disjoint (plan, sizes, a, b));
}

static void
test_overflow (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Graph) graph = yv8_graph_new ();
  const gsize sizes[] = { G_MAXSIZE - 8 };

  test_graph_input (graph, 4);
  g_assert_null (yv8_plan_new (graph, sizes, ALIGNMENT, FALSE, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_MEMORY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/random", test_random);
  g_test_add_func ("/plan/keep", test_keep);
  g_test_add_func ("/plan/reuse", test_reuse);
  g_test_add_func ("/plan/overflow", test_overflow);
  return g_test_run ();
}

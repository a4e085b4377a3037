/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times a YOLOv8n of random weights: bench-ops [cpu|ref|vulkan [SIZE [RUNS [THREADS
 * [qs8 [PERCENT]]]]]], of int8 blocks that are zero. Prints the least and the median time of each
 * op and of the whole. */
#include "config.h"

#include <stdlib.h>

#include "cpu/backend.h"
#include "exec/executor.h"
#include "network.h"
#include "ref/backend.h"
#include "vulkan/backend.h"

#define WARM_UP 3

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
median (double *values, guint n)
{
  qsort (values, n, sizeof (double), compare);
  return values[n / 2];
}

static void
print_ops (const Yv8Graph *graph, Yv8Executor *executor, double *times, guint runs)
{
  const Yv8Shape *shapes = yv8_executor_shapes (executor);
  double sum = 0;

  g_print ("%8s %8s %8s %8s  %-18s %s\n", "min us", "median", "MMAC", "GMAC/s", "kernel", "shapes");
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    Yv8Shape out = yv8_op_out_shape (op, shapes);
    double us = median (times + (gsize) i * runs, runs), least = times[(gsize) i * runs];
    double mmacs = yv8_op_macs (op, shapes) * 1e-6;
    g_print ("%8.1f %8.1f %8.1f %8.1f  %-18s %ux%u s%u  %u -> %u  %ux%u\n", least, us, mmacs,
        mmacs / least * 1e3, yv8_executor_kernel_name (executor, i), op->window.kernel_h,
        op->window.kernel_w, op->window.stride, op->in[0].channels, op->out.channels, out.width,
        out.height);
    sum += least;
  }
  g_print ("%8.1f sum of the least\n", sum);
}

/* Times [n_ops][runs], in microseconds, and behind them the whole run's. */
static gboolean
time_runs (
    Yv8Executor *executor, guint n_ops, guint size, guint runs, double *times, GError **error)
{
  g_autofree guint8 *pixels = g_malloc (3 * (gsize) size * size);
  Yv8Letterbox letterbox;
  Yv8Frame frame;

  for (gsize i = 0; i < 3 * (gsize) size * size; i++)
    pixels[i] = (guint8) (i * i >> 3);
  yv8_frame_init_packed (&frame, YV8_FORMAT_RGB, size, size, pixels, 3 * (gsize) size * size);
  yv8_letterbox_init (&letterbox, size, size, size, size);
  for (guint run = 0; run < runs + WARM_UP; run++) {
    guint column = run < WARM_UP ? 0 : run - WARM_UP;
    if (!yv8_executor_load (executor, &frame, &letterbox, error))
      return FALSE;
    gint64 start = g_get_monotonic_time ();
    if (!yv8_executor_run (executor, error))
      return FALSE;
    times[(gsize) n_ops * runs + column] = g_get_monotonic_time () - start;
    for (guint i = 0; i < n_ops; i++)
      times[(gsize) i * runs + column] = yv8_executor_op_nanoseconds (executor, i) * 1e-3;
  }
  return TRUE;
}

int
main (int argc, char **argv)
{
  gboolean ref = argc > 1 && g_str_equal (argv[1], "ref");
  gboolean vulkan = argc > 1 && g_str_equal (argv[1], "vulkan");
  guint size = argc > 2 ? atoi (argv[2]) : 640;
  guint runs = argc > 3 ? MAX (atoi (argv[3]), 1) : 30;
  guint threads = argc > 4 ? atoi (argv[4]) : 0;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (Yv8Graph) graph = network_new (16, rand);
  g_autoptr (GError) error = NULL;

  if (argc > 5 && g_str_equal (argv[5], "qs8"))
    network_quantize (graph);
  for (guint i = 0; argc > 6 && i < yv8_graph_n_ops (graph); i++)
    if (yv8_graph_op (graph, i)->qweights)
      network_prune (&g_array_index (graph->ops, Yv8Op, i), atoi (argv[6]) / 100.0, rand);
  Yv8Backend *backend = ref      ? yv8_ref_backend_new ()
                        : vulkan ? yv8_vulkan_backend_new (0, &error)
                                 : yv8_cpu_backend_new (threads, &error);
  g_autoptr (Yv8Executor) executor =
      backend ? yv8_executor_new (graph, size, size, backend, YV8_EXECUTOR_PROFILE, &error) : NULL;
  const Yv8Graph *run = executor ? yv8_executor_graph (executor) : graph;
  guint n_ops = yv8_graph_n_ops (run);
  g_autofree double *times = g_new (double, (gsize) (n_ops + 1) * runs);

  if (!executor || !time_runs (executor, n_ops, size, runs, times, &error)) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  print_ops (run, executor, times, runs);
  double *whole = times + (gsize) n_ops * runs;
  double middle = median (whole, runs);
  g_print ("whole: min %.2f ms, median %.2f ms\n", whole[0] * 1e-3, middle * 1e-3);
  return 0;
}

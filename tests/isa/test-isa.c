/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a GPU's compiler makes of the kernels of YOLOv8n and s, without that GPU: Mesa's driver for
 * AMD compiles for the family in RADV_FORCE_FAMILY and runs nothing. test-isa TABLE: holds the
 * instruction counts; YV8_ISA_UPDATE is a file to append this run's to. */
#include "config.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model.h"
#include "ops/network.h"
#include "testing.h"

#define SIDE         640
#define MOST_GROWTH  1.05
#define MOST_SECONDS 2.5e-3 /* YOLOv8n, modelled */
#define WHOLE_TILE   4      /* pixels; and groups of channels */

/* Of the instructions of the main loop of whole tiles: of dense weights, and of sparse ones, each
 * of whose steps loads pixels of its own. */
static const double LEAST_DOTS[] = { 0.8, 0.75 };

/* By family. @occupancy: waves a SIMD, as the driver counts, that every kernel must allow, of int8
 * networks and of float. */
static const struct {
  const char *name;
  guint occupancy[2];
  gboolean dots, modelled;
} FAMILIES[] = {
  { "rembrandt", { 12, 8 }, TRUE, TRUE },
  { "vangogh", { 12, 8 }, TRUE, FALSE },
  { "gfx1036", { 12, 8 }, TRUE, FALSE },
  { "raven", { 2, 2 }, FALSE, FALSE },
};

/* A network and what has been said of its kernels. */
typedef struct {
  Yv8VulkanDevice *device;
  Yv8VulkanPipelines *pipelines;
  guint family;
  gboolean int8;
  char *table;
  double seconds, least, instructions, dots;
} Run;

static const char *table_path;

/* The driver ends the process for a family that it does not know. */
static gboolean
knows_family (void)
{
  int status = -1;
  pid_t child = fork ();

  if (child == 0) {
    g_autoptr (GPtrArray) devices = yv8_vulkan_devices_list ();
    _exit (devices->len == 0);
  }
  return child > 0 && waitpid (child, &status, 0) == child && status == 0;
}

/* Returns: (transfer full) (nullable): %NULL with the test skipped. */
static Yv8VulkanDevice *
open_device (void)
{
  g_autoptr (GError) error = NULL;
  Yv8VulkanDevice *device =
      knows_family () ? yv8_vulkan_device_open_for_inspection (0, &error) : NULL;

  if (!device && !error)
    g_test_skip ("Mesa's driver for AMD is not installed, or does not know the family");
  else
    g_assert_no_error (error);
  return device;
}

/* Returns: (transfer full): "conv_qs8_qc8w_signed_silu 3x3/2 4 px x 16 residual" */
static char *
describe (const Yv8VulkanKernel *kernel)
{
  const guint32 *values = kernel->constants.values;
  GString *text = g_string_new (kernel->name);

  if (values[YV8_CONSTANT_KERNEL_H])
    g_string_append_printf (text, " %ux%u/%u", values[YV8_CONSTANT_KERNEL_H],
        values[YV8_CONSTANT_KERNEL_W], values[YV8_CONSTANT_STRIDE]);
  if (values[YV8_CONSTANT_PIXELS])
    g_string_append_printf (
        text, " %u px x %u", values[YV8_CONSTANT_PIXELS], 4 * values[YV8_CONSTANT_GROUPS]);
  if (values[YV8_CONSTANT_STEPS] > values[YV8_CONSTANT_KERNEL_H])
    g_string_append_printf (text, " %u steps", values[YV8_CONSTANT_STEPS]);
  if (values[YV8_CONSTANT_LEVELS] > 1)
    g_string_append_printf (text, " %u levels", values[YV8_CONSTANT_LEVELS]);
  if (values[YV8_CONSTANT_SHIFT])
    g_string_append_printf (text, " shift %u", values[YV8_CONSTANT_SHIFT]);
  if (values[YV8_CONSTANT_RESIDUAL])
    g_string_append (text, " residual");
  if (values[YV8_CONSTANT_UPSAMPLED])
    g_string_append (text, " upsampled");
  return g_string_free (text, FALSE);
}

/* A line of the table is "FAMILY KERNEL: COUNT". */
static void
check_count (const Run *run, const char *name, guint64 count)
{
  g_autofree char *key = g_strdup_printf ("%s %s: ", FAMILIES[run->family].name, name);
  const char *update = g_getenv ("YV8_ISA_UPDATE");

  if (update) {
    FILE *file = fopen (update, "a");
    g_assert_nonnull (file);
    fprintf (file, "%s%" G_GUINT64_FORMAT "\n", key, count);
    fclose (file);
    return;
  }
  if (!run->table)
    return;
  const char *line = strstr (run->table, key);
  if (!line)
    g_error ("%s has no line '%s%" G_GUINT64_FORMAT "'", table_path, key, count);
  guint64 stored = g_ascii_strtoull (line + strlen (key), NULL, 10);
  if ((double) count > (double) stored * MOST_GROWTH)
    g_error (
        "%s%" G_GUINT64_FORMAT " instructions; they were %" G_GUINT64_FORMAT, key, count, stored);
}

static void
check_kernel (const Run *run, const Yv8VulkanKernel *kernel, const Inspection *found)
{
  const guint32 *values = kernel->constants.values;
  gboolean dots = FAMILIES[run->family].dots && strstr (kernel->name, "qc8w");
  gboolean whole =
      values[YV8_CONSTANT_PIXELS] == WHOLE_TILE && values[YV8_CONSTANT_GROUPS] == WHOLE_TILE;
  double share = (double) found->n_dots / MAX (found->n_loop, 1);
  g_autofree char *name = describe (kernel);

  g_test_message ("%s: %" G_GUINT64_FORMAT " instructions, %" G_GUINT64_FORMAT
                  " VGPRs, %" G_GUINT64_FORMAT " waves, inverse throughput %" G_GUINT64_FORMAT
                  ", main loop %u instructions, %u products, %.0f %% dot4",
      name, found->instructions, found->vgprs, found->occupancy, found->inverse_throughput,
      found->n_loop, found->n_products, 100 * share);
  g_assert_cmpuint (found->spills, ==, 0);
  g_assert_cmpuint (found->occupancy, >=,
      FAMILIES[run->family].occupancy[!run->int8 || kernel->tile.family == YV8_VULKAN_GEMM]);
  if (dots)
    g_assert_cmpuint (found->n_dots, >, 0);
  if (dots && whole)
    g_assert_cmpfloat (share, >=, LEAST_DOTS[kernel->sparse_runs > 0]);
  check_count (run, name, found->instructions);
}

static void
inspect_op (Run *run, const Yv8Op *op, const Yv8Shape *shapes)
{
  g_autoptr (GError) error = NULL;
  guint known = run->pipelines->entries->len;
  Yv8VulkanKernel kernel;
  Inspection found;

  model_op (&kernel, &found, run->pipelines, op, shapes, &error);
  g_assert_no_error (error);
  if (run->pipelines->entries->len > known)
    check_kernel (run, &kernel, &found);
  if (found.n_dots) {
    run->dots += found.n_dots * model_runs (&kernel);
    run->instructions += found.n_loop * model_runs (&kernel);
  }
  run->seconds += model_seconds (&found, &kernel);
  run->least += model_roofline (op, shapes, &kernel);
  inspection_clear (&found);
}

/* How long they run depends on the frame: they are in no modelled time. */
static void
inspect_kernel (const Run *run, const Yv8VulkanKernel *kernel)
{
  g_autoptr (GError) error = NULL;
  guint known = run->pipelines->entries->len;
  VkPipeline pipeline =
      yv8_vulkan_pipelines_get (run->pipelines, kernel->shader, &kernel->constants, &error);
  Inspection found;

  g_assert_no_error (error);
  g_assert_true (inspection_init (&found, run->device, pipeline));
  if (run->pipelines->entries->len > known)
    check_kernel (run, kernel, &found);
  inspection_clear (&found);
}

/* @graph: whose outputs are those of a head */
static void
inspect_detect (const Run *run, const Yv8Graph *graph, const Yv8Shape *shapes)
{
  Yv8Op op = { YV8_OP_DETECT, (char *) "detect", .n_in = graph->outputs->len,
    .strides = { 8, 16, 32 } };
  Yv8VulkanKernel kernel;

  memcpy (op.in, graph->outputs->data, op.n_in * sizeof *op.in);
  op.reg_max = op.in[0].channels / 4;
  op.n_classes = op.in[1].channels;
  g_assert_true (yv8_vulkan_kernel_init_candidates (&kernel, run->device, &op, shapes, 0, NULL));
  inspect_kernel (run, &kernel);
  g_assert_true (yv8_vulkan_kernel_init_boxes (&kernel, run->device, &op, shapes, 0, NULL));
  inspect_kernel (run, &kernel);
  g_assert_true (yv8_vulkan_kernel_init_rank (&kernel, run->device, NULL));
  inspect_kernel (run, &kernel);
  g_assert_true (yv8_vulkan_kernel_init_suppress (&kernel, run->device, NULL));
  inspect_kernel (run, &kernel);
}

static const struct {
  const char *path;
  guint width;
  gboolean int8, f16;
  double pruned; /* share of the blocks of weights that are zero */
  guint tile;    /* that is forced, by yv8_vulkan_tile_nth(); 0 for none */
} NETWORKS[] = {
  { "/isa/yolov8n/int8", 16, TRUE, FALSE, 0 },
  { "/isa/yolov8s/int8", 32, TRUE, FALSE, 0 },
  { "/isa/yolov8n/int8-sparse", 16, TRUE, FALSE, 0.6 },
  { "/isa/yolov8s/int8-sparse", 32, TRUE, FALSE, 0.6 },
  { "/isa/yolov8n/int8-gemm-64x64", 16, TRUE, FALSE, 0, 13 },
  { "/isa/yolov8n/int8-gemm-64x32", 16, TRUE, FALSE, 0, 15 },
  { "/isa/yolov8n/f16", 16, FALSE, TRUE, 0 },
  { "/isa/yolov8n/f32", 16, FALSE, FALSE, 0 },
};

/* Returns: (transfer full) */
static Yv8Graph *
make_network (guint index)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  Yv8Graph *graph = network_new (NETWORKS[index].width, rand);

  if (NETWORKS[index].int8)
    network_quantize (graph);
  for (guint i = 0; NETWORKS[index].pruned > 0 && i < yv8_graph_n_ops (graph); i++)
    if (yv8_graph_op (graph, i)->qweights)
      network_prune (&g_array_index (graph->ops, Yv8Op, i), NETWORKS[index].pruned, rand);
  return graph;
}

static void
inspect_network (Run *run, guint index)
{
  g_autoptr (Yv8Graph) network = make_network (index), graph = yv8_graph_fuse (network);
  g_autofree Yv8Shape *shapes = yv8_graph_infer (graph, SIDE, SIDE, NULL);
  g_autoptr (GError) error = NULL;

  run->pipelines = yv8_vulkan_pipelines_new (run->device, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++)
    inspect_op (run, yv8_graph_op (graph, i), shapes);
  inspect_detect (run, graph, shapes);
  yv8_vulkan_pipelines_free (run->pipelines);
}

/* The stored counts, if this driver made them: its version is the table's first line. */
static void
load_table (Run *run)
{
  g_autofree char *line = g_strdup_printf ("# %s\n", run->device->driver);

  g_assert_true (g_file_get_contents (table_path, &run->table, NULL, NULL));
  if (g_str_has_prefix (run->table, line))
    return;
  g_test_message (
      "%s is of another driver than %s: counts are not compared", table_path, run->device->driver);
  g_clear_pointer (&run->table, g_free);
}

static guint
find_family (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (FAMILIES); i++)
    if (g_strcmp0 (g_getenv ("RADV_FORCE_FAMILY"), FAMILIES[i].name) == 0)
      return i;
  g_error ("RADV_FORCE_FAMILY is none of the table's");
}

static void
test_network (gconstpointer data)
{
  guint index = GPOINTER_TO_UINT (data);
  Run run = { .device = open_device (), .family = find_family () };

  if (!run.device)
    return;
  run.int8 = NETWORKS[index].int8;
  run.device->f16 = NETWORKS[index].f16;
  if (NETWORKS[index].tile) {
    run.device->tile = yv8_vulkan_tile_nth (NETWORKS[index].tile);
    g_assert_cmpuint (run.device->tile->family, ==, YV8_VULKAN_GEMM);
    if (!yv8_vulkan_tile_is_candidate (run.device->tile, run.device)) {
      g_test_skip ("no candidate on this device");
      yv8_vulkan_device_free (run.device);
      return;
    }
  }
  load_table (&run);
  inspect_network (&run, index);
  if (run.instructions > 0)
    g_test_message ("dot4 among all instructions of the main loops: %.1f %%",
        100 * run.dots / run.instructions);
  if (FAMILIES[run.family].modelled && run.int8) {
    g_test_message ("Radeon 680M, modelled: %.2f ms a frame, at the least %.2f", run.seconds * 1e3,
        run.least * 1e3);
    if (!NETWORKS[index].tile)
      g_assert_cmpfloat (run.dots / run.instructions, >=, LEAST_DOTS[NETWORKS[index].pruned > 0]);
    if (NETWORKS[index].width == 16) /* pruned or not, in whatever tiles */
      g_assert_cmpfloat (run.seconds, <, MOST_SECONDS);
  }
  g_free (run.table);
  yv8_vulkan_device_free (run.device);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  table_path = argv[1];
  g_setenv ("YV8_CACHE_DIR", "", TRUE);
  g_setenv ("XDG_CACHE_HOME", "/dev/null", TRUE); /* Mesa 22.3 crashes on its own cache here */
  for (guint i = 0; i < G_N_ELEMENTS (NETWORKS); i++)
    g_test_add_data_func (NETWORKS[i].path, GUINT_TO_POINTER (i), test_network);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The time that a frame would take on a Radeon 680M, by the model of model.h: modelled-time
 * [--tune] MODEL.... Each is taken at its own input size. No GPU is needed, but Mesa's driver for
 * AMD. With --tune each convolution has the tile that the model says is the fastest. */
#include "config.h"

#include "api/model.h"
#include "model.h"

#define FAMILY "rembrandt"

/**
 * Frame: the sums of all ops
 * @macs: multiply-accumulates, and @live of them those that are computed
 */
typedef struct {
  double seconds, least, macs, live;
} Frame;

static gboolean tune;

static gboolean
add_op (Frame *frame, Yv8VulkanPipelines *pipelines, const Yv8Op *op, const Yv8Shape *shapes,
    GError **error)
{
  double macs = (double) yv8_op_macs (op, shapes);
  Yv8VulkanKernel kernel;
  Inspection found;

  if (op->kind == YV8_OP_DETECT)
    return TRUE;
  if (!model_op (&kernel, &found, pipelines, op, shapes, error))
    return FALSE;
  if (tune && op->kind == YV8_OP_CONV && !model_tune (&kernel, &found, pipelines, op, error))
    return FALSE;
  if (tune && op->kind == YV8_OP_CONV)
    g_debug ("%s: %s, %u pixels, %u groups, %.1f us", kernel.key, kernel.shader, kernel.tile.pixels,
        kernel.tile.groups, model_seconds (&found, &kernel) * 1e6);
  frame->seconds += model_seconds (&found, &kernel);
  frame->least += model_roofline (op, shapes, &kernel);
  frame->macs += macs;
  frame->live += macs * model_live (&kernel);
  inspection_clear (&found);
  return TRUE;
}

static gboolean
print_model (Yv8VulkanPipelines *pipelines, const char *path, GError **error)
{
  g_autoptr (Yv8Model) model = yv8_model_load (path, error);
  g_autofree Yv8Shape *shapes = NULL;
  Frame frame = { 0 };

  if (!model)
    return FALSE;
  g_autoptr (Yv8Graph) graph = yv8_graph_fuse (model->graph);
  shapes = yv8_graph_infer (graph, model->width, model->height, error);
  for (guint i = 0; shapes && i < yv8_graph_n_ops (graph); i++)
    if (!add_op (&frame, pipelines, yv8_graph_op (graph, i), shapes, error))
      return FALSE;
  if (shapes)
    g_print ("%8.2f %8.2f %8.2f %7.1f  %s, %ux%u\n", frame.seconds * 1e3, frame.least * 1e3,
        frame.macs * 1e-9, 100 * frame.live / frame.macs, path, model->width, model->height);
  return shapes != NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  g_setenv ("RADV_FORCE_FAMILY", FAMILY, TRUE);
  g_setenv ("VK_ICD_FILENAMES", ICD, FALSE);
  g_setenv ("YV8_CACHE_DIR", "", TRUE);
  g_setenv ("XDG_CACHE_HOME", "/dev/null", TRUE); /* Mesa 22.3 crashes on its own cache here */
  g_autoptr (Yv8VulkanDevice) device = yv8_vulkan_device_open_for_inspection (0, &error);
  g_autoptr (Yv8VulkanPipelines) pipelines =
      device ? yv8_vulkan_pipelines_new (device, &error) : NULL;
  if (pipelines && !strstr (device->properties.deviceName, "REMBRANDT"))
    g_print ("this is %s\n", device->properties.deviceName);
  g_print ("%8s %8s %8s %7s  %s\n", "ms", "roofline", "GMAC", "live %", "model");
  tune = argc > 1 && g_str_equal (argv[1], "--tune");
  for (int i = 1 + tune; pipelines && i < argc; i++)
    if (!print_model (pipelines, argv[i], &error))
      break;
  if (error)
    g_printerr ("%s\n", error->message);
  return error != NULL;
}

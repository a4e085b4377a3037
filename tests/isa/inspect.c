/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Statistics by VK_KHR_pipeline_executable_properties; loops by the branches of the disassembly. */
#include "inspect.h"

#include <stdlib.h>

/* The statistics that are wanted; those of one field are added. */
static const struct {
  const char *name;
  gsize field;
} STATISTICS[] = {
  { "Spilled SGPRs", G_STRUCT_OFFSET (Inspection, spills) },
  { "Spilled VGPRs", G_STRUCT_OFFSET (Inspection, spills) },
  { "Scratch size", G_STRUCT_OFFSET (Inspection, spills) },
  { "SGPRs", G_STRUCT_OFFSET (Inspection, sgprs) },
  { "VGPRs", G_STRUCT_OFFSET (Inspection, vgprs) },
  { "Subgroups per SIMD", G_STRUCT_OFFSET (Inspection, occupancy) },
  { "Instructions", G_STRUCT_OFFSET (Inspection, instructions) },
  { "Latency", G_STRUCT_OFFSET (Inspection, latency) },
  { "Inverse Throughput", G_STRUCT_OFFSET (Inspection, inverse_throughput) },
};

static gboolean
read_statistics (Inspection *self, const Yv8VulkanDevice *device, VkPipeline pipeline)
{
  PFN_vkGetPipelineExecutableStatisticsKHR get =
      (PFN_vkGetPipelineExecutableStatisticsKHR) vkGetDeviceProcAddr (
          device->device, "vkGetPipelineExecutableStatisticsKHR");
  VkPipelineExecutableInfoKHR info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
    .pipeline = pipeline,
  };
  VkPipelineExecutableStatisticKHR values[32] = { 0 };
  guint32 n = G_N_ELEMENTS (values);
  guint found = 0;

  for (guint i = 0; i < n; i++)
    values[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
  if (!get || get (device->device, &info, &n, values) != VK_SUCCESS)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    for (guint k = 0; k < G_N_ELEMENTS (STATISTICS); k++) {
      if (strcmp (values[i].name, STATISTICS[k].name) == 0) {
        G_STRUCT_MEMBER (guint64, self, STATISTICS[k].field) += values[i].value.u64;
        found++;
      }
    }
  }
  return found == G_N_ELEMENTS (STATISTICS);
}

/* Returns: (transfer full) (nullable): the representation whose name has @name in it */
static char *
read_code (const Yv8VulkanDevice *device, VkPipeline pipeline, const char *name)
{
  PFN_vkGetPipelineExecutableInternalRepresentationsKHR get =
      (PFN_vkGetPipelineExecutableInternalRepresentationsKHR) vkGetDeviceProcAddr (
          device->device, "vkGetPipelineExecutableInternalRepresentationsKHR");
  VkPipelineExecutableInfoKHR info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
    .pipeline = pipeline,
  };
  VkPipelineExecutableInternalRepresentationKHR texts[8] = { 0 };
  guint32 n = G_N_ELEMENTS (texts);

  for (guint i = 0; i < n; i++)
    texts[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR;
  if (!get || get (device->device, &info, &n, texts) != VK_SUCCESS)
    return NULL;
  for (guint i = 0; i < n; i++)
    texts[i].pData = strstr (texts[i].name, name) ? g_malloc0 (texts[i].dataSize + 1) : NULL;
  gboolean done = get (device->device, &info, &n, texts) == VK_SUCCESS;
  char *code = NULL;
  for (guint i = 0; i < n; i++) {
    if (done && !code && texts[i].pData && texts[i].isText)
      code = g_steal_pointer (&texts[i].pData);
    g_free (texts[i].pData);
  }
  return code;
}

static gboolean
is_dot (const char *instruction)
{
  return g_str_has_prefix (instruction, "v_dot4");
}

static gboolean
is_product (const char *instruction)
{
  static const char *const PREFIXES[] = { "v_dot4", "v_mac_", "v_fmac_", "v_mad_f", "v_fma_" };

  for (guint i = 0; i < G_N_ELEMENTS (PREFIXES); i++)
    if (g_str_has_prefix (instruction, PREFIXES[i]))
      return TRUE;
  return FALSE;
}

/* Cycles that a wave of 64 keeps a SIMD of RDNA for, which has 32 lanes. Scalar instructions and
 * loads go elsewhere. */
static double
cycles_of (const char *instruction)
{
  static const char *const QUARTER[] = { "v_rcp", "v_exp", "v_log", "v_sqrt", "v_rsq", "v_mul_lo_u",
    "v_mul_hi", "v_mul_lo_i" };

  if (!g_str_has_prefix (instruction, "v_"))
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (QUARTER); i++)
    if (g_str_has_prefix (instruction, QUARTER[i]))
      return 8;
  return 2;
}

typedef struct {
  guint first; /* instruction */
  int label;
} Block;

typedef struct {
  GPtrArray *instructions;
  GArray *blocks;
} Code;

/* Labels are "BB7:"; what follows ';' is a comment. */
static void
split (Code *self, char **lines)
{
  self->instructions = g_ptr_array_new ();
  self->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  for (char **line = lines; *line; line++) {
    char *text = g_strstrip (*line);
    if (g_str_has_prefix (text, "BB")) {
      Block block = { self->instructions->len, atoi (text + 2) };
      g_array_append_val (self->blocks, block);
    } else if (g_ascii_islower (*text) && strchr (text, '_')) {
      g_ptr_array_add (self->instructions, text);
    }
  }
}

/* Returns: first instruction of the block that instruction @index branches back to; -1 if it is no
 * such branch */
static int
loop_start (const Code *self, guint index)
{
  const char *text = g_ptr_array_index (self->instructions, index);
  const char *label = strstr (text, "BB");

  if ((!g_str_has_prefix (text, "s_cbranch") && !g_str_has_prefix (text, "s_branch")) || !label)
    return -1;
  for (guint i = 0; i < self->blocks->len; i++) {
    const Block *block = &g_array_index (self->blocks, Block, i);
    if (block->label == atoi (label + 2))
      return block->first <= index ? (int) block->first : -1;
  }
  return -1;
}

static void
measure (Inspection *self, const Code *code, guint first, guint end)
{
  self->n_loop = end - first;
  self->n_products = self->n_dots = 0;
  self->loop_cycles = 0;
  for (guint i = first; i < end; i++) {
    const char *text = g_ptr_array_index (code->instructions, i);
    self->n_products += is_product (text);
    self->n_dots += is_dot (text);
    self->loop_cycles += cycles_of (text);
  }
}

static void
find_loop (Inspection *self, const Code *code)
{
  Inspection best = { 0 };

  for (guint i = 0; i < code->instructions->len; i++) {
    Inspection loop = { 0 };
    int start = loop_start (code, i);
    if (start < 0)
      continue;
    measure (&loop, code, (guint) start, i + 1);
    if (loop.n_products > best.n_products ||
        (loop.n_products == best.n_products && loop.n_loop < best.n_loop && loop.n_products) ||
        (best.n_products == 0 && loop.n_products == 0 && loop.n_loop > best.n_loop))
      best = loop;
  }
  self->n_loop = best.n_loop;
  self->n_products = best.n_products;
  self->n_dots = best.n_dots;
  self->loop_cycles = best.loop_cycles;
}

gboolean
inspection_init (Inspection *self, const Yv8VulkanDevice *device, VkPipeline pipeline)
{
  Code code;

  *self = (Inspection){ 0 };
  self->code = read_code (device, pipeline, "Assembly");
  if (!self->code || !read_statistics (self, device, pipeline))
    return FALSE;
  g_auto (GStrv) lines = g_strsplit (self->code, "\n", -1);
  split (&code, lines);
  measure (self, &code, 0, code.instructions->len);
  self->cycles = self->loop_cycles;
  find_loop (self, &code);
  g_ptr_array_unref (code.instructions);
  g_array_unref (code.blocks);
  return TRUE;
}

void
inspection_clear (Inspection *self)
{
  g_clear_pointer (&self->code, g_free);
}

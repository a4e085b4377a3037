/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backend "cpu". */
#include <string.h>

#include "cpu/backend.h"
#include "cpu/cpu.h"
#include "cpu/letterbox.h"
#include "cpu/product.h"
#include "cpu/qs8.h"

typedef struct {
  const char *name, *silu_name;
  guint (*n_tasks) (const Yv8Cpu *cpu, const Yv8Op *op);
  void (*run) (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task);
} Kernel;

static guint
picture_tasks (const Yv8Cpu *cpu, const Yv8Op *op)
{
  return (cpu->planar.program.shapes[0].height + YV8_CPU_TASK_ROWS - 1) / YV8_CPU_TASK_ROWS;
}

static guint
input_tasks (const Yv8Cpu *cpu, const Yv8Op *op)
{
  return cpu->planar.has_values ? 0 : picture_tasks (cpu, op);
}

static void
input_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task)
{
  Yv8Shape out = yv8_planar_shape (&cpu->planar, &op->out);
  gsize plane = (gsize) out.height * out.width;
  gsize first = (gsize) task * YV8_CPU_TASK_ROWS * out.width;
  gsize n = MIN ((gsize) YV8_CPU_TASK_ROWS * out.width, plane - first);
  float *y = yv8_planar_map (&cpu->planar, &op->out) + first;

  for (guint c = 0; c < out.channels; c++, y += plane)
    cpu->kernels->normalize (y, cpu->planar.picture + first, 8 * c, n);
}

static guint
conv_tasks (const Yv8Cpu *cpu, const Yv8Op *op)
{
  const Yv8CpuTile *tile = &cpu->tiles[op - yv8_graph_op (cpu->planar.program.graph, 0)];

  return tile->column_tasks * tile->row_tasks;
}

static guint
channel_tasks (const Yv8Cpu *cpu, const Yv8Op *op)
{
  return op->out.channels;
}

static void
copy_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint channel)
{
  Yv8Shape out = yv8_planar_shape (&cpu->planar, &op->out);
  gsize plane = (gsize) out.height * out.width;

  memcpy (yv8_planar_map (&cpu->planar, &op->out) + channel * plane,
      yv8_planar_map (&cpu->planar, &op->in[0]) + channel * plane, plane * sizeof (float));
}

static guint
no_tasks (const Yv8Cpu *cpu, const Yv8Op *op)
{
  return 0;
}

static const Kernel KERNELS[][YV8_N_OP_KINDS] = {
  [YV8_TYPE_F32] = {
    [YV8_OP_INPUT] = { "input_f32", "input_f32", input_tasks, input_task },
    [YV8_OP_CONV] = { "conv_f32", "conv_f32_silu", conv_tasks, yv8_cpu_conv_task },
    [YV8_OP_MAXPOOL] = { "maxpool_f32", "maxpool_f32", yv8_cpu_maxpool_f32_tasks,
        yv8_cpu_maxpool_f32_task },
    [YV8_OP_UPSAMPLE] = { "upsample_f32", "upsample_f32", channel_tasks,
        yv8_cpu_upsample_f32_task },
    [YV8_OP_COPY] = { "copy_f32", "copy_f32", channel_tasks, copy_task },
    [YV8_OP_DETECT] = { "detect_host", "detect_host", no_tasks, NULL },
  },
  [YV8_TYPE_QS8] = {
    [YV8_OP_INPUT] = { "input_qs8", "input_qs8", input_tasks, yv8_cpu_input_qs8_task },
    [YV8_OP_CONV] = { "conv_qs8_qc8w", "conv_qs8_qc8w_silu", yv8_cpu_conv_qs8_tasks,
        yv8_cpu_conv_qs8_task },
    [YV8_OP_MAXPOOL] = { "maxpool_qs8", "maxpool_qs8", yv8_cpu_maxpool_qs8_tasks,
        yv8_cpu_maxpool_qs8_task },
    [YV8_OP_UPSAMPLE] = { "upsample_qs8", "upsample_qs8", yv8_cpu_block_tasks,
        yv8_cpu_upsample_qs8_task },
    [YV8_OP_COPY] = { "copy_qs8", "copy_qs8", yv8_cpu_block_tasks, yv8_cpu_copy_qs8_task },
    [YV8_OP_QUANTIZE] = { "quantize_f32_qs8", "quantize_f32_qs8", yv8_cpu_block_tasks,
        yv8_cpu_quantize_task },
    [YV8_OP_DEQUANTIZE] = { "dequantize_qs8_f32", "dequantize_qs8_f32", channel_tasks,
        yv8_cpu_dequantize_task },
  },
};

/* An op that reads or writes int8 is an integer op. */
static Yv8Type
type_of (const Yv8Cpu *cpu, const Yv8Op *op)
{
  const Yv8Shape *shapes = cpu->planar.program.shapes;

  if (op->n_in && shapes[op->in[0].buffer].type == YV8_TYPE_QS8)
    return YV8_TYPE_QS8;
  return op->kind == YV8_OP_DETECT ? YV8_TYPE_F32 : shapes[op->out.buffer].type;
}

static gboolean
prepare_conv (Yv8Cpu *cpu, const Yv8Op *op, guint index, gsize *scratch)
{
  if (type_of (cpu, op) == YV8_TYPE_F32) {
    cpu->tiles[index] = yv8_cpu_conv_tile (cpu, op);
    *scratch = yv8_cpu_conv_scratch (cpu, op, &cpu->tiles[index]);
    return TRUE;
  }
  cpu->convs[index] = yv8_cpu_conv_qs8_new (cpu, op);
  if (!cpu->convs[index])
    return FALSE;
  *scratch = yv8_cpu_conv_qs8_scratch (cpu->convs[index], cpu, op);
  return TRUE;
}

/* Cuts and packs the convolutions; @most: 4-byte elements of scratch that a lane needs. */
static gboolean
prepare_ops (Yv8Cpu *cpu, gsize *most)
{
  const Yv8Graph *graph = cpu->planar.program.graph;
  guint n = yv8_graph_n_ops (graph);

  cpu->tiles = g_new0 (Yv8CpuTile, n);
  cpu->convs = g_new0 (Yv8CpuConvQs8 *, n);
  *most = 0;
  for (guint i = 0; i < n; i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    gsize size = 0;
    if (op->kind == YV8_OP_CONV && !prepare_conv (cpu, op, i, &size))
      return FALSE;
    if (op->upsampled.channels)
      size = MAX (size, yv8_cpu_qs8_scratch (cpu, op));
    if (op->kind == YV8_OP_MAXPOOL)
      size = yv8_cpu_maxpool_scratch (cpu, op);
    else if (op->kind != YV8_OP_CONV && op->kind != YV8_OP_DETECT)
      size = yv8_cpu_qs8_scratch (cpu, op);
    *most = MAX (*most, size);
  }
  return TRUE;
}

static gboolean
prepare (Yv8Backend *backend, const Yv8Program *program, GError **error)
{
  Yv8Cpu *cpu = (Yv8Cpu *) backend;
  guint n_lanes = yv8_pool_n_lanes (cpu->pool);
  gsize size;

  if (!yv8_planar_prepare (backend, program, error))
    return FALSE;
  gboolean good = prepare_ops (cpu, &size);
  cpu->scratch = g_new0 (gpointer, n_lanes);
  for (guint i = 0; good && i < n_lanes; i++) {
    cpu->scratch[i] = g_try_malloc0_n (MAX (size, 1), sizeof (float));
    good = cpu->scratch[i] != NULL;
  }
  if (!good)
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY,
        "No memory for packed weights, or for scratch of %u threads", n_lanes);
  return good;
}

typedef struct {
  const Yv8Cpu *cpu;
  const Yv8Frame *frame;
  guint height;
} Picture;

static void
letterbox_task (gpointer data, guint lane, guint task)
{
  const Picture *picture = data;
  guint first = task * YV8_CPU_TASK_ROWS;

  const Yv8Planar *planar = &picture->cpu->planar;

  yv8_cpu_letterbox (picture->cpu->kernels, planar->resampler, picture->frame, planar->picture,
      first, MIN (YV8_CPU_TASK_ROWS, picture->height - first));
}

static gboolean
load (Yv8Backend *backend, const Yv8Frame *frame, const Yv8Letterbox *letterbox, GError **error)
{
  Yv8Cpu *cpu = (Yv8Cpu *) backend;
  Picture picture = { cpu, frame, letterbox->height };

  yv8_planar_fit (&cpu->planar, frame, letterbox);
  yv8_pool_run (cpu->pool, letterbox_task, &picture, picture_tasks (cpu, NULL));
  cpu->planar.has_values = FALSE;
  return TRUE;
}

typedef struct {
  Yv8Cpu *cpu;
  const Yv8Op *op;
  const Kernel *kernel;
} Job;

static void
run_task (gpointer data, guint lane, guint task)
{
  const Job *job = data;

  job->kernel->run (job->cpu, job->op, lane, task);
}

static gboolean
run_op (Yv8Backend *backend, guint index, GError **error)
{
  Yv8Cpu *cpu = (Yv8Cpu *) backend;
  const Yv8Op *op = yv8_graph_op (cpu->planar.program.graph, index);
  Job job = { cpu, op, &KERNELS[type_of (cpu, op)][op->kind] };
  guint64 start = cpu->planar.nanoseconds ? yv8_planar_now () : 0;

  yv8_pool_run (cpu->pool, run_task, &job, job.kernel->n_tasks (cpu, op));
  if (cpu->planar.nanoseconds)
    cpu->planar.nanoseconds[index] = yv8_planar_now () - start;
  gint status = g_atomic_int_exchange (&cpu->failed, YV8_CPU_DONE);
  if (status == YV8_CPU_DONE)
    return TRUE;
  g_set_error (error, YV8_ERROR, status == YV8_CPU_NO_MEMORY ? YV8_ERROR_MEMORY : YV8_ERROR_DEVICE,
      "op '%s': the matrix product failed%s", op->name,
      status == YV8_CPU_NO_MEMORY ? " for want of memory" : "");
  return FALSE;
}

static const char *
kernel_name (Yv8Backend *backend, guint index)
{
  const Yv8Cpu *cpu = (Yv8Cpu *) backend;
  const Yv8Op *op = yv8_graph_op (cpu->planar.program.graph, index);
  const Kernel *kernel = &KERNELS[type_of (cpu, op)][op->kind];

  return op->activation == YV8_ACTIVATION_SILU ? kernel->silu_name : kernel->name;
}

static void
cpu_free (Yv8Backend *backend)
{
  Yv8Cpu *cpu = (Yv8Cpu *) backend;

  for (guint i = 0; cpu->scratch && i < yv8_pool_n_lanes (cpu->pool); i++)
    g_free (cpu->scratch[i]);
  g_free (cpu->scratch);
  g_free (cpu->tiles);
  for (guint i = 0; cpu->convs && i < yv8_graph_n_ops (cpu->planar.program.graph); i++)
    yv8_cpu_conv_qs8_free (cpu->convs[i]);
  g_free (cpu->convs);
  g_clear_pointer (&cpu->pool, yv8_pool_free);
  yv8_planar_clear (&cpu->planar);
  g_free (cpu);
}

static const Yv8BackendClass cpu_class = {
  .name = "cpu",
  .fuses = TRUE,
  .alignment = YV8_PLANAR_ALIGNMENT,
  .buffer_size = yv8_cpu_buffer_size,
  .prepare = prepare,
  .load = load,
  .load_values = yv8_cpu_load_values,
  .run_op = run_op,
  .read = yv8_cpu_read,
  .output = yv8_planar_output,
  .kernel_name = kernel_name,
  .op_nanoseconds = yv8_planar_op_nanoseconds,
  .peak = yv8_cpu_peak,
  .free = cpu_free,
};

Yv8Backend *
yv8_cpu_backend_new_for (const Yv8CpuKernels *kernels, guint threads, GError **error)
{
  Yv8Cpu *cpu = g_new0 (Yv8Cpu, 1);

  cpu->planar.backend.klass = &cpu_class;
  cpu->kernels = kernels;
  cpu->pool = yv8_pool_new (threads ? threads : g_get_num_processors (), error);
  if (!cpu->pool) {
    cpu_free (&cpu->planar.backend);
    return NULL;
  }
  return &cpu->planar.backend;
}

Yv8Backend *
yv8_cpu_backend_new (guint threads, GError **error)
{
  return yv8_cpu_backend_new_for (yv8_cpu_kernels (), threads, error);
}

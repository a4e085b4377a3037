/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inside of the backend "cpu": what its files share. */
#pragma once

#include "cpu/isa.h"
#include "cpu/pool.h"
#include "ref/planar.h"

G_BEGIN_DECLS

#define YV8_CPU_TASK_ROWS 16 /* of the picture: of a task of the letterbox and of the INPUT op */

typedef struct _Yv8Cpu Yv8Cpu;
typedef struct _Yv8CpuConvQs8 Yv8CpuConvQs8;

/**
 * Yv8CpuTile: how a convolution is cut.
 * @n_columns: pixels of the output a task
 * @column_tasks: tasks along the pixels
 * @n_rows: output channels a task
 * @row_tasks: tasks along the output channels
 */
typedef struct {
  guint n_columns, column_tasks;
  guint n_rows, row_tasks;
} Yv8CpuTile;

/**
 * Yv8Cpu:
 * @tiles: (array): of each op; zero for all but float CONV
 * @convs: (array): of each op; %NULL for all but int8 CONV
 * @scratch: (array): of each lane: 4-byte elements, as many as the ops want
 * @failed: a Yv8CpuStatus other than done, once one was seen
 */
struct _Yv8Cpu {
  Yv8Planar planar;
  const Yv8CpuKernels *kernels;
  Yv8Pool *pool;
  Yv8CpuTile *tiles;
  Yv8CpuConvQs8 **convs;
  gpointer *scratch;
  gint failed;
};

/**
 * yv8_cpu_backend_new_for: yv8_cpu_backend_new(), with the loops of a given instruction set
 */
Yv8Backend *yv8_cpu_backend_new_for (const Yv8CpuKernels *kernels, guint threads, GError **error);

/**
 * yv8_cpu_conv_tile: Returns: how to cut @op
 */
Yv8CpuTile yv8_cpu_conv_tile (const Yv8Cpu *cpu, const Yv8Op *op);

/**
 * yv8_cpu_conv_scratch: Returns: floats of scratch that a task of @op needs
 */
gsize yv8_cpu_conv_scratch (const Yv8Cpu *cpu, const Yv8Op *op, const Yv8CpuTile *tile);

/**
 * yv8_cpu_conv_task: one tile of @op
 */
void yv8_cpu_conv_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task);

/**
 * yv8_cpu_maxpool_scratch: Returns: elements of scratch that a task of @op needs, of either type
 */
gsize yv8_cpu_maxpool_scratch (const Yv8Cpu *cpu, const Yv8Op *op);

/* Tasks of float MAXPOOL: a channel of the input. */
guint yv8_cpu_maxpool_f32_tasks (const Yv8Cpu *cpu, const Yv8Op *op);
void yv8_cpu_maxpool_f32_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint channel);

/**
 * yv8_cpu_upsample_f32: doubles @n values of @channel from the @first-th on; @in and @out are maps
 * of float32
 */
void yv8_cpu_upsample_f32 (const Yv8Cpu *cpu, const Yv8Slice *in, const Yv8Slice *out,
    guint channel, gsize first, gsize n);

/* Tasks of float UPSAMPLE: a channel. */
void yv8_cpu_upsample_f32_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint channel);

/**
 * yv8_cpu_peak: of Yv8BackendClass
 */
gboolean yv8_cpu_peak (Yv8Backend *backend, Yv8Peak *peak);

G_END_DECLS

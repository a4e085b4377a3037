/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inside of the backend "cpu": lanes, tasks, and what each op does in one. */
#pragma once

#include "cpu/isa.h"
#include "ref/planar.h"

G_BEGIN_DECLS

typedef struct _Yv8Cpu Yv8Cpu;

/**
 * Yv8CpuTask: one share of an op's work.
 * @lane: which of cpu->n_lanes runs it; lanes run at the same time, each with its own scratch
 */
typedef void (*Yv8CpuTask) (Yv8Cpu *cpu, const void *data, guint lane, guint task);

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
 * @tiles: (array): of each op; zero for all but CONV
 * @scratch: (array): of each lane: cpu->scratch_size floats
 * @failed: a status of dnnl_sgemm other than success, once one was seen
 */
struct _Yv8Cpu {
  Yv8Planar planar;
  const Yv8CpuKernels *kernels;
  struct pthreadpool *pool;
  guint n_lanes;
  Yv8CpuTile *tiles;
  float **scratch;
  guint last_op;
  gint failed;
};

/**
 * yv8_cpu_parallel: runs tasks 0 to @n_tasks - 1, each once, on all lanes
 * @last: nothing follows soon: the threads are to sleep
 */
void yv8_cpu_parallel (Yv8Cpu *cpu, Yv8CpuTask run, const void *data, guint n_tasks, gboolean last);

/**
 * yv8_cpu_conv_tile: Returns: how to cut @op
 */
Yv8CpuTile yv8_cpu_conv_tile (const Yv8Cpu *cpu, const Yv8Op *op);

/**
 * yv8_cpu_conv_scratch: Returns: floats of scratch that a task of @op needs
 */
gsize yv8_cpu_conv_scratch (const Yv8Cpu *cpu, const Yv8Op *op, const Yv8CpuTile *tile);

/**
 * yv8_cpu_conv_task: @data: the #Yv8Op
 */
void yv8_cpu_conv_task (Yv8Cpu *cpu, const void *data, guint lane, guint task);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tasks on the threads of a pthreadpool. */
#include "config.h"

#include <pthreadpool.h>

#include "cpu/cpu.h"

/* oneDNN is built on OpenMP: each lane is a thread of its own to it, in which it shall not fork.
 * Weak, since an oneDNN with another runtime has no OpenMP, and to link no second one. */
extern void omp_set_num_threads (int n) __attribute__ ((weak));
extern int omp_get_max_threads (void) __attribute__ ((weak));

typedef struct {
  Yv8Cpu *cpu;
  Yv8CpuTask run;
  const void *data;
  gint n_tasks;
  gint next;
} Job;

static void
run_lane (void *data, size_t lane)
{
  Job *job = data;
  int threads = omp_get_max_threads ? omp_get_max_threads () : 1;
  gint task;

  if (threads != 1)
    omp_set_num_threads (1);
  while ((task = g_atomic_int_add (&job->next, 1)) < job->n_tasks)
    job->run (job->cpu, job->data, (guint) lane, (guint) task);
  if (threads != 1)
    omp_set_num_threads (threads);
}

void
yv8_cpu_parallel (Yv8Cpu *cpu, Yv8CpuTask run, const void *data, guint n_tasks, gboolean last)
{
  Job job = { cpu, run, data, (gint) n_tasks, 0 };
  guint32 flags = PTHREADPOOL_FLAG_DISABLE_DENORMALS;

  if (last)
    flags |= PTHREADPOOL_FLAG_YIELD_WORKERS;
  pthreadpool_parallelize_1d (cpu->pool, run_lane, &job, MIN (cpu->n_lanes, n_tasks), flags);
}

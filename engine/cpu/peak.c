/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What this processor can do at most: the kernels on data that lies in the first cache, and
 * copying. */
#include "config.h"

#include <string.h>

#include "cpu/cpu.h"
#include "cpu/product.h"

#define ROUNDS 20  /* of which the best counts */
#define TASKS  64  /* of a lane in a round: short ones, so that none waits for the last */
#define STEPS  256 /* of the int8 kernel, over and over the same places */
#define SIDE   96  /* of the matrices of the float kernel */
#define COPIED ((gsize) 64 << 10) /* bytes, of a task */

typedef struct {
  Yv8Cpu *cpu;
  gint32 offsets[STEPS];
  guint8 *data;   /* what the kernels read, and what is copied */
  float *outputs; /* of each lane */
} Peak;

#define LANE_OUTPUTS     MAX (SIDE *SIDE, YV8_CPU_MAX_PIXELS *YV8_CPU_MAX_CHANNELS)
#define DATA_SIZE(lanes) (2 * COPIED * TASKS * (lanes))

static void
integer_task (gpointer data, guint lane, guint task)
{
  const Peak *peak = data;
  const gint32 *x = (const gint32 *) peak->data;

  const Yv8CpuQs8Kernels *qs8 = peak->cpu->kernels->qs8;

  qs8->conv[qs8->pixels / qs8->lanes - 1]((gint32 *) (peak->outputs + lane * LANE_OUTPUTS),
      (const guint32 *) x, peak->offsets, STEPS, x, x);
}

static void
float_task (gpointer data, guint lane, guint task)
{
  const Peak *peak = data;
  const float *x = (const float *) peak->data;

  yv8_cpu_product (peak->cpu->kernels, peak->outputs + lane * LANE_OUTPUTS, SIDE, x,
      x + SIDE * SIDE, SIDE, SIDE, SIDE, SIDE);
}

static void
copy_task (gpointer data, guint lane, guint task)
{
  const Peak *peak = data;

  memcpy (peak->data + 2 * COPIED * task, peak->data + 2 * COPIED * task + COPIED, COPIED);
}

/* Per second; a task does @amount. */
static double
measure (Peak *peak, Yv8PoolTask task, double amount)
{
  guint n = TASKS * yv8_pool_n_lanes (peak->cpu->pool);
  guint64 least = G_MAXUINT64;

  for (guint i = 0; i < ROUNDS; i++) {
    guint64 start = yv8_planar_now ();
    yv8_pool_run (peak->cpu->pool, task, peak, n);
    least = MIN (least, yv8_planar_now () - start);
  }
  return amount * n / (double) MAX (least, 1) * 1e9;
}

gboolean
yv8_cpu_peak (Yv8Backend *backend, Yv8Peak *to)
{
  Yv8Cpu *cpu = (Yv8Cpu *) backend;
  const Yv8CpuQs8Kernels *qs8 = cpu->kernels->qs8;
  guint n_lanes = yv8_pool_n_lanes (cpu->pool);
  Peak peak = { .cpu = cpu };

  peak.data = g_try_malloc0 (DATA_SIZE (n_lanes));
  peak.outputs = g_try_new0 (float, (gsize) n_lanes *LANE_OUTPUTS);
  gboolean good = peak.data && peak.outputs;
  if (good)
    *to = (Yv8Peak){
      .integer_macs = measure (&peak, integer_task, 4.0 * STEPS * qs8->pixels * qs8->channels),
      .float_macs = measure (&peak, float_task, (double) SIDE * SIDE * SIDE),
      .bytes = measure (&peak, copy_task, 2.0 * COPIED),
    };
  g_free (peak.data);
  g_free (peak.outputs);
  return good;
}

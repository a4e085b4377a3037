/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * UPSAMPLE, as an op of its own and as part of a convolution's tasks. */
#include <string.h>

#include "cpu/qs8.h"

void
yv8_cpu_upsample_f32 (
    const Yv8Cpu *cpu, const Yv8Slice *in, const Yv8Slice *out, guint channel, gsize first, gsize n)
{
  Yv8Shape shape = yv8_planar_shape (&cpu->planar, in);
  gsize width = shape.width, plane = shape.height * width, end = first + n;
  const float *x = yv8_planar_map (&cpu->planar, in) + channel * plane;
  float *y = yv8_planar_map (&cpu->planar, out) + 4 * channel * plane;

  for (gsize i = first, count; i < end; i += count) {
    float *to = y + 4 * (i - i % width) + 2 * (i % width);
    count = MIN (width - i % width, end - i);
    cpu->kernels->double_row (to, x + i, count);
    memcpy (to + 2 * width, to, 2 * count * sizeof *to);
  }
}

void
yv8_cpu_upsample_f32_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint channel)
{
  Yv8Shape in = yv8_planar_shape (&cpu->planar, &op->in[0]);

  yv8_cpu_upsample_f32 (cpu, &op->in[0], &op->out, channel, 0, (gsize) in.height * in.width);
}

void
yv8_cpu_upsample_qs8 (const Yv8Cpu *cpu, const Yv8CpuMap *in, const Yv8CpuMap *out, guint block,
    guint first, guint end, guint32 zero, guint32 *scratch)
{
  guint32 *y = scratch + in->width;

  for (gsize row = first; row < end; row++) {
    const guint32 *x =
        yv8_cpu_map_line (in, out->lane, block, yv8_cpu_map_row (in, row), in->width, scratch);
    cpu->kernels->double_row (y, x, in->width);
    yv8_cpu_map_store (cpu, out, block, yv8_cpu_map_row (out, 2 * row), y, out->width);
    yv8_cpu_map_store (cpu, out, block, yv8_cpu_map_row (out, 2 * row + 1), y, out->width);
  }
  yv8_cpu_map_halo (cpu, out, block, 2 * first, 2 * end, zero);
}

void
yv8_cpu_upsample_qs8_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint block)
{
  Yv8CpuMap in = yv8_cpu_map (cpu, &op->in[0]), out = yv8_cpu_map (cpu, &op->out);
  guint32 zero = *yv8_cpu_map_line (&in, out.lane, block, 0, 1, cpu->scratch[lane]);

  yv8_cpu_upsample_qs8 (cpu, &in, &out, block, 0, in.height, zero, cpu->scratch[lane]);
}

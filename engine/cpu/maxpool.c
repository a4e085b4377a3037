/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MAXPOOL of either type: an element is a float32, or a word of four int8. The map is laid between
 * paddings of the least value and is one run of elements from then on: first the maximum along the
 * rows of the window is taken, then down its columns. A further level starts from the one before,
 * which is still in the cache. */
#include <string.h>

#include "cpu/qs8.h"

#define LEAST_F32 0xff800000u /* -infinity */
#define LEAST_QS8 0x80808080u /* -128 in each channel */

typedef guint32 Element __attribute__ ((may_alias));
typedef void (*Max) (gpointer y, gconstpointer x, gsize n);

/* @padded: the map between paddings; @along: maxima along the rows; @down: of whole windows, at a
 * stride of 1; @line: a row. */
typedef struct {
  const Yv8CpuKernels *kernels;
  Max max;
  Yv8Window window;
  guint height, width, out_width;
  gsize pitch, size;
  Element *padded, *along, *down, *line;
} Pool;

static void
pool_init (Pool *self, const Yv8Cpu *cpu, const Yv8Op *op)
{
  Yv8Shape in = yv8_planar_shape (&cpu->planar, &op->in[0]);
  guint pad = op->window.pad;

  self->kernels = cpu->kernels;
  self->window = op->window;
  self->height = in.height;
  self->width = in.width;
  self->out_width = yv8_planar_shape (&cpu->planar, &op->out).width;
  self->pitch = (gsize) in.width + 2 * pad;
  self->size = self->pitch * ((gsize) in.height + 2 * pad);
}

gsize
yv8_cpu_maxpool_scratch (const Yv8Cpu *cpu, const Yv8Op *op)
{
  Pool pool;

  pool_init (&pool, cpu, op);
  return 3 * pool.size + MAX (pool.width, pool.out_width);
}

static void
take_scratch (Pool *self, gpointer scratch, Max max, guint32 least)
{
  self->max = max;
  self->padded = scratch;
  self->along = self->padded + self->size;
  self->down = self->along + self->size;
  self->line = self->down + self->size;
  for (gsize i = 0; i < self->size; i++)
    self->padded[i] = least;
}

static Element *
padded_row (const Pool *self, guint row)
{
  return self->padded + (row + self->window.pad) * self->pitch + self->window.pad;
}

static void
slide (const Pool *self, Element *y, const Element *x, gsize step, guint n_steps, gsize n)
{
  memcpy (y, x, n * sizeof *y);
  for (guint i = 1; i < n_steps; i++)
    self->max (y, x + i * step, n);
}

/* Level @level, of the map or of what the level before left in @down. */
static void
run_level (Pool *self, guint level)
{
  const Yv8Window *window = &self->window;
  gsize n = self->size - (window->kernel_w - 1);

  for (guint row = 0; level > 0 && row < self->height; row++)
    memcpy (padded_row (self, row), self->down + row * self->pitch, self->width * sizeof (Element));
  slide (self, self->along, self->padded, 1, window->kernel_w, n);
  n -= (window->kernel_h - 1) * self->pitch;
  slide (self, self->down, self->along, self->pitch, window->kernel_h, n);
}

/* Row @row of what run_level() made. */
static const Element *
result_row (const Pool *self, guint row)
{
  const Element *x = self->down + (gsize) row * self->window.stride * self->pitch;

  if (self->window.stride == 1)
    return x;
  self->kernels->gather (self->line, x, self->window.stride, self->out_width);
  return self->line;
}

guint
yv8_cpu_maxpool_f32_tasks (const Yv8Cpu *cpu, const Yv8Op *op)
{
  return op->in[0].channels;
}

void
yv8_cpu_maxpool_f32_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint channel)
{
  Yv8Shape in = yv8_planar_shape (&cpu->planar, &op->in[0]);
  Yv8Shape out = yv8_planar_shape (&cpu->planar, &op->out);
  gsize in_plane = (gsize) in.height * in.width, out_plane = (gsize) out.height * out.width;
  const float *x = yv8_planar_map (&cpu->planar, &op->in[0]) + channel * in_plane;
  float *y = yv8_planar_map (&cpu->planar, &op->out) + channel * out_plane;
  Pool pool;

  pool_init (&pool, cpu, op);
  take_scratch (&pool, cpu->scratch[lane], cpu->kernels->max, LEAST_F32);
  for (guint row = 0; row < in.height; row++, x += in.width)
    memcpy (padded_row (&pool, row), x, in.width * sizeof *x);
  for (guint level = 0; level < yv8_op_levels (op); level++, y += in.channels * out_plane) {
    run_level (&pool, level);
    for (guint row = 0; row < out.height; row++)
      memcpy (y + (gsize) row * out.width, result_row (&pool, row), out.width * sizeof *y);
  }
}

/* Those of all levels begin at a whole word, if there are several. */
static Yv8CpuMap
level_map (const Yv8Cpu *cpu, const Yv8Op *op, guint level)
{
  guint n = op->in[0].channels;

  return yv8_cpu_map (cpu, &(Yv8Slice){ op->out.buffer, op->out.channel + level * n, n });
}

guint
yv8_cpu_maxpool_qs8_tasks (const Yv8Cpu *cpu, const Yv8Op *op)
{
  return level_map (cpu, op, 0).n_blocks;
}

void
yv8_cpu_maxpool_qs8_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint block)
{
  Yv8CpuMap in = yv8_cpu_map (cpu, &op->in[0]), out = level_map (cpu, op, 0);
  Pool pool;

  pool_init (&pool, cpu, op);
  take_scratch (&pool, cpu->scratch[lane], cpu->kernels->qs8->max, LEAST_QS8);
  guint32 zero = *yv8_cpu_map_line (&in, out.lane, block, 0, 1, pool.line);
  for (guint row = 0; row < in.height; row++)
    memcpy (padded_row (&pool, row),
        yv8_cpu_map_line (&in, out.lane, block, yv8_cpu_map_row (&in, row), in.width, pool.line),
        in.width * sizeof (guint32));
  for (guint level = 0; level < yv8_op_levels (op); level++) {
    out = level_map (cpu, op, level);
    run_level (&pool, level);
    for (guint row = 0; row < out.height; row++)
      yv8_cpu_map_store (
          cpu, &out, block, yv8_cpu_map_row (&out, row), result_row (&pool, row), out.width);
    yv8_cpu_map_halo (cpu, &out, block, 0, out.height, zero);
  }
}

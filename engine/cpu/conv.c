/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution as a matrix product: weights [out channels][K] by columns [K][pixels], K = in
 * channels
 * * kernel_h * kernel_w. The columns of a 1x1 kernel are the map itself; those of others are
 * gathered into scratch (im2col), for as many pixels at a time as the second-level cache holds. */
#include <string.h>

#include "cpu/cpu.h"
#include "cpu/product.h"

/* Bytes of columns and results of a task, to stay in a usual second-level cache beside what
 * the product packs; but not fewer pixels than MIN_COLUMNS, since each task packs its weights anew.
 */
#define CACHE_BYTES (384 * 1024)
#define MIN_COLUMNS 208
#define COLUMN_STEP 16 /* floats of the widest vector */
#define ROW_STEP    16

typedef struct {
  const Yv8Op *op;
  Yv8Shape in, out;
  gsize plane; /* pixels of a channel of the output */
  gsize k;
} Conv;

static Conv
conv_of (const Yv8Cpu *cpu, const Yv8Op *op)
{
  Conv conv = {
    .op = op,
    .in = yv8_planar_shape (&cpu->planar, &op->in[0]),
    .out = yv8_planar_shape (&cpu->planar, &op->out),
  };

  conv.plane = (gsize) conv.out.height * conv.out.width;
  conv.k = (gsize) conv.in.channels * op->window.kernel_h * op->window.kernel_w;
  return conv;
}

static gboolean
is_pointwise (const Yv8Window *window)
{
  return window->kernel_h == 1 && window->kernel_w == 1 && window->stride == 1;
}

static guint
divide_up (gsize n, gsize by)
{
  return (guint) ((n + by - 1) / by);
}

Yv8CpuTile
yv8_cpu_conv_tile (const Yv8Cpu *cpu, const Yv8Op *op)
{
  Conv conv = conv_of (cpu, op);
  guint n_lanes = yv8_pool_n_lanes (cpu->pool);
  gsize most = CACHE_BYTES / sizeof (float) / (conv.k + conv.out.channels);
  guint tasks = divide_up (conv.plane, MAX (most, MIN_COLUMNS));
  Yv8CpuTile tile;

  tasks = divide_up (tasks, n_lanes) * n_lanes;
  tile.n_columns = divide_up (divide_up (conv.plane, tasks), COLUMN_STEP) * COLUMN_STEP;
  tile.column_tasks = divide_up (conv.plane, tile.n_columns);
  tile.n_rows = conv.out.channels;
  if (tile.column_tasks < n_lanes) {
    guint row_tasks = divide_up (n_lanes, tile.column_tasks);
    tile.n_rows = divide_up (divide_up (tile.n_rows, row_tasks), ROW_STEP) * ROW_STEP;
  }
  tile.row_tasks = divide_up (conv.out.channels, tile.n_rows);
  return tile;
}

gsize
yv8_cpu_conv_scratch (const Yv8Cpu *cpu, const Yv8Op *op, const Yv8CpuTile *tile)
{
  return is_pointwise (&op->window) ? 0 : conv_of (cpu, op).k * tile->n_columns;
}

/* One row of columns where the output is as wide as the input: pixels @first to @first + @n of the
 * map, shifted by the kernel's offset, then 0 for what was taken from beyond the left or right
 * edge.
 */
static void
shift_plane (float *y, const float *x, const Conv *conv, gint dy, gint dx, gsize first, gsize n)
{
  gint64 width = conv->in.width, plane = (gint64) conv->plane;
  gint64 start = (gint64) first + dy * width + dx;
  gint64 before = CLAMP (-start, 0, (gint64) n);
  gint64 end = CLAMP (plane - start, before, (gint64) n);

  memset (y, 0, before * sizeof (float));
  memcpy (y + before, x + start + before, (end - before) * sizeof (float));
  memset (y + end, 0, (n - end) * sizeof (float));
  for (gint64 edge = 0; edge < ABS (dx); edge++) {
    gint64 column = dx < 0 ? edge : width - 1 - edge;
    gint64 i = column - (gint64) (first % width);
    for (i = i < 0 ? i + width : i; i < (gint64) n; i += width)
      y[i] = 0;
  }
}

/* Output columns @from to @to of one row; @x is the input's row, or NULL beyond its edges. */
static void
gather_row (const Yv8CpuKernels *kernels, float *y, const float *x, const Conv *conv, gint dx,
    gint64 from, gint64 to)
{
  gint64 stride = conv->op->window.stride;
  gint64 low = CLAMP (dx < 0 ? (-dx + stride - 1) / stride : 0, from, to);
  gint64 last = (gint64) conv->in.width - 1 - dx;
  gint64 high = x && last >= 0 ? CLAMP (last / stride + 1, low, to) : low;

  memset (y, 0, (low - from) * sizeof (float));
  if (high > low)
    kernels->gather (y + (low - from), x + low * stride + dx, stride, high - low);
  memset (y + (high - from), 0, (to - high) * sizeof (float));
}

static void
gather_plane (const Yv8CpuKernels *kernels, float *y, const float *x, const Conv *conv, gint dy,
    gint dx, gsize first, gsize n)
{
  gsize width = conv->out.width;

  for (gsize i = first; i < first + n;) {
    gsize row = i / width, from = i % width;
    gsize to = MIN (width, from + first + n - i);
    gint64 in_row = (gint64) row * conv->op->window.stride + dy;
    gboolean inside = in_row >= 0 && in_row < conv->in.height;
    gather_row (
        kernels, y + (i - first), inside ? x + in_row * conv->in.width : NULL, conv, dx, from, to);
    i += to - from;
  }
}

static void
gather_columns (
    const Yv8CpuKernels *kernels, float *y, const float *x, const Conv *conv, gsize first, gsize n)
{
  const Yv8Window *window = &conv->op->window;
  gboolean shift = window->stride == 1 && conv->in.width == conv->out.width &&
                   conv->in.height == conv->out.height;

  for (guint c = 0; c < conv->in.channels; c++, x += (gsize) conv->in.height * conv->in.width)
    for (guint ky = 0; ky < window->kernel_h; ky++)
      for (guint kx = 0; kx < window->kernel_w; kx++, y += n) {
        gint dy = (gint) ky - (gint) window->pad, dx = (gint) kx - (gint) window->pad;
        if (shift)
          shift_plane (y, x, conv, dy, dx, first, n);
        else
          gather_plane (kernels, y, x, conv, dy, dx, first, n);
      }
}

void
yv8_cpu_conv_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task)
{
  const Yv8CpuTile *tile = &cpu->tiles[op - yv8_graph_op (cpu->planar.program.graph, 0)];
  Conv conv = conv_of (cpu, op);
  gsize first = (gsize) (task % tile->column_tasks) * tile->n_columns;
  gsize n = MIN (tile->n_columns, conv.plane - first);
  gsize row = (gsize) (task / tile->column_tasks) * tile->n_rows;
  gsize n_rows = MIN (tile->n_rows, conv.out.channels - row);
  const float *columns = yv8_planar_map (&cpu->planar, &op->in[0]) + first;
  const float *residual = op->n_in > 1 ? yv8_planar_map (&cpu->planar, &op->in[1]) : NULL;
  float *y = yv8_planar_map (&cpu->planar, &op->out) + row * conv.plane + first;
  gsize stride = conv.plane;

  if (!is_pointwise (&op->window)) {
    gather_columns (cpu->kernels, cpu->scratch[lane], columns - first, &conv, first, n);
    columns = cpu->scratch[lane];
    stride = n;
  }
  Yv8CpuStatus status = yv8_cpu_product (
      cpu->kernels, y, conv.plane, op->weights + row * conv.k, columns, stride, n_rows, conv.k, n);
  if (status != YV8_CPU_DONE)
    g_atomic_int_set (&cpu->failed, (gint) status);

  for (gsize i = 0; i < n_rows; i++, y += conv.plane) {
    if (op->activation == YV8_ACTIVATION_SILU)
      cpu->kernels->finish_silu (y, op->bias[row + i], n);
    else
      cpu->kernels->finish (y, op->bias[row + i], n);
    if (residual)
      cpu->kernels->add (y, residual + (row + i) * conv.plane + first, n);
    if (op->upsampled.channels)
      yv8_cpu_upsample_f32 (cpu, &op->out, &op->upsampled, (guint) (row + i), first, n);
  }
}

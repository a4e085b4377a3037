/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The int8 convolution: planning, packing, and the tasks. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/qs8.h"

/* The plan's cost model, in cycles of the kernels: a step of a tile, a tile's epilogue, a gathered
 * word, a task. */
#define STEP_COST   12
#define TILE_COST   600
#define GATHER_COST 0.25
#define TASK_COST   1000

#define MAX_TASKS   8 /* for each lane, along the rows */
#define LEAST_TASKS 4

#define MAX_WORDS   (YV8_CPU_MAX_PIXELS * YV8_CPU_MAX_CHANNELS / 4)

typedef struct {
  Yv8CpuMap in;
  Yv8Shape out;
  const Yv8Window *window;
  guint lanes; /* of the pool */
  const Yv8CpuQs8Kernels *kernels;
} Geometry;

static Geometry
geometry_of (const Yv8Cpu *cpu, const Yv8Op *op)
{
  return (Geometry){
    .in = yv8_cpu_map (cpu, &op->in[0]),
    .out = yv8_planar_shape (&cpu->planar, &op->out),
    .window = &op->window,
    .lanes = yv8_pool_n_lanes (cpu->pool),
    .kernels = cpu->kernels->qs8,
  };
}

static guint
out_lane (const Yv8Op *op, Yv8Type type)
{
  return type == YV8_TYPE_QS8 ? op->out.channel % 4 : 0;
}

/* How @self would run in @row_tasks. */
static void
lay_out (Yv8CpuConvQs8 *self, const Geometry *of, guint row_tasks)
{
  const Yv8Window *window = of->window;
  guint rows = (of->out.height + row_tasks - 1) / row_tasks;
  gsize least = (gsize) (of->out.height / row_tasks - 1) * of->in.pitch + of->out.width;

  self->row_tasks = row_tasks;
  self->group_tasks =
      CLAMP ((LEAST_TASKS * of->lanes + row_tasks - 1) / row_tasks, 1, self->n_groups);
  self->gathers = window->stride > 1 || window->pad > 1 || least < of->kernels->pixels;
  self->pitch = of->in.pitch;
  self->block = of->in.block;
  self->phase = self->phase_row = 0;
  if (!self->gathers)
    return;
  self->pitch = of->out.width + MAX (1, (window->kernel_w - 1) / window->stride);
  self->phase_rows = rows + (window->kernel_h - 1) / window->stride;
  self->phase = (gsize) self->phase_rows * self->pitch;
  self->phase_row = MIN (window->stride, window->kernel_w) * self->phase;
  self->block = MIN (window->stride, window->kernel_h) * self->phase_row;
}

/* Of the lane that is done last. */
static double
cost (const Yv8CpuConvQs8 *self, const Geometry *of)
{
  guint rows = (of->out.height + self->row_tasks - 1) / self->row_tasks;
  guint groups = (self->n_groups + self->group_tasks - 1) / self->group_tasks;
  guint turns = (self->row_tasks * self->group_tasks + of->lanes - 1) / of->lanes;
  gsize run = (gsize) (rows - 1) * self->pitch + of->out.width;
  gsize vectors = (run + of->kernels->lanes - 1) / of->kernels->lanes;
  double tiles = (double) vectors * of->kernels->lanes / of->kernels->pixels * groups;
  double gathered = self->gathers ? (double) self->block * of->in.n_blocks : 0;

  double steps = (double) self->steps[self->n_groups] / self->n_groups;

  return turns * (tiles * (steps * STEP_COST + TILE_COST) + gathered * GATHER_COST + TASK_COST);
}

static void
plan (Yv8CpuConvQs8 *self, const Geometry *of)
{
  guint best = 1;
  double least = G_MAXDOUBLE;

  for (guint tasks = 1; tasks <= MIN (of->out.height, MAX_TASKS * of->lanes); tasks++) {
    lay_out (self, of, tasks);
    if (cost (self, of) < least) {
      least = cost (self, of);
      best = tasks;
    }
  }
  lay_out (self, of, best);
}

/* A step's place in the input. */
typedef struct {
  guint block, ky, kx;
} Step;

static gint32
offset_of (const Yv8CpuConvQs8 *self, const Yv8Window *window, Step at)
{
  guint s = window->stride;

  return (gint32) (at.block * self->block + at.ky % s * self->phase_row + at.kx % s * self->phase +
                   at.ky / s * self->pitch + at.kx / s);
}

/* The weights of a tile at one step; words of four, whose lowest byte is the first. */
typedef struct {
  const Yv8Op *op;
  gint64
      channel; /* the group's first; below 0 in the first group of a slice that begins in a word */
  guint n;
  Step at;
} Tap;

static gint32
weight_at (const Tap *tap, guint o, guint lane)
{
  const Yv8Op *op = tap->op;
  const Yv8Window *window = &op->window;
  gint64 to = tap->channel + o, from = (gint64) 4 * tap->at.block + lane - op->in[0].channel % 4;

  if (to < 0 || to >= op->out.channels || from < 0 || from >= op->in[0].channels)
    return 0;
  gsize i = ((gsize) to * op->in[0].channels + (gsize) from) * window->kernel_h + tap->at.ky;
  return op->qweights[i * window->kernel_w + tap->at.kx];
}

static gboolean
is_live (const Tap *tap)
{
  for (guint i = 0; i < 4 * tap->n; i++)
    if (weight_at (tap, i / 4, i % 4))
      return TRUE;
  return FALSE;
}

/* Takes what the zero points add off @corrections. */
static void
pack_tap (gint32 *y, gint32 *corrections, const Tap *tap, const Yv8CpuQs8Kernels *kernels,
    const Yv8Quant *quants)
{
  for (guint o = 0; o < tap->n; o++, y += kernels->weight_words) {
    guint32 w[4];
    for (guint lane = 0; lane < 4; lane++) {
      gint32 weight = weight_at (tap, o, lane);
      w[lane] = (guint32) weight;
      if (weight)
        corrections[o] -=
            weight * (quants[4 * tap->at.block + lane - tap->op->in[0].channel % 4].zero +
                         kernels->pixel_offset);
    }
    if (kernels->weight_words == 2) {
      y[0] = (gint32) ((w[0] & 0xffff) | w[2] << 16);
      y[1] = (gint32) ((w[1] & 0xffff) | w[3] << 16);
    } else {
      y[0] = (gint32) ((w[0] & 255) | (w[1] & 255) << 8 | (w[2] & 255) << 16 | w[3] << 24);
    }
  }
}

/* Walks all taps of all groups; packs those that are live, or, before there is room, counts them.
 */
static void
walk_taps (Yv8CpuConvQs8 *self, const Yv8Cpu *cpu, const Yv8Op *op, guint lane)
{
  const Yv8CpuQs8Kernels *kernels = cpu->kernels->qs8;
  const Yv8Quant *quants = cpu->planar.quants[op->in[0].buffer] + op->in[0].channel;
  gsize words = (gsize) kernels->channels * kernels->weight_words, step = 0;

  for (guint group = 0; group < self->n_groups; group++) {
    Tap tap = { op, (gint64) group * kernels->channels - lane, kernels->channels, { 0, 0, 0 } };
    self->steps[group] = step;
    for (tap.at.block = 0; tap.at.block < self->n_in_blocks; tap.at.block++)
      for (tap.at.ky = 0; tap.at.ky < op->window.kernel_h; tap.at.ky++)
        for (tap.at.kx = 0; tap.at.kx < op->window.kernel_w; tap.at.kx++) {
          if (!is_live (&tap))
            continue;
          if (self->weights) {
            self->offsets[step] = offset_of (self, &op->window, tap.at);
            pack_tap (self->weights + step * words, self->corrections + group * kernels->channels,
                &tap, kernels, quants);
          }
          step++;
        }
  }
  self->steps[self->n_groups] = step;
}

/* Of |v|, whatever the input is: an activation is at most 255 from its zero point. */
static double
greatest (const Yv8Op *op, guint channel)
{
  gsize n = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
  const gint8 *weights = op->qweights + channel * n;
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += abs (weights[i]);
  return 255 * sum * fabs (op->multiplier[channel]) + fabs (op->bias[channel]);
}

static void
pack_channels (Yv8CpuConvQs8 *self, const Yv8Cpu *cpu, const Yv8Op *op, guint lane)
{
  const Yv8Quant *others =
      op->n_in > 1 ? cpu->planar.quants[op->in[1].buffer] + op->in[1].channel : NULL;

  self->inverse = 1.0f / op->quant.scale;
  self->aligned = lane == 0 && op->out.channels % 4 == 0;
  self->bounded = TRUE;
  for (guint c = 0; c < op->out.channels; c++) {
    self->bounded &= greatest (op, c) <= YV8_CPU_BOUND * (double) op->quant.scale;
    self->multiplier[lane + c] = op->multiplier[c];
    self->bias[lane + c] = op->bias[c];
    if (others) {
      self->residual_scale[lane + c] = others[c].scale;
      self->residual_zero[lane + c] = others[c].zero;
    }
  }
}

void
yv8_cpu_conv_qs8_free (Yv8CpuConvQs8 *self)
{
  if (!self)
    return;
  g_free (self->steps);
  g_free (self->offsets);
  g_free (self->weights);
  g_free (self->corrections);
  g_free (self->residual_zero);
  g_free (self->multiplier);
  g_free (self->bias);
  g_free (self->residual_scale);
  g_free (self);
}

Yv8CpuConvQs8 *
yv8_cpu_conv_qs8_new (const Yv8Cpu *cpu, const Yv8Op *op)
{
  const Yv8CpuQs8Kernels *kernels = cpu->kernels->qs8;
  Geometry of = geometry_of (cpu, op);
  guint lane = out_lane (op, of.out.type);
  Yv8CpuConvQs8 *self = g_new0 (Yv8CpuConvQs8, 1);
  gsize words = (gsize) kernels->channels * kernels->weight_words;

  self->n_in_blocks = of.in.n_blocks;
  self->n_groups = (lane + of.out.channels + kernels->channels - 1) / kernels->channels;
  gsize padded = (gsize) self->n_groups * kernels->channels;
  self->steps = g_try_new0 (gsize, (gsize) self->n_groups + 1);
  self->corrections = g_try_new0 (gint32, padded);
  self->residual_zero = g_try_new0 (gint32, padded);
  self->multiplier = g_try_new0 (float, padded);
  self->bias = g_try_new0 (float, padded);
  self->residual_scale = g_try_new0 (float, padded);
  if (self->steps) {
    walk_taps (self, cpu, op, lane);
    gsize n = MAX (self->steps[self->n_groups], 1);
    self->offsets = g_try_new (gint32, n);
    self->weights = g_try_malloc_n (n, words * sizeof (gint32));
  }
  if (!self->offsets || !self->weights || !self->corrections || !self->residual_zero ||
      !self->multiplier || !self->bias || !self->residual_scale) {
    yv8_cpu_conv_qs8_free (self);
    return NULL;
  }
  plan (self, &of);
  walk_taps (self, cpu, op, lane);
  pack_channels (self, cpu, op, lane);
  return self;
}

gsize
yv8_cpu_conv_qs8_scratch (const Yv8CpuConvQs8 *self, const Yv8Cpu *cpu, const Yv8Op *op)
{
  Geometry of = geometry_of (cpu, op);

  return self->gathers ? self->block * of.in.n_blocks + of.kernels->pixels : 0;
}

guint
yv8_cpu_conv_qs8_tasks (const Yv8Cpu *cpu, const Yv8Op *op)
{
  const Yv8CpuConvQs8 *conv = cpu->convs[op - yv8_graph_op (cpu->planar.program.graph, 0)];

  return conv->row_tasks * conv->group_tasks;
}

/* One row of a phase: every stride-th word of the map's row @line from column @first on; columns
 * outside of the map are as its halo. */
static void
gather_row (const Yv8CpuKernels *kernels, guint32 *y, const guint32 *line, guint width,
    gint64 first, guint stride, gint64 n)
{
  gint64 low = first < 0 ? MIN ((-first + stride - 1) / stride, n) : 0;
  gint64 high = first < width ? CLAMP ((width - 1 - first) / stride + 1, low, n) : low;

  for (gint64 i = 0; i < low; i++)
    y[i] = line[0];
  kernels->gather (y + low, line + 1 + first + low * stride, stride, high - low);
  for (gint64 i = high; i < n; i++)
    y[i] = line[0];
}

static void
gather (const Yv8Cpu *cpu, const Yv8CpuConvQs8 *self, const Yv8Op *op, guint32 *y, guint first_row)
{
  Yv8CpuMap in = yv8_cpu_map (cpu, &op->in[0]);
  const Yv8Window *window = &op->window;
  guint s = window->stride;

  for (guint block = 0; block < in.n_blocks; block++)
    for (guint py = 0; py < MIN (s, window->kernel_h); py++)
      for (guint px = 0; px < MIN (s, window->kernel_w); px++)
        for (guint row = 0; row < self->phase_rows; row++, y += self->pitch) {
          gint64 from = ((gint64) first_row + row) * s + py - window->pad;
          const guint32 *line =
              in.data + block * in.block + (CLAMP (from, -1, (gint64) in.height) + 1) * in.pitch;
          gather_row (cpu->kernels, y, line, in.width, (gint64) px - window->pad, s, self->pitch);
        }
}

/* Outputs of one row in a tile. */
typedef struct {
  guint first, n; /* pixels of the tile */
  guint row;
  gsize column; /* of a whole run: counted on through the rows and their halos */
} Segment;

typedef struct {
  Yv8Cpu *cpu;
  const Yv8Op *op;
  const Yv8CpuConvQs8 *conv;
  Yv8CpuMap out, residual;
  float *y; /* where the output is float32 */
  gsize plane;
  guint width;
  guint first_row, end_row;
  gboolean whole;  /* rows lie as far apart in the output as in the run: halos are written, too */
  guint pixels;    /* of the tile */
  gboolean direct; /* the tile is one segment */
  guint n_segments;
  Segment segments[YV8_CPU_MAX_PIXELS];
} Task;

/* Outputs @from to @to of the task's run, in a tile of task->pixels that begins at @start. */
static void
cut (Task *task, gsize start, gsize from, gsize to)
{
  guint pitch = task->conv->pitch;

  task->n_segments = 0;
  if (task->whole) {
    task->segments[task->n_segments++] = (Segment){ 0, task->pixels, task->first_row, start };
    from = to;
  }
  while (from < to) {
    guint column = from % pitch;
    gsize n = MIN (to - from, pitch - column);
    if (column < task->width)
      task->segments[task->n_segments++] = (Segment){ from - start, MIN (n, task->width - column),
        task->first_row + from / pitch, column };
    from += n;
  }
  task->direct = task->n_segments == 1 && task->segments[0].n == task->pixels;
}

/* Words of @block at the segment. */
static gsize
segment_start (const Yv8CpuMap *map, guint block, const Segment *at)
{
  return block * map->block + (at->row + 1) * (gsize) map->pitch + 1 + at->column;
}

/* Brings the residual of @n blocks to @to, unless it lies in the map as the tile wants it. */
static void
find_residual (const Task *task, guint first, guint n, guint32 *copy, Yv8CpuFinish *to)
{
  const Yv8CpuMap *map = &task->residual;
  guint pixels = task->cpu->kernels->qs8->pixels;
  guint32 scratch[YV8_CPU_MAX_PIXELS];

  to->residual = copy;
  to->residual_stride = pixels;
  if (task->direct && map->lane == task->out.lane) {
    to->residual = map->data + segment_start (map, first, task->segments);
    to->residual_stride = n > 1 ? map->block : 0;
    return;
  }
  for (guint block = first; block < first + n; block++, copy += pixels)
    for (guint i = 0; i < task->n_segments; i++) {
      const Segment *at = &task->segments[i];
      memcpy (copy + at->first,
          yv8_cpu_map_line (map, task->out.lane, block, segment_start (map, 0, at), at->n, scratch),
          at->n * sizeof *copy);
    }
}

static void
finish_qs8 (const Task *task, guint group, const gint32 *acc)
{
  const Yv8CpuQs8Kernels *kernels = task->cpu->kernels->qs8;
  const Yv8Op *op = task->op;
  const Yv8CpuMap *out = &task->out;
  const Yv8CpuConvQs8 *conv = task->conv;
  guint c = group * kernels->channels, first = c / 4;
  guint n = MIN (kernels->channels / 4, out->n_blocks - first);
  gboolean direct = task->direct && conv->aligned && n == kernels->channels / 4;
  guint32 residual[MAX_WORDS], y[MAX_WORDS];
  Yv8CpuFinish to = { y, kernels->pixels, NULL, 0, conv->multiplier + c, conv->bias + c,
    conv->residual_scale + c, conv->residual_zero + c, conv->inverse, op->quant.zero, task->pixels,
    conv->bounded };

  if (op->n_in > 1)
    find_residual (task, first, n, residual, &to);
  if (direct) {
    to.y = out->data + segment_start (out, first, task->segments);
    to.y_stride = out->block;
  }
  kernels->finish_qs8[op->activation == YV8_ACTIVATION_SILU][op->n_in > 1](&to, acc);
  for (guint block = 0; !direct && block < n; block++)
    for (guint i = 0; i < task->n_segments; i++) {
      const Segment *at = &task->segments[i];
      kernels->blend (out->data + segment_start (out, first + block, at),
          y + block * kernels->pixels + at->first, 0, yv8_cpu_map_mask (out, first + block), at->n);
    }
}

static void
finish_f32 (const Task *task, guint channel, const gint32 *acc)
{
  float *to = task->y + channel * task->plane, y[YV8_CPU_MAX_PIXELS];
  const Segment *at = task->segments, *end = at + task->n_segments;

  task->cpu->kernels->qs8->finish_f32[task->op->activation == YV8_ACTIVATION_SILU](
      task->direct ? to + (gsize) at->row * task->width + at->column : y, acc,
      task->conv->multiplier[channel], task->conv->bias[channel], task->pixels);
  for (; !task->direct && at < end; at++)
    memcpy (to + (gsize) at->row * task->width + at->column, y + at->first, at->n * sizeof *y);
}

static void
finish (const Task *task, guint group, const gint32 *acc)
{
  const Yv8CpuQs8Kernels *kernels = task->cpu->kernels->qs8;
  guint first = group * kernels->channels;

  for (guint i = 0; task->y && i < kernels->channels; i++)
    if (first + i < task->op->out.channels)
      finish_f32 (task, first + i, acc + i * kernels->pixels);
  if (!task->y)
    finish_qs8 (task, group, acc);
}

static Task
task_of (Yv8Cpu *cpu, const Yv8Op *op, guint index)
{
  const Yv8CpuConvQs8 *conv = cpu->convs[op - yv8_graph_op (cpu->planar.program.graph, 0)];
  Yv8Shape out = yv8_planar_shape (&cpu->planar, &op->out);
  guint row_task = index / conv->group_tasks;
  Task task = {
    .cpu = cpu,
    .op = op,
    .conv = conv,
    .plane = (gsize) out.height * out.width,
    .width = out.width,
    .first_row = (guint64) row_task * out.height / conv->row_tasks,
    .end_row = (guint64) (row_task + 1) * out.height / conv->row_tasks,
  };

  if (out.type == YV8_TYPE_QS8)
    task.out = yv8_cpu_map (cpu, &op->out);
  else
    task.y = yv8_planar_map (&cpu->planar, &op->out);
  if (op->n_in > 1)
    task.residual = yv8_cpu_map (cpu, &op->in[1]);
  return task;
}

/* A run of @n outputs, from the task's first row on. Its last tile has as many vectors as it needs;
 * it ends where the run does, and gives only what the one before it did not: nothing beyond the run
 * is read. */
static void
run_tiles (Task *task, const guint32 *x, gsize n, guint first_group, guint end_group)
{
  const Yv8CpuConvQs8 *conv = task->conv;
  const Yv8CpuQs8Kernels *kernels = task->cpu->kernels->qs8;
  gsize words = (gsize) kernels->channels * kernels->weight_words;
  gint32 acc[YV8_CPU_MAX_PIXELS * YV8_CPU_MAX_CHANNELS] __attribute__ ((aligned (64)));

  task->whole = !task->y && conv->pitch == task->out.pitch && n >= kernels->pixels;
  for (gsize from = 0; from < n; from += kernels->pixels) {
    guint vectors = (MIN (n - from, kernels->pixels) + kernels->lanes - 1) / kernels->lanes;
    task->pixels = vectors * kernels->lanes;
    gsize start = MIN (from, n - MIN (n, task->pixels));
    cut (task, start, from, MIN (from + kernels->pixels, n));
    for (guint group = first_group; group < end_group; group++) {
      gsize step = conv->steps[group];
      kernels->conv[vectors - 1](acc, x + start, conv->offsets + step,
          conv->steps[group + 1] - step, conv->weights + step * words,
          conv->corrections + group * kernels->channels);
      finish (task, group, acc);
    }
  }
}

/* Float outputs lie without halos, so a run of several rows has to be cut: where a row is whole
 * vectors, it is a run of its own. */
static void
run_rows (Task *task, const guint32 *x, guint first_group, guint end_group)
{
  guint pitch = task->conv->pitch, first_row = task->first_row;

  if (!task->y || task->width % task->cpu->kernels->qs8->lanes) {
    gsize n = (gsize) (task->end_row - task->first_row - 1) * pitch + task->width;
    run_tiles (task, x, n, first_group, end_group);
    return;
  }
  for (; task->first_row < task->end_row; task->first_row++, x += pitch)
    run_tiles (task, x, task->width, first_group, end_group);
  task->first_row = first_row;
}

/* What lies around the outputs that are int8, and what is made of them at twice the size. */
static void
finish_maps (const Task *task, guint first_group, guint end_group, gpointer scratch)
{
  Yv8Cpu *cpu = task->cpu;
  const Yv8Slice *out = &task->op->out, *upsampled = &task->op->upsampled;
  guint channels = cpu->kernels->qs8->channels, blocks = channels / 4;
  guint32 zero = (guint32) (task->op->quant.zero & 255) * 0x01010101u;
  gsize first = (gsize) task->first_row * task->width;
  gsize n = (gsize) task->end_row * task->width - first;

  for (guint c = first_group * channels;
       task->y && upsampled->channels && c < MIN (end_group * channels, out->channels); c++)
    yv8_cpu_upsample_f32 (cpu, out, upsampled, c, first, n);
  for (guint i = first_group * blocks; !task->y && i < MIN (end_group * blocks, task->out.n_blocks);
       i++) {
    yv8_cpu_map_halo (cpu, &task->out, i, task->first_row, task->end_row, zero);
    if (!upsampled->channels)
      continue;
    Yv8CpuMap to = yv8_cpu_map (cpu, upsampled);
    yv8_cpu_upsample_qs8 (cpu, &task->out, &to, i, task->first_row, task->end_row, zero, scratch);
  }
}

void
yv8_cpu_conv_qs8_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint index)
{
  Task task = task_of (cpu, op, index);
  const Yv8CpuConvQs8 *conv = task.conv;
  guint group_task = index % conv->group_tasks;
  guint first = (guint64) group_task * conv->n_groups / conv->group_tasks;
  guint end = (guint64) (group_task + 1) * conv->n_groups / conv->group_tasks;
  const guint32 *x = cpu->scratch[lane];

  if (conv->gathers) {
    gather (cpu, conv, op, cpu->scratch[lane], task.first_row);
  } else {
    Yv8CpuMap in = yv8_cpu_map (cpu, &op->in[0]);
    x = in.data + (task.first_row + 1 - op->window.pad) * (gsize) in.pitch + 1 - op->window.pad;
  }
  run_rows (&task, x, first, end);
  finish_maps (&task, first, end, cpu->scratch[lane]);
}

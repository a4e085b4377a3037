/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Int8 maps, and all ops on them but the convolution. */
#include "config.h"

#include <string.h>

#include "cpu/qs8.h"

#define LEAST 0x80808080u /* -128 in each channel */

gsize
yv8_cpu_buffer_size (Yv8Backend *backend, const Yv8Graph *graph, const Yv8Shape *shape)
{
  gsize words;

  if (shape->type != YV8_TYPE_QS8)
    return yv8_planar_buffer_size (backend, graph, shape);
  if (!g_size_checked_mul (&words, (gsize) shape->height + 2, (gsize) shape->width + 1) ||
      !g_size_checked_add (&words, words, 1) ||
      !g_size_checked_mul (&words, words, ((gsize) shape->channels + 3) / 4) || words > G_MAXINT32)
    return 0;
  return words * sizeof (guint32);
}

Yv8CpuMap
yv8_cpu_map (const Yv8Cpu *cpu, const Yv8Slice *slice)
{
  const Yv8Program *program = &cpu->planar.program;
  const Yv8Shape *shape = &program->shapes[slice->buffer];
  Yv8CpuMap map = {
    .data = (gpointer) (cpu->planar.arena + program->plan->offset[slice->buffer]),
    .pitch = shape->width + 1,
    .width = shape->width,
    .height = shape->height,
    .channels = slice->channels,
    .lane = slice->channel % 4,
  };

  map.block = (gsize) map.pitch * (map.height + 2) + 1;
  map.n_blocks = (map.lane + map.channels + 3) / 4;
  map.data += slice->channel / 4 * map.block;
  return map;
}

guint32
yv8_cpu_map_mask (const Yv8CpuMap *map, guint block)
{
  guint first = block == 0 ? map->lane : 0;
  guint end = MIN (4, map->lane + map->channels - MIN (4 * block, map->lane + map->channels));

  return (guint32) ((G_GUINT64_CONSTANT (1) << 8 * end) -
                    (G_GUINT64_CONSTANT (1) << 8 * MIN (first, end)));
}

const guint32 *
yv8_cpu_map_line (
    const Yv8CpuMap *map, guint lane, guint block, gsize at, gsize n, guint32 *scratch)
{
  gint64 first = (gint64) 4 * block + map->lane - lane; /* lane of the map that becomes lane 0 */
  gint64 low = first >= 0 ? first / 4 : -1;
  guint shift = 8 * (guint) (first & 3);
  const guint32 *x = map->data + low * (gint64) map->block + at;
  gboolean has_low = low >= 0 && low < map->n_blocks, has_high = low + 1 < map->n_blocks;

  if (shift == 0)
    return x;
  for (gsize i = 0; i < n; i++)
    scratch[i] = (has_low ? x[i] >> shift : 0) | (has_high ? x[i + map->block] << (32 - shift) : 0);
  return scratch;
}

static void
set (guint32 *y, guint32 value, guint32 mask)
{
  *y = (*y & ~mask) | (value & mask);
}

void
yv8_cpu_map_halo (
    const Yv8Cpu *cpu, const Yv8CpuMap *map, guint block, guint first, guint end, guint32 zero)
{
  guint32 *y = map->data + block * map->block;
  guint32 mask = yv8_cpu_map_mask (map, block);

  for (gsize row = first + 1; row <= end; row++)
    set (y + row * map->pitch, zero, mask);
  for (guint i = 0; first == 0 && i < map->pitch; i++)
    set (y + i, zero, mask);
  for (guint i = 0; end == map->height && i <= map->pitch; i++)
    set (y + (gsize) (map->height + 1) * map->pitch + i, zero, mask);
}

void
yv8_cpu_map_store (
    const Yv8Cpu *cpu, const Yv8CpuMap *map, guint block, gsize at, const guint32 *x, gsize n)
{
  cpu->kernels->qs8->blend (
      map->data + block * map->block + at, x, 0, yv8_cpu_map_mask (map, block), n);
}

gsize
yv8_cpu_map_row (const Yv8CpuMap *map, gsize row)
{
  return (row + 1) * map->pitch + 1;
}

guint
yv8_cpu_block_tasks (const Yv8Cpu *cpu, const Yv8Op *op)
{
  return yv8_cpu_map (cpu, &op->out).n_blocks;
}

gsize
yv8_cpu_qs8_scratch (const Yv8Cpu *cpu, const Yv8Op *op)
{
  const Yv8Shape *in = op->n_in ? &cpu->planar.program.shapes[op->in[0].buffer] : NULL;
  gsize width = MAX (in ? in->width : 0, cpu->planar.program.shapes[op->out.buffer].width);

  return 3 * (width + 2);
}

void
yv8_cpu_input_qs8_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task)
{
  Yv8CpuMap out = yv8_cpu_map (cpu, &op->out);
  guint first = task * YV8_CPU_TASK_ROWS, end = MIN (first + YV8_CPU_TASK_ROWS, out.height);

  for (guint row = first; row < end; row++)
    cpu->kernels->qs8->blend (out.data + yv8_cpu_map_row (&out, row),
        cpu->planar.picture + (gsize) row * out.width, LEAST, yv8_cpu_map_mask (&out, 0),
        out.width);
  yv8_cpu_map_halo (cpu, &out, 0, first, end, LEAST);
}

void
yv8_cpu_copy_qs8_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint block)
{
  Yv8CpuMap in = yv8_cpu_map (cpu, &op->in[0]), out = yv8_cpu_map (cpu, &op->out);

  for (gsize at = 0; at < out.block; at += out.pitch) {
    gsize n = MIN (out.pitch, out.block - at);
    yv8_cpu_map_store (cpu, &out, block, at,
        yv8_cpu_map_line (&in, out.lane, block, at, n, cpu->scratch[lane]), n);
  }
}

/* @x: the planar values of the slice; @quants: of its channels. */
static void
quantize_block (Yv8Cpu *cpu, const Yv8CpuMap *map, guint block, const float *x,
    const Yv8Quant *quants, guint32 *scratch)
{
  guint first = block ? 4 * block - map->lane : 0;
  guint end = MIN (4 * (block + 1) - map->lane, map->channels);
  guint32 zero = 0;

  for (guint row = 0; row < map->height; row++) {
    memset (scratch, 0, map->width * sizeof *scratch);
    for (guint c = first; c < end; c++)
      cpu->kernels->qs8->quantize (scratch, x + ((gsize) c * map->height + row) * map->width,
          1.0f / quants[c].scale, quants[c].zero, (map->lane + c) % 4 * 8, map->width);
    yv8_cpu_map_store (cpu, map, block, yv8_cpu_map_row (map, row), scratch, map->width);
  }
  for (guint c = first; c < end; c++)
    zero |= (guint32) (quants[c].zero & 255) << (map->lane + c) % 4 * 8;
  yv8_cpu_map_halo (cpu, map, block, 0, map->height, zero);
}

void
yv8_cpu_quantize_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint block)
{
  Yv8CpuMap out = yv8_cpu_map (cpu, &op->out);

  quantize_block (cpu, &out, block, yv8_planar_map (&cpu->planar, &op->in[0]),
      cpu->planar.quants[op->out.buffer] + op->out.channel, cpu->scratch[lane]);
}

static void
dequantize_channel (const Yv8Cpu *cpu, const Yv8Slice *slice, guint channel, float *y)
{
  Yv8CpuMap map = yv8_cpu_map (cpu, slice);
  const Yv8Quant *quant = &cpu->planar.quants[slice->buffer][slice->channel + channel];
  guint at = map.lane + channel;

  y += (gsize) channel * map.height * map.width;
  for (guint row = 0; row < map.height; row++, y += map.width)
    cpu->kernels->qs8->dequantize (y, map.data + at / 4 * map.block + yv8_cpu_map_row (&map, row),
        quant->scale, quant->zero, at % 4 * 8, map.width);
}

void
yv8_cpu_dequantize_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint channel)
{
  dequantize_channel (cpu, &op->in[0], channel, yv8_planar_map (&cpu->planar, &op->out));
}

gboolean
yv8_cpu_load_values (Yv8Backend *backend, const float *values, GError **error)
{
  Yv8Cpu *cpu = (Yv8Cpu *) backend;
  const Yv8Shape *input = &cpu->planar.program.shapes[0];
  const Yv8Slice slice = { 0, 0, input->channels };

  if (input->type != YV8_TYPE_QS8)
    return yv8_planar_load_values (backend, values, error);
  Yv8CpuMap map = yv8_cpu_map (cpu, &slice);
  for (guint block = 0; block < map.n_blocks; block++)
    quantize_block (cpu, &map, block, values, cpu->planar.quants[0], cpu->scratch[0]);
  cpu->planar.has_values = TRUE;
  return TRUE;
}

gboolean
yv8_cpu_read (Yv8Backend *backend, const Yv8Slice *slice, float *values, GError **error)
{
  Yv8Cpu *cpu = (Yv8Cpu *) backend;

  if (cpu->planar.program.shapes[slice->buffer].type != YV8_TYPE_QS8)
    return yv8_planar_read (backend, slice, values, error);
  for (guint c = 0; c < slice->channels; c++)
    dequantize_channel (cpu, slice, c, values);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packing on the host. */
#include "vulkan/weights.h"

#include <math.h>

#include "shaders/lib/interface.h"

#define TILE (4 * YV8_TILE_GROUPS)

guint16
yv8_vulkan_half (float value)
{
  union {
    float value;
    guint32 bits;
  } x = { value };
  guint32 sign = x.bits >> 16 & 0x8000;

  x.bits &= 0x7fffffff;
  if (isnan (x.value))
    return (guint16) (sign | 0x7e00);
  if (x.value >= 65504)
    return (guint16) (sign | 0x7bff);
  /* Below 2^-14 the unit is 2^-24: adding 0.5, whose unit is 2^-24, rounds to it. */
  if (x.value < 0x1p-14f) {
    x.value += 0.5f;
    return (guint16) (sign | (x.bits - 0x3f000000));
  }
  guint32 odd = x.bits >> 13 & 1;
  return (guint16) (sign | ((x.bits - (112u << 23) + 0xfff + odd) >> 13));
}

gsize
yv8_vulkan_weights_count (const Yv8Op *op)
{
  gsize tiles = (op->out.channels + TILE - 1) / TILE;
  gsize groups = (op->in[0].channels + 3) / 4;
  gsize taps = (gsize) op->window.kernel_h * op->window.kernel_w;
  gsize count;

  if (!g_size_checked_mul (&count, tiles * taps * 4 * TILE, groups))
    return 0;
  return count;
}

gsize
yv8_vulkan_bias_count (const Yv8Op *op)
{
  return ((gsize) op->out.channels + TILE - 1) / TILE * TILE;
}

static inline void
put (gpointer packed, gboolean f16, gsize index, float value)
{
  if (f16)
    ((guint16 *) packed)[index] = yv8_vulkan_half (value);
  else
    ((float *) packed)[index] = value;
}

void
yv8_vulkan_weights_pack (const Yv8Op *op, gboolean f16, gpointer packed)
{
  gsize taps = (gsize) op->window.kernel_h * op->window.kernel_w;
  gsize n_in = op->in[0].channels;
  gsize groups = (n_in + 3) / 4;

  memset (packed, 0, yv8_vulkan_weights_count (op) * (f16 ? sizeof (guint16) : sizeof (float)));
  for (gsize o = 0; o < op->out.channels; o++)
    for (gsize i = 0; i < n_in; i++)
      for (gsize tap = 0; tap < taps; tap++)
        put (packed, f16,
            (((o / TILE * groups + i / 4) * taps + tap) * YV8_TILE_GROUPS + o % TILE / 4) * 16 +
                i % 4 * 4 + o % 4,
            op->weights[(o * n_in + i) * taps + tap]);
}

void
yv8_vulkan_bias_pack (const Yv8Op *op, float *packed)
{
  memset (packed, 0, yv8_vulkan_bias_count (op) * sizeof (float));
  memcpy (packed, op->bias, op->out.channels * sizeof (float));
}

void
yv8_vulkan_weights_pack_qs8 (const Yv8Op *op, gint8 *packed)
{
  gsize taps = (gsize) op->window.kernel_h * op->window.kernel_w;
  gsize n_in = op->in[0].channels;
  gsize groups = (n_in + 3) / 4;

  memset (packed, 0, yv8_vulkan_weights_count (op));
  for (gsize o = 0; o < op->out.channels; o++)
    for (gsize i = 0; i < n_in; i++)
      for (gsize tap = 0; tap < taps; tap++)
        packed[(((o / TILE * groups + i / 4) * taps + tap) * TILE + o % TILE) * 4 + i % 4] =
            op->qweights[(o * n_in + i) * taps + tap];
}

/**
 * Step: one tap of four input channels of a tile of output channels
 */
typedef struct {
  gsize tile, group, tap;
} Step;

/* Packs the weights of a step if @packed is there. Returns: whether any is not zero */
static gboolean
pack_step (const Yv8Op *op, const Step *step, guint8 *packed)
{
  gsize taps = (gsize) op->window.kernel_h * op->window.kernel_w;
  gsize n_in = op->in[0].channels;
  gboolean live = FALSE;

  for (gsize o = step->tile * TILE; o < MIN ((step->tile + 1) * TILE, op->out.channels); o++) {
    for (gsize i = step->group * 4; i < MIN ((step->group + 1) * 4, n_in); i++) {
      gint8 weight = op->qweights[(o * n_in + i) * taps + step->tap];
      live |= weight != 0;
      if (packed)
        packed[o % TILE * 4 + i % 4] = (guint8) weight;
    }
  }
  return live;
}

/* Goes on from *@step. Returns: whether there is a further live step in its tile */
static gboolean
next_live (const Yv8Op *op, Step *step)
{
  gsize taps = (gsize) op->window.kernel_h * op->window.kernel_w;
  gsize groups = (op->in[0].channels + 3) / 4;

  for (; step->group < groups; step->group++, step->tap = 0)
    for (; step->tap < taps; step->tap++)
      if (pack_step (op, step, NULL))
        return TRUE;
  return FALSE;
}

static gsize
tiles_of (const Yv8Op *op)
{
  return ((gsize) op->out.channels + TILE - 1) / TILE;
}

gsize
yv8_vulkan_sparse_runs (const Yv8Op *op, guint steps)
{
  gsize runs = 0;

  for (Step step = { 0 }; step.tile < tiles_of (op); step = (Step){ .tile = step.tile + 1 }) {
    gsize live = 0;
    for (; next_live (op, &step); step.tap++)
      live++;
    runs += (live + steps - 1) / steps;
  }
  return runs;
}

gsize
yv8_vulkan_sparse_size (const Yv8Op *op, guint steps, gsize runs)
{
  return (tiles_of (op) + runs * (1 + steps * YV8_TILE_GROUPS)) * 4 * sizeof (guint32);
}

void
yv8_vulkan_sparse_pack (const Yv8Op *op, guint steps, guint32 plane, guint32 pitch, guint32 *packed)
{
  gsize position = tiles_of (op); /* of a run, in dwords by four */
  gsize size = 1 + steps * YV8_TILE_GROUPS;

  for (Step step = { 0 }; step.tile < tiles_of (op); step = (Step){ .tile = step.tile + 1 }) {
    gsize first = position, live = 0;
    for (; next_live (op, &step); step.tap++, live++) {
      guint32 *run = packed + (first + live / steps * size) * 4;
      gsize slot = live % steps;
      if (slot == 0) {
        memset (run, 0, size * 4 * sizeof *run);
        position += size;
      }
      run[slot] = (guint32) (step.group * plane + step.tap / op->window.kernel_w * pitch +
                             step.tap % op->window.kernel_w);
      pack_step (op, &step, (guint8 *) (run + 4 + slot * TILE));
    }
    packed[step.tile * 4] = (guint32) first;
    packed[step.tile * 4 + 1] = (guint32) ((position - first) / size);
    packed[step.tile * 4 + 2] = packed[step.tile * 4 + 3] = 0;
  }
}

gsize
yv8_vulkan_rows_count (guint channels)
{
  return ((gsize) channels + TILE - 1) / TILE * TILE * YV8_N_ROWS;
}

static void
put_row (guint32 *rows, guint channel, guint row, gconstpointer value)
{
  memcpy (&rows[(channel / 4 * YV8_N_ROWS + row) * 4 + channel % 4], value, sizeof *rows);
}

void
yv8_vulkan_rows_pack (const Yv8Quant *quants, guint channels, guint32 *rows)
{
  memset (rows, 0, yv8_vulkan_rows_count (channels) * sizeof *rows);
  for (guint c = 0; c < channels; c++) {
    put_row (rows, c, YV8_ROW_SCALE, &quants[c].scale);
    put_row (rows, c, YV8_ROW_ZERO, &quants[c].zero);
  }
}

void
yv8_vulkan_rows_pack_conv (const Yv8Op *op, Yv8Quant *const *quants, gint32 offset, guint32 *rows)
{
  static const Yv8Quant none;
  gsize taps = (gsize) op->window.kernel_h * op->window.kernel_w;
  gsize n = op->in[0].channels * taps;
  const Yv8Quant *in = quants[op->in[0].buffer] + op->in[0].channel;

  memset (rows, 0, yv8_vulkan_rows_count (op->out.channels) * sizeof *rows);
  for (guint c = 0; c < op->out.channels; c++) {
    const Yv8Quant *other = op->n_in > 1 ? &quants[op->in[1].buffer][op->in[1].channel + c] : &none;
    gint32 constant = 0;
    for (gsize i = 0; i < n; i++)
      constant += op->qweights[c * n + i] * (in[i / taps].zero + offset);
    put_row (rows, c, YV8_ROW_CONSTANT, &constant);
    put_row (rows, c, YV8_ROW_MULTIPLIER, &op->multiplier[c]);
    put_row (rows, c, YV8_ROW_BIAS, &op->bias[c]);
    put_row (rows, c, YV8_ROW_SCALE, &other->scale);
    put_row (rows, c, YV8_ROW_ZERO, &other->zero);
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Int8 maps of the backend "cpu": uint32 [(channels + 3) / 4][(height + 2) (width + 1) + 1], four
 * channels in a word, the lowest byte the first. The halo around each map holds the zero point of
 * each channel, so that a convolution reads it as it reads the map; what lies beyond a row's end is
 * what lies before the next one.
 *
 * A slice may begin and end within a word. What writes it leaves the other bytes of that word
 * alone, by a mask; what reads it meets foreign channels there, which a convolution has no weights
 * for. "block": the map of one word; "lane": of a word, one of its four bytes. */
#pragma once

#include "cpu/cpu.h"

G_BEGIN_DECLS

/**
 * Yv8CpuMap: a slice of an int8 buffer.
 * @data: of the first block: the corner of its halo
 * @block: words of a block
 * @pitch: words from one row to the next
 * @lane: of the slice's first channel, in the first block
 * @n_blocks: which the slice touches
 */
typedef struct {
  guint32 *data;
  gsize block;
  guint pitch;
  guint width, height;
  guint channels;
  guint lane;
  guint n_blocks;
} Yv8CpuMap;

/**
 * yv8_cpu_buffer_size: Returns: bytes; see Yv8BackendClass
 */
gsize yv8_cpu_buffer_size (Yv8Backend *backend, const Yv8Graph *graph, const Yv8Shape *shape);

Yv8CpuMap yv8_cpu_map (const Yv8Cpu *cpu, const Yv8Slice *slice);

/**
 * yv8_cpu_map_mask: Returns: the bits of the slice in the words of @block; 0 beyond its last
 */
guint32 yv8_cpu_map_mask (const Yv8CpuMap *map, guint block);

/**
 * yv8_cpu_map_line:
 * @lane: where the reader wants the first channel, as if the slice began there
 * @block: of the reader's
 * @at: word within a block
 * @scratch: @n words
 *
 * Returns: (transfer none): @n words from @at on, in the map or in @scratch. Bytes of channels that
 * are not of the slice may have any value
 */
const guint32 *yv8_cpu_map_line (
    const Yv8CpuMap *map, guint lane, guint block, gsize at, gsize n, guint32 *scratch);

/**
 * yv8_cpu_map_halo: fills the halo of @block before rows @first to @end - 1, and above and below
 * the map if these are its first or last
 * @zero: zero points of the four channels
 */
void yv8_cpu_map_halo (
    const Yv8Cpu *cpu, const Yv8CpuMap *map, guint block, guint first, guint end, guint32 zero);

/**
 * yv8_cpu_map_row: Returns: word of the first pixel of row @row, within a block
 */
gsize yv8_cpu_map_row (const Yv8CpuMap *map, gsize row);

/**
 * yv8_cpu_map_store: writes @n words of @block from word @at on, of the slice's channels alone
 */
void yv8_cpu_map_store (
    const Yv8Cpu *cpu, const Yv8CpuMap *map, guint block, gsize at, const guint32 *x, gsize n);

/**
 * yv8_cpu_upsample_qs8: writes rows 2 @first to 2 @end - 1 of @block of @out, halo and all
 * @zero: zero points of the four channels
 * @scratch: 3 in->width words
 */
void yv8_cpu_upsample_qs8 (const Yv8Cpu *cpu, const Yv8CpuMap *in, const Yv8CpuMap *out,
    guint block, guint first, guint end, guint32 zero, guint32 *scratch);

/* Functions of Yv8BackendClass. */
gboolean yv8_cpu_load_values (Yv8Backend *backend, const float *values, GError **error);
gboolean yv8_cpu_read (Yv8Backend *backend, const Yv8Slice *slice, float *values, GError **error);

/* Tasks of the ops: each but INPUT's is a block of the output, of each level of MAXPOOL's,
 * DEQUANTIZE's a channel. */
guint yv8_cpu_block_tasks (const Yv8Cpu *cpu, const Yv8Op *op);
void yv8_cpu_input_qs8_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task);
guint yv8_cpu_maxpool_qs8_tasks (const Yv8Cpu *cpu, const Yv8Op *op);
void yv8_cpu_maxpool_qs8_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task);
void yv8_cpu_upsample_qs8_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task);
void yv8_cpu_copy_qs8_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task);
void yv8_cpu_quantize_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task);
void yv8_cpu_dequantize_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task);

/**
 * yv8_cpu_qs8_scratch: Returns: words of scratch that a task of @op needs, any but CONV and
 * MAXPOOL, or a CONV for what it upsamples
 */
gsize yv8_cpu_qs8_scratch (const Yv8Cpu *cpu, const Yv8Op *op);

/**
 * Yv8CpuConvQs8: a convolution as it will run.
 *
 * A step of the accumulation adds the products of four input channels at one place of the window.
 * The pixels that a tile of outputs needs for it lie in one run of words: in the map itself, halo
 * and all, at stride 1 and a pad of 1; else in a copy in scratch, split into the phases of rows and
 * columns by stride. A step is thus a distance from the tile's first pixel. Outputs that fall
 * between two rows are computed and thrown away. Steps at which all channels of a group have no
 * weight but 0 are left out.
 *
 * @gathers: by way of the copy
 * @pitch: words from one row of outputs to the next
 * @phase_rows: of the copy, rows of a phase
 * @phase, @phase_row, @block: of the copy or the map, words from one column phase, row phase, block
 *   of four channels to the next
 * @n_in_blocks: of four input channels
 * @n_groups: of output channels that a tile computes together
 * @row_tasks, @group_tasks: the cut into tasks
 * @bounded, @inverse: see Yv8CpuFinish
 * @aligned: no word of the output has channels of another slice
 * @steps: (array) [n_groups + 1]: first step of each group; steps are counted on through the groups
 * @offsets: (array): of each step
 * @weights: (array): of each step [channels of a tile][weight_words]
 * @corrections: (array): of each output channel, as are those that follow, from the first lane of
 *   the first block on: what takes the zero points off
 */
struct _Yv8CpuConvQs8 {
  gboolean gathers;
  guint pitch, phase_rows;
  gsize phase, phase_row, block;
  guint n_in_blocks, n_groups;
  guint row_tasks, group_tasks;
  gboolean bounded, aligned;
  float inverse;
  gsize *steps;
  gint32 *offsets;
  gint32 *weights;
  gint32 *corrections;
  gint32 *residual_zero;
  float *multiplier;
  float *bias;
  float *residual_scale;
};

/**
 * yv8_cpu_conv_qs8_new: Returns: (transfer full) (nullable): %NULL if there is no memory
 */
Yv8CpuConvQs8 *yv8_cpu_conv_qs8_new (const Yv8Cpu *cpu, const Yv8Op *op);
void yv8_cpu_conv_qs8_free (Yv8CpuConvQs8 *conv);

gsize yv8_cpu_conv_qs8_scratch (const Yv8CpuConvQs8 *conv, const Yv8Cpu *cpu, const Yv8Op *op);
guint yv8_cpu_conv_qs8_tasks (const Yv8Cpu *cpu, const Yv8Op *op);
void yv8_cpu_conv_qs8_task (Yv8Cpu *cpu, const Yv8Op *op, guint lane, guint task);

G_END_DECLS

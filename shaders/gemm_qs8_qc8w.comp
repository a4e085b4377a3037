#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The convolution of conv_qs8_qc8w.comp, the same sums of the same products, as a product of
 * matrices that are not laid out: pixels by steps, a step being one tap of four input channels, and
 * steps by output channels.
 *
 * A workgroup (x and y of the grid) computes a block, of COLUMNS * PIXELS pixels of the map in a
 * run (row after row, without halo) by LINES * GROUPS groups of four output channels (z); a lane
 * PIXELS by GROUPS of it. The steps of some whole kernels at a time lie in shared memory, where each pixel and each
 * weight is loaded once for the whole block; the next ones are on their way meanwhile. Pixels past
 * the last are the last one again: all that write it write the same. The workgroups past the last
 * pixel write the halo. A pad must lie within the halo. Pixels and groups of a block divide the
 * lanes, COLUMNS * LINES, so that all that a lane loads is of one pixel and of one group. */
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#define LANES_BY_CONSTANT
#include "lib/access.glsl"
#include "lib/dot.glsl"
#include "lib/pixel.glsl"
#include "lib/upsample.glsl"
#include "lib/epilogue.glsl"

layout (constant_id = YV8_CONSTANT_PIXELS) const int PIXELS = 4;
layout (constant_id = YV8_CONSTANT_KERNEL_H) const int KERNEL_H = 3;
layout (constant_id = YV8_CONSTANT_KERNEL_W) const int KERNEL_W = 3;
layout (constant_id = YV8_CONSTANT_STRIDE) const int STRIDE = 1;
layout (constant_id = YV8_CONSTANT_PAD) const int PAD = 1;
layout (constant_id = YV8_CONSTANT_GROUPS) const int GROUPS = 2;
layout (constant_id = YV8_CONSTANT_STEPS) const int STEPS = 9;
layout (constant_id = YV8_CONSTANT_COLUMNS) const int COLUMNS = 16;
layout (constant_id = YV8_CONSTANT_LINES) const int LINES = 4;

SOURCE_QS8 (YV8_BINDING_SOURCE, source)
SOURCE_DWORDS (YV8_BINDING_WEIGHTS, weights)

const int N = PIXELS * GROUPS, LANES = COLUMNS * LINES, TAPS = KERNEL_H * KERNEL_W;
const int BLOCK_PIXELS = COLUMNS * PIXELS, BLOCK_GROUPS = LINES * GROUPS;
/* What a lane loads of a run, and how many steps lie between. */
const int INPUT_STEPS = LANES / BLOCK_PIXELS, N_INPUTS = (STEPS + INPUT_STEPS - 1) / INPUT_STEPS;
const int FILTER_STEPS = LANES / BLOCK_GROUPS,
          N_FILTERS = (STEPS + FILTER_STEPS - 1) / FILTER_STEPS;

shared ACTIVATIONS inputs[STEPS * BLOCK_PIXELS];
shared WEIGHTS filters[STEPS * BLOCK_GROUPS];

ACTIVATIONS next_inputs[N_INPUTS];
WEIGHTS next_filters[N_FILTERS];
int base;    /* of the source, under the corner of the window of the lane's pixel */
int filter0; /* first weights of the lane's group */
const int TERMS = 4 * STEPS;
#include "lib/sums.glsl"

/* The steps of run @run. */
void
fetch (int run)
{
  int lane = int (gl_LocalInvocationID.x);

  [[unroll]] for (int i = 0; i < N_INPUTS; i++) {
    /* So it is plain that a step is the same for all lanes, where it is. */
    int step = i * INPUT_STEPS + (INPUT_STEPS > 1 ? lane / BLOCK_PIXELS : 0);
    step = min (step, STEPS - 1);
    int group = run * (STEPS / TAPS) + step / TAPS, tap = step % TAPS;
    int place = group * int (push.in_plane) + tap / KERNEL_W * int (push.in_pitch);
    next_inputs[i] = TO_ACTIVATIONS (LOAD_QS8 (source, base + place + tap % KERNEL_W));
  }
  [[unroll]] for (int i = 0; i < N_FILTERS; i++) {
    int step = min (i * FILTER_STEPS + lane / BLOCK_GROUPS, STEPS - 1);
    int place = (run * STEPS + step) * YV8_TILE_GROUPS;
    next_filters[i] = to_weights (LOAD_DWORDS (weights, filter0 + place));
  }
}

void
share ()
{
  int lane = int (gl_LocalInvocationID.x);

  barrier ();
  [[unroll]] for (int i = 0; i < N_INPUTS;
                  i++) if (STEPS % INPUT_STEPS == 0 || lane + i * LANES < STEPS * BLOCK_PIXELS)
      inputs[lane + i * LANES] = next_inputs[i];
  [[unroll]] for (int i = 0; i < N_FILTERS;
                  i++) if (STEPS % FILTER_STEPS == 0 || lane + i * LANES < STEPS * BLOCK_GROUPS)
      filters[lane + i * LANES] = next_filters[i];
  barrier ();
}

void
multiply_shared (int pixel, int group)
{
  [[unroll]] for (int step = 0; step < STEPS; step++)
  {
    ACTIVATIONS x[PIXELS];
    [[unroll]] for (int p = 0; p < PIXELS; p++) x[p] = inputs[step * BLOCK_PIXELS + pixel + p];
    [[unroll]] for (int t = 0; t < GROUPS; t++)
    {
      WEIGHTS four = filters[step * BLOCK_GROUPS + group + t];
      [[unroll]] for (int p = 0; p < PIXELS; p++) part[p * GROUPS + t] += multiply (four, x[p]);
    }
  }
}

/* Column and row of pixel @index of the block. */
uvec2
place_in_block (uint index)
{
  uint pixel = min (run_part () * BLOCK_PIXELS + index, push.out_width * push.out_height - 1);
  uint y = pixel / push.out_width;
  return uvec2 (pixel - y * push.out_width, y);
}

void
main ()
{
  uint blocks = (push.out_width * push.out_height + BLOCK_PIXELS - 1) / BLOCK_PIXELS;
  uint lane = gl_LocalInvocationID.x;
  uint pixel = lane % COLUMNS * PIXELS, group = lane / COLUMNS * GROUPS;
  uint first = gl_WorkGroupID.z * BLOCK_GROUPS;
  uint tiles = (push.out_groups + YV8_TILE_GROUPS - 1) / YV8_TILE_GROUPS;
  int runs = int (push.in_groups) * TAPS / STEPS;

  if (run_part () >= blocks) {
    store_halo ((run_part () - blocks) * LANES + lane, first, BLOCK_GROUPS);
    return;
  }
  ivec2 corner = ivec2 (place_in_block (lane % BLOCK_PIXELS)) * STRIDE - PAD + YV8_HALO;
  base = int (push.in_first) + corner.y * int (push.in_pitch) + corner.x;
  uint filter_group = min (first + lane % BLOCK_GROUPS, tiles * YV8_TILE_GROUPS - 1);
  filter0 = int (filter_group / YV8_TILE_GROUPS) * runs * STEPS * YV8_TILE_GROUPS +
            int (filter_group % YV8_TILE_GROUPS);
  clear_sums ();
  fetch (0);
  for (int i = 0; i < runs; i++) {
    share ();
    fetch (min (i + 1, runs - 1));
    multiply_shared (int (pixel), int (group));
    keep_sums (i);
  }
  [[unroll]] for (int p = 0; p < PIXELS; p++)
  {
    uvec2 place = place_in_block (pixel + p) + YV8_HALO;
    [[unroll]] for (int t = 0; t < GROUPS; t++)
        store (SUM_OF (p * GROUPS + t), first + group + t, place.y * push.out_pitch + place.x);
  }
}

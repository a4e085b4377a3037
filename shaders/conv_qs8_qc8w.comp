#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution of int8 by int8: acc[o][y][x] = sum over i, ky, kx of weights[o][i][ky][kx] *
 * in[i][y * stride + ky - pad][x * stride + kx - pad] - constant[o], in int32; then scale, bias,
 * activation, residual and rounding to int8, or none to float32, as numeric.h writes them.
 *
 * A lane computes PIXELS pixels, neighbours in a row, of 4 * GROUPS output channels: all
 * that it loads of a row of the source is one run. The last lane of a row overlaps the one before
 * where the row does not come out even; both write the same. A workgroup is a run of lanes (x and y
 * of the grid) for one tile of output channels (z); the workgroups past the last pixel write the
 * halo. Weights are at one address for all lanes. A pad within the halo needs no test. */
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
layout (constant_id = YV8_CONSTANT_GROUPS) const int GROUPS = YV8_TILE_GROUPS;
layout (constant_id = YV8_CONSTANT_STEPS) const int STEPS = 1;
layout (constant_id = YV8_CONSTANT_SPARSE) const bool SPARSE = false;

SOURCE_QS8 (YV8_BINDING_SOURCE, source)
SOURCE_DWORDS (YV8_BINDING_WEIGHTS, weights)

const int N = PIXELS * GROUPS;
const int TAP = YV8_TILE_GROUPS; /* from one tap's weights to the next one's */
const int ROW_WEIGHTS = KERNEL_W * TAP;
/* With this mask compilers see that weights are at constants from one address. */
const int MAX_WEIGHTS = (1 << 24) - 1;
const int TERMS = 4 * STEPS * (SPARSE ? 1 : KERNEL_W); /* of a run of the main loop */
#include "lib/sums.glsl"

ivec2 corner; /* of the source under the first pixel's window */
int base;

/* One tap of one group of input channels; outside of the map what the halo holds. */
uint
load_checked (int position, int halo, ivec2 place)
{
  bool inside = all (lessThan (uvec2 (place), uvec2 (push.in_width, push.in_height)));
  return LOAD_QS8 (source, inside ? position : halo);
}

/* Adds the products of one tap on a group of input channels; @w: of its first weights. */
void
add_tap (ACTIVATIONS x[PIXELS], int w)
{
  [[unroll]] for (int t = 0; t < GROUPS; t++) {
    WEIGHTS four = to_weights (LOAD_DWORDS (weights, w + t));
    [[unroll]] for (int p = 0; p < PIXELS; p++)
      part[p * GROUPS + t] += multiply (four, x[p]);
  }
}

/* Adds those of a row of the kernel on the group of input channels at @plane. */
void
add_row (int plane, int ky, int w)
{
  int from = base + plane + ky * int (push.in_pitch);

  [[unroll]] for (int kx = 0; kx < KERNEL_W; kx++) {
    ACTIVATIONS x[PIXELS];
    [[unroll]] for (int p = 0; p < PIXELS; p++) {
      int column = kx + p * STRIDE;
      x[p] = TO_ACTIVATIONS (PAD > YV8_HALO ? load_checked (from + column,
                                                  int (push.in_first) + plane,
                                                  corner + ivec2 (column, ky))
                                            : LOAD_QS8 (source, from + column));
    }
    add_tap (x, w + kx * TAP);
  }
}

/* Run @i of the main loop, if all steps are live; @w: of the tile's first weights. */
void
run_dense (int i, int w)
{
  int row = i * STEPS;
  int ky = STEPS % KERNEL_H == 0 ? 0 : row % KERNEL_H;

  w = (w + row * ROW_WEIGHTS) & MAX_WEIGHTS;
  [[unroll]] for (int step = 0; step < STEPS; step++)
    add_row ((row / KERNEL_H + step / KERNEL_H) * int (push.in_plane), ky + step % KERNEL_H,
        w + step * ROW_WEIGHTS);
}

/* Likewise of the live steps alone: @w is at the tile's list. */
void
run_sparse (int i, int w)
{
  w = (w + i * (1 + STEPS * TAP)) & MAX_WEIGHTS;
  uvec4 steps = LOAD_DWORDS (weights, w);
  w += 1 + int (gl_WorkGroupID.z) * GROUPS % TAP;
  [[unroll]] for (int step = 0; step < STEPS; step++) {
    ACTIVATIONS x[PIXELS];
    [[unroll]] for (int p = 0; p < PIXELS; p++)
      x[p] = TO_ACTIVATIONS (LOAD_QS8 (source, base + int (steps[step]) + p * STRIDE));
    add_tap (x, w + step * TAP);
  }
}

/* One loop, since some compilers keep what a loop in a loop changes in memory. A run of it is
 * several whole kernels, or a part of one. */
void
add_all ()
{
  int tile = int (gl_WorkGroupID.z) * GROUPS;
  int rows = int (push.in_groups) * KERNEL_H;
  ivec2 list = SPARSE ? ivec2 (LOAD_DWORDS (weights, tile / TAP).xy)
                      : ivec2 (tile / TAP * rows * ROW_WEIGHTS + tile % TAP, rows / STEPS);

  clear_sums ();
  for (int i = 0; i < list.y; i++) {
    if (SPARSE)
      run_sparse (i, list.x);
    else
      run_dense (i, list.x);
    keep_sums (i);
  }
}

void
main ()
{
  const uint LANES = gl_WorkGroupSize.x;
  uint runs = (push.out_width + PIXELS - 1) / PIXELS; /* of a row */
  uint parts = (runs * push.out_height + LANES - 1) / LANES;
  uint tile = gl_WorkGroupID.z * GROUPS;

  if (run_part () >= parts) {
    store_halo ((run_part () - parts) * LANES + gl_LocalInvocationID.x, tile, GROUPS);
    return;
  }
  uint run = min (run_part () * LANES + gl_LocalInvocationID.x, runs * push.out_height - 1);
  uint y = run / runs;
  uint x = min ((run - y * runs) * PIXELS, push.out_width - PIXELS);
  corner = ivec2 (x, y) * STRIDE - PAD;
  base = int (push.in_first) + (corner.y + YV8_HALO) * int (push.in_pitch) + corner.x + YV8_HALO;
  add_all ();

  uint pixel = (y + YV8_HALO) * push.out_pitch + x + YV8_HALO;
  [[unroll]] for (int p = 0; p < PIXELS; p++)
    [[unroll]] for (int t = 0; t < GROUPS; t++)
      store (SUM_OF (p * GROUPS + t), tile + t, pixel + p);
}

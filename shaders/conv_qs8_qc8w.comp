#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution of int8 by int8: acc[o][y][x] = sum over i, ky, kx of weights[o][i][ky][kx] *
 * in[i][y * stride + ky - pad][x * stride + kx - pad] - constant[o], in int32; then scale, bias,
 * activation, residual and rounding to int8, or none to float32, as numeric.h writes them.
 *
 * A lane computes PIXELS pixels of 4 * YV8_TILE_GROUPS output channels; a workgroup, a run of
 * PIXELS * YV8_LANES pixels of the destination's plane (x and y of the grid) for one tile of output
 * channels (z). Weights are at one address for all lanes. A pad within the halo needs no test. */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/dot.glsl"
#include "lib/pixel.glsl"

layout (constant_id = YV8_CONSTANT_PIXELS) const int PIXELS = 4;
layout (constant_id = YV8_CONSTANT_KERNEL_H) const int KERNEL_H = 3;
layout (constant_id = YV8_CONSTANT_KERNEL_W) const int KERNEL_W = 3;
layout (constant_id = YV8_CONSTANT_STRIDE) const int STRIDE = 1;
layout (constant_id = YV8_CONSTANT_PAD) const int PAD = 1;
layout (constant_id = YV8_CONSTANT_SILU) const bool SILU = true;
layout (constant_id = YV8_CONSTANT_RESIDUAL) const bool RESIDUAL = false;
layout (constant_id = YV8_CONSTANT_TO_F32) const bool TO_F32 = false;

SOURCE_QS8 (YV8_BINDING_SOURCE, source)
#ifdef TEXEL
layout (binding = YV8_BINDING_WEIGHTS) uniform usamplerBuffer weights;
#define LOAD_WEIGHTS(position) texelFetch (weights, position)
#else
STORAGE (YV8_BINDING_WEIGHTS, weights, uvec4)
#define LOAD_WEIGHTS(position) weights.data[position]
#endif
SOURCE_QS8 (YV8_BINDING_RESIDUAL, residual)
ROWS
DESTINATION_QS8
DESTINATION_F32

const int T = YV8_TILE_GROUPS;
const int CHUNK = YV8_EXACT_TERMS / 4 / (KERNEL_H * KERNEL_W); /* groups of input channels */

/* One tap of one group of input channels; outside of the map what the halo holds. */
uint
load_checked (int position, int halo, ivec2 place)
{
  bool inside = all (lessThan (uvec2 (place), uvec2 (push.in_width, push.in_height)));
  return LOAD_QS8 (source, inside ? position : halo);
}

vec4
finish (ivec4 sum, uint group, uint position)
{
  precise vec4 y = vec4 (sum - ROW (group, YV8_ROW_CONSTANT)) *
                   intBitsToFloat (ROW (group, YV8_ROW_MULTIPLIER));
  y = y + intBitsToFloat (ROW (group, YV8_ROW_BIAS));
  if (SILU)
    y = vec4 (yv8_silu (y.x), yv8_silu (y.y), yv8_silu (y.z), yv8_silu (y.w));
  if (RESIDUAL) {
    uint dword = LOAD_QS8 (residual, push.residual_first + position);
    y = y + dequantize (unpack_qs8 (dword), group);
  }
  return y;
}

void
store (ivec4 sum, uint group, uint pixel)
{
  uint position = group * push.out_plane + pixel;
  bool halo = in_halo (place_of (pixel));

  if (pixel >= push.out_plane || group >= push.out_groups)
    return;
  vec4 y = finish (sum, group, position);
  if (TO_F32)
    STORE_F32 (push.out_first + position, halo ? vec4 (0) : y);
  else
    STORE_QS8 (
        push.out_first + position, pack_qs8 (halo ? ivec4 (int (push.zero)) : quantize4 (y)));
}

void
main ()
{
  uint first = run_part () * YV8_LANES * PIXELS + gl_LocalInvocationID.x;
  uint tile = gl_WorkGroupID.z * T;
  ivec2 corner[PIXELS];
  int base[PIXELS];
  ivec4 sum[PIXELS * T];

  for (int p = 0; p < PIXELS; p++) {
    corner[p] = clamp_place (place_of (first + p * YV8_LANES)) * STRIDE - PAD;
    ivec2 at = corner[p] + YV8_HALO;
    base[p] = int (push.in_first) + at.y * int (push.in_pitch) + at.x;
    for (int t = 0; t < T; t++)
      sum[p * T + t] = ivec4 (0);
  }

  int in_pitch = int (push.in_pitch), in_plane = int (push.in_plane);
  int in_end = int (push.in_groups) * in_plane;
  int w = int (gl_WorkGroupID.z * push.in_groups) * KERNEL_H * KERNEL_W * T;
  int plane = 0;
  while (plane < in_end) {
    int end = min (in_end, plane + CHUNK * in_plane);
    SUM part[PIXELS * T];
    for (int i = 0; i < PIXELS * T; i++)
      part[i] = SUM (0);
    for (; plane < end; plane += in_plane) {
      for (int ky = 0; ky < KERNEL_H; ky++) {
        for (int kx = 0; kx < KERNEL_W; kx++) {
          int tap = plane + ky * in_pitch + kx;
          ACTIVATIONS x[PIXELS];
          for (int p = 0; p < PIXELS; p++)
            x[p] = TO_ACTIVATIONS (
                PAD > YV8_HALO ? load_checked (base[p] + tap, int (push.in_first) + plane,
                                     corner[p] + ivec2 (kx, ky))
                               : LOAD_QS8 (source, base[p] + tap));
          for (int t = 0; t < T; t++) {
            WEIGHTS four = to_weights (LOAD_WEIGHTS (w + t));
            for (int p = 0; p < PIXELS; p++)
              part[p * T + t] += multiply (four, x[p]);
          }
          w += T;
        }
      }
    }
    for (int i = 0; i < PIXELS * T; i++)
      sum[i] += ivec4 (part[i]);
  }

  for (int p = 0; p < PIXELS; p++)
    for (int t = 0; t < T; t++)
      store (sum[p * T + t], tile + t, first + p * YV8_LANES);
}

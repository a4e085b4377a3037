#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution: out[o][y][x] = act (bias[o] + sum over i, ky, kx of weights[o][i][ky][kx] *
 * in[i][y * stride + ky - pad][x * stride + kx - pad]) + residual[o][y][x], in float32.
 *
 * A lane computes PIXELS pixels of 4 * YV8_TILE_GROUPS output channels; a workgroup, a run of
 * PIXELS * YV8_LANES pixels of the destination's plane (x and y of the grid) for one tile of output
 * channels (z). Weights are at one address for all lanes. A pad within the halo needs no test.
 * Loops are small, so that compilers unroll them and keep the sums in registers. */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/pixel.glsl"
#include "lib/upsample.glsl"

layout (constant_id = YV8_CONSTANT_PIXELS) const int PIXELS = 4;
layout (constant_id = YV8_CONSTANT_KERNEL_H) const int KERNEL_H = 3;
layout (constant_id = YV8_CONSTANT_KERNEL_W) const int KERNEL_W = 3;
layout (constant_id = YV8_CONSTANT_STRIDE) const int STRIDE = 1;
layout (constant_id = YV8_CONSTANT_PAD) const int PAD = 1;
layout (constant_id = YV8_CONSTANT_SILU) const bool SILU = true;
layout (constant_id = YV8_CONSTANT_RESIDUAL) const bool RESIDUAL = false;

SOURCE (YV8_BINDING_SOURCE, source)
SOURCE (YV8_BINDING_WEIGHTS, weights)
SOURCE (YV8_BINDING_RESIDUAL, residual)
SOURCE_DWORDS (YV8_BINDING_AUX, bias)
DESTINATION_F32
UPSAMPLED_F32

const int T = YV8_TILE_GROUPS;

/* One tap of one group of input channels; 0 outside of the map. */
vec4
load_checked (int position, ivec2 place)
{
  bool inside = all (lessThan (uvec2 (place), uvec2 (push.in_width, push.in_height)));
  vec4 value = LOAD (source, inside ? position : 0);
  return inside ? value : vec4 (0);
}

void
main ()
{
  uint first = run_part () * YV8_LANES * PIXELS + gl_LocalInvocationID.x;
  uint tile = gl_WorkGroupID.z * T;
  ivec2 corner[PIXELS];
  int base[PIXELS];
  vec4 sum[PIXELS * T];

  for (int p = 0; p < PIXELS; p++) {
    corner[p] = clamp_place (place_of (first + p * YV8_LANES)) * STRIDE - PAD;
    ivec2 at = corner[p] + YV8_HALO;
    base[p] = int (push.in_first) + at.y * int (push.in_pitch) + at.x;
    for (int t = 0; t < T; t++)
      sum[p * T + t] = uintBitsToFloat (LOAD_DWORDS (bias, tile + t));
  }

  int in_pitch = int (push.in_pitch), in_plane = int (push.in_plane);
  int in_end = int (push.in_groups) * in_plane;
  int w = int (gl_WorkGroupID.z * push.in_groups) * KERNEL_H * KERNEL_W * 4 * T;
  for (int plane = 0; plane < in_end; plane += in_plane) {
    for (int ky = 0; ky < KERNEL_H; ky++) {
      for (int kx = 0; kx < KERNEL_W; kx++) {
        int tap = plane + ky * in_pitch + kx;
        vec4 x[PIXELS];
        for (int p = 0; p < PIXELS; p++)
          x[p] = PAD > YV8_HALO ? load_checked (base[p] + tap, corner[p] + ivec2 (kx, ky))
                                : LOAD (source, base[p] + tap);
        for (int t = 0; t < T; t++) {
          vec4 w0 = LOAD (weights, w + 4 * t), w1 = LOAD (weights, w + 4 * t + 1),
               w2 = LOAD (weights, w + 4 * t + 2), w3 = LOAD (weights, w + 4 * t + 3);
          for (int p = 0; p < PIXELS; p++) {
            sum[p * T + t] += w0 * x[p].x;
            sum[p * T + t] += w1 * x[p].y;
            sum[p * T + t] += w2 * x[p].z;
            sum[p * T + t] += w3 * x[p].w;
          }
        }
        w += 4 * T;
      }
    }
  }

  for (int p = 0; p < PIXELS; p++) {
    uint pixel = first + p * YV8_LANES;
    bool halo = in_halo (place_of (pixel));
    for (int t = 0; t < T; t++) {
      vec4 y = sum[p * T + t];
      if (SILU)
        y /= 1 + exp (-y);
      if (pixel < push.out_plane && tile + t < push.out_groups) {
        if (RESIDUAL)
          y += LOAD (residual, push.residual_first + (tile + t) * push.out_plane + pixel);
        y = halo ? vec4 (0) : y;
        STORE (push.out_first + (tile + t) * push.out_plane + pixel, y);
        if (UPSAMPLED)
          for (int corner = 0; corner < 4; corner++)
            STORE_UPSAMPLED_F32 (upsampled_position (tile + t, pixel, corner), y);
      }
    }
  }
}

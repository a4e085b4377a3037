#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Maximum over a window: out[c][y][x] = max over ky, kx of in[c][y * stride + ky - pad][x * stride +
 * kx - pad]; outside of the map counts as the least value. Level k is the same taken k + 1 times,
 * into the channels behind those of level k - 1: of what is within the map, the maximum over a
 * window that reaches k * pad further to all sides.
 *
 * A lane computes YV8_POOL_ROWS pixels of a column, of all levels, of four channels. It walks down
 * the rows of the widest window; in each the windows of all levels lie one within the other. A
 * workgroup has YV8_LANES of the destination's columns (x and y of the grid) of one group of
 * channels (z). */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/pixel.glsl"

layout (constant_id = YV8_CONSTANT_KERNEL_H) const int KERNEL_H = 5;
layout (constant_id = YV8_CONSTANT_KERNEL_W) const int KERNEL_W = 5;
layout (constant_id = YV8_CONSTANT_STRIDE) const int STRIDE = 1;
layout (constant_id = YV8_CONSTANT_PAD) const int PAD = 2;
layout (constant_id = YV8_CONSTANT_LEVELS) const int LEVELS = 1;

const int REACH = (LEVELS - 1) * PAD;
const int SPAN = (YV8_POOL_ROWS - 1) * STRIDE + KERNEL_H + 2 * REACH;

SOURCE (YV8_BINDING_SOURCE, source)
DESTINATION

/* A pixel outside of the map has the value of one within it that is in the window too. */
VALUE
load (uint line, int x)
{
  return LOAD (source, line + clamp (x, 0, int (push.in_width) - 1));
}

void
main ()
{
  uint index = run_part () * YV8_LANES + gl_LocalInvocationID.x;
  uint part = index / push.out_pitch;
  ivec2 place = ivec2 (index - part * push.out_pitch, part * YV8_POOL_ROWS) - YV8_HALO;
  if (place.y >= int (push.out_height) + YV8_HALO)
    return;

  int left = clamp_place (place).x * STRIDE - PAD, right = left + KERNEL_W - 1;
  int top = place.y * STRIDE - PAD - REACH;
  uint plane = push.in_first + gl_WorkGroupID.z * push.in_plane;
  VALUE best[LEVELS * YV8_POOL_ROWS];

  for (int i = 0; i < LEVELS * YV8_POOL_ROWS; i++)
    best[i] = LEAST;
  for (int i = 0; i < SPAN; i++) {
    uint row = clamp (top + i, 0, int (push.in_height) - 1) + YV8_HALO;
    uint line = plane + row * push.in_pitch + YV8_HALO;
    VALUE along = LEAST;
    for (int x = left; x <= right; x++)
      along = max (along, load (line, x));
    for (int level = 0; level < LEVELS; level++) {
      for (int x = 1 - PAD; x <= 0; x++)
        if (level > 0)
          along = max (along, max (load (line, left - level * PAD - x), load (line, right + level * PAD + x)));
      for (int r = 0; r < YV8_POOL_ROWS; r++) {
        int down = i - r * STRIDE - REACH + level * PAD;
        if (down >= 0 && down < KERNEL_H + 2 * level * PAD)
          best[level * YV8_POOL_ROWS + r] = max (best[level * YV8_POOL_ROWS + r], along);
      }
    }
  }
  for (int r = 0; r < YV8_POOL_ROWS && place.y < int (push.out_height) + YV8_HALO; r++, place.y++)
    for (int level = 0; level < LEVELS; level++) {
      uint group = gl_WorkGroupID.z + level * push.in_groups;
      uint pixel = (place.y + YV8_HALO) * push.out_pitch + place.x + YV8_HALO;
      STORE (push.out_first + group * push.out_plane + pixel,
          in_halo (place) ? OUTSIDE (source, plane) : best[level * YV8_POOL_ROWS + r]);
    }
}

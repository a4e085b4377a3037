#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Maximum over a window: out[c][y][x] = max over ky, kx of in[c][y * stride + ky - pad][x * stride +
 * kx - pad]; outside of the map counts as the least value.
 *
 * A lane computes one pixel of four channels; a workgroup, a run of YV8_LANES pixels of the
 * destination's plane (x and y of the grid) of one group of channels (z). */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/pixel.glsl"

layout (constant_id = YV8_CONSTANT_KERNEL_H) const int KERNEL_H = 5;
layout (constant_id = YV8_CONSTANT_KERNEL_W) const int KERNEL_W = 5;
layout (constant_id = YV8_CONSTANT_STRIDE) const int STRIDE = 1;
layout (constant_id = YV8_CONSTANT_PAD) const int PAD = 2;

SOURCE (YV8_BINDING_SOURCE, source)
DESTINATION

void
main ()
{
  uint pixel = run_part () * YV8_LANES + gl_LocalInvocationID.x;
  if (pixel >= push.out_plane)
    return;

  ivec2 place = place_of (pixel);
  ivec2 corner = clamp_place (place) * STRIDE - PAD;
  ivec2 low = max (corner, ivec2 (0));
  ivec2 high = min (corner + ivec2 (KERNEL_W, KERNEL_H), ivec2 (push.in_width, push.in_height));
  uint plane = push.in_first + gl_WorkGroupID.z * push.in_plane;
  VALUE best = LEAST;

  for (int y = low.y; y < high.y; y++)
    for (int x = low.x; x < high.x; x++)
      best = max (best, LOAD (source, plane + (y + YV8_HALO) * push.in_pitch + x + YV8_HALO));
  STORE (push.out_first + gl_WorkGroupID.z * push.out_plane + pixel,
      in_halo (place) ? OUTSIDE (source, plane) : best);
}

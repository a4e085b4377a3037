#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nearest neighbour: out[c][y][x] = in[c][y >> SHIFT][x >> SHIFT]; a copy where SHIFT is 0.
 *
 * A lane writes one pixel of four channels; a workgroup, a run of YV8_LANES pixels of the
 * destination's plane (x and y of the grid) of one group of channels (z). */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/pixel.glsl"

layout (constant_id = YV8_CONSTANT_SHIFT) const int SHIFT = 0;

SOURCE (YV8_BINDING_SOURCE, source)
DESTINATION

void
main ()
{
  uint pixel = run_part () * YV8_LANES + gl_LocalInvocationID.x;
  if (pixel >= push.out_plane)
    return;

  ivec2 place = place_of (pixel);
  ivec2 from = (clamp_place (place) >> SHIFT) + YV8_HALO;
  uint plane = push.in_first + gl_WorkGroupID.z * push.in_plane;
  VALUE value = LOAD (source, plane + from.y * push.in_pitch + from.x);
  STORE (push.out_first + gl_WorkGroupID.z * push.out_plane + pixel,
      in_halo (place) ? OUTSIDE (source, plane) : value);
}

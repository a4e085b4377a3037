#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A slice to planar float32 [channels][height][width], without halo; of int8, scale * (q - zero).
 *
 * A lane writes one pixel of four channels; a workgroup, a run of YV8_LANES pixels of the
 * destination's plane (x and y of the grid) of one group of channels (z). */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/pixel.glsl"

SOURCE (YV8_BINDING_SOURCE, source)
#ifdef QS8
ROWS
#endif
layout (std430, binding = YV8_BINDING_DESTINATION) restrict writeonly buffer destination_block
{
  float data[];
}
destination;

void
main ()
{
  uint pixel = run_part () * YV8_LANES + gl_LocalInvocationID.x;
  if (pixel >= push.out_plane)
    return;

  uint group = gl_WorkGroupID.z;
  uint y = pixel / push.out_width;
  uint x = pixel - y * push.out_width;
  VALUE stored = LOAD (source,
      push.in_first + group * push.in_plane + (y + YV8_HALO) * push.in_pitch + x + YV8_HALO);
#ifdef QS8
  vec4 value = dequantize (stored, push.rows_first + group);
#else
  vec4 value = stored;
#endif
  for (uint i = 0; i < 4; i++)
    if (group * 4 + i < push.channels)
      destination.data[push.out_first + (group * 4 + i) * push.out_plane + pixel] = value[i];
}

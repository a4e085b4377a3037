#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Int8 to float32: x = scale * (q - zero), both of the channel that is read. That of the halo is 0.
 *
 * A lane writes one pixel of four channels; a workgroup, a run of YV8_LANES pixels of the
 * destination's plane (x and y of the grid) of one group of channels (z). */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/pixel.glsl"

SOURCE_QS8 (YV8_BINDING_SOURCE, source)
ROWS
DESTINATION_F32

void
main ()
{
  uint pixel = run_part () * YV8_LANES + gl_LocalInvocationID.x;
  if (pixel >= push.out_plane)
    return;

  uint group = gl_WorkGroupID.z;
  ivec4 q = unpack_qs8 (LOAD_QS8 (source, push.in_first + group * push.in_plane + pixel));
  STORE_F32 (push.out_first + group * push.out_plane + pixel,
      dequantize (q, push.rows_first + group));
}

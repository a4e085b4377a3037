#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Float32 to int8: q = clamp (rne (x / scale) + zero, -128, 127), as numeric.h writes it.
 *
 * A lane writes one pixel of four channels; a workgroup, a run of YV8_LANES pixels of the
 * destination's plane (x and y of the grid) of one group of channels (z). */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/pixel.glsl"

SOURCE_F32 (YV8_BINDING_SOURCE, source)
DESTINATION_QS8

void
main ()
{
  uint pixel = run_part () * YV8_LANES + gl_LocalInvocationID.x;
  if (pixel >= push.out_plane)
    return;

  bool halo = in_halo (place_of (pixel));
  uint group = gl_WorkGroupID.z;
  vec4 x = LOAD_F32 (source, push.in_first + group * push.in_plane + pixel);
  STORE_QS8 (push.out_first + group * push.out_plane + pixel,
      pack_qs8 (halo ? ivec4 (int (push.zero)) : quantize4 (x)));
}

#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The network's input: dword 0 of the source says what follows. 0: a picture, a dword a pixel,
 * R | G << 8 | B << 16. 1: planar float32 [channels][height][width].
 *
 * A lane writes one pixel of four channels; a workgroup, a run of YV8_LANES pixels of the
 * destination's plane (x and y of the grid) of one group of channels (z). */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/pixel.glsl"
#include "lib/picture.glsl"

#ifdef QS8
#define QUANTIZE(x) quantize (x)
#else
#define QUANTIZE(x) (x)
#endif

SOURCE_DWORD (YV8_BINDING_AUX, source)
DESTINATION

void
main ()
{
  uint pixel = run_part () * YV8_LANES + gl_LocalInvocationID.x;
  if (pixel >= push.out_plane)
    return;

  ivec2 place = place_of (pixel);
  ivec2 from = clamp_place (place);
  uint position = 1 + from.y * push.out_width + from.x;
  uint group = gl_WorkGroupID.z;
  VALUE value = VALUE (0);

  if (LOAD_DWORD (source, 0) == 0) {
    if (group == 0)
      value = PICTURE (LOAD_DWORD (source, position));
  } else {
    for (uint i = 0; i < 4; i++)
      if (group * 4 + i < push.channels)
        value[i] = QUANTIZE (uintBitsToFloat (LOAD_DWORD (
            source, (group * 4 + i) * push.out_width * push.out_height + position)));
  }
  STORE (push.out_first + group * push.out_plane + pixel, in_halo (place) ? HALO : value);
}

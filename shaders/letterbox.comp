#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the planes of a raw video frame to the network's input: the letterbox of
 * engine/ref/letterbox.h, in the same integers, rounded where it says so.
 *
 * The source holds the taps, a dword a pixel of the picture's columns and rows, index << 8 | weight:
 * [columns of the first component][of the others][rows of the first][of the others]; then rows of
 * samples of one byte each, where the push constants say.
 *
 * A lane writes one pixel of four channels; a workgroup, a run of YV8_LANES pixels of the
 * destination's plane (x and y of the grid). */
#extension GL_GOOGLE_include_directive : require
#define PUSH_LETTERBOX
#include "lib/access.glsl"
#include "lib/pixel.glsl"
#include "lib/picture.glsl"

#define PAD 0x727272u /* YV8_LETTERBOX_PAD in R, G and B */

SOURCE_DWORD (YV8_BINDING_AUX, source)
DESTINATION

uint
byte_at (uint address)
{
  return LOAD_DWORD (source, address / 4) >> 8 * (address % 4) & 255u;
}

/* Component @index at a pixel of the picture; @kind: whose taps it has. */
int
component (uint index, uint kind, uvec2 pixel)
{
  uint column = LOAD_DWORD (source, kind * push.picture_width + pixel.x);
  uint row = LOAD_DWORD (
      source, 2 * push.picture_width + kind * push.picture_height + pixel.y);
  uint w = column % 256, v = row % 256;
  uint i = push.first[index] + column / 256 * push.step[kind] + row / 256 * push.pitch[kind];
  uint right = min (w, 1u) * push.step[kind], below = min (v, 1u) * push.pitch[kind];
  uint a = byte_at (i) * (256 - v) + byte_at (i + below) * v;
  uint b = byte_at (i + right) * (256 - v) + byte_at (i + right + below) * v;

  return int ((a * (256 - w) + b * w + 32768) >> 16);
}

uvec3
rgb_of (ivec3 yuv)
{
  int y = push.y * (yuv.x - push.y_offset) + 4096, u = yuv.y - 128, v = yuv.z - 128;
  ivec3 rgb = ivec3 (y + push.rv * v, y - push.gu * u - push.gv * v, y + push.bu * u) >> 13;

  return uvec3 (clamp (rgb, 0, 255));
}

void
main ()
{
  uint pixel = run_part () * YV8_LANES + gl_LocalInvocationID.x;
  if (pixel >= push.out_plane)
    return;

  ivec2 place = place_of (pixel);
  uvec2 at = uvec2 (place - ivec2 (push.left, push.top)); /* huge where it is negative */
  uint dword = PAD;
  if (all (lessThan (at, uvec2 (push.picture_width, push.picture_height)))) {
    ivec3 value = ivec3 (component (0, 0, at), component (1, 1, at), component (2, 1, at));
    uvec3 rgb = push.rgb != 0 ? uvec3 (value) : rgb_of (value);
    dword = rgb.r | rgb.g << 8 | rgb.b << 16;
  }
  STORE (push.out_first + pixel, in_halo (place) ? HALO : PICTURE (dword));
}

#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scores and boxes of those candidates that are of one scale of the head, in pixels of the input,
 * as engine/detect/decode.h defines them. The map's four channels by so many are distances to the
 * left, the top, the right and the bottom.
 *
 * A lane decodes one candidate; a workgroup, YV8_LANES of them. */
#extension GL_GOOGLE_include_directive : require
#define PUSH_DETECT
#include "lib/access.glsl"
#include "lib/candidate.glsl"
#include "lib/numeric.h"

SOURCE_F32 (YV8_BINDING_SOURCE, bins)
LIST

float
bin_at (uint channel, uint place)
{
  return LOAD_F32 (bins, push.first + channel / 4 * push.plane + place)[channel % 4];
}

/* The expectation of a softmax over a side's bins; 0 where it is undefined. */
float
expected_distance (uint side, uint place)
{
  float greatest = bin_at (side * push.groups, place);
  int least = yv8_order (greatest);
  precise float sum = 0, weighted = 0;

  for (uint i = 1; i < push.groups; i++) {
    float x = bin_at (side * push.groups + i, place);
    least = min (least, yv8_order (x));
    greatest = max (greatest, x);
  }
  if (least == YV8_UNORDERED || abs (yv8_order (greatest)) == 0x7f800000)
    return 0;
  for (uint i = 0; i < push.groups; i++) {
    precise float below = bin_at (side * push.groups + i, place) - greatest;
    precise float e = yv8_exp (below);
    sum = sum + e;
    e = e * float (i);
    weighted = weighted + e;
  }
  weighted = weighted * yv8_reciprocal (sum);
  return weighted;
}

void
main ()
{
  uint index = gl_WorkGroupID.x * YV8_LANES + gl_LocalInvocationID.x;
  if (index >= min (list.count, YV8_MOST_CANDIDATES))
    return;
  uint cell = list.data[index].anchor - push.anchor; /* huge where it is before this scale */
  if (cell >= push.height * push.width)
    return;

  uint place = place_of_cell (cell);
  vec2 centre = vec2 (cell % push.width, cell / push.width) + 0.5;
  precise vec4 edges = vec4 (centre.x - expected_distance (0, place),
      centre.y - expected_distance (1, place), centre.x + expected_distance (2, place),
      centre.y + expected_distance (3, place));
  edges = edges * float (push.stride);
  precise vec2 size = edges.zw - edges.xy;
  list.data[index].score = yv8_sigmoid (yv8_ordered (list.data[index].order));
  list.data[index].x = edges.x;
  list.data[index].y = edges.y;
  list.data[index].width = size.x;
  list.data[index].height = size.y;
}

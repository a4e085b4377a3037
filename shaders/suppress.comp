#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Non-maximum suppression per class of sorted candidates, as engine/detect/nms.h defines it: the
 * best that is left is kept, and what of its class it overlaps by more than the threshold is
 * dropped, until there are none or enough. Out come how many candidates there were, how many boxes
 * there are, and these.
 *
 * One workgroup; a lane looks at every YV8_LANES-th candidate. */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/candidate.glsl"
#include "lib/numeric.h"

struct Detection {
  uint class_id;
  float score;
  float x, y, width, height;
};

SOURCE_DWORDS (YV8_BINDING_SOURCE, sorted)
SOURCE_DWORD (YV8_BINDING_AUX, params)
layout (std430, binding = YV8_BINDING_DESTINATION) writeonly buffer found_block
{
  uint n_candidates, n;
  Detection data[];
}
found;

shared uint dropped[YV8_MOST_CANDIDATES];

float
intersection (vec4 a, vec4 b)
{
  precise float area = yv8_overlap (a.x, a.z, b.x, b.z) * yv8_overlap (a.y, a.w, b.y, b.w);
  return area;
}

void
main ()
{
  uint lane = gl_LocalInvocationID.x;
  uint n = LOAD_DWORDS (sorted, 0).x, limit = LOAD_DWORD (params, YV8_PARAM_LIMIT), n_kept = 0;
  float threshold = uintBitsToFloat (LOAD_DWORD (params, YV8_PARAM_IOU));

  if (lane == 0)
    found.n_candidates = n;
  if (n > YV8_MOST_CANDIDATES)
    return;
  for (uint i = lane; i < n; i += YV8_LANES)
    dropped[i] = 0;
  barrier ();
  for (uint i = 0; i < n && n_kept < limit; i++) {
    if (dropped[i] == 0) {
      uvec4 best = LOAD_DWORDS (sorted, CANDIDATE (i));
      vec4 box = uintBitsToFloat (LOAD_DWORDS (sorted, CANDIDATE (i) + 1));
      float area = intersection (box, box);
      for (uint k = i + 1 + lane; k < n; k += YV8_LANES) {
        if (dropped[k] != 0 || LOAD_DWORDS (sorted, CANDIDATE (k)).x != best.x)
          continue;
        vec4 other = uintBitsToFloat (LOAD_DWORDS (sorted, CANDIDATE (k) + 1));
        float both = intersection (box, other);
        if (both > 0 &&
            both > yv8_iou_bound (both, area, intersection (other, other), threshold))
          dropped[k] = 1;
      }
      if (lane == 0)
        found.data[n_kept] =
            Detection (best.x, uintBitsToFloat (best.y), box.x, box.y, box.z, box.w);
      n_kept++;
    }
    barrier ();
  }
  if (lane == 0)
    found.n = n_kept;
}

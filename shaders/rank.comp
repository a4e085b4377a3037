#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Puts candidates in order: by logit, ties by class, then by anchor. One's place is how many are
 * better, and its score the least of theirs and its own: a sigmoid may be off by its last bit, and
 * that does not turn the order of scores. Out come, in dwords by four, how many there are, and of
 * each its class and score, and its box.
 *
 * A lane places one candidate; a workgroup, YV8_LANES of them. */
#extension GL_GOOGLE_include_directive : require
#include "lib/access.glsl"
#include "lib/candidate.glsl"

SOURCE_DWORDS (YV8_BINDING_SOURCE, list)
DESTINATION_OF (YV8_BINDING_DESTINATION, sorted, uvec4)

bool
is_better (uvec4 a, uvec4 b)
{
  if (a.x != b.x)
    return int (a.x) > int (b.x);
  return a.y != b.y ? a.y < b.y : a.z < b.z;
}

void
main ()
{
  uint n = LOAD_DWORDS (list, 0).x;
  uint index = gl_WorkGroupID.x * YV8_LANES + gl_LocalInvocationID.x;
  if (index == 0)
    sorted.data[0] = uvec4 (n, 0, 0, 0);
  if (index >= n || n > YV8_MOST_CANDIDATES)
    return;

  uvec4 candidate = LOAD_DWORDS (list, CANDIDATE (index));
  float score = uintBitsToFloat (candidate.w);
  uint place = 0;
  for (uint i = 0; i < n; i++) {
    uvec4 other = LOAD_DWORDS (list, CANDIDATE (i));
    if (is_better (other, candidate)) {
      score = min (score, uintBitsToFloat (other.w));
      place++;
    }
  }
  sorted.data[CANDIDATE (place)] = uvec4 (candidate.y, floatBitsToUint (score), 0, 0);
  sorted.data[CANDIDATE (place) + 1] = LOAD_DWORDS (list, CANDIDATE (index) + 1);
}

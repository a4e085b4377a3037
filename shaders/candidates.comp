#version 450
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Of one scale of the head the candidates, each (cell, class) whose logit is not below the least
 * one and whose class is wanted, in any order. All are counted, YV8_MOST_CANDIDATES are listed.
 *
 * A lane looks at one cell, and again where that has a logit that is high enough; a workgroup, at a
 * run of YV8_LANES cells (x and y of the grid). */
#extension GL_GOOGLE_include_directive : require
#define PUSH_DETECT
#include "lib/access.glsl"
#include "lib/candidate.glsl"
#include "lib/numeric.h"

SOURCE_F32 (YV8_BINDING_SOURCE, logits)
SOURCE_DWORD (YV8_BINDING_AUX, params)
LIST

void
add (int order, uint class_id, uint cell)
{
  uint index = atomicAdd (list.count, 1);

  if (index >= YV8_MOST_CANDIDATES)
    return;
  list.data[index].order = order;
  list.data[index].class_id = class_id;
  list.data[index].anchor = push.anchor + cell;
}

void
main ()
{
  uint part = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
  uint cell = part * YV8_LANES + gl_LocalInvocationID.x;
  if (cell >= push.height * push.width)
    return;

  uint first = push.first + place_of_cell (cell);
  int least = int (LOAD_DWORD (params, YV8_PARAM_LEAST)), best = YV8_UNORDERED;
  for (uint group = 0; group < push.groups; group++) {
    vec4 x = LOAD_F32 (logits, first + group * push.plane);
    best = max (max (max (best, yv8_order (x.x)), max (yv8_order (x.y), yv8_order (x.z))),
        yv8_order (x.w));
  }
  if (best < least)
    return;
  for (uint group = 0; group < push.groups; group++) {
    uint wanted = LOAD_DWORD (params, YV8_PARAM_CLASSES + group);
    vec4 x = LOAD_F32 (logits, first + group * push.plane);
    for (uint i = 0; i < 4; i++)
      if ((wanted >> i & 1u) != 0 && yv8_order (x[i]) >= least)
        add (yv8_order (x[i]), 4 * group + i, cell);
  }
}

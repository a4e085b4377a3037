/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Workgroups walk the destination's plane, halo included, as one run of pixels. */

/* Which part of the run is this workgroup's; the run is folded into the grid's x and y. */
uint
run_part ()
{
  return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}

/* Column and row of a pixel of the run, counted from the first that is no halo. */
ivec2
place_of (uint pixel)
{
  uint y = pixel / push.out_pitch;
  return ivec2 (pixel - y * push.out_pitch, y) - YV8_HALO;
}

bool
in_halo (ivec2 place)
{
  ivec2 size = ivec2 (push.out_width, push.out_height);
  return any (lessThan (place, ivec2 (0))) || any (greaterThanEqual (place, size));
}

/* The nearest place that is no halo: what a lane reads must exist, even if it is not wanted. */
ivec2
clamp_place (ivec2 place)
{
  return clamp (place, ivec2 (0), ivec2 (push.out_width, push.out_height) - 1);
}

/* The halo's pixels: those of the rows above and below, then left and right by turns. */
uint
halo_pixels ()
{
  return 2 * (push.out_pitch + push.out_height);
}

uint
halo_pixel (uint index)
{
  uint side = index - 2 * push.out_pitch;

  if (index < push.out_pitch)
    return index;
  if (index < 2 * push.out_pitch)
    return index + push.out_height * push.out_pitch;
  return (1 + side / 2) * push.out_pitch + (side % 2) * (push.out_pitch - 1);
}

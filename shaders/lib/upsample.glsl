/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a convolution writes its output a second time, at twice the sides, nearest neighbour. */

layout (constant_id = YV8_CONSTANT_UPSAMPLED) const bool UPSAMPLED = false;

/* Index of one of the four pixels that @pixel of the destination becomes, halo to halo. */
uint
upsampled_position (uint group, uint pixel, int corner)
{
  ivec2 size = 2 * ivec2 (push.out_width, push.out_height);
  ivec2 place = 2 * place_of (pixel) + ivec2 (corner & 1, corner >> 1);
  ivec2 at = clamp (place, ivec2 (-YV8_HALO), size) + YV8_HALO;
  uint pitch = size.x + 2 * YV8_HALO, plane = pitch * (size.y + 2 * YV8_HALO);

  return push.upsampled_first + group * plane + at.y * pitch + at.x;
}

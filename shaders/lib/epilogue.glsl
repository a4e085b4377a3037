/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What becomes of an int8 convolution's sums: scale, bias, activation, residual, and rounding to
 * int8, or none to float32, as numeric.h writes them; and the halo. */

layout (constant_id = YV8_CONSTANT_SILU) const bool SILU = true;
layout (constant_id = YV8_CONSTANT_RESIDUAL) const bool RESIDUAL = false;
layout (constant_id = YV8_CONSTANT_TO_F32) const bool TO_F32 = false;

SOURCE_QS8 (YV8_BINDING_RESIDUAL, residual)
ROWS
DESTINATION_QS8
DESTINATION_F32
UPSAMPLED_QS8
UPSAMPLED_F32

vec4
finish (ivec4 sum, uint group, uint pixel)
{
  precise vec4 y = vec4 (sum - ROW (group, YV8_ROW_CONSTANT)) *
                   intBitsToFloat (ROW (group, YV8_ROW_MULTIPLIER));
  y = y + intBitsToFloat (ROW (group, YV8_ROW_BIAS));
  if (SILU)
    y = vec4 (yv8_silu (y.x), yv8_silu (y.y), yv8_silu (y.z), yv8_silu (y.w));
  if (RESIDUAL) {
    uint dword = LOAD_QS8 (residual, push.residual_first + group * push.out_plane + pixel);
    y = y + dequantize (unpack_qs8 (dword), group);
  }
  return y;
}

void
store_upsampled (vec4 y, uint group, uint pixel)
{
  [[unroll]] for (int corner = 0; corner < 4; corner++) {
    uint position = upsampled_position (group, pixel, corner);
    if (TO_F32)
      STORE_UPSAMPLED_F32 (position, y);
    else
      STORE_UPSAMPLED_QS8 (position, pack_qs8 (quantize4 (y)));
  }
}

void
store (ivec4 sum, uint group, uint pixel)
{
  uint position = push.out_first + group * push.out_plane + pixel;

  if (group >= push.out_groups)
    return;
  vec4 y = finish (sum, group, pixel);
  if (TO_F32)
    STORE_F32 (position, y);
  else
    STORE_QS8 (position, pack_qs8 (quantize4 (y)));
  if (UPSAMPLED)
    store_upsampled (y, group, pixel);
}

/* A pixel of the halo, of @n groups from @first. */
void
store_halo (uint index, uint first, uint n)
{
  uint end = min (first + n, push.out_groups);

  if (index >= halo_pixels ())
    return;
  for (uint group = first; group < end; group++) {
    uint position = push.out_first + group * push.out_plane + halo_pixel (index);
    if (TO_F32)
      STORE_F32 (position, vec4 (0));
    else
      STORE_QS8 (position, pack_qs8 (ivec4 (int (push.zero))));
    if (UPSAMPLED)
      store_upsampled (vec4 (0), group, halo_pixel (index)); /* 0 becomes the zero point */
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Int8 maps, four channels to a dword, and what is known of their channels; the arithmetic is that
 * of numeric.h. */
#include "numeric.h"

#define SOURCE_QS8                 SOURCE_DWORD
#define LOAD_QS8                   LOAD_DWORD
#define DESTINATION_QS8            DESTINATION_OF (YV8_BINDING_DESTINATION, dwords, uint)
#define STORE_QS8(position, dword) dwords.data[position] = dword
#define UPSAMPLED_QS8              DESTINATION_OF (YV8_BINDING_UPSAMPLED, upsampled_dwords, uint)
#define STORE_UPSAMPLED_QS8(position, dword) upsampled_dwords.data[position] = dword

#define ROWS                          SOURCE_DWORDS (YV8_BINDING_AUX, rows)
#define ROW(group, row)               ivec4 (LOAD_DWORDS (rows, (group) * YV8_N_ROWS + row))
#define dequantize(q, group)          scale_qs8 (q, ROW (group, YV8_ROW_SCALE), ROW (group, YV8_ROW_ZERO))

ivec4
unpack_qs8 (uint dword)
{
  return ivec4 (dword << 24, dword << 16, dword << 8, dword) >> 24;
}

uint
pack_qs8 (ivec4 q)
{
  uvec4 bytes = uvec4 (q) & 255u;
  return bytes.x | bytes.y << 8 | bytes.z << 16 | bytes.w << 24;
}

vec4
scale_qs8 (ivec4 q, ivec4 scale, ivec4 zero)
{
  precise vec4 x = intBitsToFloat (scale) * vec4 (q - zero);
  return x;
}

/* To the scale and zero point of what is written. */
int
quantize (float x)
{
  return yv8_requantize (x, uintBitsToFloat (push.inverse), int (push.zero));
}

ivec4
quantize4 (vec4 x)
{
  return ivec4 (quantize (x.x), quantize (x.y), quantize (x.z), quantize (x.w));
}

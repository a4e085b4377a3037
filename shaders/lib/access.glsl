/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Four channels at an index, whatever they are stored as. F16 stores 16 bits a value and computes
 * in 32; QS8 makes int8 of what SOURCE, LOAD, DESTINATION and STORE are about, see qs8.glsl. TEXEL
 * reads through texel buffers, which convert by themselves and which some devices load faster than
 * storage buffers. Writing is always to a storage buffer. */
#extension GL_GOOGLE_include_directive : require
#include "interface.h"

#ifdef LANES_BY_CONSTANT
layout (local_size_x_id = YV8_CONSTANT_LANES) in;
#else
layout (local_size_x = YV8_LANES) in;
#endif

#ifdef F16
#define PACKED    uvec2
#define PACK(v)   uvec2 (packHalf2x16 ((v).xy), packHalf2x16 ((v).zw))
#define UNPACK(v) vec4 (unpackHalf2x16 ((v).x), unpackHalf2x16 ((v).y))
#else
#define PACKED    vec4
#define PACK(v)   (v)
#define UNPACK(v) (v)
#endif

#define STORAGE(place, name, type)                                                                 \
  layout (std430, binding = place) restrict readonly buffer name##_block                           \
  {                                                                                                \
    type data[];                                                                                   \
  }                                                                                                \
  name;
#define DESTINATION_OF(place, name, type)                                                          \
  layout (std430, binding = place) writeonly buffer name##_block                                   \
  {                                                                                                \
    type data[];                                                                                   \
  }                                                                                                \
  name;

#ifdef TEXEL
#define SOURCE_F32(place, name)  layout (binding = place) uniform samplerBuffer name;
#define LOAD_F32(name, position) texelFetch (name, int (position))
#else
#define SOURCE_F32(place, name)  STORAGE (place, name, PACKED)
#define LOAD_F32(name, position) UNPACK (name.data[position])
#endif
/* Dwords, or four at once. */
#ifdef TEXEL
#define SOURCE_DWORD(place, name)  layout (binding = place) uniform usamplerBuffer name;
#define LOAD_DWORD(name, position) texelFetch (name, int (position)).x
#define SOURCE_DWORDS              SOURCE_DWORD
#define LOAD_DWORDS(name, position) texelFetch (name, int (position))
#else
#define SOURCE_DWORD(place, name)  STORAGE (place, name, uint)
#define LOAD_DWORD(name, position) name.data[position]
#define SOURCE_DWORDS(place, name) STORAGE (place, name, uvec4)
#define LOAD_DWORDS                LOAD_DWORD
#endif
#define DESTINATION_F32                  DESTINATION_OF (YV8_BINDING_DESTINATION, destination, PACKED)
#define UPSAMPLED_F32                    DESTINATION_OF (YV8_BINDING_UPSAMPLED, upsampled, PACKED)
#define STORE_F32(position, v)           destination.data[position] = PACK (v)
#define STORE_UPSAMPLED_F32(position, v) upsampled.data[position] = PACK (v)

/* OUTSIDE: what a halo holds where the kernel hands on values: that of the plane that it reads. */
#ifdef QS8
#include "qs8.glsl"
#define VALUE                 ivec4
#define LEAST                 ivec4 (-128)
#define SOURCE                SOURCE_QS8
#define LOAD(name, position)  unpack_qs8 (LOAD_QS8 (name, position))
#define DESTINATION           DESTINATION_QS8
#define STORE(position, v)    STORE_QS8 (position, pack_qs8 (v))
#define OUTSIDE(source, plane) LOAD (source, plane)
#else
#define VALUE                  vec4
#define LEAST                  vec4 (uintBitsToFloat (0xff800000u))
#define SOURCE                 SOURCE_F32
#define LOAD                   LOAD_F32
#define DESTINATION            DESTINATION_F32
#define STORE                  STORE_F32
#define OUTSIDE(source, plane) vec4 (0)
#endif

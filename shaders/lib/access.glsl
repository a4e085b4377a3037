/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Four channels at an index, whatever they are stored as. F16 stores 16 bits a value and computes
 * in 32; TEXEL reads through texel buffers, which convert by themselves and which some devices load
 * faster than storage buffers. Writing is always to a storage buffer. */
#extension GL_GOOGLE_include_directive : require
#include "interface.h"

layout (local_size_x = YV8_LANES) in;

#ifdef F16
#define PACKED    uvec2
#define PACK(v)   uvec2 (packHalf2x16 ((v).xy), packHalf2x16 ((v).zw))
#define UNPACK(v) vec4 (unpackHalf2x16 ((v).x), unpackHalf2x16 ((v).y))
#else
#define PACKED    vec4
#define PACK(v)   (v)
#define UNPACK(v) (v)
#endif

#ifdef TEXEL
#define SOURCE(place, name)  layout (binding = place) uniform samplerBuffer name;
#define LOAD(name, position) texelFetch (name, int (position))
#else
#define SOURCE(place, name)                                                                        \
  layout (std430, binding = place) restrict readonly buffer name##_block                           \
  {                                                                                                \
    PACKED data[];                                                                                 \
  }                                                                                                \
  name;
#define LOAD(name, position) UNPACK (name.data[position])
#endif

#define DESTINATION                                                                                \
  layout (std430, binding = YV8_BINDING_DESTINATION) restrict writeonly buffer destination_block   \
  {                                                                                                \
    PACKED data[];                                                                                 \
  }                                                                                                \
  destination;
#define STORE(position, v) destination.data[position] = PACK (v)

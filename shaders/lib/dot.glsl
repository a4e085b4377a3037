/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Products of four int8 activations of a pixel, ACTIVATIONS, with four int8 weights of each of four
 * output channels, WEIGHTS. DOT_SIGNED and DOT_MIXED take the packed dot product of the device;
 * mixed, the activations are unsigned, with 128 added, which the constant of YV8_ROW_CONSTANT takes
 * away again. Without either the products are float32: exact, and so are sums of up to
 * EXACT_TERMS of them, as 1024 * 128 * 127 < 2^24. */

#if defined DOT_SIGNED || defined DOT_MIXED
#extension GL_EXT_spirv_intrinsics : require
#define SUM     ivec4
#define WEIGHTS ivec4
#endif

#if defined DOT_SIGNED
#define ACTIVATIONS       int
#define TO_ACTIVATIONS(x) int (x)
/* OpSDot; format 0: four bytes to an operand. */
spirv_instruction (extensions = [ "SPV_KHR_integer_dot_product" ], capabilities = [ 6018, 6019 ],
    id = 4450) int dot4 (int weights, int x, spirv_literal int format);
#elif defined DOT_MIXED
#define ACTIVATIONS       uint
#define TO_ACTIVATIONS(x) ((x) ^ 0x80808080u)
/* OpSUDot: signed by unsigned. */
spirv_instruction (extensions = [ "SPV_KHR_integer_dot_product" ], capabilities = [ 6018, 6019 ],
    id = 4452) int dot4 (int weights, uint x, spirv_literal int format);
#else
#define EXACT_TERMS       1024
#define SUM               vec4
#define WEIGHTS           mat4
#define ACTIVATIONS       vec4
#define TO_ACTIVATIONS(x) vec4 (unpack_qs8 (x))
#endif

WEIGHTS
to_weights (uvec4 w)
{
#if defined DOT_SIGNED || defined DOT_MIXED
  return ivec4 (w);
#else
  return mat4 (vec4 (unpack_qs8 (w.x)), vec4 (unpack_qs8 (w.y)), vec4 (unpack_qs8 (w.z)),
      vec4 (unpack_qs8 (w.w)));
#endif
}

SUM
multiply (WEIGHTS w, ACTIVATIONS x)
{
#if defined DOT_SIGNED || defined DOT_MIXED
  return ivec4 (dot4 (w.x, x, 0), dot4 (w.y, x, 0), dot4 (w.z, x, 0), dot4 (w.w, x, 0));
#else
  return x * w;
#endif
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The arithmetic of integer inference, written once: C and GLSL include this file, and every device
 * gives the same bits. All of it is IEEE binary32 in the order written, with nothing but + - *,
 * min, max, floor, round-half-even, int <-> float conversion and bit casts: no division, no library
 * function, no fused multiply-add (-ffp-contract=off in C, `precise` in GLSL). int32 never
 * overflows: see YV8_QUANT_MAX_TERMS in engine/graph/graph.h.
 *
 * A convolution: x = s (q - z) are the activations, s and z of each input channel's slice. The
 * scales are folded into the weights before these are quantised, W[o][i] = w[o][i] s[i] = m[o]
 * k[o][i], so
 *
 *   acc[o] = sum_i k[o][i] q[i] - sum_i k[o][i] z[i]             int32
 *   v      = float (acc) m[o] + b[o]
 *   t      = v sigmoid (v), or v
 *   t      = t + s_r float (q_r - z_r)                           where there is a residual
 *   q_y    = clamp (rne (t / s_y) + z_y, -128, 127)              yv8_requantize ()
 *
 * Outside of the map an activation is z, so that it adds nothing. A float32 output is v (or t)
 * itself. */
#ifndef YV8_SHADERS_NUMERIC_H
#define YV8_SHADERS_NUMERIC_H

#ifdef VULKAN
#define YV8_FUNCTION
#define YV8_EXACT        precise float
#define YV8_INT(x)       int (x)
#define YV8_FLOAT(x)     float (x)
#define YV8_FLOOR(x)     floor (x)
#define YV8_ROUND(x)     roundEven (x)
#define YV8_MIN(a, b)    min (a, b)
#define YV8_MAX(a, b)    max (a, b)
#define YV8_TO_BITS(x)   floatBitsToInt (x)
#define YV8_FROM_BITS(x) intBitsToFloat (x)
#else
#include <glib.h>
#include <string.h>

#define YV8_FUNCTION     static inline
#define YV8_EXACT        float
#define YV8_INT(x)       ((gint32) (x))
#define YV8_FLOAT(x)     ((float) (x))
#define YV8_FLOOR(x)     __builtin_floorf (x)
#define YV8_ROUND(x)     __builtin_rintf (x) /* in the default rounding mode: ties to even */
#define YV8_MIN(a, b)    ((a) < (b) ? (a) : (b))
#define YV8_MAX(a, b)    ((a) > (b) ? (a) : (b))
#define YV8_TO_BITS(x)   yv8_to_bits (x)
#define YV8_FROM_BITS(x) yv8_from_bits (x)

static inline gint32
yv8_to_bits (float x)
{
  gint32 bits;

  memcpy (&bits, &x, sizeof bits);
  return bits;
}

static inline float
yv8_from_bits (gint32 bits)
{
  float x;

  memcpy (&x, &bits, sizeof x);
  return x;
}
#endif

#define YV8_LOG2E   1.44269504f
#define YV8_EXP2_P0 0.999999898f
#define YV8_EXP2_P1 0.69315449f
#define YV8_EXP2_P2 0.240141818f
#define YV8_EXP2_P3 0.0558603371f
#define YV8_EXP2_P4 0.00894959042f
#define YV8_EXP2_P5 0.00189375406f

/* The bits of a float from this one are about those of its reciprocal. */
#define YV8_RECIPROCAL_SEED 0x7ef311c7

/* 2^t for -126 <= t <= 126: 2^floor (t) by the exponent, the rest by a polynomial of degree 5
 * through the Chebyshev nodes of 0..1. Relative error below 3e-7. */
YV8_FUNCTION float
yv8_exp2 (float t)
{
  YV8_EXACT n = YV8_FLOOR (t);
  YV8_EXACT f = t - n;
  YV8_EXACT p = YV8_EXP2_P5;

  p = p * f + YV8_EXP2_P4;
  p = p * f + YV8_EXP2_P3;
  p = p * f + YV8_EXP2_P2;
  p = p * f + YV8_EXP2_P1;
  p = p * f + YV8_EXP2_P0;
  p = p * YV8_FROM_BITS ((YV8_INT (n) + 127) << 23);
  return p;
}

/* 1 / d for 2^-100 < d < 2^100: a seed from the bits, three steps of Newton's iteration. */
YV8_FUNCTION float
yv8_reciprocal (float d)
{
  YV8_EXACT r = YV8_FROM_BITS (YV8_RECIPROCAL_SEED - YV8_TO_BITS (d));
  YV8_EXACT e;

  e = d * r;
  e = 2.0f - e;
  r = r * e;
  e = d * r;
  e = 2.0f - e;
  r = r * e;
  e = d * r;
  e = 2.0f - e;
  r = r * e;
  return r;
}

/* e^x for any x but NaN; 2^-126 and 2^126 are the least and the greatest result. */
YV8_FUNCTION float
yv8_exp (float x)
{
  YV8_EXACT t = x * YV8_LOG2E;

  t = YV8_MIN (YV8_MAX (t, -126.0f), 126.0f);
  return yv8_exp2 (t);
}

/* 1 / (1 + e^-v). */
YV8_FUNCTION float
yv8_sigmoid (float v)
{
  YV8_EXACT t = v * -YV8_LOG2E;
  YV8_EXACT d;

  t = YV8_MIN (YV8_MAX (t, -64.0f), 64.0f);
  d = yv8_exp2 (t);
  d = 1.0f + d;
  return yv8_reciprocal (d);
}

YV8_FUNCTION float
yv8_silu (float v)
{
  YV8_EXACT t = yv8_sigmoid (v);

  t = v * t;
  return t;
}

/* @inverse: 1 / s_y, rounded once when the model was loaded. */
YV8_FUNCTION int
yv8_requantize (float t, float inverse, int zero)
{
  YV8_EXACT x = t * inverse;

  x = YV8_MIN (YV8_MAX (x, -512.0f), 512.0f);
  return YV8_MIN (YV8_MAX (YV8_INT (YV8_ROUND (x)) + zero, -128), 127);
}

/* Integers in the order of the numbers, -0 and 0 equal; YV8_UNORDERED, below all, of NaN. */
#define YV8_UNORDERED (-2147483647 - 1)

YV8_FUNCTION int
yv8_order (float x)
{
  int magnitude = YV8_TO_BITS (x) & 0x7fffffff;

  if (magnitude > 0x7f800000)
    return YV8_UNORDERED;
  return YV8_TO_BITS (x) < 0 ? -magnitude : magnitude;
}

/* The number of an order, but for NaN and the sign of 0. */
YV8_FUNCTION float
yv8_ordered (int order)
{
  return YV8_FROM_BITS (order < 0 ? YV8_UNORDERED - order : order);
}

/* What [a, a + a_length] and [b, b + b_length] have in common, or 0. */
YV8_FUNCTION float
yv8_overlap (float a, float a_length, float b, float b_length)
{
  YV8_EXACT a_end = a + a_length;
  YV8_EXACT b_end = b + b_length;
  YV8_EXACT length = YV8_MIN (a_end, b_end) - YV8_MAX (a, b);

  return YV8_MAX (length, 0.0f);
}

/* The IoU of two areas is more than @threshold where what is in @both is more than this. */
YV8_FUNCTION float
yv8_iou_bound (float both, float a, float b, float threshold)
{
  YV8_EXACT bound = a + b;

  bound = bound - both;
  bound = bound * threshold;
  return bound;
}

#endif

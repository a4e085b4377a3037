/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The int8 loops by NEON's dot product against plain arithmetic, where there is neither such a
 * machine nor GLib for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/isa.h"
#include "shaders/lib/numeric.h"

#define STEPS  37
#define WORDS  1024
#define ROUNDS 200

extern const Yv8CpuQs8Kernels yv8_cpu_qs8_neon;

static guint32
random_word (void)
{
  return (guint32) rand () << 16 ^ (guint32) rand ();
}

static gint32
byte_of (guint32 word, guint i)
{
  return (gint32) (word << (24 - 8 * i)) >> 24;
}

static int
check_conv (gint32 *acc)
{
  const Yv8CpuQs8Kernels *kernels = &yv8_cpu_qs8_neon;
  guint32 x[WORDS];
  gint32 offsets[STEPS], weights[STEPS * YV8_CPU_MAX_CHANNELS], corrections[YV8_CPU_MAX_CHANNELS];

  for (guint i = 0; i < WORDS; i++)
    x[i] = random_word ();
  for (guint i = 0; i < STEPS; i++)
    offsets[i] = rand () % (WORDS - YV8_CPU_MAX_PIXELS);
  for (guint i = 0; i < STEPS * kernels->channels; i++)
    weights[i] = (gint32) random_word ();
  for (guint i = 0; i < kernels->channels; i++)
    corrections[i] = rand () % 1000 - 500;
  kernels->conv[kernels->pixels / kernels->lanes - 1](acc, x, offsets, STEPS, weights, corrections);
  for (guint o = 0; o < kernels->channels; o++)
    for (guint i = 0; i < kernels->pixels; i++) {
      gint32 sum = corrections[o];
      for (guint step = 0; step < STEPS; step++)
        for (guint c = 0; c < 4; c++)
          sum += byte_of (x[i + (guint) offsets[step]], c) *
                 byte_of ((guint32) weights[step * kernels->channels + o], c);
      if (sum != acc[o * kernels->pixels + i])
        return 1;
    }
  return 0;
}

static int
check_finish (const gint32 *acc, int silu, int add)
{
  const Yv8CpuQs8Kernels *kernels = &yv8_cpu_qs8_neon;
  guint32 y[YV8_CPU_MAX_PIXELS * YV8_CPU_MAX_CHANNELS / 4];
  guint32 residual[YV8_CPU_MAX_PIXELS * YV8_CPU_MAX_CHANNELS / 4];
  float multiplier[YV8_CPU_MAX_CHANNELS], bias[YV8_CPU_MAX_CHANNELS], scale[YV8_CPU_MAX_CHANNELS];
  gint32 zero[YV8_CPU_MAX_CHANNELS];
  Yv8CpuFinish to = { y, kernels->pixels, residual, kernels->pixels, multiplier, bias, scale, zero,
    (float) (rand () % 100 + 1), rand () % 256 - 128, kernels->pixels, TRUE };

  for (guint o = 0; o < kernels->channels; o++) {
    multiplier[o] = (float) (rand () % 1000) * 1e-7f;
    bias[o] = (float) (rand () % 1000 - 500) * 0.01f;
    scale[o] = (float) (rand () % 1000) * 1e-4f;
    zero[o] = rand () % 256 - 128;
  }
  for (guint i = 0; i < kernels->pixels * kernels->channels / 4; i++)
    residual[i] = random_word ();
  kernels->finish_qs8[silu][add](&to, acc);
  for (guint o = 0; o < kernels->channels; o++)
    for (guint i = 0; i < kernels->pixels; i++) {
      guint at = o / 4 * kernels->pixels + i;
      float t = (float) acc[o * kernels->pixels + i] * multiplier[o];
      t = t + bias[o];
      if (silu)
        t = yv8_silu (t);
      if (add) {
        float r = scale[o] * (float) (byte_of (residual[at], o % 4) - zero[o]);
        t = t + r;
      }
      if (byte_of (y[at], o % 4) != yv8_requantize (t, to.inverse, to.zero))
        return 1;
    }
  return 0;
}

int
main (void)
{
  int wrong = 0;

  srand (1);
  for (int round = 0; round < ROUNDS; round++) {
    gint32 acc[YV8_CPU_MAX_PIXELS * YV8_CPU_MAX_CHANNELS];
    wrong += check_conv (acc);
    for (int i = 0; i < 4; i++)
      wrong += check_finish (acc, i & 1, i >> 1);
  }
  printf ("%s: %d of %d are wrong\n", yv8_cpu_qs8_neon.channels ? "neon" : "", wrong, 5 * ROUNDS);
  return wrong != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The letterbox's loops, for the compiler to vectorise: compiled once for each instruction set,
 * with YV8_ISA its name. */
#include <string.h>

#include "cpu/letterbox.h"

#define SYMBOL_OF(isa) yv8_cpu_letterbox_##isa
#define SYMBOL(isa)    SYMBOL_OF (isa)

#define BLOCK          64 /* pixels whose taps are fetched before they are computed with */

static inline __attribute__ ((always_inline)) void
blend_by (guint16 *restrict y, const guint8 *restrict near, const guint8 *restrict far,
    guint16 weight, gsize step, gsize n)
{
  guint16 rest = 256 - weight;

  for (gsize i = 0; i < n; i++)
    y[i] = (guint16) (near[i * step] * rest + far[i * step] * weight);
}

/* The steps are constants, so that each is a loop of its own. */
static void
blend (guint16 *y, const guint8 *near, const guint8 *far, guint weight, guint step, gsize n)
{
  switch (step) {
  case 1:
    return blend_by (y, near, far, (guint16) weight, 1, n);
  case 2:
    return blend_by (y, near, far, (guint16) weight, 2, n);
  case 4:
    return blend_by (y, near, far, (guint16) weight, 4, n);
  default:
    return blend_by (y, near, far, (guint16) weight, step, n);
  }
}

/* Two neighbours in one load: a gather of words is slower than scalar loads on most processors. */
static void
sample (guint8 *restrict y, const guint16 *restrict x, const guint32 *restrict near, guint32 base,
    const guint32 *restrict weight, gsize n)
{
  guint32 pair[BLOCK];

  for (gsize first = 0; first < n; first += BLOCK) {
    gsize m = MIN (BLOCK, n - first);
    for (gsize i = 0; i < m; i++)
      memcpy (&pair[i], x + (near[first + i] - base), sizeof *pair);
    for (gsize i = 0; i < m; i++) {
      guint32 low = pair[i] & 0xffff, high = pair[i] >> 16, w = weight[first + i];
#if G_BYTE_ORDER == G_BIG_ENDIAN
      w = 256 - w;
#endif
      y[first + i] = (guint8) ((low * (256 - w) + high * w + 32768) >> 16);
    }
  }
}

static inline guint32
clamp_8 (gint32 value)
{
  return (guint32) CLAMP (value, 0, 255);
}

static void
convert (guint32 *restrict out, const guint8 *restrict y, const guint8 *restrict u,
    const guint8 *restrict v, const Yv8ColourFactors *by, gsize n)
{
  const Yv8ColourFactors k = *by;

  for (gsize i = 0; i < n; i++) {
    gint32 luma = k.y * (y[i] - k.y_offset) + 4096;
    gint32 cb = u[i] - 128, cr = v[i] - 128;
    out[i] = clamp_8 ((luma + k.rv * cr) >> 13) |
             clamp_8 ((luma - k.gu * cb - k.gv * cr) >> 13) << 8 |
             clamp_8 ((luma + k.bu * cb) >> 13) << 16;
  }
}

static void
pack (guint32 *restrict out, const guint8 *restrict r, const guint8 *restrict g,
    const guint8 *restrict b, const Yv8ColourFactors *by, gsize n)
{
  for (gsize i = 0; i < n; i++)
    out[i] = (guint32) r[i] | (guint32) g[i] << 8 | (guint32) b[i] << 16;
}

extern const Yv8CpuLetterboxKernels SYMBOL (YV8_ISA);
const Yv8CpuLetterboxKernels SYMBOL (YV8_ISA) = {
  .blend = blend,
  .sample = sample,
  .colour = { convert, pack },
};

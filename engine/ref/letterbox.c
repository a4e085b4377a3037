/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The letterbox in plain C. */
#include "ref/letterbox.h"

#include <string.h>

#include "detect/formats.h"

#define CHUNK 256 /* columns that are sampled before they are converted; kept on the stack */

/* Where one output column or row is sampled: bytes in a row, or rows in a plane. */
typedef struct {
  guint32 near, far;
  guint32 weight; /* of far, in 1/256 */
} Tap;

/* Of the conversion to R'G'B', in 1/8192. */
typedef struct {
  gint32 y_offset, y, rv, gu, gv, bu;
} Coefficients;

struct _Yv8Resampler {
  Yv8Letterbox letterbox;
  Yv8Format format;
  Yv8Matrix matrix;
  gboolean full_range;
  const Yv8FormatInfo *info;
  Coefficients coefficients;
  /* Of the first component, and of the two others. */
  Tap *columns[2], *rows[2];
};

/* Kr and Kb in 1/10000. */
static const struct {
  gint64 kr, kb;
} matrices[] = {
  [YV8_MATRIX_BT601] = { 2990, 1140 },
  [YV8_MATRIX_BT709] = { 2126, 722 },
  [YV8_MATRIX_BT2020] = { 2627, 593 },
};

static gint32
divide_round (gint64 a, gint64 b)
{
  return (gint32) ((2 * a + b) / (2 * b));
}

static Coefficients
get_coefficients (Yv8Matrix matrix, gboolean full_range)
{
  const gint64 unit = 10000, one = 8192 * 255;
  gint64 kr = matrices[matrix].kr, kb = matrices[matrix].kb, kg = unit - kr - kb;
  gint64 y_range = full_range ? 255 : 219, c_range = full_range ? 255 : 224;

  return (Coefficients){
    .y_offset = full_range ? 0 : 16,
    .y = divide_round (one, y_range),
    .rv = divide_round (one * 2 * (unit - kr), unit * c_range),
    .gu = divide_round (one * 2 * (unit - kb) * kb, unit * kg * c_range),
    .gv = divide_round (one * 2 * (unit - kr) * kr, unit * kg * c_range),
    .bu = divide_round (one * 2 * (unit - kb), unit * c_range),
  };
}

/* @frame: pixels of the frame along this axis; @picture: of the picture. */
static Tap *
make_taps (guint frame, guint picture, guint shift, guint step)
{
  Tap *taps = g_new (Tap, picture);
  gint64 samples = (frame + (1u << shift) - 1) >> shift;
  gint64 divisor = (gint64) picture << (shift + 1);

  for (gint64 i = 0; i < picture; i++) {
    gint64 position = ((2 * i + 1) * frame * 256 + divisor / 2) / divisor - 128;
    position = CLAMP (position, 0, (samples - 1) * 256);
    guint near = (guint) (position / 256);
    taps[i].near = near * step;
    taps[i].far = (guint) MIN (near + 1, samples - 1) * step;
    taps[i].weight = (guint) (position % 256);
  }
  return taps;
}

Yv8Resampler *
yv8_resampler_new (const Yv8Letterbox *letterbox, const Yv8Frame *frame)
{
  Yv8Resampler *resampler = g_new0 (Yv8Resampler, 1);

  resampler->letterbox = *letterbox;
  resampler->format = frame->format;
  resampler->matrix = frame->matrix;
  resampler->full_range = frame->full_range;
  resampler->info = yv8_format_info (frame->format);
  resampler->coefficients = get_coefficients (frame->matrix, frame->full_range);
  for (guint i = 0; i < MIN (resampler->info->n_components, 2); i++) {
    const Yv8Component *c = &resampler->info->components[i];
    resampler->columns[i] =
        make_taps (letterbox->frame_width, letterbox->picture_width, c->shift_x, c->step);
    resampler->rows[i] =
        make_taps (letterbox->frame_height, letterbox->picture_height, c->shift_y, 1);
  }
  return resampler;
}

void
yv8_resampler_free (Yv8Resampler *resampler)
{
  for (guint i = 0; i < 2; i++) {
    g_free (resampler->columns[i]);
    g_free (resampler->rows[i]);
  }
  g_free (resampler);
}

gboolean
yv8_resampler_fits (
    const Yv8Resampler *resampler, const Yv8Letterbox *letterbox, const Yv8Frame *frame)
{
  return memcmp (&resampler->letterbox, letterbox, sizeof *letterbox) == 0 &&
         resampler->format == frame->format && resampler->matrix == frame->matrix &&
         !resampler->full_range == !frame->full_range;
}

static void
sample (guint8 *out, const guint8 *near, const guint8 *far, guint weight, const Tap *taps, guint n)
{
  for (guint i = 0; i < n; i++) {
    const Tap *tap = &taps[i];
    guint left = near[tap->near] * (256 - weight) + far[tap->near] * weight;
    guint right = near[tap->far] * (256 - weight) + far[tap->far] * weight;
    out[i] = (guint8) ((left * (256 - tap->weight) + right * tap->weight + 32768) >> 16);
  }
}

static guint32
clamp_8 (gint32 value)
{
  return (guint32) CLAMP (value, 0, 255);
}

static void
convert (guint32 *out, const guint8 (*yuv)[CHUNK], const Coefficients *coefficients, guint n)
{
  const Coefficients k = *coefficients;

  for (guint i = 0; i < n; i++) {
    gint32 y = k.y * (yuv[0][i] - k.y_offset) + 4096;
    gint32 u = yuv[1][i] - 128, v = yuv[2][i] - 128;
    out[i] = clamp_8 ((y + k.rv * v) >> 13) | clamp_8 ((y - k.gu * u - k.gv * v) >> 13) << 8 |
             clamp_8 ((y + k.bu * u) >> 13) << 16;
  }
}

static void
pack (guint32 *out, const guint8 (*rgb)[CHUNK], guint n)
{
  for (guint i = 0; i < n; i++)
    out[i] = (guint32) rgb[0][i] | (guint32) rgb[1][i] << 8 | (guint32) rgb[2][i] << 16;
}

/* @out: the picture's first pixel of row @row, counted from the picture's top. */
static void
resample_row (const Yv8Resampler *resampler, const Yv8Frame *frame, guint32 *out, guint row)
{
  const Yv8FormatInfo *info = resampler->info;
  guint width = resampler->letterbox.picture_width;
  guint8 line[3][CHUNK];

  memset (line, 128, sizeof line); /* the chroma of GRAY8 */
  for (guint first = 0; first < width; first += CHUNK) {
    guint n = MIN (CHUNK, width - first);
    for (guint i = 0; i < info->n_components; i++) {
      const Yv8Component *c = &info->components[i];
      const Tap *tap = &resampler->rows[i > 0][row];
      const guint8 *samples = frame->data[c->plane] + c->offset;
      gssize stride = frame->stride[c->plane];
      sample (line[i], samples + (gssize) tap->near * stride, samples + (gssize) tap->far * stride,
          tap->weight, resampler->columns[i > 0] + first, n);
    }
    if (info->rgb)
      pack (out + first, line, n);
    else
      convert (out + first, line, &resampler->coefficients, n);
  }
}

static void
fill (guint32 *out, gsize n)
{
  for (gsize i = 0; i < n; i++)
    out[i] = YV8_LETTERBOX_PAD * 0x010101u;
}

void
yv8_resampler_run (const Yv8Resampler *resampler, const Yv8Frame *frame, guint32 *picture,
    guint first_row, guint n_rows)
{
  const Yv8Letterbox *l = &resampler->letterbox;
  guint right = l->left + l->picture_width;

  for (guint y = first_row; y < first_row + n_rows; y++) {
    guint32 *out = picture + (gsize) y * l->width;
    if (y < l->top || y - l->top >= l->picture_height) {
      fill (out, l->width);
    } else {
      fill (out, l->left);
      resample_row (resampler, frame, out + l->left, y - l->top);
      fill (out + right, l->width - right);
    }
  }
}

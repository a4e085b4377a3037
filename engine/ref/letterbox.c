/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The letterbox in plain C. */
#include "ref/resampler.h"

#include <string.h>

#define CHUNK 256 /* columns that are sampled before they are converted; kept on the stack */

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

static Yv8ColourFactors
get_factors (Yv8Matrix matrix, gboolean full_range)
{
  const gint64 unit = 10000, one = 8192 * 255;
  gint64 kr = matrices[matrix].kr, kb = matrices[matrix].kb, kg = unit - kr - kb;
  gint64 y_range = full_range ? 255 : 219, c_range = full_range ? 255 : 224;

  return (Yv8ColourFactors){
    .y_offset = full_range ? 0 : 16,
    .y = divide_round (one, y_range),
    .rv = divide_round (one * 2 * (unit - kr), unit * c_range),
    .gu = divide_round (one * 2 * (unit - kb) * kb, unit * kg * c_range),
    .gv = divide_round (one * 2 * (unit - kr) * kr, unit * kg * c_range),
    .bu = divide_round (one * 2 * (unit - kb), unit * c_range),
  };
}

/* @frame: pixels of the frame along this axis; @picture: of the picture. */
static void
make_taps (Yv8Taps *taps, guint frame, guint picture, guint shift)
{
  gint64 samples = (frame + (1u << shift) - 1) >> shift;
  gint64 divisor = (gint64) picture << (shift + 1);

  taps->near = g_new (guint32, picture);
  taps->far = g_new (guint32, picture);
  taps->weight = g_new (guint32, picture);
  for (gint64 i = 0; i < picture; i++) {
    gint64 position = ((2 * i + 1) * frame * 256 + divisor / 2) / divisor - 128;
    position = CLAMP (position, 0, (samples - 1) * 256);
    taps->near[i] = (guint32) (position / 256);
    taps->far[i] = (guint32) MIN (position / 256 + 1, samples - 1);
    taps->weight[i] = (guint32) (position % 256);
  }
}

static void
clear_taps (Yv8Taps *taps)
{
  g_free (taps->near);
  g_free (taps->far);
  g_free (taps->weight);
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
  resampler->factors = get_factors (frame->matrix, frame->full_range);
  for (guint i = 0; i < MIN (resampler->info->n_components, 2); i++) {
    const Yv8Component *c = &resampler->info->components[i];
    make_taps (
        &resampler->columns[i], letterbox->frame_width, letterbox->picture_width, c->shift_x);
    make_taps (&resampler->rows[i], letterbox->frame_height, letterbox->picture_height, c->shift_y);
  }
  return resampler;
}

void
yv8_resampler_free (Yv8Resampler *resampler)
{
  for (guint i = 0; i < 2; i++) {
    clear_taps (&resampler->columns[i]);
    clear_taps (&resampler->rows[i]);
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

/* Samples @n columns from @first on; @near and @far: the rows' first samples. */
static void
sample (guint8 *out, const guint8 *near, const guint8 *far, guint weight, const Yv8Taps *columns,
    guint first, guint n, guint step)
{
  for (guint i = 0; i < n; i++) {
    gsize k = (gsize) columns->near[first + i] * step, l = (gsize) columns->far[first + i] * step;
    guint left = near[k] * (256 - weight) + far[k] * weight;
    guint right = near[l] * (256 - weight) + far[l] * weight;
    guint w = columns->weight[first + i];
    out[i] = (guint8) ((left * (256 - w) + right * w + 32768) >> 16);
  }
}

static guint32
clamp_8 (gint32 value)
{
  return (guint32) CLAMP (value, 0, 255);
}

static void
convert (guint32 *out, const guint8 (*yuv)[CHUNK], const Yv8ColourFactors *factors, guint n)
{
  const Yv8ColourFactors k = *factors;

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

static void
resample_row (const Yv8Resampler *resampler, const Yv8Frame *frame, guint32 *out, guint row,
    gconstpointer data)
{
  const Yv8FormatInfo *info = resampler->info;
  guint width = resampler->letterbox.picture_width;
  guint8 line[3][CHUNK];

  memset (line, 128, sizeof line); /* the chroma of GRAY8 */
  for (guint first = 0; first < width; first += CHUNK) {
    guint n = MIN (CHUNK, width - first);
    for (guint i = 0; i < info->n_components; i++) {
      const Yv8Component *c = &info->components[i];
      const Yv8Taps *rows = &resampler->rows[i > 0];
      const guint8 *samples = frame->data[c->plane] + c->offset;
      gssize stride = frame->stride[c->plane];
      sample (line[i], samples + rows->near[row] * stride, samples + rows->far[row] * stride,
          rows->weight[row], &resampler->columns[i > 0], first, n, c->step);
    }
    if (info->rgb)
      pack (out + first, line, n);
    else
      convert (out + first, line, &resampler->factors, n);
  }
}

static void
fill (guint32 *out, gsize n)
{
  for (gsize i = 0; i < n; i++)
    out[i] = YV8_LETTERBOX_PAD * 0x010101u;
}

void
yv8_resampler_run_by (const Yv8Resampler *resampler, const Yv8Frame *frame, guint32 *picture,
    guint first_row, guint n_rows, Yv8ResampleRow resample, gconstpointer data)
{
  const Yv8Letterbox *l = &resampler->letterbox;
  guint right = l->left + l->picture_width;

  for (guint y = first_row; y < first_row + n_rows; y++) {
    guint32 *out = picture + (gsize) y * l->width;
    if (y < l->top || y - l->top >= l->picture_height) {
      fill (out, l->width);
    } else {
      fill (out, l->left);
      resample (resampler, frame, out + l->left, y - l->top, data);
      fill (out + right, l->width - right);
    }
  }
}

void
yv8_resampler_run (const Yv8Resampler *resampler, const Yv8Frame *frame, guint32 *picture,
    guint first_row, guint n_rows)
{
  yv8_resampler_run_by (resampler, frame, picture, first_row, n_rows, resample_row, NULL);
}

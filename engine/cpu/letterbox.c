/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The letterbox, in chunks of a row that stay in the first cache. */
#include "cpu/letterbox.h"

#include <string.h>

#define CHUNK 256  /* columns of the picture */
#define SPAN  2048 /* samples of a row of the frame */

/* Columns from @first on that lie within SPAN samples; one always does. */
static guint
chunk_columns (const Yv8Taps *columns, guint first, guint n)
{
  while (columns->far[first + n - 1] - columns->near[first] >= SPAN)
    n /= 2;
  return n;
}

static void
sample_component (const Yv8CpuLetterboxKernels *kernels, const Yv8Resampler *resampler,
    const Yv8Frame *frame, guint component, guint row, guint first, guint n, guint8 *line)
{
  const Yv8Component *c = &resampler->info->components[component];
  const Yv8Taps *rows = &resampler->rows[component > 0];
  const Yv8Taps *columns = &resampler->columns[component > 0];
  gssize stride = frame->stride[c->plane];
  guint32 base = columns->near[first], span = columns->far[first + n - 1] - base + 1;
  const guint8 *samples = frame->data[c->plane] + c->offset + (gsize) base * c->step;
  guint16 blended[SPAN + 1];

  kernels->blend (blended, samples + rows->near[row] * stride, samples + rows->far[row] * stride,
      rows->weight[row], c->step, span);
  blended[span] = 0; /* read, with a weight of 0, right of the last sample */
  kernels->sample (line, blended, columns->near + first, base, columns->weight + first, n);
}

static void
resample_row (const Yv8Resampler *resampler, const Yv8Frame *frame, guint32 *out, guint row,
    gconstpointer data)
{
  const Yv8CpuLetterboxKernels *kernels = data;
  const Yv8FormatInfo *info = resampler->info;
  guint width = resampler->letterbox.picture_width, n;
  guint8 line[3][CHUNK];

  memset (line, 128, sizeof line); /* the chroma of GRAY8 */
  for (guint first = 0; first < width; first += n) {
    n = chunk_columns (&resampler->columns[0], first, MIN (CHUNK, width - first));
    for (guint i = 0; i < info->n_components; i++)
      sample_component (kernels, resampler, frame, i, row, first, n, line[i]);
    kernels->colour[info->rgb](out + first, line[0], line[1], line[2], &resampler->factors, n);
  }
}

void
yv8_cpu_letterbox (const Yv8CpuKernels *kernels, const Yv8Resampler *resampler,
    const Yv8Frame *frame, guint32 *picture, guint first_row, guint n_rows)
{
  yv8_resampler_run_by (
      resampler, frame, picture, first_row, n_rows, resample_row, kernels->letterbox);
}

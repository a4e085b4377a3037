/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inside of a resampler, for those who compute the letterbox's rows in a way of their own. */
#pragma once

#include "detect/formats.h"
#include "ref/letterbox.h"

G_BEGIN_DECLS

/**
 * Yv8Taps: along one axis, arrays of one element a pixel of the picture; see ref/letterbox.h
 * @near: index of the first sample, never falling
 * @far: of the second: @near + 1, or the last sample, where @weight is 0
 * @weight: of the second, in 1/256
 */
typedef struct {
  guint32 *near, *far, *weight;
} Yv8Taps;

/**
 * Yv8ColourFactors: of the conversion to R'G'B', in 1/8192
 */
typedef struct {
  gint32 y_offset, y, rv, gu, gv, bu;
} Yv8ColourFactors;

/**
 * Yv8Resampler:
 * @columns: of the first component, and of the two others; likewise @rows
 */
struct _Yv8Resampler {
  Yv8Letterbox letterbox;
  Yv8Format format;
  Yv8Matrix matrix;
  gboolean full_range;
  const Yv8FormatInfo *info;
  Yv8ColourFactors factors;
  Yv8Taps columns[2], rows[2];
};

/**
 * Yv8ResampleRow: writes row @row of the picture without its padding
 */
typedef void (*Yv8ResampleRow) (const Yv8Resampler *resampler, const Yv8Frame *frame, guint32 *out,
    guint row, gconstpointer data);

/**
 * yv8_resampler_run_by: yv8_resampler_run(), the rows being computed by @resample with @data
 */
void yv8_resampler_run_by (const Yv8Resampler *resampler, const Yv8Frame *frame, guint32 *picture,
    guint first_row, guint n_rows, Yv8ResampleRow resample, gconstpointer data);

G_END_DECLS

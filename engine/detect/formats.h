/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pixel formats as a table, for all that read or draw on frames. */
#pragma once

#include <yv8/error.h>
#include <yv8/frame.h>

G_BEGIN_DECLS

/**
 * Yv8Component:
 * @plane: that holds the component
 * @offset: of the first sample in a row, bytes
 * @step: from one sample to the next in a row, bytes
 * @shift_x: log2 of the horizontal subsampling: a row has ceil (width / 2^shift_x) samples
 * @shift_y: log2 of the vertical subsampling, likewise
 */
typedef struct {
  guint8 plane, offset, step;
  guint8 shift_x, shift_y;
} Yv8Component;

/**
 * Yv8FormatInfo:
 * @name: GStreamer's
 * @n_components: 3, or 1 for GRAY8
 * @rgb: the components are R, G, B; else Y, U, V
 */
typedef struct {
  const char *name;
  guint n_planes;
  guint n_components;
  gboolean rgb;
  Yv8Component components[3];
} Yv8FormatInfo;

/**
 * yv8_format_info: Returns: (transfer none) (nullable): the table's row; %NULL out of range
 */
const Yv8FormatInfo *yv8_format_info (Yv8Format format);

/**
 * yv8_format_plane_size:
 * @row_bytes: (out): bytes of a row without padding
 * @rows: (out): rows of the plane
 *
 * Format, plane and sides must be in range.
 */
void yv8_format_plane_size (
    Yv8Format format, guint plane, guint width, guint height, guint *row_bytes, guint *rows);

/**
 * yv8_frame_check:
 *
 * Format, matrix and sides in range; planes present; strides, whatever their sign, as long as a
 * row.
 *
 * Returns: %FALSE with @error set (ARGUMENT)
 */
gboolean yv8_frame_check (const Yv8Frame *frame, GError **error);

G_END_DECLS

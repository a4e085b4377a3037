/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A raw video frame in memory: the input of a detector. */
#pragma once

#include <glib.h>
#include <yv8/export.h>

G_BEGIN_DECLS

/**
 * Yv8Format:
 *
 * The pixel formats that the letterbox reads. Names, memory order and chroma layout are GStreamer's
 * (GstVideoFormat). Planes of 4:2:0 formats are (width + 1) / 2 by (height + 1) / 2 samples; a row
 * of YUY2 or UYVY holds (width + 1) / 2 macropixels of 4 bytes.
 */
typedef enum {
  YV8_FORMAT_NV12, /* planes Y, UV */
  YV8_FORMAT_I420, /* planes Y, U, V */
  YV8_FORMAT_YV12, /* planes Y, V, U */
  YV8_FORMAT_YUY2,
  YV8_FORMAT_UYVY,
  YV8_FORMAT_RGB,
  YV8_FORMAT_BGR,
  YV8_FORMAT_RGBA,
  YV8_FORMAT_BGRA,
  YV8_FORMAT_RGBX,
  YV8_FORMAT_BGRX,
  YV8_FORMAT_XRGB,
  YV8_FORMAT_XBGR,
  YV8_FORMAT_ARGB,
  YV8_FORMAT_ABGR,
  YV8_FORMAT_GRAY8,
} Yv8Format;

#define YV8_N_FORMATS (YV8_FORMAT_GRAY8 + 1)

/**
 * Yv8Matrix:
 *
 * The Y'CbCr matrix of a YUV frame (ITU-R BT.601-7, BT.709-6, BT.2020-2 non-constant luminance).
 */
typedef enum {
  YV8_MATRIX_BT601,
  YV8_MATRIX_BT709,
  YV8_MATRIX_BT2020,
} Yv8Matrix;

#define YV8_FRAME_MAX_PLANES 3
#define YV8_FRAME_MAX_SIDE   32768

/**
 * Yv8Frame:
 * @format: layout of the planes
 * @matrix: ignored for RGB and GRAY8
 * @full_range: Y in 0..255 (JPEG) instead of 16..235; ignored for RGB. GRAY8 follows it as Y does
 * @width: pixels, 1 to YV8_FRAME_MAX_SIDE
 * @height: pixels, 1 to YV8_FRAME_MAX_SIDE
 * @data: first byte of the first row of each plane, owned by the caller, any alignment
 * @stride: bytes from one row to the next in each plane; may be negative
 *
 * A view of a picture. It owns nothing; the caller keeps the pixels alive and unchanged during the
 * call that it hands the frame to.
 */
typedef struct {
  Yv8Format format;
  Yv8Matrix matrix;
  gboolean full_range;
  guint width, height;
  const guint8 *data[YV8_FRAME_MAX_PLANES];
  gint stride[YV8_FRAME_MAX_PLANES];
} Yv8Frame;

/**
 * yv8_format_name:
 *
 * Returns: (transfer none): GStreamer's name of @format ("NV12"); %NULL out of range
 */
YV8_API const char *yv8_format_name (Yv8Format format);

/**
 * yv8_format_from_name:
 *
 * Returns: whether @name (exact case) is the name of a #Yv8Format, which is then put into @format
 */
YV8_API gboolean yv8_format_from_name (const char *name, Yv8Format *format);

/**
 * yv8_format_n_planes:
 *
 * Returns: how many planes of @format the fields data and stride of a #Yv8Frame use, 1 to 3
 */
YV8_API guint yv8_format_n_planes (Yv8Format format);

/**
 * yv8_frame_init_packed:
 * @data: the planes one after the other, without padding between rows or planes
 * @size: bytes at @data
 *
 * Fills @frame with a view of @data: BT.601, limited range.
 *
 * Returns: %FALSE if a side is out of range or @size is less than the picture needs
 */
YV8_API gboolean yv8_frame_init_packed (
    Yv8Frame *frame, Yv8Format format, guint width, guint height, const guint8 *data, gsize size);

G_END_DECLS

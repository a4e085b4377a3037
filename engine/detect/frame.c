/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of pixel formats, and frames made and checked by it. */
#include "detect/formats.h"

#include <string.h>

/* clang-format off */
#define RGB(name, step, r, g, b)                                                                   \
  { name, 1, 3, TRUE, { { 0, r, step, 0, 0 }, { 0, g, step, 0, 0 }, { 0, b, step, 0, 0 } } }

static const Yv8FormatInfo formats[YV8_N_FORMATS] = {
  [YV8_FORMAT_NV12] = { "NV12", 2, 3, FALSE, { { 0, 0, 1, 0, 0 }, { 1, 0, 2, 1, 1 }, { 1, 1, 2, 1, 1 } } },
  [YV8_FORMAT_I420] = { "I420", 3, 3, FALSE, { { 0, 0, 1, 0, 0 }, { 1, 0, 1, 1, 1 }, { 2, 0, 1, 1, 1 } } },
  [YV8_FORMAT_YV12] = { "YV12", 3, 3, FALSE, { { 0, 0, 1, 0, 0 }, { 2, 0, 1, 1, 1 }, { 1, 0, 1, 1, 1 } } },
  [YV8_FORMAT_YUY2] = { "YUY2", 1, 3, FALSE, { { 0, 0, 2, 0, 0 }, { 0, 1, 4, 1, 0 }, { 0, 3, 4, 1, 0 } } },
  [YV8_FORMAT_UYVY] = { "UYVY", 1, 3, FALSE, { { 0, 1, 2, 0, 0 }, { 0, 0, 4, 1, 0 }, { 0, 2, 4, 1, 0 } } },
  [YV8_FORMAT_RGB] = RGB ("RGB", 3, 0, 1, 2),
  [YV8_FORMAT_BGR] = RGB ("BGR", 3, 2, 1, 0),
  [YV8_FORMAT_RGBA] = RGB ("RGBA", 4, 0, 1, 2),
  [YV8_FORMAT_BGRA] = RGB ("BGRA", 4, 2, 1, 0),
  [YV8_FORMAT_RGBX] = RGB ("RGBx", 4, 0, 1, 2),
  [YV8_FORMAT_BGRX] = RGB ("BGRx", 4, 2, 1, 0),
  [YV8_FORMAT_XRGB] = RGB ("xRGB", 4, 1, 2, 3),
  [YV8_FORMAT_XBGR] = RGB ("xBGR", 4, 3, 2, 1),
  [YV8_FORMAT_ARGB] = RGB ("ARGB", 4, 1, 2, 3),
  [YV8_FORMAT_ABGR] = RGB ("ABGR", 4, 3, 2, 1),
  [YV8_FORMAT_GRAY8] = { "GRAY8", 1, 1, FALSE, { { 0, 0, 1, 0, 0 } } },
};
/* clang-format on */

const Yv8FormatInfo *
yv8_format_info (Yv8Format format)
{
  return (guint) format < YV8_N_FORMATS ? &formats[format] : NULL;
}

const char *
yv8_format_name (Yv8Format format)
{
  const Yv8FormatInfo *info = yv8_format_info (format);

  return info ? info->name : NULL;
}

gboolean
yv8_format_from_name (const char *name, Yv8Format *format)
{
  for (guint i = 0; i < YV8_N_FORMATS; i++)
    if (g_strcmp0 (name, formats[i].name) == 0) {
      *format = (Yv8Format) i;
      return TRUE;
    }
  return FALSE;
}

guint
yv8_format_n_planes (Yv8Format format)
{
  const Yv8FormatInfo *info = yv8_format_info (format);

  return info ? info->n_planes : 0;
}

void
yv8_format_plane_size (
    Yv8Format format, guint plane, guint width, guint height, guint *row_bytes, guint *rows)
{
  const Yv8FormatInfo *info = &formats[format];

  *row_bytes = *rows = 0;
  for (guint i = 0; i < info->n_components; i++) {
    const Yv8Component *c = &info->components[i];
    if (c->plane != plane)
      continue;
    guint columns = (width + (1u << c->shift_x) - 1) >> c->shift_x;
    *row_bytes = MAX (*row_bytes, columns * c->step);
    *rows = (height + (1u << c->shift_y) - 1) >> c->shift_y;
  }
}

static gboolean
sides_in_range (guint width, guint height)
{
  return width >= 1 && width <= YV8_FRAME_MAX_SIDE && height >= 1 && height <= YV8_FRAME_MAX_SIDE;
}

gboolean
yv8_frame_init_packed (
    Yv8Frame *frame, Yv8Format format, guint width, guint height, const guint8 *data, gsize size)
{
  const Yv8FormatInfo *info = yv8_format_info (format);
  guint64 offset = 0;

  if (!info || !sides_in_range (width, height))
    return FALSE;
  *frame = (Yv8Frame){ .format = format, .width = width, .height = height };
  for (guint i = 0; i < info->n_planes; i++) {
    guint row_bytes, rows;
    yv8_format_plane_size (format, i, width, height, &row_bytes, &rows);
    frame->data[i] = data + offset;
    frame->stride[i] = (gint) row_bytes;
    offset += (guint64) row_bytes * rows;
    if (offset > size)
      return FALSE;
  }
  return TRUE;
}

gboolean
yv8_frame_check (const Yv8Frame *frame, GError **error)
{
  const Yv8FormatInfo *info = yv8_format_info (frame->format);

  if (!info || (guint) frame->matrix > YV8_MATRIX_BT2020) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "frame: no such %s: %u",
        info ? "matrix" : "format", info ? (guint) frame->matrix : (guint) frame->format);
    return FALSE;
  }
  if (!sides_in_range (frame->width, frame->height)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "frame: %ux%u pixels: sides must be 1 to %u",
        frame->width, frame->height, YV8_FRAME_MAX_SIDE);
    return FALSE;
  }
  for (guint i = 0; i < info->n_planes; i++) {
    guint row_bytes, rows;
    yv8_format_plane_size (frame->format, i, frame->width, frame->height, &row_bytes, &rows);
    if (!frame->data[i]) {
      g_set_error (
          error, YV8_ERROR, YV8_ERROR_ARGUMENT, "frame: plane %u of %s is NULL", i, info->name);
      return FALSE;
    }
    if (ABS ((gint64) frame->stride[i]) < row_bytes) {
      g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
          "frame: plane %u of %s has a stride of %d bytes, a row of %u pixels needs %u", i,
          info->name, frame->stride[i], frame->width, row_bytes);
      return FALSE;
    }
  }
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames of noise, of all formats and strides. */
#pragma once

#include "detect/formats.h"

/* A frame of noise whose planes are allocations of their own, of no byte more than the samples
 * need, so that a sanitizer sees every read outside. */
typedef struct {
  Yv8Frame frame;
  guint8 *bytes[YV8_FRAME_MAX_PLANES];
} Noise;

static inline void
noise_clear (Noise *noise)
{
  for (guint i = 0; i < YV8_FRAME_MAX_PLANES; i++)
    g_free (noise->bytes[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Noise, noise_clear)

static inline void
noise_init (Noise *noise, GRand *rand, Yv8Format format, guint width, guint height)
{
  *noise = (Noise){ 0 };
  noise->frame = (Yv8Frame){ .format = format,
    .matrix = (Yv8Matrix) g_rand_int_range (rand, 0, 3),
    .full_range = g_rand_boolean (rand),
    .width = width,
    .height = height };
  for (guint i = 0; i < yv8_format_n_planes (format); i++) {
    guint row_bytes, rows;
    yv8_format_plane_size (format, i, width, height, &row_bytes, &rows);
    guint stride = row_bytes + (guint) g_rand_int_range (rand, 0, 5);
    guint lead = (guint) g_rand_int_range (rand, 0, 4);
    gsize size = (gsize) stride * (rows - 1) + row_bytes;
    gboolean flipped = g_rand_boolean (rand);
    noise->bytes[i] = g_malloc (lead + size);
    for (gsize j = 0; j < lead + size; j++)
      noise->bytes[i][j] = (guint8) g_rand_int (rand);
    noise->frame.data[i] = noise->bytes[i] + lead + (flipped ? (gsize) stride * (rows - 1) : 0);
    noise->frame.stride[i] = flipped ? -(gint) stride : (gint) stride;
  }
}

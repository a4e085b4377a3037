/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The generated model tiny.onnx, and pictures for it: it finds class 0 on every one. */
#pragma once

#include <yv8/yv8.h>

#include "testing.h"

#define TINY_WIDTH  96 /* of pictures, pixels */
#define TINY_HEIGHT 80
#define TINY_SIZE   (3 * TINY_WIDTH * TINY_HEIGHT) /* bytes */

/**
 * tiny_path: Returns: (transfer none): of the model
 */
static inline const char *
tiny_path (void)
{
  const char *path = g_getenv ("YV8_TINY_ONNX");

  g_assert_nonnull (path);
  return path;
}

static inline Yv8Model *
tiny_load (void)
{
  g_autoptr (GError) error = NULL;
  Yv8Model *model = yv8_model_load (tiny_path (), &error);

  g_assert_no_error (error);
  return model;
}

/**
 * tiny_draw: blobs of colour on a gradient, a picture a seed
 * @frame: (out): the picture, in @pixels
 * @pixels: [TINY_SIZE]
 */
static inline void
tiny_draw (Yv8Frame *frame, guint8 *pixels, guint seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  gint cx = g_rand_int_range (rand, 0, TINY_WIDTH), cy = g_rand_int_range (rand, 0, TINY_HEIGHT);
  gint radius = g_rand_int_range (rand, 5, 40);
  guint32 colour = g_rand_int (rand);
  guint8 *to = pixels;

  for (gint y = 0; y < TINY_HEIGHT; y++)
    for (gint x = 0; x < TINY_WIDTH; x++)
      for (gint c = 0; c < 3; c++) {
        gboolean inside = (x - cx) * (x - cx) + (y - cy) * (y - cy) < radius * radius;
        *to++ = (guint8) (inside ? colour >> 8 * c : (guint32) (2 * x + (c + 1) * y));
      }
  g_assert_true (
      yv8_frame_init_packed (frame, YV8_FORMAT_RGB, TINY_WIDTH, TINY_HEIGHT, pixels, TINY_SIZE));
}

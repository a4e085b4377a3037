/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Letterbox geometry. */
#include "detect/letterbox.h"

#include <math.h>

/* As Python's round(): ties to even. */
static guint
divide_round (guint64 a, guint64 b)
{
  guint64 quotient = a / b;
  guint64 twice = 2 * (a % b);

  return (guint) (quotient + (twice > b || (twice == b && quotient % 2)));
}

void
yv8_letterbox_init (
    Yv8Letterbox *letterbox, guint frame_width, guint frame_height, guint width, guint height)
{
  guint64 by_width = (guint64) width * frame_height;
  guint64 by_height = (guint64) height * frame_width;
  guint picture_width = width, picture_height = height;

  if (by_width <= by_height)
    picture_height = MAX (1, divide_round (by_width, frame_width));
  else
    picture_width = MAX (1, divide_round (by_height, frame_height));

  *letterbox = (Yv8Letterbox){
    .frame_width = frame_width,
    .frame_height = frame_height,
    .width = width,
    .height = height,
    .left = (width - picture_width) / 2,
    .top = (height - picture_height) / 2,
    .picture_width = picture_width,
    .picture_height = picture_height,
  };
}

static void
to_frame (float *start, float *size, guint pad, guint picture, guint frame)
{
  double scale = (double) frame / picture;
  double begin = (*start - pad) * scale;
  double end = ((double) *start + *size - pad) * scale;

  /* fmax and fmin drop a NaN. */
  begin = fmin (fmax (begin, 0), frame);
  end = fmin (fmax (end, begin), frame);
  *start = (float) begin;
  *size = MAX (0, (float) (end - *start));
  while ((double) *start + *size > frame)
    *size = nextafterf (*size, 0);
}

void
yv8_letterbox_to_frame (const Yv8Letterbox *letterbox, Yv8Detection *detection)
{
  to_frame (&detection->x, &detection->width, letterbox->left, letterbox->picture_width,
      letterbox->frame_width);
  to_frame (&detection->y, &detection->height, letterbox->top, letterbox->picture_height,
      letterbox->frame_height);
}

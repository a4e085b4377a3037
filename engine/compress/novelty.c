/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames that differ: means of a coarse grid of luma, compared with those of all taken before. */
#include <string.h>
#include <yv8/calibrator.h>

#include "detect/formats.h"

#define COLUMNS 16
#define ROWS    12
#define CELLS   (COLUMNS * ROWS)
#define SAMPLES 8  /* at most, along each side of a cell */
#define ONE     64 /* signatures are in 1/64 of a level */

typedef struct {
  guint16 cells[CELLS];
} Signature;

struct _Yv8Novelty {
  double least;
  GArray *taken; /* (element-type Signature) */
};

Yv8Novelty *
yv8_novelty_new (double least)
{
  Yv8Novelty *self = g_new0 (Yv8Novelty, 1);

  self->least = least;
  self->taken = g_array_new (FALSE, FALSE, sizeof (Signature));
  return self;
}

void
yv8_novelty_free (Yv8Novelty *self)
{
  if (!self)
    return;
  g_array_unref (self->taken);
  g_free (self);
}

static guint
sample (const Yv8Frame *frame, const Yv8Component *c, guint x, guint y)
{
  const guint8 *row = frame->data[c->plane] + (gssize) (y >> c->shift_y) * frame->stride[c->plane];

  return row[c->offset + (gsize) (x >> c->shift_x) * c->step];
}

/* Of RGB by the weights of BT.601. */
static guint
luma (const Yv8Frame *frame, const Yv8FormatInfo *info, guint x, guint y)
{
  const Yv8Component *c = info->components;

  if (!info->rgb)
    return sample (frame, &c[0], x, y);
  return (77 * sample (frame, &c[0], x, y) + 150 * sample (frame, &c[1], x, y) +
             29 * sample (frame, &c[2], x, y)) >>
         8;
}

/* Of at most SAMPLES by SAMPLES pixels, spread evenly; of the nearest one where the frame has fewer
 * pixels than the grid has cells. */
static guint16
cell_mean (const Yv8Frame *frame, const Yv8FormatInfo *info, guint column, guint row)
{
  guint left = frame->width * column / COLUMNS, right = frame->width * (column + 1) / COLUMNS;
  guint top = frame->height * row / ROWS, bottom = frame->height * (row + 1) / ROWS;
  guint nx = CLAMP (right - left, 1, SAMPLES), ny = CLAMP (bottom - top, 1, SAMPLES);
  guint sum = 0;

  for (guint j = 0; j < ny; j++)
    for (guint i = 0; i < nx; i++)
      sum += luma (frame, info, left + (right - left) * (2 * i + 1) / (2 * nx),
          top + (bottom - top) * (2 * j + 1) / (2 * ny));
  return (guint16) (sum * ONE / (nx * ny));
}

static double
difference (const Signature *a, const Signature *b)
{
  guint sum = 0;

  for (guint i = 0; i < CELLS; i++)
    sum += (guint) ABS (a->cells[i] - b->cells[i]);
  return (double) sum / (ONE * CELLS);
}

gboolean
yv8_novelty_take (Yv8Novelty *self, const Yv8Frame *frame)
{
  Signature signature;

  g_return_val_if_fail (self && frame, FALSE);

  if (!yv8_frame_check (frame, NULL))
    return FALSE;
  const Yv8FormatInfo *info = yv8_format_info (frame->format);
  for (guint i = 0; i < CELLS; i++)
    signature.cells[i] = cell_mean (frame, info, i % COLUMNS, i / COLUMNS);
  for (guint i = 0; i < self->taken->len; i++)
    if (difference (&signature, &g_array_index (self->taken, Signature, i)) < self->least)
      return FALSE;
  g_array_append_val (self->taken, signature);
  return TRUE;
}

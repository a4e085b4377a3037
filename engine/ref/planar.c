/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Feature maps as planar float32 in one arena. */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "ref/planar.h"
#include "shaders/lib/numeric.h"

#define HUGE_PAGE ((gsize) 2 << 20)

static gsize
shape_elements (const Yv8Shape *shape)
{
  return (gsize) shape->channels * shape->height * shape->width;
}

Yv8Shape
yv8_planar_shape (const Yv8Planar *planar, const Yv8Slice *slice)
{
  Yv8Shape shape = planar->program.shapes[slice->buffer];

  shape.channels = slice->channels;
  return shape;
}

static gsize
element_size (const Yv8Shape *shape)
{
  return shape->type == YV8_TYPE_QS8 ? sizeof (gint8) : sizeof (float);
}

static gpointer
map (const Yv8Planar *planar, const Yv8Slice *slice)
{
  const Yv8Shape *shape = &planar->program.shapes[slice->buffer];
  guint8 *buffer = planar->arena + planar->program.plan->offset[slice->buffer];

  return buffer + (gsize) slice->channel * shape->height * shape->width * element_size (shape);
}

float *
yv8_planar_map (const Yv8Planar *planar, const Yv8Slice *slice)
{
  return map (planar, slice);
}

gint8 *
yv8_planar_map_qs8 (const Yv8Planar *planar, const Yv8Slice *slice)
{
  return map (planar, slice);
}

void
yv8_planar_fit (Yv8Planar *planar, const Yv8Frame *frame, const Yv8Letterbox *letterbox)
{
  if (planar->resampler && yv8_resampler_fits (planar->resampler, letterbox, frame))
    return;
  g_clear_pointer (&planar->resampler, yv8_resampler_free);
  planar->resampler = yv8_resampler_new (letterbox, frame);
}

void
yv8_planar_clear (Yv8Planar *planar)
{
  g_clear_pointer (&planar->resampler, yv8_resampler_free);
  g_clear_pointer (&planar->memory, g_free);
  g_clear_pointer (&planar->picture, g_free);
  g_clear_pointer (&planar->nanoseconds, g_free);
  g_clear_pointer (&planar->quants, yv8_quants_free);
}

guint64
yv8_planar_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (guint64) now.tv_sec * 1000000000u + now.tv_nsec;
}

gsize
yv8_planar_buffer_size (Yv8Backend *backend, const Yv8Graph *graph, const Yv8Shape *shape)
{
  gsize size;

  if (!g_size_checked_mul (&size, shape->height, shape->width) ||
      !g_size_checked_mul (&size, size, shape->channels) ||
      !g_size_checked_mul (&size, size, element_size (shape)))
    return 0;
  return size;
}

/* In pages of 2 MB where the system grants them: tiles touch many rows of many blocks at a time,
 * more than the processor remembers 4 kB pages. */
static gboolean
allocate_arena (Yv8Planar *planar, gsize size)
{
  gsize alignment = size < HUGE_PAGE ? YV8_PLANAR_ALIGNMENT : HUGE_PAGE, most;

  if (!g_size_checked_add (&most, size, 2 * alignment))
    return FALSE;
  planar->memory = g_try_malloc (most);
  planar->arena = planar->memory + (-(guintptr) planar->memory & (guintptr) (alignment - 1));
#ifdef MADV_HUGEPAGE
  if (planar->memory && alignment == HUGE_PAGE)
    madvise (planar->arena, (size + alignment - 1) & ~(alignment - 1), MADV_HUGEPAGE);
#endif
  return planar->memory != NULL;
}

gboolean
yv8_planar_prepare (Yv8Backend *backend, const Yv8Program *program, GError **error)
{
  Yv8Planar *planar = (Yv8Planar *) backend;
  const Yv8Shape *input = &program->shapes[0];

  planar->program = *program;
  planar->quants = yv8_graph_quants (program->graph);
  planar->picture = g_try_malloc0_n ((gsize) input->height * input->width, sizeof (guint32));
  if (!allocate_arena (planar, program->plan->arena_size) || !planar->picture) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY,
        "No memory for feature maps of %" G_GSIZE_FORMAT " bytes; a smaller input size needs less",
        program->plan->arena_size);
    return FALSE;
  }
  if (program->profile)
    planar->nanoseconds = g_new0 (guint64, yv8_graph_n_ops (program->graph));
  return TRUE;
}

gboolean
yv8_planar_load_values (Yv8Backend *backend, const float *values, GError **error)
{
  Yv8Planar *planar = (Yv8Planar *) backend;
  const Yv8Shape *input = &planar->program.shapes[0];
  const Yv8Slice slice = { 0, 0, input->channels };
  gsize plane = (gsize) input->height * input->width;
  gint8 *q = yv8_planar_map_qs8 (planar, &slice);

  planar->has_values = TRUE;
  if (input->type == YV8_TYPE_F32)
    memcpy (q, values, shape_elements (input) * sizeof (float));
  for (guint c = 0; input->type == YV8_TYPE_QS8 && c < input->channels; c++) {
    const Yv8Quant *quant = &planar->quants[0][c];
    for (gsize i = 0; i < plane; i++)
      *q++ = (gint8) yv8_requantize (*values++, 1.0f / quant->scale, quant->zero);
  }
  return TRUE;
}

gboolean
yv8_planar_read (Yv8Backend *backend, const Yv8Slice *slice, float *values, GError **error)
{
  Yv8Planar *planar = (Yv8Planar *) backend;
  Yv8Shape shape = yv8_planar_shape (planar, slice);
  gsize plane = (gsize) shape.height * shape.width;
  const gint8 *q = yv8_planar_map_qs8 (planar, slice);

  if (shape.type == YV8_TYPE_F32)
    memcpy (values, q, shape_elements (&shape) * sizeof (float));
  for (guint c = 0; shape.type == YV8_TYPE_QS8 && c < shape.channels; c++) {
    const Yv8Quant *quant = &planar->quants[slice->buffer][slice->channel + c];
    for (gsize i = 0; i < plane; i++)
      *values++ = quant->scale * (float) (*q++ - quant->zero);
  }
  return TRUE;
}

const float *
yv8_planar_output (Yv8Backend *backend, guint index)
{
  Yv8Planar *planar = (Yv8Planar *) backend;

  return yv8_planar_map (planar, yv8_graph_output (planar->program.graph, index));
}

guint64
yv8_planar_op_nanoseconds (Yv8Backend *backend, guint op)
{
  Yv8Planar *planar = (Yv8Planar *) backend;

  return planar->nanoseconds ? planar->nanoseconds[op] : 0;
}

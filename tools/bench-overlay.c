/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 bench --overlay: what it costs to draw boxes and labels. */
#include "bench.h"
#include "overlay.h"

#define SEED 20230110

struct _Yv8BenchOverlay {
  Yv8Model *model;
  Yv8Overlay *overlay;
  GstVideoInfo info;
  GstBuffer *buffer;
  GRand *rand;
  guint n_boxes;
  Yv8Detection *boxes;
};

Yv8BenchOverlay *
yv8_bench_overlay_new (Yv8Model *model, const Yv8Frame *frame, guint n_boxes, GError **error)
{
  if (!gst_init_check (NULL, NULL, error))
    return NULL;

  Yv8BenchOverlay *self = g_new0 (Yv8BenchOverlay, 1);

  self->model = yv8_model_ref (model);
  self->overlay = yv8_overlay_new ();
  gst_video_info_set_format (&self->info, GST_VIDEO_FORMAT_NV12, frame->width, frame->height);
  self->buffer = gst_buffer_new_allocate (NULL, self->info.size, NULL);
  gst_buffer_memset (self->buffer, 0, 128, self->info.size);
  self->rand = g_rand_new_with_seed (SEED);
  self->n_boxes = n_boxes;
  self->boxes = g_new0 (Yv8Detection, n_boxes);
  return self;
}

void
yv8_bench_overlay_free (Yv8BenchOverlay *self)
{
  g_free (self->boxes);
  g_rand_free (self->rand);
  gst_buffer_unref (self->buffer);
  yv8_overlay_free (self->overlay);
  yv8_model_unref (self->model);
  g_free (self);
}

/* A side of a twentieth to a half of the frame's, anywhere in it. */
static void
place (Yv8BenchOverlay *self, float *start, float *size, guint side)
{
  *size = (float) (g_rand_double_range (self->rand, 0.05, 0.5) * side);
  *start = (float) g_rand_double (self->rand) * ((float) side - *size);
}

double
yv8_bench_overlay_draw (Yv8BenchOverlay *self)
{
  GstVideoFrame video;

  for (guint i = 0; i < self->n_boxes; i++) {
    Yv8Detection *box = &self->boxes[i];
    box->class_id =
        (guint) g_rand_int_range (self->rand, 0, (gint32) yv8_model_n_classes (self->model));
    box->score = (float) g_rand_double_range (self->rand, 0.25, 1);
    place (self, &box->x, &box->width, (guint) self->info.width);
    place (self, &box->y, &box->height, (guint) self->info.height);
  }
  gint64 start = g_get_monotonic_time ();
  if (!gst_video_frame_map (&video, &self->info, self->buffer, GST_MAP_READWRITE))
    return 0;
  yv8_overlay_draw (self->overlay, &video, self->model, self->boxes, self->n_boxes);
  gst_video_frame_unmap (&video);
  return (double) (g_get_monotonic_time () - start) / 1e3;
}

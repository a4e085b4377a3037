/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Letterboxing frames. */
#include "compress/picture.h"
#include "detect/formats.h"

void
yv8_letterboxer_clear (Yv8Letterboxer *self)
{
  g_clear_pointer (&self->resampler, yv8_resampler_free);
}

guint32 *
yv8_letterboxer_run (
    Yv8Letterboxer *self, const Yv8Target *target, const Yv8Frame *frame, GError **error)
{
  guint width = target->width, height = target->height;
  Yv8Letterbox geometry;

  if (!yv8_frame_check (frame, error))
    return NULL;
  guint32 *picture = g_try_new (guint32, (gsize) width * height);
  if (!picture) {
    g_set_error (
        error, YV8_ERROR, YV8_ERROR_MEMORY, "no memory for a picture of %ux%u", width, height);
    return NULL;
  }
  yv8_letterbox_init (&geometry, frame->width, frame->height, width, height);
  if (self->resampler && !yv8_resampler_fits (self->resampler, &geometry, frame))
    g_clear_pointer (&self->resampler, yv8_resampler_free);
  if (!self->resampler)
    self->resampler = yv8_resampler_new (&geometry, frame);
  yv8_resampler_run (self->resampler, frame, picture, 0, height);
  return picture;
}

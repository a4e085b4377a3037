/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Executors and pictures. */
#include "compress/target.h"

struct _Yv8Album {
  GPtrArray *pictures;
  guint most;
  guint64 seen, stride;
};

Yv8Executor *
yv8_target_open (
    const Yv8Target *target, const Yv8Graph *graph, Yv8ExecutorFlags flags, GError **error)
{
  Yv8Backend *backend = target->open (target->data, error);

  if (!backend)
    return NULL;
  return yv8_executor_new (graph, target->width, target->height, backend, flags, error);
}

gboolean
yv8_target_run (
    const Yv8Target *target, Yv8Executor *executor, const guint32 *picture, GError **error)
{
  Yv8Frame frame = { .format = YV8_FORMAT_RGBX, .width = target->width, .height = target->height };
  Yv8Letterbox letterbox;

  frame.data[0] = (const guint8 *) picture;
  frame.stride[0] = (gint) (4 * target->width);
  yv8_letterbox_init (&letterbox, target->width, target->height, target->width, target->height);
  if (target->step && !target->step (target->data, error))
    return FALSE;
  return yv8_executor_load (executor, &frame, &letterbox, error) &&
         yv8_executor_run (executor, error);
}

gsize
yv8_target_count (const Yv8Executor *executor, const Yv8Slice *slice)
{
  const Yv8Shape *shape = &yv8_executor_shapes (executor)[slice->buffer];

  return (gsize) slice->channels * shape->height * shape->width;
}

Yv8Album *
yv8_album_new (guint most)
{
  Yv8Album *self = g_new0 (Yv8Album, 1);

  self->pictures = g_ptr_array_new_with_free_func (g_free);
  self->most = most;
  self->stride = 1;
  return self;
}

void
yv8_album_free (Yv8Album *self)
{
  if (!self)
    return;
  g_ptr_array_unref (self->pictures);
  g_free (self);
}

static void
thin (Yv8Album *self)
{
  for (guint i = 1; i < self->pictures->len; i++)
    g_ptr_array_remove_index (self->pictures, i);
  self->stride *= 2;
}

void
yv8_album_add (Yv8Album *self, guint32 *picture)
{
  guint64 index = self->seen++;

  if (index % self->stride == 0 && self->pictures->len == self->most)
    thin (self);
  if (index % self->stride == 0)
    g_ptr_array_add (self->pictures, picture);
  else
    g_free (picture);
}

guint
yv8_album_n (const Yv8Album *self)
{
  return self->pictures->len;
}

const guint32 *
yv8_album_get (const Yv8Album *self, guint index)
{
  return g_ptr_array_index (self->pictures, index);
}

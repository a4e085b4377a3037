/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scores of anchors. */
#include "compress/sights.h"
#include "detect/decode.h"

struct _Yv8Sights {
  const Yv8Op *detect;
  guint width, height; /* of the networks' input */
  guint n_pictures, n_anchors;
  float **scores; /* of each picture */
};

static void
look (Yv8Sights *self, Yv8Executor *executor, float *dense, float *scores)
{
  const float *outputs[YV8_OP_MAX_INPUTS];

  for (guint i = 0; i < self->detect->n_in; i++)
    outputs[i] = yv8_executor_output (executor, i);
  yv8_decode_dense (self->detect, self->width, self->height, outputs, dense);
  for (guint c = 0; c < self->detect->n_classes; c++)
    for (guint i = 0; i < self->n_anchors; i++)
      scores[i] = MAX (scores[i], dense[(gsize) (4 + c) * self->n_anchors + i]);
}

Yv8Sights *
yv8_sights_new (
    const Yv8Graph *graph, const Yv8Target *target, const Yv8Album *album, GError **error)
{
  g_autoptr (Yv8Executor) executor = yv8_target_open (target, graph, 0, error);
  g_autoptr (Yv8Sights) self = g_new0 (Yv8Sights, 1);

  self->detect = yv8_graph_detect (graph);
  self->width = target->width;
  self->height = target->height;
  self->n_pictures = yv8_album_n (album);
  self->n_anchors = yv8_graph_n_anchors (self->detect, target->width, target->height);
  self->scores = g_new0 (float *, self->n_pictures);
  g_autofree float *dense =
      g_try_new (float, (gsize) (4 + self->detect->n_classes) * self->n_anchors);
  for (guint i = 0; executor && i < self->n_pictures; i++) {
    self->scores[i] = g_try_new0 (float, self->n_anchors);
    if (!dense || !self->scores[i]) {
      g_set_error_literal (error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory for scores");
      return NULL;
    }
    if (!yv8_target_run (target, executor, yv8_album_get (album, i), error))
      return NULL;
    look (self, executor, dense, self->scores[i]);
  }
  return executor ? g_steal_pointer (&self) : NULL;
}

void
yv8_sights_free (Yv8Sights *self)
{
  if (!self)
    return;
  for (guint i = 0; i < self->n_pictures; i++)
    g_free (self->scores[i]);
  g_free (self->scores);
  g_free (self);
}

float
yv8_sights_score (
    const Yv8Sights *self, guint picture, guint row, guint column, guint height, guint width)
{
  const float *scores = self->scores[picture];
  float most = 0;

  for (guint s = 0; s < self->detect->n_in / 2; s++) {
    guint rows = self->height / self->detect->strides[s];
    guint columns = self->width / self->detect->strides[s];
    guint first = row * rows / height, end = MAX ((row + 1) * rows / height, first + 1);
    guint left = column * columns / width, right = MAX ((column + 1) * columns / width, left + 1);
    for (guint y = first; y < end; y++)
      for (guint x = left; x < right; x++)
        most = MAX (most, scores[y * columns + x]);
    scores += rows * columns;
  }
  return most;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Boxes of two networks, anchor by anchor. */
#include <yv8/evaluator.h>

#include "compress/boxes.h"
#include "detect/decode.h"

#define LEAST_SCORE 0.05f

struct _Yv8BoxJudge {
  const Yv8Op *detect;
  const Yv8Target *target;
  const Yv8Album *album;
  guint n_pictures, n_anchors;
  double weights; /* the sum of all scores */
  GArray **truth; /* of each picture: (element-type Found) */
};

typedef struct {
  guint anchor;
  Yv8Detection box;
} Found;

static Yv8Detection
box_of (const float *dense, guint n_anchors, guint anchor)
{
  const float *centre = dense + anchor, *size = centre + 2 * (gsize) n_anchors;
  float width = size[0], height = size[n_anchors];

  return (Yv8Detection){ .x = centre[0] - width / 2,
    .y = centre[n_anchors] - height / 2,
    .width = width,
    .height = height };
}

static GArray *
find (const Yv8BoxJudge *self, const float *dense)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (Found));

  for (guint i = 0; i < self->n_anchors; i++) {
    Found candidate = { i, box_of (dense, self->n_anchors, i) };
    for (guint c = 0; c < self->detect->n_classes; c++) {
      float score = dense[(gsize) (4 + c) * self->n_anchors + i];
      if (score > candidate.box.score) {
        candidate.box.score = score;
        candidate.box.class_id = c;
      }
    }
    if (candidate.box.score >= LEAST_SCORE)
      g_array_append_val (found, candidate);
  }
  return found;
}

static void
add_error (const Yv8BoxJudge *self, const GArray *truth, const float *dense, double *sum)
{
  for (guint i = 0; i < truth->len; i++) {
    const Found *found = &g_array_index (truth, Found, i);
    Yv8Detection box = box_of (dense, self->n_anchors, found->anchor);
    double lost = 1 - (double) yv8_detection_iou (&found->box, &box);
    gsize at = (gsize) (4 + found->box.class_id) * self->n_anchors + found->anchor;
    double shift = (double) dense[at] - (double) found->box.score;
    *sum += (double) found->box.score * (lost * lost + shift * shift);
  }
}

static float *
run (const Yv8BoxJudge *self, Yv8Executor *executor, guint picture, GError **error)
{
  guint index = picture * yv8_album_n (self->album) / self->n_pictures;
  const float *outputs[YV8_OP_MAX_INPUTS];

  if (!yv8_target_run (self->target, executor, yv8_album_get (self->album, index), error))
    return NULL;
  for (guint i = 0; i < self->detect->n_in; i++)
    outputs[i] = yv8_executor_output (executor, i);
  float *dense = g_try_new (float, (gsize) (4 + self->detect->n_classes) * self->n_anchors);
  if (dense)
    yv8_decode_dense (self->detect, self->target->width, self->target->height, outputs, dense);
  else
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory for boxes");
  return dense;
}

Yv8BoxJudge *
yv8_box_judge_new (const Yv8Graph *graph, const Yv8Target *target, const Yv8Album *album,
    guint most, GError **error)
{
  g_autoptr (Yv8Executor) executor = yv8_target_open (target, graph, 0, error);
  g_autoptr (Yv8BoxJudge) self = g_new0 (Yv8BoxJudge, 1);

  self->detect = yv8_graph_detect (graph);
  self->target = target;
  self->album = album;
  self->n_pictures = MIN (yv8_album_n (album), most);
  self->n_anchors = yv8_graph_n_anchors (self->detect, target->width, target->height);
  self->truth = g_new0 (GArray *, self->n_pictures + 1);
  for (guint i = 0; executor && i < self->n_pictures; i++) {
    g_autofree float *dense = run (self, executor, i, error);
    if (!dense)
      return NULL;
    self->truth[i] = find (self, dense);
    for (guint k = 0; k < self->truth[i]->len; k++)
      self->weights += (double) g_array_index (self->truth[i], Found, k).box.score;
  }
  return executor ? g_steal_pointer (&self) : NULL;
}

void
yv8_box_judge_free (Yv8BoxJudge *self)
{
  if (!self)
    return;
  for (guint i = 0; i < self->n_pictures; i++)
    g_clear_pointer (&self->truth[i], g_array_unref);
  g_free (self->truth);
  g_free (self);
}

gboolean
yv8_box_judge_run (const Yv8BoxJudge *self, const Yv8Graph *graph, double *result, GError **error)
{
  g_autoptr (Yv8Executor) executor = yv8_target_open (self->target, graph, 0, error);

  *result = 0;
  for (guint i = 0; executor && i < self->n_pictures; i++) {
    g_autofree float *dense = run (self, executor, i, error);
    if (!dense)
      return FALSE;
    add_error (self, self->truth[i], dense, result);
  }
  *result /= MAX (self->weights, 1e-9);
  return executor != NULL;
}

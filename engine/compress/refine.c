/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ranges refined by the network's output. */
#include <yv8/evaluator.h>

#include "compress/refine.h"
#include "compress/quantize.h"
#include "compress/threshold.h"
#include "detect/decode.h"

#define N_PICTURES  8
#define N_LAYERS    12 /* the worst, that are refined */
#define N_STEPS     2  /* in one direction */
#define LEAST_SCORE 0.05f

/* @enough: the error must fall below this part of what it was. A narrower range is a risk with
 * frames that were not seen, so it must pay well. */
static const struct {
  double factor, enough;
} STEPS[] = { { 0.7, 0.85 }, { 1.4, 0.97 } };

typedef struct {
  const Yv8Graph *graph;
  const Yv8Target *target;
  const Yv8Album *album;
  guint n_pictures, n_anchors;
  float **truth; /* of each picture: see yv8_decode_dense() */
} Refiner;

static guint
n_pictures_of (const Yv8Album *album)
{
  return MIN (yv8_album_n (album), N_PICTURES);
}

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

static double
error_of (const Refiner *self, const float *truth, const float *dense)
{
  guint n_classes = yv8_graph_detect (self->graph)->n_classes;
  double sum = 0, weights = 0;

  for (guint i = 0; i < self->n_anchors; i++) {
    gsize best = 0;
    float score = 0;
    for (guint c = 0; c < n_classes; c++) {
      gsize at = (gsize) (4 + c) * self->n_anchors + i;
      if (truth[at] > score) {
        score = truth[at];
        best = at;
      }
    }
    if (score < LEAST_SCORE)
      continue;
    Yv8Detection a = box_of (truth, self->n_anchors, i), b = box_of (dense, self->n_anchors, i);
    double lost = 1 - (double) yv8_detection_iou (&a, &b);
    double shift = (double) dense[best] - (double) score;
    sum += (double) score * (lost * lost + shift * shift);
    weights += (double) score;
  }
  return weights > 0 ? sum / weights : 0;
}

static float *
run (const Refiner *self, Yv8Executor *executor, guint picture, GError **error)
{
  const Yv8Op *detect = yv8_graph_detect (self->graph);
  guint index = picture * yv8_album_n (self->album) / self->n_pictures;
  const float *outputs[YV8_OP_MAX_INPUTS];

  if (!yv8_target_run (self->target, executor, yv8_album_get (self->album, index), error))
    return NULL;
  for (guint i = 0; i < detect->n_in; i++)
    outputs[i] = yv8_executor_output (executor, i);
  float *dense = g_try_new (float, (gsize) (4 + detect->n_classes) * self->n_anchors);
  if (dense)
    yv8_decode_dense (detect, self->target->width, self->target->height, outputs, dense);
  else
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory for boxes");
  return dense;
}

static gboolean
run_truth (Refiner *self, GError **error)
{
  g_autoptr (Yv8Executor) executor = yv8_target_open (self->target, self->graph, 0, error);

  for (guint i = 0; executor && i < self->n_pictures; i++) {
    self->truth[i] = run (self, executor, i, error);
    if (!self->truth[i])
      return FALSE;
  }
  return executor != NULL;
}

/* Of the network whose op @index alone writes values of @quant. */
static gboolean
judge (const Refiner *self, guint index, const Yv8Quant *quant, double *result, GError **error)
{
  g_autoptr (Yv8Graph) graph = yv8_quantize_output (self->graph, index, quant, error);
  g_autoptr (Yv8Executor) executor = graph ? yv8_target_open (self->target, graph, 0, error) : NULL;

  *result = 0;
  for (guint i = 0; executor && i < self->n_pictures; i++) {
    g_autofree float *dense = run (self, executor, i, error);
    if (!dense)
      return FALSE;
    *result += error_of (self, self->truth[i], dense) / self->n_pictures;
  }
  return executor != NULL;
}

static gboolean
refine (const Refiner *self, Yv8Recipe *recipe, guint index, double least, GError **error)
{
  const Yv8Quant first = recipe->quants[index];
  gboolean fixed_low = yv8_recipe_fixed_low (recipe, index), moved = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (STEPS) && !moved; i++) {
    double factor = STEPS[i].factor, result;
    for (guint step = 0; step < N_STEPS; step++, factor *= STEPS[i].factor) {
      Yv8Quant quant = yv8_quant_scaled (&first, factor, fixed_low);
      if (!judge (self, index, &quant, &result, error))
        return FALSE;
      if (!(result < STEPS[i].enough * least))
        break;
      least = result;
      recipe->quants[index] = quant;
      moved = TRUE;
    }
  }
  return TRUE;
}

static guint
find_worst (const double *errors, guint n)
{
  guint worst = 0;

  for (guint i = 1; i < n; i++)
    if (errors[i] > errors[worst])
      worst = i;
  return worst;
}

static gboolean
refine_worst (Refiner *self, Yv8Recipe *recipe, const double *noise, GError **error)
{
  guint n = yv8_graph_n_ops (self->graph);
  g_autofree double *left = g_memdup2 (noise, n * sizeof (double));

  if (!run_truth (self, error))
    return FALSE;
  for (guint i = 0; i < N_LAYERS; i++) {
    guint worst = find_worst (left, n);
    double before;
    if (left[worst] <= 0)
      break;
    if (!judge (self, worst, &recipe->quants[worst], &before, error) ||
        (before > 0 && !refine (self, recipe, worst, before, error)))
      return FALSE;
    left[worst] = 0;
  }
  return TRUE;
}

guint
yv8_refine_n_runs (const Yv8Album *album)
{
  return (1 + N_LAYERS * (1 + N_STEPS + 1)) * n_pictures_of (album);
}

gboolean
yv8_refine_ranges (Yv8Recipe *recipe, const double *noise, const Yv8Target *target,
    const Yv8Album *album, GError **error)
{
  Refiner self = { recipe->graph, target, album, n_pictures_of (album), 0, NULL };

  self.n_anchors =
      yv8_graph_n_anchors (yv8_graph_detect (recipe->graph), target->width, target->height);
  self.truth = g_new0 (float *, self.n_pictures + 1);
  gboolean good = refine_worst (&self, recipe, noise, error);
  for (guint i = 0; i < self.n_pictures; i++)
    g_free (self.truth[i]);
  g_free (self.truth);
  return good;
}

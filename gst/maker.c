/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What makes a model of a model and frames: a calibrator, or with a recipe a compressor. */
#include "maker.h"

struct _Yv8Maker {
  Yv8Calibrator *calibrator;
  Yv8Compressor *compressor; /* one of both */
  double max_drop;
};

static Yv8Compressor *
open_compressor (
    Yv8Model *model, const char *name, const Yv8CalibratorOptions *options, GError **error)
{
  g_autoptr (Yv8Recipe) recipe = yv8_recipe_load (name, error);
  const Yv8CompressorOptions wanted = { .device = options->device,
    .width = options->width,
    .height = options->height,
    .threads = options->threads };

  return recipe ? yv8_compressor_new (model, recipe, &wanted, error) : NULL;
}

Yv8Maker *
yv8_maker_new (
    const char *path, const char *recipe, const Yv8CalibratorOptions *options, GError **error)
{
  g_autoptr (Yv8Model) model = yv8_model_load (path, error);
  g_autoptr (Yv8Maker) self = g_new0 (Yv8Maker, 1);

  if (!model)
    return NULL;
  self->max_drop = options->max_drop;
  if (recipe)
    self->compressor = open_compressor (model, recipe, options, error);
  else
    self->calibrator = yv8_calibrator_new (model, options, error);
  return self->compressor || self->calibrator ? g_steal_pointer (&self) : NULL;
}

void
yv8_maker_free (Yv8Maker *self)
{
  yv8_calibrator_free (self->calibrator);
  yv8_compressor_free (self->compressor);
  g_free (self);
}

gboolean
yv8_maker_add (Yv8Maker *self, const Yv8Frame *frame, Yv8FrameUse use, GError **error)
{
  if (self->compressor)
    return yv8_compressor_add (self->compressor, frame, NULL, use, error);
  return yv8_calibrator_add (self->calibrator, frame, NULL, use, error);
}

/* A calibrator has the gate itself. */
static gboolean
check_drop (const Yv8Maker *self, GError **error)
{
  Yv8Agreement agreement;

  yv8_maker_agreement (self, &agreement);
  return yv8_agreement_check (&agreement, self->max_drop, error);
}

Yv8Model *
yv8_maker_finish (Yv8Maker *self, Yv8ProgressFunc progress, gpointer data, GError **error)
{
  if (!self->compressor)
    return yv8_calibrator_finish (self->calibrator, progress, data, error);
  g_autoptr (Yv8Model) model = yv8_compressor_finish (self->compressor, progress, data, error);
  return model && check_drop (self, error) ? g_steal_pointer (&model) : NULL;
}

void
yv8_maker_agreement (const Yv8Maker *self, Yv8Agreement *agreement)
{
  guint n = self->compressor ? yv8_compressor_n_points (self->compressor) : 0;
  Yv8CompressorPoint last = { .agreement = { 0 } };

  if (self->calibrator) {
    yv8_calibrator_agreement (self->calibrator, agreement);
    return;
  }
  if (n > 0)
    yv8_compressor_point (self->compressor, n - 1, &last);
  *agreement = last.agreement;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compression of models on devices: options, frames, and what can be asked afterwards. */
#include "api/compressor.h"

#include <gio/gio.h>

#include "api/size.h"

/* Pictures kept, of 1.6 MB each at 640x640. */
#define MAX_PICTURES 128
#define MAX_HELD_OUT 64

static gboolean
has_kind (const Yv8Recipe *recipe, Yv8StepKind kind)
{
  for (guint i = 0; i < yv8_recipe_n_steps (recipe); i++)
    if (yv8_recipe_get (recipe, i)->kind == kind)
      return TRUE;
  return FALSE;
}

static gboolean
fail (GError **error, const char *message)
{
  g_set_error_literal (error, YV8_ERROR, YV8_ERROR_ARGUMENT, message);
  return FALSE;
}

static gboolean
check (const Yv8Model *model, const Yv8Recipe *recipe, const Yv8CompressorOptions *options,
    GError **error)
{
  if (!yv8_model_is_float (model))
    return fail (error, "the model is int8; compress the float model that it was made from");
  if (!(options->target_macs >= 0 && options->target_macs < 1))
    return fail (error, "the target of multiply-accumulates must be from 0 to below 1");
  if (!(options->target_ms >= 0 && options->target_ms <= 1e9))
    return fail (error, "the target of milliseconds must not be negative");
  if (!(options->max_drop >= 0 && options->max_drop <= 1))
    return fail (error, "the loss of agreement allowed must be from 0 to 1");
  if ((options->target_macs > 0 || options->target_ms > 0) && !has_kind (recipe, YV8_STEP_PRUNE))
    return fail (error, "a target of multiply-accumulates or time needs a recipe that prunes");
  for (guint i = 0; i < yv8_recipe_n_steps (recipe); i++)
    if (!yv8_step_check (yv8_recipe_get (recipe, i), model, error))
      return FALSE;
  return TRUE;
}

/* Of options, else of the recipe, else of the model. */
static gboolean
choose_size (Yv8Compressor *self, GError **error)
{
  Yv8Target *target = &self->workspace.target;

  target->width = self->options.width;
  target->height = self->options.height;
  for (guint i = 0; i < yv8_recipe_n_steps (self->recipe); i++) {
    const Yv8Step *step = yv8_recipe_get (self->recipe, i);
    if (step->kind != YV8_STEP_RESIZE)
      continue;
    target->width = target->width ? target->width : step->size[0];
    target->height = target->height ? target->height : step->size[1];
  }
  return yv8_size_resolve (self->source, &target->width, &target->height, error);
}

static gboolean
open_device (Yv8Compressor *self, GError **error)
{
  g_autoptr (GError) reason = NULL;
  Yv8Executor *executor;

  do {
    g_clear_error (&reason);
    executor = yv8_target_open (&self->workspace.target, self->source->graph, 0, &reason);
  } while (!executor && yv8_opener_fall_back (&self->opener, reason));
  if (!executor) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  yv8_executor_free (executor);
  return TRUE;
}

/* Whether the executor's step may go on: between pictures that are judged or timed. */
static gboolean
step (gpointer data, GError **error)
{
  Yv8Compressor *self = data;

  if (yv8_compressor_show (self->stage, 1, self))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped while: %s", self->stage);
  return FALSE;
}

static Yv8Backend *
open_backend (gpointer data, GError **error)
{
  return yv8_opener_open (&((Yv8Compressor *) data)->opener, error);
}

/* Of a model without prune steps, layers that stay float are what keeps a loss small. */
static Yv8Recipe *
fit_recipe (const Yv8Recipe *recipe, const Yv8CompressorOptions *options)
{
  double max_drop = has_kind (recipe, YV8_STEP_PRUNE) ? 0 : options->max_drop;

  return yv8_recipe_adjust (recipe, 1, options->width, options->height, max_drop);
}

Yv8Compressor *
yv8_compressor_new (
    Yv8Model *model, Yv8Recipe *recipe, const Yv8CompressorOptions *options, GError **error)
{
  static const Yv8CompressorOptions defaults = { 0 };

  g_return_val_if_fail (model && recipe, NULL);
  if (!options)
    options = &defaults;
  if (!check (model, recipe, options, error))
    return NULL;

  g_autoptr (Yv8Compressor) self = g_new0 (Yv8Compressor, 1);
  self->source = yv8_model_ref (model);
  self->recipe = fit_recipe (recipe, options);
  self->options = *options;
  self->options.device = self->options.checkpoint = NULL;
  yv8_opener_init (&self->opener, options->device, options->threads);
  self->workspace.target = (Yv8Target){ open_backend, NULL, self, 0, 0 };
  self->albums[YV8_FRAME_CALIBRATE] = yv8_album_new (MAX_PICTURES);
  self->albums[YV8_FRAME_VALIDATE] = yv8_album_new (MAX_HELD_OUT);
  for (guint i = 0; i < G_N_ELEMENTS (self->names); i++) {
    self->names[i] = g_ptr_array_new_with_free_func (g_free);
    self->workspace.albums[i] = self->albums[i];
  }
  self->points = g_array_new (FALSE, TRUE, sizeof (Yv8CompressorPoint));
  self->trials = g_array_new (FALSE, TRUE, sizeof (Yv8CompressorTrial));
  self->workspace.checkpoint = yv8_checkpoint_new (options->checkpoint, error);
  if (!self->workspace.checkpoint || !choose_size (self, error) || !open_device (self, error))
    return NULL;
  self->workspace.target.step = step;
  return g_steal_pointer (&self);
}

void
yv8_compressor_run_clear (Yv8CompressorRun *run)
{
  g_clear_pointer (&run->recipe, yv8_recipe_unref);
  g_clear_pointer (&run->models, g_ptr_array_unref);
}

void
yv8_compressor_free (Yv8Compressor *self)
{
  if (!self)
    return;
  yv8_compressor_run_clear (&self->run);
  g_clear_pointer (&self->reference, yv8_model_unref);
  g_clear_pointer (&self->truth, g_ptr_array_unref);
  g_clear_pointer (&self->points, g_array_unref);
  g_clear_pointer (&self->trials, g_array_unref);
  g_clear_pointer (&self->workspace.checkpoint, yv8_checkpoint_free);
  yv8_letterboxer_clear (&self->letterboxer);
  for (guint i = 0; i < G_N_ELEMENTS (self->names); i++) {
    g_clear_pointer (&self->names[i], g_ptr_array_unref);
    g_clear_pointer (&self->albums[i], yv8_album_free);
  }
  yv8_opener_clear (&self->opener);
  yv8_recipe_unref (self->recipe);
  yv8_model_unref (self->source);
  g_free (self->work);
  g_free (self);
}

gboolean
yv8_compressor_add (
    Yv8Compressor *self, const Yv8Frame *frame, const char *name, Yv8FrameUse use, GError **error)
{
  g_return_val_if_fail (self && frame && (guint) use <= YV8_FRAME_VALIDATE, FALSE);

  GPtrArray *names = self->names[use];
  guint32 *picture =
      yv8_letterboxer_run (&self->letterboxer, &self->workspace.target, frame, error);
  if (!picture)
    return FALSE;
  yv8_album_add (self->albums[use], picture);
  g_ptr_array_add (
      names, name ? g_utf8_make_valid (name, -1) : g_strdup_printf ("frame %u", names->len + 1));
  return TRUE;
}

guint
yv8_compressor_n_frames (const Yv8Compressor *self, Yv8FrameUse use)
{
  g_return_val_if_fail (self && (guint) use <= YV8_FRAME_VALIDATE, 0);
  return self->names[use]->len;
}

const Yv8Device *
yv8_compressor_device (const Yv8Compressor *self)
{
  g_return_val_if_fail (self, NULL);
  return self->opener.device;
}

const Yv8Recipe *
yv8_compressor_recipe (const Yv8Compressor *self)
{
  g_return_val_if_fail (self, NULL);
  return self->run.recipe ? self->run.recipe : self->recipe;
}

guint
yv8_compressor_n_points (const Yv8Compressor *self)
{
  g_return_val_if_fail (self, 0);
  return self->points->len;
}

void
yv8_compressor_point (const Yv8Compressor *self, guint index, Yv8CompressorPoint *point)
{
  g_return_if_fail (self && point && index < self->points->len);
  *point = g_array_index (self->points, Yv8CompressorPoint, index);
}

guint
yv8_compressor_n_trials (const Yv8Compressor *self)
{
  g_return_val_if_fail (self, 0);
  return self->trials->len;
}

void
yv8_compressor_trial (const Yv8Compressor *self, guint index, Yv8CompressorTrial *trial)
{
  g_return_if_fail (self && trial && index < self->trials->len);
  *trial = g_array_index (self->trials, Yv8CompressorTrial, index);
}

void
yv8_compressor_forget (Yv8Compressor *self)
{
  g_return_if_fail (self);
  yv8_checkpoint_clear (self->workspace.checkpoint);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pruning of models on devices. */
#include <gio/gio.h>
#include <yv8/pruner.h>

#include "api/device.h"
#include "api/model.h"
#include "api/size.h"
#include "compress/picture.h"
#include "compress/prune.h"

#define MAX_PICTURES 128

static const struct {
  const char *name;
  gboolean for_blocks;
} CRITERIA[YV8_N_CRITERIA] = {
  [YV8_CRITERION_OBS] = { "obs", TRUE },
  [YV8_CRITERION_L1] = { "l1", TRUE },
  [YV8_CRITERION_L2] = { "l2", TRUE },
  [YV8_CRITERION_ENERGY] = { "energy", FALSE },
  [YV8_CRITERION_RANDOM] = { "random", TRUE },
};

struct _Yv8Pruner {
  Yv8Model *model;
  char *request; /* what device to open */
  Yv8Device *device;
  guint threads;
  Yv8PruneOptions options;
  Yv8Target target;
  Yv8Letterboxer letterboxer;
  Yv8Album *album;
  Yv8ProgressFunc progress;
  gpointer data;
};

const char *
yv8_criterion_name (Yv8Criterion criterion)
{
  return (guint) criterion < YV8_N_CRITERIA ? CRITERIA[criterion].name : "unknown";
}

gboolean
yv8_criterion_from_name (const char *name, Yv8Criterion *criterion)
{
  g_return_val_if_fail (name && criterion, FALSE);

  for (guint i = 0; i < YV8_N_CRITERIA; i++)
    if (g_str_equal (name, CRITERIA[i].name)) {
      *criterion = (Yv8Criterion) i;
      return TRUE;
    }
  return FALSE;
}

gboolean
yv8_criterion_for_blocks (Yv8Criterion criterion)
{
  return (guint) criterion < YV8_N_CRITERIA && CRITERIA[criterion].for_blocks;
}

static Yv8Backend *
open_backend (gpointer data, GError **error)
{
  Yv8Pruner *self = data;

  if (self->device)
    return yv8_device_open_again (self->device, self->threads, error);
  return yv8_device_open (self->request, self->threads, &self->device, error);
}

static gboolean
show_progress (const char *stage, double fraction, gpointer data)
{
  Yv8Pruner *self = data;

  return !self->progress || self->progress (stage, fraction, self->data);
}

Yv8Pruner *
yv8_pruner_new (Yv8Model *model, const Yv8PrunerOptions *options, GError **error)
{
  static const Yv8PrunerOptions defaults = { 0 };

  g_return_val_if_fail (model, NULL);
  if (!options)
    options = &defaults;
  if (!yv8_model_is_float (model)) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "the model is int8; prune the float model that it was made from");
    return NULL;
  }
  if (!yv8_criterion_for_blocks (options->criterion) ||
      !(options->blocks >= 0 && options->blocks <= 0.9)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "criterion %s is not one for blocks, or their share %g is not 0 to 0.9",
        yv8_criterion_name (options->criterion), options->blocks);
    return NULL;
  }
  g_autoptr (Yv8Pruner) self = g_new0 (Yv8Pruner, 1);
  self->model = yv8_model_ref (model);
  self->request = g_strdup (options->device);
  self->threads = options->threads;
  self->options = (Yv8PruneOptions){ options->criterion, options->blocks, NULL };
  self->target = (Yv8Target){ open_backend, NULL, self, options->width, options->height };
  self->album = yv8_album_new (MAX_PICTURES);
  if (!yv8_size_resolve (model, &self->target.width, &self->target.height, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
yv8_pruner_free (Yv8Pruner *self)
{
  if (!self)
    return;
  yv8_letterboxer_clear (&self->letterboxer);
  yv8_album_free (self->album);
  g_clear_pointer (&self->device, yv8_device_free);
  yv8_model_unref (self->model);
  g_free (self->request);
  g_free (self);
}

gboolean
yv8_pruner_add (Yv8Pruner *self, const Yv8Frame *frame, GError **error)
{
  g_return_val_if_fail (self && frame, FALSE);

  guint32 *picture = yv8_letterboxer_run (&self->letterboxer, &self->target, frame, error);
  if (picture)
    yv8_album_add (self->album, picture);
  return picture != NULL;
}

static GHashTable *
make_metadata (const Yv8Pruner *self)
{
  GHashTable *metadata = yv8_model_derive_metadata (self->model);
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (text, sizeof text, "%g", self->options.share);
  g_hash_table_insert (metadata, g_strdup ("yv8.prune"),
      g_strdup_printf ("blocks:%s:%s:%u", text, yv8_criterion_name (self->options.criterion),
          yv8_album_n (self->album)));
  return metadata;
}

Yv8Model *
yv8_pruner_finish (Yv8Pruner *self, Yv8ProgressFunc progress, gpointer data, GError **error)
{
  g_return_val_if_fail (self, NULL);

  if (yv8_album_n (self->album) == 0) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "no frames were added to prune by");
    return NULL;
  }
  self->progress = progress;
  self->data = data;
  Yv8Graph *graph = yv8_prune (
      self->model->graph, &self->options, &self->target, self->album, show_progress, self, error);
  if (!graph)
    return NULL;
  return yv8_model_make (
      graph, make_metadata (self), self->target.width, self->target.height, error);
}

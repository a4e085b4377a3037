/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calibration of models on devices: around Yv8Calibration, what files and users see of it. */
#include <string.h>
#include <yv8/calibrator.h>

#include "api/model.h"
#include "api/opener.h"
#include "api/provenance.h"
#include "api/size.h"
#include "compress/calibration.h"

struct _Yv8Calibrator {
  Yv8Model *model, *reference;
  Yv8Opener opener;
  guint width, height;
  Yv8Method method;
  double max_drop;
  Yv8Calibration *calibration;
  guint64 int8_size;
};

static gboolean
check_options (const Yv8Model *model, const Yv8CalibratorOptions *options, GError **error)
{
  if (!yv8_model_is_float (model)) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "the model is int8 already; calibrate the float model that it was made from");
    return FALSE;
  }
  if (options->reference && (!yv8_model_is_float (options->reference) ||
                                options->reference->n_classes != model->n_classes)) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "the model to compare with must be float and have the same classes");
    return FALSE;
  }
  if ((guint) options->method >= YV8_N_METHODS ||
      !(options->max_drop >= 0 && options->max_drop <= 1)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "method %u or max_drop %g (0 to 1) is out of range", (guint) options->method,
        options->max_drop);
    return FALSE;
  }
  return TRUE;
}

static gboolean
open_calibration (Yv8Calibrator *self, const char *keep_float, GError **error)
{
  const Yv8Target target = { yv8_opener_open, NULL, &self->opener, self->width, self->height };
  g_autoptr (GError) reason = NULL;

  do {
    g_clear_error (&reason);
    self->calibration = yv8_calibration_new (
        self->model->graph, &target, self->method, keep_float, self->max_drop, &reason);
  } while (!self->calibration && yv8_opener_fall_back (&self->opener, reason));
  if (!self->calibration)
    g_propagate_error (error, g_steal_pointer (&reason));
  return self->calibration != NULL;
}

Yv8Calibrator *
yv8_calibrator_new (Yv8Model *model, const Yv8CalibratorOptions *options, GError **error)
{
  static const Yv8CalibratorOptions defaults = { 0 };

  g_return_val_if_fail (model, NULL);
  if (!options)
    options = &defaults;
  if (!check_options (model, options, error))
    return NULL;

  g_autoptr (Yv8Calibrator) self = g_new0 (Yv8Calibrator, 1);
  self->model = yv8_model_ref (model);
  self->reference = yv8_model_ref (options->reference ? options->reference : model);
  yv8_opener_init (&self->opener, options->device, options->threads);
  self->width = options->width;
  self->height = options->height;
  self->method = options->method;
  self->max_drop = options->max_drop;
  if (!yv8_size_resolve (model, &self->width, &self->height, error) ||
      !open_calibration (self, options->keep_float, error))
    return NULL;
  self->calibration->truth = self->reference->graph;
  self->calibration->brief = options->brief;
  return g_steal_pointer (&self);
}

void
yv8_calibrator_free (Yv8Calibrator *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->calibration, yv8_calibration_free);
  yv8_model_unref (self->model);
  yv8_model_unref (self->reference);
  yv8_opener_clear (&self->opener);
  g_free (self);
}

gboolean
yv8_calibrator_add (
    Yv8Calibrator *self, const Yv8Frame *frame, const char *name, Yv8FrameUse use, GError **error)
{
  g_return_val_if_fail (self && frame && (guint) use <= YV8_FRAME_VALIDATE, FALSE);

  return yv8_calibration_add (self->calibration, frame, name, use, error);
}

guint
yv8_calibrator_n_frames (const Yv8Calibrator *self, Yv8FrameUse use)
{
  g_return_val_if_fail (self && (guint) use <= YV8_FRAME_VALIDATE, 0);

  return self->calibration->frames[use]->len;
}

static GHashTable *
make_metadata (const Yv8Calibrator *self)
{
  GHashTable *metadata = yv8_model_derive_metadata (self->model);

  yv8_provenance_put_quantization (metadata, self->method, self->calibration->scheme);
  yv8_provenance_put (metadata, "yv8.frames",
      g_strdup_printf ("%u", yv8_calibrator_n_frames (self, YV8_FRAME_CALIBRATE)));
  yv8_provenance_put_agreement (metadata, &self->calibration->agreement);
  return metadata;
}

static guint64
graph_size (const Yv8Graph *graph)
{
  guint64 size = 0;

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    guint64 channels = op->kind == YV8_OP_CONV ? op->out.channels : 0;
    guint64 weights = yv8_op_parameters (op) - channels;
    size += op->qweights ? weights + 8 * channels : 4 * (weights + channels);
  }
  return size;
}

Yv8Model *
yv8_calibrator_finish (Yv8Calibrator *self, Yv8ProgressFunc progress, gpointer data, GError **error)
{
  g_return_val_if_fail (self, NULL);

  Yv8Graph *graph = yv8_calibration_finish (self->calibration, progress, data, error);
  if (!graph)
    return NULL;
  self->int8_size = graph_size (graph);
  return yv8_model_make (graph, make_metadata (self), self->width, self->height, error);
}

void
yv8_calibrator_agreement (const Yv8Calibrator *self, Yv8Agreement *agreement)
{
  g_return_if_fail (self && agreement);
  *agreement = self->calibration->agreement;
}

char *
yv8_calibrator_report (const Yv8Calibrator *self, gboolean json)
{
  g_return_val_if_fail (self, NULL);

  const char *description = yv8_model_metadata (self->model, "description");
  g_autoptr (GArray) layers = yv8_calibration_layers (self->calibration);
  const Yv8Report report = {
    .model = description ? description : "a model without a description",
    .license = yv8_model_metadata (self->model, "license"),
    .sha256 = self->model->sha256,
    .device = self->opener.device->name,
    .method = self->method,
    .max_drop = self->max_drop,
    .width = self->width,
    .height = self->height,
    .float_size = graph_size (self->model->graph),
    .int8_size = self->int8_size,
    .agreement = self->calibration->agreement,
    .layers = layers,
    .frames = { self->calibration->frames[YV8_FRAME_CALIBRATE],
        self->calibration->frames[YV8_FRAME_VALIDATE] },
  };
  return json ? yv8_report_json (&report) : yv8_report_html (&report);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From frames to an int8 graph. */
#include <gio/gio.h>

#include "compress/bias.h"
#include "compress/calibration.h"
#include "compress/picture.h"
#include "compress/quantize.h"
#include "compress/refine.h"
#include "compress/threshold.h"
#include "detect/decode.h"

/* Pictures kept for bias correction and for the error of layers, and for validation: 1.6 MB each
 * at 640x640. */
#define MAX_SAMPLES  16
#define MAX_HELD_OUT 64

/* Of `mse`: maps of at least 1/SHALLOW of the input's size hold edges and colours, which are alike
 * in all pictures; the deeper ones answer to objects, of which few have been seen. The frames cover
 * what there is if they show 1/COVERED of the classes that the model knows. If so, the shallow
 * maps' ranges are refined; all others are widened for what was not seen. */
#define SHALLOW 4
#define COVERED 4
static const double HEADROOM[2][2] = { { 1.45, 1.2 }, { 1.2, 1 } }; /* [is covered][is shallow] */

struct _Yv8CalibrationPrivate {
  const Yv8Graph *graph;
  Yv8Target target; /* calls back with the calibration */
  Yv8Target outer;
  Yv8Method method;
  double max_drop;
  Yv8Executor *executor;     /* of the float graph */
  Yv8Histogram **histograms; /* of each op; NULL where none is wanted */
  gboolean *chosen;          /* of each op: kept in float before any search */
  gboolean *seen;            /* of each class */
  Yv8Letterboxer letterboxer;
  Yv8Album *samples, *held_out;
  Yv8ProgressFunc progress;
  gpointer data;
  const char *stage;
  guint done, total; /* runs of a network */
};

static Yv8Backend *
open_backend (gpointer data, GError **error)
{
  const Yv8Target *outer = &((Yv8Calibration *) data)->private->outer;

  return outer->open (outer->data, error);
}

static gboolean
step (gpointer data, GError **error)
{
  Yv8CalibrationPrivate *self = ((Yv8Calibration *) data)->private;
  double fraction = (double) self->done / MAX (self->total, 1);

  self->done++;
  if (!self->progress || self->progress (self->stage, MIN (fraction, 1.0), self->data))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped while: %s", self->stage);
  return FALSE;
}

Yv8Calibration *
yv8_calibration_new (const Yv8Graph *graph, const Yv8Target *target, Yv8Method method,
    const char *keep_float, double max_drop, GError **error)
{
  g_autoptr (Yv8Calibration) self = g_new0 (Yv8Calibration, 1);
  Yv8CalibrationPrivate *own = self->private = g_new0 (Yv8CalibrationPrivate, 1);
  guint n = yv8_graph_n_ops (graph);

  own->graph = self->truth = graph;
  own->outer = *target;
  own->target = (Yv8Target){ open_backend, NULL, self, target->width, target->height };
  own->method = method;
  own->max_drop = max_drop;
  own->histograms = g_new0 (Yv8Histogram *, n);
  own->seen = g_new0 (gboolean, yv8_graph_detect (graph)->n_classes);
  own->samples = yv8_album_new (MAX_SAMPLES);
  own->held_out = yv8_album_new (MAX_HELD_OUT);
  self->layers = g_new0 (Yv8LayerFidelity, n);
  for (guint i = 0; i < G_N_ELEMENTS (self->frames); i++)
    self->frames[i] = g_ptr_array_new_with_free_func (g_free);
  self->scheme = yv8_scheme_new (graph);
  if (!yv8_scheme_keep (self->scheme, keep_float, error))
    return NULL;
  own->chosen = g_memdup2 (self->scheme->keep_float, n * sizeof (gboolean));
  for (guint i = 0; i < n; i++)
    if (yv8_scheme_ranged (self->scheme, i))
      own->histograms[i] = yv8_histogram_new ();
  own->executor = yv8_target_open (&own->target, graph, YV8_EXECUTOR_KEEP, error);
  return own->executor ? g_steal_pointer (&self) : NULL;
}

void
yv8_calibration_free (Yv8Calibration *self)
{
  if (!self)
    return;
  Yv8CalibrationPrivate *own = self->private;
  for (guint i = 0; i < yv8_graph_n_ops (own->graph); i++)
    yv8_histogram_free (own->histograms[i]);
  g_free (own->histograms);
  g_free (own->chosen);
  g_free (own->seen);
  g_clear_pointer (&own->executor, yv8_executor_free);
  yv8_letterboxer_clear (&own->letterboxer);
  yv8_album_free (own->samples);
  yv8_album_free (own->held_out);
  g_free (own);
  for (guint i = 0; i < G_N_ELEMENTS (self->frames); i++)
    g_ptr_array_unref (self->frames[i]);
  g_free (self->layers);
  g_clear_pointer (&self->scheme, yv8_scheme_free);
  g_free (self);
}

/* After a run. */
static void
see_classes (Yv8CalibrationPrivate *self)
{
  const Yv8Op *detect = yv8_graph_detect (self->graph);
  float least = yv8_logit ((double) YV8_AGREEMENT_TRUTH);

  for (guint i = 1; i < detect->n_in; i += 2) {
    const float *logits = yv8_executor_output (self->executor, i);
    gsize cells = yv8_target_count (self->executor, &detect->in[i]) / detect->n_classes;
    for (gsize k = 0; k < cells * detect->n_classes; k++)
      if (logits[k] >= least)
        self->seen[k / cells] = TRUE;
  }
}

static gboolean
is_covered (const Yv8CalibrationPrivate *self)
{
  guint n = yv8_graph_detect (self->graph)->n_classes, n_seen = 0;

  for (guint i = 0; i < n; i++)
    n_seen += self->seen[i];
  return n_seen * COVERED >= n;
}

static gboolean
gather (Yv8CalibrationPrivate *self, const guint32 *picture, GError **error)
{
  if (!yv8_target_run (&self->target, self->executor, picture, error))
    return FALSE;
  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++) {
    const Yv8Op *op = yv8_graph_op (self->graph, i);
    if (self->histograms[i] &&
        !yv8_histogram_gather (self->histograms[i], self->executor, &op->out, error)) {
      g_prefix_error (error, "layer '%s': ", op->name);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
yv8_calibration_add (
    Yv8Calibration *self, const Yv8Frame *frame, const char *name, Yv8FrameUse use, GError **error)
{
  Yv8CalibrationPrivate *own = self->private;

  g_autofree guint32 *picture = yv8_letterboxer_run (&own->letterboxer, &own->target, frame, error);
  if (!picture || (use == YV8_FRAME_CALIBRATE && !gather (own, picture, error)))
    return FALSE;
  if (use == YV8_FRAME_CALIBRATE)
    see_classes (own);
  yv8_album_add (
      use == YV8_FRAME_CALIBRATE ? own->samples : own->held_out, g_steal_pointer (&picture));
  GPtrArray *names = self->frames[use];
  g_ptr_array_add (
      names, name ? g_utf8_make_valid (name, -1) : g_strdup_printf ("frame %u", names->len + 1));
  return TRUE;
}

static gboolean
is_shallow (const Yv8CalibrationPrivate *own, guint index)
{
  Yv8Shape shape =
      yv8_op_out_shape (yv8_graph_op (own->graph, index), yv8_executor_shapes (own->executor));

  return shape.width * SHALLOW >= own->target.width;
}

static gboolean
is_refined (const Yv8CalibrationPrivate *own)
{
  return own->method == YV8_METHOD_MSE && is_covered (own);
}

static void
choose_ranges (Yv8Calibration *self)
{
  Yv8CalibrationPrivate *own = self->private;
  const double *headroom = HEADROOM[is_covered (own)];

  for (guint i = 0; i < yv8_graph_n_ops (own->graph); i++) {
    Yv8Quant *quant = &self->scheme->quants[i];
    gboolean fixed_low = yv8_scheme_fixed_low (self->scheme, i);
    if (!own->histograms[i])
      continue;
    *quant = yv8_threshold_choose (own->histograms[i], own->method, fixed_low);
    if (own->method == YV8_METHOD_MSE && headroom[is_shallow (own, i)] > 1)
      *quant = yv8_quant_scaled (quant, headroom[is_shallow (own, i)], fixed_low);
  }
}

static gboolean
refine_ranges (Yv8Calibration *self, GError **error)
{
  Yv8CalibrationPrivate *own = self->private;
  g_autofree double *noise = g_new0 (double, yv8_graph_n_ops (own->graph));

  for (guint i = 0; i < yv8_graph_n_ops (own->graph); i++) {
    const Yv8Histogram *histogram = own->histograms[i];
    double signal = histogram ? yv8_histogram_mean_square (histogram) : 0;
    if (signal > 0 && !self->scheme->keep_float[i] && is_shallow (own, i))
      noise[i] = yv8_quant_error (histogram, &self->scheme->quants[i]) / signal;
  }
  return yv8_refine_ranges (self->scheme, noise, &own->target, own->samples, error);
}

/* One rounding more or less becomes many within a few layers, since each is decided anew by what
 * the one before changed; so models from ranges that differ in their last bits see differently. */
static void
round_ranges (Yv8Calibration *self)
{
  for (guint i = 0; i < yv8_graph_n_ops (self->private->graph); i++)
    if (self->private->histograms[i])
      self->scheme->quants[i] = yv8_quant_rounded (&self->scheme->quants[i]);
}

static void
start (Yv8Calibration *self, Yv8ProgressFunc progress, gpointer data)
{
  Yv8CalibrationPrivate *own = self->private;
  guint n_samples = yv8_album_n (own->samples), n_held_out = yv8_album_n (own->held_out);

  own->progress = progress;
  own->data = data;
  own->target.step = step;
  own->done = 0;
  own->total = (self->brief ? 1 : 4) * n_samples + 2 * n_held_out;
  if (is_refined (own))
    own->total += yv8_refine_n_runs (own->samples);
  if (own->max_drop > 0)
    own->total += YV8_MIXED_TRIALS * n_held_out;
  for (guint i = 0; i < yv8_graph_n_ops (own->graph); i++) {
    self->scheme->keep_float[i] = own->chosen[i];
    self->layers[i] = (Yv8LayerFidelity){ 0 };
  }
}

static gboolean
measure_layers (Yv8Calibration *self, GError **error)
{
  Yv8CalibrationPrivate *own = self->private;

  own->stage = "measuring layers";
  return yv8_fidelity_measure_alone (self->scheme, &own->target, own->samples, self->layers, error);
}

static Yv8Graph *
search (Yv8Calibration *self, GError **error)
{
  Yv8CalibrationPrivate *own = self->private;
  g_autoptr (GPtrArray) truth = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  const Yv8Judge judge = { &own->target, own->held_out, truth,
    yv8_graph_detect (own->graph)->n_classes };

  own->stage = "comparing boxes";
  if (!yv8_agreement_detect (
          self->truth, &own->target, own->held_out, YV8_AGREEMENT_TRUTH, truth, error))
    return NULL;
  g_autoptr (Yv8Graph) graph = yv8_mixed_make (self->scheme, &judge, &self->agreement, error);
  if (!graph || self->agreement.n_boxes == 0 ||
      yv8_agreement_check (&self->agreement, own->max_drop, NULL))
    return g_steal_pointer (&graph);
  if (self->brief && !measure_layers (self, error))
    return NULL;
  own->stage = "comparing boxes";
  return yv8_mixed_search (self->scheme, self->layers, &judge, own->max_drop,
      g_steal_pointer (&graph), &self->agreement, error);
}

static gboolean
check_agreement (const Yv8Calibration *self, GError **error)
{
  guint n_kept = yv8_scheme_n_kept (self->scheme);

  if (yv8_agreement_check (&self->agreement, self->private->max_drop, error))
    return TRUE;
  if (n_kept > 0)
    g_prefix_error (error, "with %u layers in float32: ", n_kept);
  return FALSE;
}

static Yv8Graph *
quantize (Yv8Calibration *self, GError **error)
{
  Yv8CalibrationPrivate *own = self->private;

  choose_ranges (self);
  own->stage = "refining ranges";
  if (is_refined (own) && !refine_ranges (self, error))
    return NULL;
  round_ranges (self);
  own->stage = "correcting biases";
  if (!yv8_bias_correct (self->scheme, &own->target, own->samples, error))
    return NULL;
  if (!self->brief && !measure_layers (self, error))
    return NULL;
  g_autoptr (Yv8Graph) graph = search (self, error);
  if (!graph)
    return NULL;
  own->stage = "measuring the int8 model";
  if (!self->brief && !yv8_fidelity_measure_accumulated (
                          self->scheme, graph, &own->target, own->samples, self->layers, error))
    return NULL;
  return check_agreement (self, error) ? g_steal_pointer (&graph) : NULL;
}

Yv8Graph *
yv8_calibration_finish (
    Yv8Calibration *self, Yv8ProgressFunc progress, gpointer data, GError **error)
{
  Yv8CalibrationPrivate *own = self->private;

  if (yv8_album_n (own->samples) == 0) {
    g_set_error_literal (
        error, YV8_ERROR, YV8_ERROR_ARGUMENT, "no frames were added to calibrate on");
    return NULL;
  }
  start (self, progress, data);
  Yv8Graph *graph = quantize (self, error);
  own->target.step = NULL;
  if (graph && progress)
    progress ("done", 1, data);
  return graph;
}

GArray *
yv8_calibration_layers (const Yv8Calibration *self)
{
  const Yv8CalibrationPrivate *own = self->private;
  const Yv8Shape *shapes = yv8_executor_shapes (own->executor);
  GArray *layers = g_array_new (FALSE, TRUE, sizeof (Yv8ReportLayer));

  for (guint i = 0; i < yv8_graph_n_ops (own->graph); i++) {
    const Yv8Op *op = yv8_graph_op (own->graph, i);
    if (op->kind != YV8_OP_CONV)
      continue;
    Yv8Shape shape = yv8_op_out_shape (op, shapes);
    Yv8ReportLayer layer = { op->name, i, self->scheme->keep_float[i], shape.channels, shape.height,
      shape.width, yv8_op_macs (op, shapes), yv8_op_parameters (op), own->histograms[i],
      self->scheme->quants[i], self->layers[i] };
    g_array_append_val (layers, layer);
  }
  return layers;
}

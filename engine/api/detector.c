/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a frame: letterbox, network, decode, back to the frame's pixels. */
#include <string.h>

#include "api/device.h"
#include "api/model.h"
#include "api/size.h"
#include "detect/decode.h"
#include "detect/formats.h"
#include "exec/executor.h"
#include "exec/flight.h"

/**
 * Begun: a frame from its beginning to its end, and what was found in it
 */
typedef struct {
  Yv8Letterbox letterbox;
  Yv8DetectParams params;
  guint8 *classes;    /* what @params points to, if it does */
  GArray *detections; /* in the frame's pixels */
  Yv8Timing timing;
} Begun;

struct _Yv8Detector {
  Yv8Model *model;
  Yv8Device *device;
  Yv8Executor *executor;
  Yv8Decoder *decoder;
  guint width, height;
  Begun begun[YV8_DETECTOR_IN_FLIGHT];
  Yv8Flight flight;
  Yv8Timing timing;
  GPtrArray *shapes; /* (element-type utf8): of each op, for profiles */
};

static void
make_shapes (Yv8Detector *self)
{
  const Yv8Graph *graph = yv8_executor_graph (self->executor);
  const Yv8Shape *shapes = yv8_executor_shapes (self->executor);

  self->shapes = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    Yv8Shape out = yv8_op_out_shape (yv8_graph_op (graph, i), shapes);
    g_ptr_array_add (
        self->shapes, g_strdup_printf ("%ux%ux%u", out.channels, out.height, out.width));
  }
}

static gboolean
open_executor (
    Yv8Detector *self, const char *request, const Yv8DetectorOptions *options, GError **error)
{
  Yv8Backend *backend = yv8_device_open (request, options->threads, &self->device, error);

  if (!backend)
    return FALSE;
  self->executor = yv8_executor_new (self->model->graph, self->width, self->height, backend,
      (options->profile ? YV8_EXECUTOR_PROFILE : 0) | (options->tune ? YV8_EXECUTOR_TUNE : 0),
      error);
  if (!self->executor)
    g_prefix_error (error, "device %s: ", self->device->id);
  return self->executor != NULL;
}

/* A GPU that "auto" picked and that then fails is no reason not to detect. */
static gboolean
open_any_executor (Yv8Detector *self, const Yv8DetectorOptions *options, GError **error)
{
  g_autoptr (GError) reason = NULL;
  const char *request = options->device;
  gboolean automatic = !request || !*request || g_str_equal (request, "auto");

  if (open_executor (self, request, options, &reason))
    return TRUE;
  if (!automatic || (self->device && g_str_equal (self->device->id, "cpu"))) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  g_warning ("%s; the CPU is used instead", reason->message);
  g_clear_pointer (&self->device, yv8_device_free);
  return open_executor (self, "cpu", options, error);
}

Yv8Detector *
yv8_detector_new (Yv8Model *model, const Yv8DetectorOptions *options, GError **error)
{
  static const Yv8DetectorOptions defaults = { 0 };

  g_return_val_if_fail (model, NULL);
  if (!options)
    options = &defaults;

  g_autoptr (Yv8Detector) self = g_new0 (Yv8Detector, 1);
  self->model = yv8_model_ref (model);
  self->width = options->width;
  self->height = options->height;
  for (guint i = 0; i < YV8_DETECTOR_IN_FLIGHT; i++) {
    self->begun[i].classes = g_new (guint8, yv8_model_n_classes (model));
    self->begun[i].detections = g_array_new (FALSE, FALSE, sizeof (Yv8Detection));
  }
  if (!yv8_size_resolve (model, &self->width, &self->height, error))
    return NULL;
  if (!open_any_executor (self, options, error))
    return NULL;
  self->decoder = yv8_decoder_new (yv8_graph_detect (model->graph), self->width, self->height);
  if (!self->decoder) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory for boxes at %ux%u",
        self->width, self->height);
    return NULL;
  }
  if (options->profile)
    make_shapes (self);
  return g_steal_pointer (&self);
}

void
yv8_detector_free (Yv8Detector *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->decoder, yv8_decoder_free);
  g_clear_pointer (&self->executor, yv8_executor_free);
  g_clear_pointer (&self->device, yv8_device_free);
  g_clear_pointer (&self->shapes, g_ptr_array_unref);
  for (guint i = 0; i < YV8_DETECTOR_IN_FLIGHT; i++) {
    g_free (self->begun[i].classes);
    g_array_unref (self->begun[i].detections);
  }
  yv8_model_unref (self->model);
  g_free (self);
}

static const Yv8Detection *
decode (Yv8Detector *self, const Yv8DetectParams *params, guint *n)
{
  const float *outputs[YV8_OP_MAX_INPUTS];
  const Yv8Op *op = yv8_graph_detect (self->model->graph);
  const Yv8Detection *found;

  for (guint i = 0; i < op->n_in; i++)
    outputs[i] = yv8_executor_output (self->executor, i);
  *n = yv8_decoder_run (self->decoder, outputs, params, &found);
  return found;
}

static void
set_detections (Begun *begun, const Yv8Detection *found, guint n)
{
  g_array_set_size (begun->detections, 0);
  g_array_append_vals (begun->detections, found, n);
  for (guint i = 0; i < n; i++)
    yv8_letterbox_to_frame (&begun->letterbox, &g_array_index (begun->detections, Yv8Detection, i));
}

/* The caller's own may be gone when they are wanted. */
static void
set_params (const Yv8Detector *self, Begun *begun, const Yv8DetectParams *params)
{
  static const Yv8DetectParams defaults = { YV8_DEFAULT_THRESHOLD, YV8_DEFAULT_IOU_THRESHOLD,
    YV8_DEFAULT_MAX_DETECTIONS, NULL };

  begun->params = params ? *params : defaults;
  if (begun->params.classes)
    begun->params.classes =
        memcpy (begun->classes, params->classes, yv8_model_n_classes (self->model));
}

/* The network is loaded, run and read in turn, and each is timed. */
static gboolean
begin_frame (Yv8Detector *self, Begun *begun, const Yv8Frame *frame, GError **error)
{
  gint64 start = g_get_monotonic_time ();
  if (!yv8_executor_load (self->executor, frame, &begun->letterbox, error))
    return FALSE;
  gint64 loaded = g_get_monotonic_time ();
  if (!yv8_executor_begin (self->executor, &begun->params, error))
    return FALSE;
  begun->timing.preprocess = (double) (loaded - start);
  begun->timing.inference = (double) (g_get_monotonic_time () - loaded);
  return TRUE;
}

static gboolean
end_frame (Yv8Detector *self, Begun *begun, GError **error)
{
  const Yv8Detection *found;
  guint n;

  gint64 start = g_get_monotonic_time ();
  if (!yv8_executor_finish (self->executor, &found, &n, error))
    return FALSE;
  gint64 inferred = g_get_monotonic_time ();
  if (!found)
    found = decode (self, &begun->params, &n);
  set_detections (begun, found, n);
  begun->timing.inference += (double) (inferred - start);
  begun->timing.postprocess = (double) (g_get_monotonic_time () - inferred);
  return TRUE;
}

gboolean
yv8_detector_begin (
    Yv8Detector *self, const Yv8Frame *frame, const Yv8DetectParams *params, GError **error)
{
  g_return_val_if_fail (self && frame, FALSE);

  if (self->flight.n == YV8_DETECTOR_IN_FLIGHT) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "%u frames are begun already: one has to be finished first", self->flight.n);
    return FALSE;
  }
  if (!yv8_frame_check (frame, error))
    return FALSE;
  Begun *begun = &self->begun[yv8_flight_next (&self->flight)];
  yv8_letterbox_init (&begun->letterbox, frame->width, frame->height, self->width, self->height);
  set_params (self, begun, params);
  if (!begin_frame (self, begun, frame, error) ||
      (!yv8_executor_overlaps (self->executor) && !end_frame (self, begun, error)))
    return FALSE;
  self->flight.n++;
  return TRUE;
}

gboolean
yv8_detector_finish (
    Yv8Detector *self, const Yv8Detection **detections, guint *n_detections, GError **error)
{
  g_return_val_if_fail (self && detections && n_detections, FALSE);

  *n_detections = 0;
  if (self->flight.n == 0) {
    g_set_error_literal (
        error, YV8_ERROR, YV8_ERROR_ARGUMENT, "no frame is begun that could be finished");
    return FALSE;
  }
  Begun *begun = &self->begun[yv8_flight_end (&self->flight)];
  if (yv8_executor_overlaps (self->executor) && !end_frame (self, begun, error))
    return FALSE;
  self->timing = begun->timing;
  *detections = (const Yv8Detection *) begun->detections->data;
  *n_detections = begun->detections->len;
  return TRUE;
}

gboolean
yv8_detector_detect (Yv8Detector *self, const Yv8Frame *frame, const Yv8DetectParams *params,
    const Yv8Detection **detections, guint *n_detections, GError **error)
{
  g_return_val_if_fail (self && frame && detections && n_detections, FALSE);

  *n_detections = 0;
  if (self->flight.n > 0) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "a frame is begun: it has to be finished before another is detected");
    return FALSE;
  }
  return yv8_detector_begin (self, frame, params, error) &&
         yv8_detector_finish (self, detections, n_detections, error);
}

const Yv8Device *
yv8_detector_device (const Yv8Detector *self)
{
  g_return_val_if_fail (self, NULL);
  return self->device;
}

void
yv8_detector_input_size (const Yv8Detector *self, guint *width, guint *height)
{
  g_return_if_fail (self && width && height);

  *width = self->width;
  *height = self->height;
}

void
yv8_detector_timing (const Yv8Detector *self, Yv8Timing *timing)
{
  g_return_if_fail (self && timing);
  *timing = self->timing;
}

guint
yv8_detector_n_ops (const Yv8Detector *self)
{
  g_return_val_if_fail (self, 0);
  return self->shapes ? self->shapes->len : 0;
}

void
yv8_detector_op_time (const Yv8Detector *self, guint index, Yv8OpTime *time)
{
  g_return_if_fail (self && time && index < yv8_detector_n_ops (self));

  const Yv8Op *op = yv8_graph_op (yv8_executor_graph (self->executor), index);
  time->name = op->name;
  time->kernel = yv8_executor_kernel_name (self->executor, index);
  time->shape = g_ptr_array_index (self->shapes, index);
  time->macs = yv8_op_macs (op, yv8_executor_shapes (self->executor));
  time->bytes = yv8_op_bytes (op, yv8_executor_shapes (self->executor));
  time->integer = op->qweights != NULL;
  time->microseconds = yv8_executor_op_nanoseconds (self->executor, index) / 1e3;
}

gboolean
yv8_detector_peak (Yv8Detector *self, Yv8Peak *peak)
{
  g_return_val_if_fail (self && peak, FALSE);

  return yv8_executor_peak (self->executor, peak);
}

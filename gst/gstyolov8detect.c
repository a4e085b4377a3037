/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The element yolov8detect. Frames pass in place and in order, none is dropped. */

/**
 * SECTION:element-yolov8detect
 * @title: yolov8detect
 * @short_description: finds objects in video with a YOLOv8 model
 *
 * Finds objects in each frame, attaches them to the buffer and draws them into the picture.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=vtest.avi ! decodebin ! videoconvert ! yolov8detect
 * model=yolov8n.onnx ! videoconvert ! autovideosink
 * ]|
 * The model is an Ultralytics export: `yolo export model=yolov8n.pt format=onnx`.
 *
 * Only people and cars, on the CPU, found at a quarter of the cost, as metadata alone:
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! yolov8detect model=yolov8n.onnx device=cpu
 * input-size=320x320 classes=person,car overlay=false ! fakesink
 * ]|
 *
 * ## Metadata
 *
 * Each object is a #GstVideoRegionOfInterestMeta, best first. Its `roi_type` is the label, its box
 * is in whole pixels of the frame, and it has a param `detection` with `confidence` (double),
 * `label` (string), `label_id` (int), the exact `x`, `y`, `width`, `height` (double), and `carried`
 * (boolean): whether the box was found in an earlier frame, see
 * #GstYolov8Detect:inference-interval. From GStreamer 1.24 on each is a GstAnalyticsODMtd too.
 *
 * ## Changing the model
 *
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! yolov8detect model=int8.bin fallback-model=yolov8n.onnx
 * watch=true shadow-model=yolov8n.onnx ! videoconvert ! autovideosink
 * ]|
 * starts with the fallback model while there is no `int8.bin`, takes that as soon as it is there,
 * and compares it with the float model now and then. A model that is set or replaced while playing
 * is loaded aside and swapped in between two frames; until then the running model goes on, and it
 * stays if the new one fails, which a warning message tells.
 *
 * ## Messages
 *
 * Element messages, each a #GstStructure:
 *
 *  - `yolov8-model-loaded`: the frames from now on are of this model: `path`, `sha256`, `device`,
 *    `precision` (`float` or `int8`) (all strings);
 *  - `yolov8-agreement`: after a comparison with the shadow model: `agreement` (double, 0 to 1) of
 *    the boxes of the last `frames` (uint) comparisons, in which the shadow model found `boxes`
 *    (uint);
 *  - `yolov8-drift`: `agreement` (double) over eight comparisons, `frames` (uint), has fallen below
 *    `floor` (double): the scene is not the one that the model was calibrated on. It is posted once
 *    until the agreement recovers.
 *
 * ## Failing
 *
 * The first model is loaded on the way from READY to PAUSED; a model or a device that does not work
 * fails that change of state with one error message that says what to do, unless the fallback model
 * works. The element works again when its properties are corrected.
 */
#include "config.h"

#include "classes.h"
#include "drift.h"
#include "error.h"
#include "frame.h"
#include "gstyolov8detect.h"
#include "loader.h"
#include "meta.h"
#include "overlay.h"
#include "settings.h"
#include "stats.h"

GST_DEBUG_CATEGORY_STATIC (yolov8detect_debug);
#define GST_CAT_DEFAULT yolov8detect_debug

struct _GstYolov8Detect {
  GstBaseTransform parent;

  /* Under the object lock. */
  Yv8Settings settings;
  gboolean reselect; /* classes have changed */
  char *path, *device, *model_sha256;
  Yv8Stats stats;
  Yv8Drift *drift; /* from start to stop */

  Yv8Loader *loader;

  /* Of the streaming thread. */
  GstVideoInfo info;
  Yv8Loaded *running;
  guint8 *classes; /* for Yv8DetectParams */
  Yv8Overlay *overlay;
  const Yv8Detection *detections; /* of the last inferred frame; the detector's */
  guint n_detections;
  guint n_carried;    /* frames since then */
  guint n_unshadowed; /* frames since the shadow model's turn */
};

G_DEFINE_FINAL_TYPE (GstYolov8Detect, gst_yolov8_detect, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (yolov8detect, "yolov8detect", GST_RANK_NONE, GST_TYPE_YOLOV8_DETECT)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (YV8_VIDEO_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (YV8_VIDEO_CAPS));

static void
detections_forget (GstYolov8Detect *self)
{
  self->detections = NULL;
  self->n_detections = 0;
  self->n_carried = 0;
}

/* What the pipeline is told of the model that runs from now on. */
static void
running_tell (GstYolov8Detect *self)
{
  const Yv8Loaded *running = self->running;
  const Yv8Device *device = yv8_detector_device (running->detector);
  const char *sha256 = yv8_model_sha256 (running->model);
  const char *precision = yv8_model_metadata (running->model, "yv8.quantization");

  GST_OBJECT_LOCK (self);
  self->reselect = TRUE;
  g_free (self->path);
  self->path = g_strdup (running->path);
  g_free (self->device);
  self->device = g_strdup (device->id);
  g_free (self->model_sha256);
  self->model_sha256 = g_strdup (sha256);
  GST_OBJECT_UNLOCK (self);
  GST_INFO_OBJECT (self, "%s on %s", running->path, device->name);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("yolov8-model-loaded", "path", G_TYPE_STRING, running->path, "sha256",
              G_TYPE_STRING, sha256, "device", G_TYPE_STRING, device->id, "precision",
              G_TYPE_STRING, precision ? precision : "float", NULL)));
}

static gboolean
classes_select (GstYolov8Detect *self, GError **error)
{
  g_autofree char *list = NULL;
  guint8 *classes = NULL;

  GST_OBJECT_LOCK (self);
  gboolean wanted = self->reselect;
  self->reselect = FALSE;
  if (wanted)
    list = g_strdup (self->settings.wish.classes);
  GST_OBJECT_UNLOCK (self);
  if (!wanted)
    return TRUE;
  if (!yv8_classes_parse (self->running->model, list, &classes, error)) {
    g_prefix_error (error, "Property classes: ");
    return FALSE;
  }
  g_free (self->classes);
  self->classes = classes;
  return TRUE;
}

/* Makes what was set since the last frame hold. */
static gboolean
changes_apply (GstYolov8Detect *self, GError **error)
{
  g_autoptr (GError) reason = NULL;
  Yv8Loaded *before = self->running;

  self->running = yv8_loader_swap (self->loader, before);
  if (self->running != before) {
    detections_forget (self);
    g_clear_pointer (&self->classes, g_free);
    yv8_drift_reset (self->drift);
    running_tell (self);
  }
  if (classes_select (self, &reason))
    return TRUE;
  /* They may be meant for the model that is on its way. */
  if (!yv8_loader_is_busy (self->loader)) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->reselect = TRUE;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
start (GstBaseTransform *transform)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (transform);
  GError *error = NULL;

  self->running = yv8_loader_start (self->loader, &error);
  if (!self->running) {
    yv8_element_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  self->overlay = yv8_overlay_new ();
  self->n_unshadowed = 0;
  Yv8Drift *drift = yv8_drift_new (GST_ELEMENT (self));
  GST_OBJECT_LOCK (self);
  self->stats = (Yv8Stats){ 0 };
  self->drift = drift;
  yv8_drift_set_model (drift, self->settings.shadow_model);
  GST_OBJECT_UNLOCK (self);
  running_tell (self);
  return TRUE;
}

static gboolean
stop (GstBaseTransform *transform)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (transform);

  GST_OBJECT_LOCK (self);
  Yv8Drift *drift = g_steal_pointer (&self->drift);
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&drift, yv8_drift_free);
  yv8_loader_stop (self->loader);
  detections_forget (self);
  g_clear_pointer (&self->running, yv8_loaded_free);
  g_clear_pointer (&self->classes, g_free);
  g_clear_pointer (&self->overlay, yv8_overlay_free);
  return TRUE;
}

static gboolean
set_caps (GstBaseTransform *transform, GstCaps *caps, GstCaps *outcaps)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (transform);

  detections_forget (self);
  return gst_video_info_from_caps (&self->info, caps);
}

static gboolean
sink_event (GstBaseTransform *transform, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    detections_forget (GST_YOLOV8_DETECT (transform));
  return GST_BASE_TRANSFORM_CLASS (gst_yolov8_detect_parent_class)->sink_event (transform, event);
}

static gboolean
answer (GstBaseTransform *transform, GstPadDirection direction, GstQuery *query)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (transform);
  gboolean live;
  GstClockTime least, most;

  if (!GST_BASE_TRANSFORM_CLASS (gst_yolov8_detect_parent_class)
           ->query (transform, direction, query))
    return FALSE;
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY || direction != GST_PAD_SRC)
    return TRUE;
  gst_query_parse_latency (query, &live, &least, &most);
  GST_OBJECT_LOCK (self);
  GstClockTime latency = (GstClockTime) (self->stats.latency * GST_USECOND);
  GST_OBJECT_UNLOCK (self);
  if (GST_CLOCK_TIME_IS_VALID (most))
    most += latency;
  gst_query_set_latency (query, live, least + latency, most);
  return TRUE;
}

static void
before_transform (GstBaseTransform *transform, GstBuffer *buffer)
{
  GstClockTime time = gst_segment_to_stream_time (
      &transform->segment, GST_FORMAT_TIME, GST_BUFFER_TIMESTAMP (buffer));

  if (GST_CLOCK_TIME_IS_VALID (time))
    gst_object_sync_values (GST_OBJECT (transform), time);
}

/* Every Nth frame, or the next that is inferred, is compared with the shadow model. */
static void
shadow (GstYolov8Detect *self, const Yv8Tuning *tuning, const GstVideoFrame *video,
    const Yv8DetectParams *params)
{
  Yv8DriftFrame frame = {
    .video = video,
    .params = params,
    .detections = self->detections,
    .n_detections = self->n_detections,
    .n_classes = yv8_model_n_classes (self->running->model),
    .floor = tuning->drift_floor,
  };

  if (self->n_unshadowed < tuning->shadow_interval)
    return;
  self->n_unshadowed = 0;
  yv8_detector_input_size (self->running->detector, &frame.width, &frame.height);
  yv8_drift_offer (self->drift, &frame);
}

static gboolean
infer (GstYolov8Detect *self, const Yv8Tuning *tuning, const GstVideoFrame *video, GError **error)
{
  Yv8DetectParams params = {
    .threshold = tuning->threshold,
    .iou_threshold = tuning->iou_threshold,
    .max_detections = tuning->max_detections,
    .classes = self->classes,
  };
  Yv8Frame frame;

  detections_forget (self);
  yv8_frame_from_video (&frame, video);
  if (!yv8_detector_detect (
          self->running->detector, &frame, &params, &self->detections, &self->n_detections, error))
    return FALSE;
  shadow (self, tuning, video, &params);
  return TRUE;
}

/* Counts the frame; tells the pipeline when the latency has changed. */
static void
account (GstYolov8Detect *self, gboolean inferred, gint64 begin, double overlay)
{
  double times[YV8_STATS_N_KINDS] = { [YV8_STATS_OVERLAY] = overlay };
  gboolean changed = FALSE;

  if (inferred) {
    Yv8Timing timing;

    yv8_detector_timing (self->running->detector, &timing);
    times[YV8_STATS_PREPROCESS] = timing.preprocess;
    times[YV8_STATS_INFERENCE] = timing.inference;
    times[YV8_STATS_POSTPROCESS] = timing.postprocess;
    times[YV8_STATS_TOTAL] = (double) (g_get_monotonic_time () - begin);
  }
  GST_OBJECT_LOCK (self);
  self->stats.frames++;
  if (inferred)
    changed = yv8_stats_add (&self->stats, times);
  GST_OBJECT_UNLOCK (self);
  if (changed)
    gst_element_post_message (GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

/* Returns: microseconds */
static double
draw (GstYolov8Detect *self, GstVideoFrame *video)
{
  gint64 begin = g_get_monotonic_time ();

  yv8_overlay_draw (
      self->overlay, video, self->running->model, self->detections, self->n_detections);
  return (double) (g_get_monotonic_time () - begin);
}

static GstFlowReturn
fail (GstYolov8Detect *self, GError *error)
{
  yv8_element_error (GST_ELEMENT (self), error);
  return GST_FLOW_ERROR;
}

static GstFlowReturn
transform_ip (GstBaseTransform *transform, GstBuffer *buffer)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (transform);
  gint64 begin = g_get_monotonic_time ();
  double drawing = 0.;
  GError *error = NULL;
  GstVideoFrame video;

  GST_OBJECT_LOCK (self);
  Yv8Tuning tuning = self->settings.tuning;
  GST_OBJECT_UNLOCK (self);
  self->n_unshadowed = MIN (self->n_unshadowed, G_MAXUINT - 1) + 1;
  if (!changes_apply (self, &error))
    return fail (self, error);

  /* No reference, or the buffer would not be writable for its metadata. */
  if (!gst_video_frame_map (&video, &self->info, buffer,
          (tuning.overlay ? GST_MAP_READWRITE : GST_MAP_READ) | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("A buffer of %" G_GSIZE_FORMAT " bytes is no frame of %dx%d %s.",
            gst_buffer_get_size (buffer), self->info.width, self->info.height,
            self->info.finfo->name),
        ("Its memory or its video metadata does not fit the caps."));
    return GST_FLOW_ERROR;
  }
  gboolean inferred = self->n_carried == 0 || self->n_carried >= tuning.inference_interval;
  gboolean good = !inferred || infer (self, &tuning, &video, &error);
  if (good && tuning.overlay)
    drawing = draw (self, &video);
  gst_video_frame_unmap (&video);
  if (!good)
    return fail (self, error);

  self->n_carried++;
  yv8_meta_attach (buffer, (guint) self->info.width, (guint) self->info.height,
      self->running->model, self->detections, self->n_detections, !inferred);
  account (self, inferred, begin, drawing);
  return GST_FLOW_OK;
}

static GstStructure *
stats_new (GstYolov8Detect *self)
{
  GstStructure *stats = gst_structure_new ("application/x-yolov8detect-stats", "model",
      G_TYPE_STRING, self->path, "model-sha256", G_TYPE_STRING, self->model_sha256, "device",
      G_TYPE_STRING, self->device, NULL);

  yv8_stats_fill (&self->stats, stats);
  return stats;
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (object);

  if (id >= YV8_PROP_STATS) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    return;
  }
  GST_OBJECT_LOCK (self);
  yv8_settings_set (&self->settings, id, value);
  if (id <= YV8_PROP_CLASSES)
    yv8_loader_request (self->loader, &self->settings.wish,
        id == YV8_PROP_MODEL || id == YV8_PROP_DEVICE || id == YV8_PROP_INPUT_SIZE);
  if (id == YV8_PROP_CLASSES)
    self->reselect = TRUE;
  if (id == YV8_PROP_SHADOW_MODEL && self->drift)
    yv8_drift_set_model (self->drift, self->settings.shadow_model);
  GST_OBJECT_UNLOCK (self);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (object);

  if (id > YV8_PROP_STATS) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    return;
  }
  GST_OBJECT_LOCK (self);
  if (id == YV8_PROP_STATS)
    g_value_take_boxed (value, stats_new (self));
  else
    yv8_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
}

static void
finalize (GObject *object)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (object);

  yv8_loader_free (self->loader);
  yv8_settings_clear (&self->settings);
  g_free (self->path);
  g_free (self->device);
  g_free (self->model_sha256);
  G_OBJECT_CLASS (gst_yolov8_detect_parent_class)->finalize (object);
}

static void
gst_yolov8_detect_class_init (GstYolov8DetectClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GstElementClass *element_class = GST_ELEMENT_CLASS (class);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (class);

  GST_DEBUG_CATEGORY_INIT (yolov8detect_debug, "yolov8detect", 0, "YOLOv8 object detection");
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  yv8_settings_install (object_class);

  gst_element_class_set_static_metadata (element_class, "YOLOv8 object detector",
      "Filter/Analyzer/Video",
      "Finds objects in video with a YOLOv8 model, attaches and draws them",
      "The gst-yolov8 project");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  transform_class->start = GST_DEBUG_FUNCPTR (start);
  transform_class->stop = GST_DEBUG_FUNCPTR (stop);
  transform_class->set_caps = GST_DEBUG_FUNCPTR (set_caps);
  transform_class->sink_event = GST_DEBUG_FUNCPTR (sink_event);
  transform_class->query = GST_DEBUG_FUNCPTR (answer);
  transform_class->before_transform = GST_DEBUG_FUNCPTR (before_transform);
  transform_class->transform_ip = GST_DEBUG_FUNCPTR (transform_ip);
}

/* ALLOCATION is left to the base class: the buffers go on downstream, so downstream answers it. */
static void
gst_yolov8_detect_init (GstYolov8Detect *self)
{
  GstBaseTransform *transform = GST_BASE_TRANSFORM (self);

  self->loader = yv8_loader_new (GST_ELEMENT (self));
  gst_base_transform_set_in_place (transform, TRUE);
  gst_base_transform_set_passthrough (transform, FALSE);
  gst_base_transform_set_qos_enabled (transform, FALSE);
}

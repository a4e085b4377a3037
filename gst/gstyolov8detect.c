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
 * ## Failing
 *
 * The model is loaded on the way from READY to PAUSED; a model or a device that does not work fails
 * that change of state with one error message that says what to do. The element works again when
 * its properties are corrected.
 */
#include "config.h"

#include "classes.h"
#include "error.h"
#include "frame.h"
#include "gstyolov8detect.h"
#include "meta.h"
#include "overlay.h"
#include "stats.h"

GST_DEBUG_CATEGORY_STATIC (yolov8detect_debug);
#define GST_CAT_DEFAULT yolov8detect_debug

#define N_LABELS_TOLD   10 /* in the error about an unknown class */

typedef enum {
  PROP_MODEL = 1,
  PROP_DEVICE,
  PROP_INPUT_SIZE,
  PROP_CLASSES,
  PROP_THRESHOLD,
  PROP_IOU_THRESHOLD,
  PROP_MAX_DETECTIONS,
  PROP_INFERENCE_INTERVAL,
  PROP_OVERLAY,
  PROP_STATS,
} Property;

#define N_STRINGS (PROP_CLASSES + 1)

typedef struct {
  float threshold, iou_threshold;
  guint max_detections, inference_interval;
  gboolean overlay;
} Settings;

struct _GstYolov8Detect {
  GstBaseTransform parent;

  /* Under the object lock. */
  char *strings[N_STRINGS]; /* by Property */
  Settings settings;
  gboolean reload;   /* model, device or input-size have changed */
  gboolean reselect; /* classes have */
  char *device, *model_sha256;
  Yv8Stats stats;

  /* Of the streaming thread. */
  GstVideoInfo info;
  Yv8Model *model;
  Yv8Detector *detector;
  guint8 *classes; /* for Yv8DetectParams */
  Yv8Overlay *overlay;
  const Yv8Detection *detections; /* of the last inferred frame; the detector's */
  guint n_detections;
  guint n_carried; /* frames that have had them; 0: there are none */
};

G_DEFINE_FINAL_TYPE (GstYolov8Detect, gst_yolov8_detect, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (yolov8detect, "yolov8detect", GST_RANK_NONE, GST_TYPE_YOLOV8_DETECT)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (YV8_VIDEO_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (YV8_VIDEO_CAPS));

/* (transfer full) (nullable): %NULL where it is empty */
static char *
string_dup (GstYolov8Detect *self, Property property)
{
  GST_OBJECT_LOCK (self);
  const char *string = self->strings[property];
  char *copy = string && *string ? g_strdup (string) : NULL;
  GST_OBJECT_UNLOCK (self);
  return copy;
}

/* Takes *flag and leaves it FALSE. */
static gboolean
flag_take (GstYolov8Detect *self, gboolean *flag)
{
  GST_OBJECT_LOCK (self);
  gboolean taken = *flag;
  *flag = FALSE;
  GST_OBJECT_UNLOCK (self);
  return taken;
}

static void
detections_forget (GstYolov8Detect *self)
{
  self->detections = NULL;
  self->n_detections = 0;
  self->n_carried = 0;
}

static void
detector_clear (GstYolov8Detect *self)
{
  detections_forget (self);
  g_clear_pointer (&self->detector, yv8_detector_free);
  g_clear_pointer (&self->model, yv8_model_unref);
  g_clear_pointer (&self->classes, g_free);
}

static gboolean
side_parse (const char *text, guint *side)
{
  guint64 number;

  if (!text || !g_ascii_string_to_unsigned (text, 10, 32, G_MAXINT, &number, NULL))
    return FALSE;
  *side = (guint) number;
  return number % 32 == 0;
}

static gboolean
size_parse (const char *text, Yv8DetectorOptions *options, GError **error)
{
  g_auto (GStrv) sides = g_strsplit (text ? text : "", "x", 2);

  if (!text || (side_parse (sides[0], &options->width) && side_parse (sides[1], &options->height)))
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
      "Property input-size is \"%s\" instead of WxH in multiples of 32, as in 640x384", text);
  return FALSE;
}

static gboolean
detector_load (GstYolov8Detect *self, GError **error)
{
  g_autofree char *path = string_dup (self, PROP_MODEL);
  g_autofree char *device = string_dup (self, PROP_DEVICE);
  g_autofree char *size = string_dup (self, PROP_INPUT_SIZE);
  g_autoptr (Yv8Model) model = NULL;
  Yv8DetectorOptions options = { .device = device };

  if (!path) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND, "No model");
    return FALSE;
  }
  if (!size_parse (size, &options, error))
    return FALSE;
  model = yv8_model_load (path, error);
  if (!model)
    return FALSE;
  Yv8Detector *detector = yv8_detector_new (model, &options, error);
  if (!detector)
    return FALSE;

  detector_clear (self);
  self->detector = detector;
  self->model = g_steal_pointer (&model);
  GST_OBJECT_LOCK (self);
  self->reselect = TRUE;
  g_free (self->device);
  self->device = g_strdup (yv8_detector_device (detector)->id);
  g_free (self->model_sha256);
  self->model_sha256 = g_strdup (yv8_model_sha256 (self->model));
  GST_OBJECT_UNLOCK (self);
  GST_INFO_OBJECT (self, "%s on %s", path, yv8_detector_device (detector)->name);
  return TRUE;
}

static gboolean
classes_select (GstYolov8Detect *self, GError **error)
{
  g_autofree char *list = string_dup (self, PROP_CLASSES);

  g_clear_pointer (&self->classes, g_free);
  if (yv8_classes_parse (self->model, list, &self->classes, error))
    return TRUE;
  g_prefix_error (error, "Property classes: ");
  return FALSE;
}

/* Makes what was set since the last frame hold. */
static gboolean
changes_apply (GstYolov8Detect *self, GError **error)
{
  if (flag_take (self, &self->reload) && !detector_load (self, error))
    return FALSE;
  return !flag_take (self, &self->reselect) || classes_select (self, error);
}

static gboolean
start (GstBaseTransform *transform)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (transform);
  GError *error = NULL;

  GST_OBJECT_LOCK (self);
  self->reload = TRUE;
  self->stats = (Yv8Stats){ 0 };
  GST_OBJECT_UNLOCK (self);
  if (!changes_apply (self, &error)) {
    detector_clear (self);
    yv8_element_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  self->overlay = yv8_overlay_new ();
  return TRUE;
}

static gboolean
stop (GstBaseTransform *transform)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (transform);

  detector_clear (self);
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

static gboolean
infer (GstYolov8Detect *self, const Settings *settings, const GstVideoFrame *video, GError **error)
{
  Yv8DetectParams params = {
    .threshold = settings->threshold,
    .iou_threshold = settings->iou_threshold,
    .max_detections = settings->max_detections,
    .classes = self->classes,
  };
  Yv8Frame frame;

  detections_forget (self);
  yv8_frame_from_video (&frame, video);
  return yv8_detector_detect (
      self->detector, &frame, &params, &self->detections, &self->n_detections, error);
}

/* Counts the frame; tells the pipeline when the latency has changed. */
static void
account (GstYolov8Detect *self, gboolean inferred, gint64 begin, double overlay)
{
  double times[YV8_STATS_N_KINDS] = { [YV8_STATS_OVERLAY] = overlay };
  gboolean changed = FALSE;

  if (inferred) {
    Yv8Timing timing;

    yv8_detector_timing (self->detector, &timing);
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

  yv8_overlay_draw (self->overlay, video, self->model, self->detections, self->n_detections);
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
  Settings settings = self->settings;
  GST_OBJECT_UNLOCK (self);
  if (!changes_apply (self, &error))
    return fail (self, error);

  /* No reference, or the buffer would not be writable for its metadata. */
  if (!gst_video_frame_map (&video, &self->info, buffer,
          (settings.overlay ? GST_MAP_READWRITE : GST_MAP_READ) |
              GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("A buffer of %" G_GSIZE_FORMAT " bytes is no frame of %dx%d %s.",
            gst_buffer_get_size (buffer), self->info.width, self->info.height,
            self->info.finfo->name),
        ("Its memory or its video metadata does not fit the caps."));
    return GST_FLOW_ERROR;
  }
  gboolean inferred = self->n_carried == 0 || self->n_carried >= settings.inference_interval;
  gboolean good = !inferred || infer (self, &settings, &video, &error);
  if (good && settings.overlay)
    drawing = draw (self, &video);
  gst_video_frame_unmap (&video);
  if (!good)
    return fail (self, error);

  self->n_carried++;
  yv8_meta_attach (buffer, (guint) self->info.width, (guint) self->info.height, self->model,
      self->detections, self->n_detections, !inferred);
  account (self, inferred, begin, drawing);
  return GST_FLOW_OK;
}

static GstStructure *
stats_new (GstYolov8Detect *self)
{
  GstStructure *stats = gst_structure_new ("application/x-yolov8detect-stats", "device",
      G_TYPE_STRING, self->device, "model-sha256", G_TYPE_STRING, self->model_sha256, NULL);

  yv8_stats_fill (&self->stats, stats);
  return stats;
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (object);
  Settings *settings = &self->settings;

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_MODEL:
  case PROP_DEVICE:
  case PROP_INPUT_SIZE:
  case PROP_CLASSES:
    g_free (self->strings[id]);
    self->strings[id] = g_value_dup_string (value);
    *(id == PROP_CLASSES ? &self->reselect : &self->reload) = TRUE;
    break;
  case PROP_THRESHOLD:
    settings->threshold = g_value_get_float (value);
    break;
  case PROP_IOU_THRESHOLD:
    settings->iou_threshold = g_value_get_float (value);
    break;
  case PROP_MAX_DETECTIONS:
    settings->max_detections = g_value_get_uint (value);
    break;
  case PROP_INFERENCE_INTERVAL:
    settings->inference_interval = g_value_get_uint (value);
    break;
  case PROP_OVERLAY:
    settings->overlay = g_value_get_boolean (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (object);
  const Settings *settings = &self->settings;

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_MODEL:
  case PROP_DEVICE:
  case PROP_INPUT_SIZE:
  case PROP_CLASSES:
    g_value_set_string (value, self->strings[id]);
    break;
  case PROP_THRESHOLD:
    g_value_set_float (value, settings->threshold);
    break;
  case PROP_IOU_THRESHOLD:
    g_value_set_float (value, settings->iou_threshold);
    break;
  case PROP_MAX_DETECTIONS:
    g_value_set_uint (value, settings->max_detections);
    break;
  case PROP_INFERENCE_INTERVAL:
    g_value_set_uint (value, settings->inference_interval);
    break;
  case PROP_OVERLAY:
    g_value_set_boolean (value, settings->overlay);
    break;
  case PROP_STATS:
    g_value_take_boxed (value, stats_new (self));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
finalize (GObject *object)
{
  GstYolov8Detect *self = GST_YOLOV8_DETECT (object);

  for (guint i = 0; i < N_STRINGS; i++)
    g_free (self->strings[i]);
  g_free (self->device);
  g_free (self->model_sha256);
  G_OBJECT_CLASS (gst_yolov8_detect_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *class)
{
  const GParamFlags set = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS |
                          (GParamFlags) GST_PARAM_MUTABLE_PLAYING;
  const GParamFlags live = set | (GParamFlags) GST_PARAM_CONTROLLABLE;
  GParamSpec *specs[] = {
    [PROP_MODEL] = g_param_spec_string ("model", "Model",
        "Path of an Ultralytics ONNX export of YOLOv8 detect (`yolo export model=yolov8n.pt "
        "format=onnx`); a change is loaded at the next frame",
        NULL, set),
    [PROP_DEVICE] = g_param_spec_string ("device", "Device",
        "auto (the first GPU, else the CPU), cpu, ref, vulkan, vulkan:INDEX or vulkan:NAME; a change "
        "takes effect at the next frame",
        "auto", set),
    [PROP_INPUT_SIZE] = g_param_spec_string ("input-size", "Input size",
        "Size that frames are fitted into for the network, WxH in multiples of 32 (640x384); smaller "
        "is faster and misses more; empty: the model's own; a change takes effect at the next frame",
        NULL, set),
    [PROP_CLASSES] = g_param_spec_string ("classes", "Classes",
        "What to look for: labels or numbers of classes, separated by commas (person,car,7); empty: "
        "all",
        NULL, set),
    [PROP_THRESHOLD] = g_param_spec_float ("threshold", "Threshold",
        "Least confidence of an object", 0.f, 1.f, YV8_DEFAULT_THRESHOLD, live),
    [PROP_IOU_THRESHOLD] = g_param_spec_float ("iou-threshold", "IoU threshold",
        "Of two boxes of one class that overlap by more (intersection over union), only the better is "
        "kept",
        0.f, 1.f, YV8_DEFAULT_IOU_THRESHOLD, live),
    [PROP_MAX_DETECTIONS] = g_param_spec_uint ("max-detections", "Max detections",
        "Most objects a frame, the best ones; 0: no limit", 0, G_MAXINT, YV8_DEFAULT_MAX_DETECTIONS,
        live),
    [PROP_INFERENCE_INTERVAL] = g_param_spec_uint ("inference-interval", "Inference interval",
        "Look for objects in every Nth frame; those between carry the boxes on", 1, G_MAXINT, 1,
        live),
    [PROP_OVERLAY] = g_param_spec_boolean (
        "overlay", "Overlay", "Draw boxes and labels into the picture", TRUE, live),
    [PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
        "device, model-sha256, frames, inferred; medians of the last frames in microseconds: "
        "preprocess, inference, postprocess, overlay, total",
        GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS),
  };

  g_object_class_install_properties (class, G_N_ELEMENTS (specs), specs);
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
  install_properties (object_class);

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

  gst_base_transform_set_in_place (transform, TRUE);
  gst_base_transform_set_passthrough (transform, FALSE);
  gst_base_transform_set_qos_enabled (transform, FALSE);
}

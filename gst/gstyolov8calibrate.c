/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The element yolov8calibrate. Buffers pass as they are; the work is done beside the stream. */

/**
 * SECTION:element-yolov8calibrate
 * @title: yolov8calibrate
 * @short_description: makes an int8 model from the frames that pass
 *
 * Makes an int8 model out of a float one, calibrated on the frames that pass, and writes it when it
 * agrees with the float model; with #GstYolov8Calibrate:recipe one that is pruned, too. The stream
 * goes on meanwhile: buffers are neither changed nor held nor waited with.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! yolov8calibrate model=yolov8n.onnx output=int8.bin
 * frames=128 ! videoconvert ! autovideosink
 * ]|
 * On a clip, which is played at its own pace, since only as many frames are taken as calibration
 * keeps up with:
 * |[
 * gst-launch-1.0 filesrc location=vtest.avi ! decodebin ! videoconvert ! identity sync=true !
 * yolov8calibrate model=yolov8n.onnx output=int8.bin frames=128 min-frames=64 ! fakesink
 * ]|
 *
 * With a recipe, channels and blocks of weights that the scene can do without are removed too. That
 * takes minutes, in the element's own thread:
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! yolov8calibrate model=yolov8n.onnx output=scene.bin
 * recipe=scene ! videoconvert ! autovideosink
 * ]|
 *
 * ## What is taken
 *
 * Of every #GstYolov8Calibrate:interval frames one, if it differs from all taken before and the
 * calibration is free; a still scene gives few. Where it was always free (`busy` in
 * #GstYolov8Calibrate:stats is 0) the same stream gives the same file. Every eighth is held out: on
 * these, boxes of the int8 model are compared with boxes of the float model. The model is made when
 * #GstYolov8Calibrate:frames are in, or at the end of the stream if #GstYolov8Calibrate:min-frames
 * are; the end of the stream is passed on when that is finished. Nothing is lost by a change of
 * caps, a flush or a pause; on the way to READY all is given up.
 *
 * ## Messages
 *
 * GST_MESSAGE_PROGRESS with the code `calibrate` once the frames are in. When the file is there, an
 * element message `yolov8-calibrated` with `path` (string), `frames`, `held-out`, `boxes` (uint),
 * `agreement` (double, AP over IoU 0.50:0.05:0.95 of the int8 boxes with the float boxes as truth;
 * NaN if there were none), `agreement-50` (double, at IoU 0.50), `agreement-by-box` (double, as
 * `agreement`, but classes count by their boxes), `score-shift` (double, mean of int8 score minus
 * float score) and `size` (uint64, bytes). The file appears whole or not at all.
 *
 * ## Failing
 *
 * Too few frames, or an int8 model that loses more than #GstYolov8Calibrate:max-drop, are told by a
 * warning with figures; nothing is written and the stream goes on. A model, a device or a folder
 * that does not work fails the way from READY to PAUSED with an error that says what to do.
 */
#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "error.h"
#include "frame.h"
#include "gstyolov8calibrate.h"
#include "size.h"
#include "worker.h"

GST_DEBUG_CATEGORY (yolov8calibrate_debug);
#define GST_CAT_DEFAULT    yolov8calibrate_debug

#define DEFAULT_FRAMES     128
#define DEFAULT_MIN_FRAMES 32
#define DEFAULT_INTERVAL   3
#define DEFAULT_MAX_DROP   0.1

typedef enum {
  PROP_MODEL = 1,
  PROP_OUTPUT,
  PROP_DEVICE,
  PROP_INPUT_SIZE,
  PROP_RECIPE,
  PROP_FRAMES,
  PROP_MIN_FRAMES,
  PROP_INTERVAL,
  PROP_METHOD,
  PROP_MAX_DROP,
  PROP_PROGRESS,
  PROP_STATS,
} Property;

#define N_STRINGS (PROP_RECIPE + 1)

struct _GstYolov8Calibrate {
  GstBaseTransform parent;

  /* Under the object lock; what is set holds from the next start on. */
  char *strings[N_STRINGS]; /* by Property */
  guint frames, min_frames, interval;
  Yv8Method method;
  double max_drop;
  Yv8Worker *worker; /* from start on, stopped by stop; replaced under the lock alone */

  GstVideoInfo info; /* of the streaming thread */
};

G_DEFINE_FINAL_TYPE (GstYolov8Calibrate, gst_yolov8_calibrate, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (
    yolov8calibrate, "yolov8calibrate", GST_RANK_NONE, GST_TYPE_YOLOV8_CALIBRATE)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (YV8_VIDEO_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (YV8_VIDEO_CAPS));

#define GST_TYPE_YOLOV8_CALIBRATE_METHOD (gst_yolov8_calibrate_method_get_type ())

static GType
gst_yolov8_calibrate_method_get_type (void)
{
  static const GEnumValue values[] = {
    { YV8_METHOD_MSE, "Least squared error of rounding and clipping", "mse" },
    { YV8_METHOD_MINMAX, "All that was seen", "minmax" },
    { YV8_METHOD_PERCENTILE, "99.99 % of what was seen", "percentile" },
    { YV8_METHOD_KL, "Least Kullback-Leibler divergence", "kl" },
    { 0, NULL, NULL },
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstYolov8CalibrateMethod", values));
  return type;
}

static gboolean
output_check (const char *path, GError **error)
{
  if (!path) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "No output");
    return FALSE;
  }
  g_autofree char *folder = g_path_get_dirname (path);
  if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
    g_set_error (
        error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, "Output %s is a folder", path);
    return FALSE;
  }
  if (g_access (folder, W_OK | X_OK) != 0) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
        "Folder %s of output %s cannot be written: %s", folder, path, g_strerror (errno));
    return FALSE;
  }
  return TRUE;
}

static void
strings_copy (GstYolov8Calibrate *self, char *strings[N_STRINGS])
{
  for (guint i = 0; i < N_STRINGS; i++)
    strings[i] = self->strings[i] && *self->strings[i] ? g_strdup (self->strings[i]) : NULL;
}

static Yv8Worker *
worker_open (GstYolov8Calibrate *self, char *strings[N_STRINGS], GError **error)
{
  GST_OBJECT_LOCK (self);
  strings_copy (self, strings);
  Yv8WorkerOptions options = {
    .model = strings[PROP_MODEL],
    .output = strings[PROP_OUTPUT],
    .recipe = strings[PROP_RECIPE],
    .calibrator = { .device = strings[PROP_DEVICE],
        .method = self->method,
        .max_drop = self->max_drop,
        .brief = TRUE },
    .frames = self->frames,
    .min_frames = self->min_frames,
    .interval = self->interval,
  };
  GST_OBJECT_UNLOCK (self);

  if (!options.model) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND, "No model");
    return NULL;
  }
  if (!yv8_input_size_parse (
          strings[PROP_INPUT_SIZE], &options.calibrator.width, &options.calibrator.height, error) ||
      !output_check (options.output, error))
    return NULL;
  return yv8_worker_new (GST_ELEMENT (self), &options, error);
}

/* (transfer full) @error */
static void
post_error (GstYolov8Calibrate *self, GError *error)
{
  if (error->domain == YV8_ERROR) {
    yv8_element_error (GST_ELEMENT (self), error);
    return;
  }
  gst_element_message_full (GST_ELEMENT (self), GST_MESSAGE_ERROR, error->domain, error->code,
      g_strdup_printf (
          "%s. Set property output=... to a file in a folder that may be written.", error->message),
      NULL, __FILE__, G_STRFUNC, __LINE__);
  g_error_free (error);
}

static void
worker_replace (GstYolov8Calibrate *self, Yv8Worker *worker)
{
  GST_OBJECT_LOCK (self);
  Yv8Worker *old = self->worker;
  self->worker = worker;
  GST_OBJECT_UNLOCK (self);
  yv8_worker_free (old);
}

static gboolean
start (GstBaseTransform *transform)
{
  GstYolov8Calibrate *self = GST_YOLOV8_CALIBRATE (transform);
  char *strings[N_STRINGS];
  GError *error = NULL;

  Yv8Worker *worker = worker_open (self, strings, &error);
  for (guint i = 0; i < N_STRINGS; i++)
    g_free (strings[i]);
  worker_replace (self, worker);
  if (!worker)
    post_error (self, error);
  return worker != NULL;
}

static gboolean
stop (GstBaseTransform *transform)
{
  GstYolov8Calibrate *self = GST_YOLOV8_CALIBRATE (transform);

  if (self->worker)
    yv8_worker_stop (self->worker);
  return TRUE;
}

/* A wait at the end of the stream must end before the pads are deactivated. */
static GstStateChangeReturn
change_state (GstElement *element, GstStateChange change)
{
  GstYolov8Calibrate *self = GST_YOLOV8_CALIBRATE (element);

  if (change == GST_STATE_CHANGE_PAUSED_TO_READY && self->worker)
    yv8_worker_cancel (self->worker);
  return GST_ELEMENT_CLASS (gst_yolov8_calibrate_parent_class)->change_state (element, change);
}

static gboolean
set_caps (GstBaseTransform *transform, GstCaps *caps, GstCaps *outcaps)
{
  return gst_video_info_from_caps (&GST_YOLOV8_CALIBRATE (transform)->info, caps);
}

static gboolean
sink_event (GstBaseTransform *transform, GstEvent *event)
{
  GstYolov8Calibrate *self = GST_YOLOV8_CALIBRATE (transform);
  GstEventType type = GST_EVENT_TYPE (event);

  if (type == GST_EVENT_EOS && self->worker && !yv8_worker_drain (self->worker)) {
    gst_event_unref (event);
    return FALSE;
  }
  gboolean done =
      GST_BASE_TRANSFORM_CLASS (gst_yolov8_calibrate_parent_class)->sink_event (transform, event);
  /* Only now, that an end of stream which was waited with cannot slip through before the flush. */
  if (self->worker && (type == GST_EVENT_FLUSH_START || type == GST_EVENT_FLUSH_STOP))
    yv8_worker_interrupt (self->worker, type == GST_EVENT_FLUSH_START);
  return done;
}

static GstFlowReturn
transform_ip (GstBaseTransform *transform, GstBuffer *buffer)
{
  GstYolov8Calibrate *self = GST_YOLOV8_CALIBRATE (transform);

  yv8_worker_offer (self->worker, buffer, &self->info);
  return GST_FLOW_OK;
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstYolov8Calibrate *self = GST_YOLOV8_CALIBRATE (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_MODEL:
  case PROP_OUTPUT:
  case PROP_DEVICE:
  case PROP_INPUT_SIZE:
  case PROP_RECIPE:
    g_free (self->strings[id]);
    self->strings[id] = g_value_dup_string (value);
    break;
  case PROP_FRAMES:
    self->frames = g_value_get_uint (value);
    break;
  case PROP_MIN_FRAMES:
    self->min_frames = g_value_get_uint (value);
    break;
  case PROP_INTERVAL:
    self->interval = g_value_get_uint (value);
    break;
  case PROP_METHOD:
    self->method = (Yv8Method) g_value_get_enum (value);
    break;
  case PROP_MAX_DROP:
    self->max_drop = g_value_get_double (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

/* Under the object lock. */
static GstStructure *
stats_new (GstYolov8Calibrate *self)
{
  GstStructure *stats = gst_structure_new_empty ("application/x-yolov8calibrate-stats");

  if (self->worker)
    yv8_worker_stats (self->worker, stats);
  return stats;
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstYolov8Calibrate *self = GST_YOLOV8_CALIBRATE (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_MODEL:
  case PROP_OUTPUT:
  case PROP_DEVICE:
  case PROP_INPUT_SIZE:
  case PROP_RECIPE:
    g_value_set_string (value, self->strings[id]);
    break;
  case PROP_FRAMES:
    g_value_set_uint (value, self->frames);
    break;
  case PROP_MIN_FRAMES:
    g_value_set_uint (value, self->min_frames);
    break;
  case PROP_INTERVAL:
    g_value_set_uint (value, self->interval);
    break;
  case PROP_METHOD:
    g_value_set_enum (value, (gint) self->method);
    break;
  case PROP_MAX_DROP:
    g_value_set_double (value, self->max_drop);
    break;
  case PROP_PROGRESS:
    g_value_set_double (value, self->worker ? yv8_worker_progress (self->worker) : 0.);
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
  GstYolov8Calibrate *self = GST_YOLOV8_CALIBRATE (object);

  yv8_worker_free (self->worker);
  for (guint i = 0; i < N_STRINGS; i++)
    g_free (self->strings[i]);
  G_OBJECT_CLASS (gst_yolov8_calibrate_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *class)
{
  const GParamFlags set = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS |
                          (GParamFlags) GST_PARAM_MUTABLE_READY;
  const GParamFlags get = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  GParamSpec *specs[] = {
    [PROP_MODEL] = g_param_spec_string ("model", "Model",
        "Path of the float model: an Ultralytics ONNX export of YOLOv8 detect (`yolo export "
        "model=yolov8n.pt format=onnx`)",
        NULL, set),
    [PROP_OUTPUT] = g_param_spec_string (
        "output", "Output", "Path of the int8 model to write; replaced if it exists", NULL, set),
    [PROP_DEVICE] = g_param_spec_string ("device", "Device",
        "auto (the first GPU, else the CPU), cpu, ref, vulkan, vulkan:INDEX or vulkan:NAME", "auto",
        set),
    [PROP_INPUT_SIZE] = g_param_spec_string ("input-size", "Input size",
        "Size that frames are fitted into for the network, WxH in multiples of 32 (640x384); empty: "
        "the model's own",
        NULL, set),
    [PROP_RECIPE] = g_param_spec_string ("recipe", "Recipe",
        "Compress by this recipe in place of quantising alone: the name of an installed one "
        "(balanced, fast, scene, small), or a path with a '/' or ending in .recipe; `method` is the "
        "recipe's then. Empty: int8 alone",
        NULL, set),
    [PROP_FRAMES] = g_param_spec_uint ("frames", "Frames",
        "Frames to take before the model is made; every eighth is held out to judge it",
        YV8_WORKER_HOLD_OUT, G_MAXINT, DEFAULT_FRAMES, set),
    [PROP_MIN_FRAMES] = g_param_spec_uint ("min-frames", "Min frames",
        "Frames that are enough at the end of the stream", YV8_WORKER_HOLD_OUT, G_MAXINT,
        DEFAULT_MIN_FRAMES, set),
    [PROP_INTERVAL] = g_param_spec_uint ("interval", "Interval",
        "Look at every Nth frame: neighbours are alike, and calibration that is free for each frame "
        "makes the same file of the same stream",
        1, G_MAXINT, DEFAULT_INTERVAL, set),
    [PROP_METHOD] =
        g_param_spec_enum ("method", "Method", "How the range of a feature map is chosen",
            GST_TYPE_YOLOV8_CALIBRATE_METHOD, YV8_METHOD_MSE, set),
    [PROP_MAX_DROP] = g_param_spec_double ("max-drop", "Max drop",
        "Most that may be lost of the agreement by box with the float model, which is 1 when all "
        "boxes are the same; layers are kept in float32 to reach it, and nothing is written if it "
        "cannot be reached; 0 accepts any loss",
        0., 1., DEFAULT_MAX_DROP, set),
    [PROP_PROGRESS] = g_param_spec_double ("progress", "Progress",
        "Up to 0.5 frames are taken, up to 1 the model is made", 0., 1., 0., get),
    [PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
        "state (gathering, finishing, done, failed, stopped); numbers of frames: seen, taken, held-out "
        "(of those taken), similar and busy (passed over as too similar, and because calibration was "
        "busy); progress; when the models were compared: agreement, agreement-50, "
        "agreement-by-box and score-shift",
        GST_TYPE_STRUCTURE, get),
  };

  g_object_class_install_properties (class, G_N_ELEMENTS (specs), specs);
  gst_type_mark_as_plugin_api (GST_TYPE_YOLOV8_CALIBRATE_METHOD, 0);
}

static void
gst_yolov8_calibrate_class_init (GstYolov8CalibrateClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GstElementClass *element_class = GST_ELEMENT_CLASS (class);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (class);

  GST_DEBUG_CATEGORY_INIT (yolov8calibrate_debug, "yolov8calibrate", 0, "YOLOv8 calibration");
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class, "YOLOv8 calibrator",
      "Filter/Analyzer/Video",
      "Makes an int8 YOLOv8 model from a float one and the frames that pass",
      "The gst-yolov8 project");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  element_class->change_state = GST_DEBUG_FUNCPTR (change_state);
  transform_class->start = GST_DEBUG_FUNCPTR (start);
  transform_class->stop = GST_DEBUG_FUNCPTR (stop);
  transform_class->set_caps = GST_DEBUG_FUNCPTR (set_caps);
  transform_class->sink_event = GST_DEBUG_FUNCPTR (sink_event);
  transform_class->transform_ip = GST_DEBUG_FUNCPTR (transform_ip);
}

static void
gst_yolov8_calibrate_init (GstYolov8Calibrate *self)
{
  GstBaseTransform *transform = GST_BASE_TRANSFORM (self);

  gst_base_transform_set_in_place (transform, TRUE);
  gst_base_transform_set_passthrough (transform, TRUE);
  gst_base_transform_set_qos_enabled (transform, FALSE);
}

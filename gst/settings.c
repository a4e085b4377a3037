/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the user of yolov8detect sets: its properties as a table over one structure. */
#include "settings.h"

/* By Yv8Property: where its value is. */
static const gsize offsets[] = {
  [YV8_PROP_MODEL] = G_STRUCT_OFFSET (Yv8Settings, wish.model),
  [YV8_PROP_FALLBACK_MODEL] = G_STRUCT_OFFSET (Yv8Settings, wish.fallback_model),
  [YV8_PROP_WATCH] = G_STRUCT_OFFSET (Yv8Settings, wish.watch),
  [YV8_PROP_DEVICE] = G_STRUCT_OFFSET (Yv8Settings, wish.device),
  [YV8_PROP_INPUT_SIZE] = G_STRUCT_OFFSET (Yv8Settings, wish.input_size),
  [YV8_PROP_CLASSES] = G_STRUCT_OFFSET (Yv8Settings, wish.classes),
  [YV8_PROP_THRESHOLD] = G_STRUCT_OFFSET (Yv8Settings, tuning.threshold),
  [YV8_PROP_IOU_THRESHOLD] = G_STRUCT_OFFSET (Yv8Settings, tuning.iou_threshold),
  [YV8_PROP_MAX_DETECTIONS] = G_STRUCT_OFFSET (Yv8Settings, tuning.max_detections),
  [YV8_PROP_INFERENCE_INTERVAL] = G_STRUCT_OFFSET (Yv8Settings, tuning.inference_interval),
  [YV8_PROP_OVERLAY] = G_STRUCT_OFFSET (Yv8Settings, tuning.overlay),
  [YV8_PROP_SHADOW_MODEL] = G_STRUCT_OFFSET (Yv8Settings, shadow_model),
  [YV8_PROP_SHADOW_INTERVAL] = G_STRUCT_OFFSET (Yv8Settings, tuning.shadow_interval),
  [YV8_PROP_DRIFT_FLOOR] = G_STRUCT_OFFSET (Yv8Settings, tuning.drift_floor),
};

#define SET                                                                                        \
  (G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS |                                \
      (GParamFlags) GST_PARAM_MUTABLE_PLAYING)
#define LIVE (SET | (GParamFlags) GST_PARAM_CONTROLLABLE)

static void
install_loading (GObjectClass *class)
{
  g_object_class_install_property (class, YV8_PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Path of a model file (.bin) or an Ultralytics ONNX export of YOLOv8 detect (`yolo export "
          "model=yolov8n.pt format=onnx`). A change while playing is loaded aside, checked and "
          "swapped in between two frames; if it fails, a warning is posted and the running model "
          "stays",
          NULL, SET));
  g_object_class_install_property (class, YV8_PROP_FALLBACK_MODEL,
      g_param_spec_string ("fallback-model", "Fallback model",
          "Path of the model to start with when `model` is not there yet or cannot be loaded; see "
          "`watch`",
          NULL, SET));
  g_object_class_install_property (class, YV8_PROP_WATCH,
      g_param_spec_boolean ("watch", "Watch",
          "Look four times a second whether the file `model` has appeared or was replaced, and swap "
          "it in as if it had been set; it is loaded once it has been still for a quarter of a "
          "second",
          FALSE, SET));
  g_object_class_install_property (class, YV8_PROP_DEVICE,
      g_param_spec_string ("device", "Device",
          "auto (the first GPU, else the CPU), cpu, ref, vulkan, vulkan:INDEX or vulkan:NAME; a "
          "change while playing is swapped in like one of `model`",
          "auto", SET));
  g_object_class_install_property (class, YV8_PROP_INPUT_SIZE,
      g_param_spec_string ("input-size", "Input size",
          "Size that frames are fitted into for the network, WxH in multiples of 32 (640x384); "
          "smaller is faster and misses more; empty: the model's own; a change while playing is "
          "swapped in like one of `model`",
          NULL, SET));
}

static void
install_detecting (GObjectClass *class)
{
  g_object_class_install_property (class, YV8_PROP_CLASSES,
      g_param_spec_string ("classes", "Classes",
          "What to look for: labels or numbers of classes, separated by commas (person,car,7); "
          "empty: all",
          NULL, SET));
  g_object_class_install_property (class, YV8_PROP_THRESHOLD,
      g_param_spec_float ("threshold", "Threshold", "Least confidence of an object", 0.f, 1.f,
          YV8_DEFAULT_THRESHOLD, LIVE));
  g_object_class_install_property (class, YV8_PROP_IOU_THRESHOLD,
      g_param_spec_float ("iou-threshold", "IoU threshold",
          "Of two boxes of one class that overlap by more (intersection over union), only the "
          "better is kept",
          0.f, 1.f, YV8_DEFAULT_IOU_THRESHOLD, LIVE));
  g_object_class_install_property (class, YV8_PROP_MAX_DETECTIONS,
      g_param_spec_uint ("max-detections", "Max detections",
          "Most objects a frame, the best ones; 0: no limit", 0, G_MAXINT,
          YV8_DEFAULT_MAX_DETECTIONS, LIVE));
  g_object_class_install_property (class, YV8_PROP_INFERENCE_INTERVAL,
      g_param_spec_uint ("inference-interval", "Inference interval",
          "Look for objects in every Nth frame; those between carry the boxes on", 1, G_MAXINT, 1,
          LIVE));
  g_object_class_install_property (class, YV8_PROP_OVERLAY,
      g_param_spec_boolean (
          "overlay", "Overlay", "Draw boxes and labels into the picture", TRUE, LIVE));
}

static void
install_drift (GObjectClass *class)
{
  g_object_class_install_property (class, YV8_PROP_SHADOW_MODEL,
      g_param_spec_string ("shadow-model", "Shadow model",
          "Path of a model to compare the running one with, as a rule the float model that it was "
          "calibrated from: it runs on single frames in the background, in one CPU thread; empty: "
          "none",
          NULL, SET));
  g_object_class_install_property (class, YV8_PROP_SHADOW_INTERVAL,
      g_param_spec_uint ("shadow-interval", "Shadow interval",
          "Compare with the shadow model on every Nth frame; one that comes while it is busy is "
          "skipped",
          1, G_MAXINT, 300, SET));
  g_object_class_install_property (class, YV8_PROP_DRIFT_FLOOR,
      g_param_spec_double ("drift-floor", "Drift floor",
          "Agreement with the shadow model (F1 of the boxes over the last eight comparisons) below "
          "which yolov8-drift is posted; 0: never",
          0., 1., 0.6, SET));
}

void
yv8_settings_install (GObjectClass *class)
{
  install_loading (class);
  install_detecting (class);
  install_drift (class);
  g_object_class_install_property (class, YV8_PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "model, model-sha256, device, frames, inferred; medians of the last frames in "
          "microseconds: preprocess, inference, postprocess, overlay, total",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
yv8_settings_set (Yv8Settings *settings, guint id, const GValue *value)
{
  gpointer field = G_STRUCT_MEMBER_P (settings, offsets[id]);

  switch (G_VALUE_TYPE (value)) {
  case G_TYPE_STRING:
    g_free (*(char **) field);
    *(char **) field = g_value_dup_string (value);
    break;
  case G_TYPE_BOOLEAN:
    *(gboolean *) field = g_value_get_boolean (value);
    break;
  case G_TYPE_UINT:
    *(guint *) field = g_value_get_uint (value);
    break;
  case G_TYPE_FLOAT:
    *(float *) field = g_value_get_float (value);
    break;
  case G_TYPE_DOUBLE:
    *(double *) field = g_value_get_double (value);
    break;
  default:
    g_assert_not_reached ();
  }
}

void
yv8_settings_get (const Yv8Settings *settings, guint id, GValue *value)
{
  gconstpointer field = G_STRUCT_MEMBER_P (settings, offsets[id]);

  switch (G_VALUE_TYPE (value)) {
  case G_TYPE_STRING:
    g_value_set_string (value, *(char *const *) field);
    break;
  case G_TYPE_BOOLEAN:
    g_value_set_boolean (value, *(const gboolean *) field);
    break;
  case G_TYPE_UINT:
    g_value_set_uint (value, *(const guint *) field);
    break;
  case G_TYPE_FLOAT:
    g_value_set_float (value, *(const float *) field);
    break;
  case G_TYPE_DOUBLE:
    g_value_set_double (value, *(const double *) field);
    break;
  default:
    g_assert_not_reached ();
  }
}

void
yv8_settings_clear (Yv8Settings *settings)
{
  yv8_wish_clear (&settings->wish);
  g_clear_pointer (&settings->shadow_model, g_free);
}

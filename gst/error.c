/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Errors of the engine as error and warning messages of an element. */
#include "error.h"

#define EXPORT "`yolo export model=yolov8n.pt format=onnx`"

/* By Yv8Error. */
static const struct {
  GQuark (*domain) (void);
  gint code;
  const char *remedy;
} kinds[] = {
  [YV8_ERROR_NOT_FOUND] = { gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND,
      "Set property model=... to a file that is there, export one with " EXPORT
      ", and property device=... to a device that is there" },
  [YV8_ERROR_READ] = { gst_resource_error_quark, GST_RESOURCE_ERROR_READ,
      "Set property model=... to a file that may be read" },
  [YV8_ERROR_FORMAT] = { gst_stream_error_quark, GST_STREAM_ERROR_FORMAT,
      "The file is broken or no ONNX model: export it anew with " EXPORT },
  [YV8_ERROR_UNSUPPORTED] = { gst_stream_error_quark, GST_STREAM_ERROR_NOT_IMPLEMENTED,
      "Use an Ultralytics export of a YOLOv8 detection model, made with " EXPORT },
  [YV8_ERROR_ARGUMENT] = { gst_library_error_quark, GST_LIBRARY_ERROR_SETTINGS,
      "Correct the property; `gst-inspect-1.0` with the element's name tells its range" },
  [YV8_ERROR_DEVICE] = { gst_resource_error_quark, GST_RESOURCE_ERROR_FAILED,
      "Start the pipeline again, or set property device=cpu" },
  [YV8_ERROR_MEMORY] = { gst_resource_error_quark, GST_RESOURCE_ERROR_NO_SPACE_LEFT,
      "Set a smaller input-size=... or use a smaller model" },
  [YV8_ERROR_ACCURACY] = { gst_stream_error_quark, GST_STREAM_ERROR_FAILED,
      "Calibrate with more frames that differ, or set a larger max-drop=..." },
};

static void
post (GstElement *element, GstMessageType type, const char *what, GError *error)
{
  guint kind = MIN ((guint) error->code, G_N_ELEMENTS (kinds) - 1);

  gst_element_message_full (element, type, kinds[kind].domain (), kinds[kind].code,
      g_strdup_printf (
          "%s%s%s. %s.", what ? what : "", what ? ": " : "", error->message, kinds[kind].remedy),
      NULL, __FILE__, G_STRFUNC, __LINE__);
  g_error_free (error);
}

void
yv8_element_error (GstElement *element, GError *error)
{
  post (element, GST_MESSAGE_ERROR, NULL, error);
}

void
yv8_element_warning (GstElement *element, const char *what, GError *error)
{
  post (element, GST_MESSAGE_WARNING, what, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plug-in "yolov8": registers its elements. */
#include "config.h"

#include <gst/gst.h>

#include "gstyolov8calibrate.h"
#include "gstyolov8detect.h"

#define PACKAGE "gst-yolov8"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (yolov8detect, plugin) &&
         GST_ELEMENT_REGISTER (yolov8calibrate, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, yolov8, "YOLOv8 object detection",
    plugin_init, YV8_VERSION, "LGPL", PACKAGE, PACKAGE)

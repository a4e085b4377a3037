/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The element yolov8detect: finds objects, attaches and draws them. */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_YOLOV8_DETECT (gst_yolov8_detect_get_type ())
G_DECLARE_FINAL_TYPE (GstYolov8Detect, gst_yolov8_detect, GST, YOLOV8_DETECT, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (yolov8detect)

G_END_DECLS

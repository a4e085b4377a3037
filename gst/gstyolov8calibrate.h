/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The element yolov8calibrate: makes an int8 model from the frames that pass. */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_YOLOV8_CALIBRATE (gst_yolov8_calibrate_get_type ())
G_DECLARE_FINAL_TYPE (
    GstYolov8Calibrate, gst_yolov8_calibrate, GST, YOLOV8_CALIBRATE, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (yolov8calibrate)

G_END_DECLS

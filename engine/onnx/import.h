/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From an Ultralytics ONNX export of YOLOv8 detect to a graph. */
#pragma once

#include "model/network.h"

G_BEGIN_DECLS

/**
 * yv8_onnx_import:
 * @bytes: a whole .onnx file; hostile until proven good. May be of any alignment
 *
 * Opsets 11 to 19 and later ones as long as the operators are known; float32 and float16; static
 * and dynamic shapes; constants folded or not. The tail is accepted only if, run on random values,
 * it equals the DETECT op. The metadata are the file's metadata_props; the input size is from
 * metadata "imgsz", then 640, where it is dynamic.
 *
 * Returns: (transfer full): %NULL with @error set: FORMAT (broken bytes) or UNSUPPORTED, naming
 * node, operator and reason
 */
Yv8Network *yv8_onnx_import (const guint8 *bytes, gsize size, GError **error);

G_END_DECLS

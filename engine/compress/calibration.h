/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A calibration from the first frame to the int8 graph: what Yv8Calibrator is without models and
 * devices. */
#pragma once

#include "compress/mixed.h"
#include "compress/report.h"

G_BEGIN_DECLS

/**
 * Yv8Calibration:
 * @scheme: of the float graph
 * @truth: float, whose boxes the int8 graph's are compared with: the calibration's own graph,
 * unless another of the same DETECT is put there, which must outlive the calibration
 * @brief: may be set: @layers is measured only where max_drop asks for it
 * @layers: (array): of each op; measured by finish()
 * @frames: (element-type utf8): names by #Yv8FrameUse
 * @agreement: measured by finish()
 */
typedef struct _Yv8CalibrationPrivate Yv8CalibrationPrivate;
typedef struct {
  Yv8Scheme *scheme;
  const Yv8Graph *truth;
  gboolean brief;
  Yv8LayerFidelity *layers;
  GPtrArray *frames[2];
  Yv8Agreement agreement;
  Yv8CalibrationPrivate *private;
} Yv8Calibration;

/**
 * yv8_calibration_new:
 * @graph: float, checked, with DETECT; must outlive the calibration
 * @target: where to run it; its fields open, data, width and height
 * @keep_float: (nullable): see yv8_scheme_keep()
 * @max_drop: see yv8_mixed_search()
 *
 * Returns: (transfer full): %NULL with @error set
 */
Yv8Calibration *yv8_calibration_new (const Yv8Graph *graph, const Yv8Target *target,
    Yv8Method method, const char *keep_float, double max_drop, GError **error);
void yv8_calibration_free (Yv8Calibration *calibration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Calibration, yv8_calibration_free)

/**
 * yv8_calibration_add: see yv8_calibrator_add()
 */
gboolean yv8_calibration_add (Yv8Calibration *calibration, const Yv8Frame *frame, const char *name,
    Yv8FrameUse use, GError **error);

/**
 * yv8_calibration_finish: see yv8_calibrator_finish()
 *
 * Returns: (transfer full): the int8 graph; %NULL with @error set
 */
Yv8Graph *yv8_calibration_finish (
    Yv8Calibration *calibration, Yv8ProgressFunc progress, gpointer data, GError **error);

/**
 * yv8_calibration_layers: Returns: (transfer full) (element-type Yv8ReportLayer): the convolutions,
 * with what the calibration knows of them
 */
GArray *yv8_calibration_layers (const Yv8Calibration *calibration);

G_END_DECLS

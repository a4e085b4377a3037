/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Agreement of boxes. */
#include <yv8/evaluator.h>

#include "compress/agreement.h"
#include "detect/decode.h"

static GArray *
decode (Yv8Decoder *decoder, Yv8Executor *executor, guint n_outputs, float threshold)
{
  const Yv8DetectParams params = { threshold, YV8_DEFAULT_IOU_THRESHOLD, YV8_DEFAULT_MAX_DETECTIONS,
    NULL };
  GArray *boxes = g_array_new (FALSE, FALSE, sizeof (Yv8Detection));
  const float *outputs[YV8_OP_MAX_INPUTS];
  const Yv8Detection *found;

  for (guint i = 0; i < n_outputs; i++)
    outputs[i] = yv8_executor_output (executor, i);
  guint n = yv8_decoder_run (decoder, outputs, &params, &found);
  g_array_append_vals (boxes, found, n);
  return boxes;
}

gboolean
yv8_agreement_detect (const Yv8Graph *graph, const Yv8Target *target, const Yv8Album *album,
    float threshold, GPtrArray *detections, GError **error)
{
  const Yv8Op *detect = yv8_graph_detect (graph);
  g_autoptr (Yv8Executor) executor = yv8_target_open (target, graph, 0, error);
  g_autoptr (Yv8Decoder) decoder = yv8_decoder_new (detect, target->width, target->height);

  if (!executor)
    return FALSE;
  if (!decoder) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory for boxes");
    return FALSE;
  }
  for (guint i = 0; i < yv8_album_n (album); i++) {
    if (!yv8_target_run (target, executor, yv8_album_get (album, i), error))
      return FALSE;
    g_ptr_array_add (detections, decode (decoder, executor, detect->n_in, threshold));
  }
  return TRUE;
}

void
yv8_agreement_compare (
    const GPtrArray *truth, const GPtrArray *found, guint n_classes, Yv8Agreement *agreement)
{
  g_autoptr (Yv8Evaluator) evaluator = yv8_evaluator_new (n_classes);
  Yv8Average average;
  double shift = 0;
  guint n = 0;

  for (guint i = 0; i < truth->len && i < found->len; i++) {
    const GArray *a = g_ptr_array_index (truth, i), *b = g_ptr_array_index (found, i);
    yv8_evaluator_add_image (
        evaluator, (const Yv8Detection *) a->data, a->len, (const Yv8Detection *) b->data, b->len);
    shift += yv8_score_shift (
        (const Yv8Detection *) a->data, a->len, (const Yv8Detection *) b->data, b->len, &n);
  }
  yv8_evaluator_average (evaluator, &average);
  *agreement = (Yv8Agreement){ average.map, average.map50, average.by_label, n ? shift / n : 0,
    average.n_images, average.n_labels };
}

gboolean
yv8_agreement_check (const Yv8Agreement *agreement, double max_drop, GError **error)
{
  g_return_val_if_fail (agreement, FALSE);

  if (max_drop <= 0 || 1 - agreement->by_box <= max_drop)
    return TRUE;
  if (agreement->n_boxes == 0)
    g_set_error (error, YV8_ERROR, YV8_ERROR_ACCURACY,
        "the model cannot be judged: the float model found nothing on the %u frames held out; add "
        "frames with objects",
        agreement->n_frames);
  else
    g_set_error (error, YV8_ERROR, YV8_ERROR_ACCURACY,
        "the model agrees with the float model to %.4f (AP by box, %u boxes on %u frames); allowed "
        "is a loss of %g. Allow more, or add frames",
        agreement->by_box, agreement->n_boxes, agreement->n_frames, max_drop);
  return FALSE;
}

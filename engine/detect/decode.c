/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The DETECT op: logits are scanned plane by plane, the best candidates gathered in a heap, and
 * only these decoded. */
#include "detect/decode.h"

#include <math.h>
#include <string.h>

#include "detect/nms.h"
#include "shaders/lib/numeric.h"

typedef struct {
  float logit;
  guint32 class_id;
  guint32 anchor;
} Candidate;

/* Edges in pixels of the input. */
typedef struct {
  float x1, y1, x2, y2;
} Box;

typedef struct {
  const float *distances; /* [4 * reg_max][rows * columns] */
  const float *logits;    /* [n_classes][rows * columns] */
  guint columns, cells;
  guint stride;
  guint first_anchor;
} Scale;

struct _Yv8Decoder {
  const Yv8Op *detect;
  guint width, height;
  guint n_scales;
  guint n_anchors;
  guint capacity;
  guint n_candidates;
  Candidate *candidates; /* once full, a heap with the worst at the root */
  Yv8Detection *detections;
  Box *boxes;         /* of each anchor */
  guint8 *is_decoded; /* whether boxes[anchor] holds this frame's; all 0 between runs */
};

static Scale
get_scale (const Yv8Op *detect, guint width, guint height, const float *const *outputs, guint index)
{
  Scale scale = { .first_anchor = 0 };

  for (guint i = 0; i <= index; i++) {
    scale.first_anchor += scale.cells;
    scale.stride = detect->strides[i];
    scale.columns = width / scale.stride;
    scale.cells = scale.columns * (height / scale.stride);
  }
  scale.distances = outputs[2 * index];
  scale.logits = outputs[2 * index + 1];
  return scale;
}

/* The expectation of a softmax over the bins; 0 where it is undefined. */
static float
expected_distance (const float *bins, guint reg_max, gsize plane)
{
  float max = bins[0];
  float sum = 0, weighted = 0;

  for (guint i = 1; i < reg_max; i++)
    max = MAX (max, bins[i * plane]);
  for (guint i = 0; i < reg_max; i++) {
    float below = bins[i * plane] - max;
    if (isnan (below)) /* a bin is, or the greatest is infinite */
      return 0;
    float e = yv8_exp (below);
    sum = sum + e;
    e = e * (float) i;
    weighted = weighted + e;
  }
  return weighted * yv8_reciprocal (sum);
}

static Box
decode_box (const Scale *scale, guint cell, guint reg_max)
{
  float stride = (float) scale->stride;
  float x = (float) (cell % scale->columns) + 0.5f;
  float y = (float) (cell / scale->columns) + 0.5f;
  float distance[4]; /* left, top, right, bottom */

  for (guint i = 0; i < 4; i++)
    distance[i] = expected_distance (
        scale->distances + (gsize) i * reg_max * scale->cells + cell, reg_max, scale->cells);
  return (Box){ (x - distance[0]) * stride, (y - distance[1]) * stride, (x + distance[2]) * stride,
    (y + distance[3]) * stride };
}

/* log (m 2^n), m in sqrt (1/2)..sqrt (2), is n log (2) + 2 atanh ((m - 1) / (m + 1)). */
float
yv8_logit (double probability)
{
  double p = CLAMP (probability, 0, 1);
  double odds = p / (1 - p), sum = 0;
  int n;

  if (!(odds > 0 && odds < INFINITY))
    return odds == 0 ? -INFINITY : (float) odds;
  double m = frexp (odds, &n);
  if (m < G_SQRT2 / 2) {
    m = 2 * m;
    n--;
  }
  double x = (m - 1) / (m + 1);
  for (int i = 21; i > 0; i -= 2)
    sum = sum * (x * x) + 1.0 / i;
  return (float) (n * G_LN2 + 2 * x * sum);
}

static gboolean
is_better (const Candidate *a, const Candidate *b)
{
  if (a->logit != b->logit)
    return a->logit > b->logit;
  if (a->class_id != b->class_id)
    return a->class_id < b->class_id;
  return a->anchor < b->anchor;
}

/* Restores the heap [root, n) after its root was replaced. */
static void
sift_down (Candidate *heap, guint root, guint n)
{
  Candidate item = heap[root];
  guint child;

  while ((child = 2 * root + 1) < n) {
    if (child + 1 < n && is_better (&heap[child], &heap[child + 1]))
      child++;
    if (!is_better (&item, &heap[child]))
      break;
    heap[root] = heap[child];
    root = child;
  }
  heap[root] = item;
}

static void
make_heap (Candidate *heap, guint n)
{
  for (guint i = n / 2; i-- > 0;)
    sift_down (heap, i, n);
}

/* From a heap to the best first. */
static void
sort_heap (Candidate *heap, guint n)
{
  while (n > 1) {
    Candidate worst = heap[0];
    heap[0] = heap[--n];
    heap[n] = worst;
    sift_down (heap, 0, n);
  }
}

static void
add_candidate (Yv8Decoder *decoder, const Candidate *candidate)
{
  if (decoder->n_candidates < decoder->capacity) {
    decoder->candidates[decoder->n_candidates++] = *candidate;
    if (decoder->n_candidates == decoder->capacity)
      make_heap (decoder->candidates, decoder->capacity);
  } else if (is_better (candidate, &decoder->candidates[0])) {
    decoder->candidates[0] = *candidate;
    sift_down (decoder->candidates, 0, decoder->capacity);
  }
}

#define BLOCK   16
#define LANES   4
#define VECTORS (BLOCK / LANES)

typedef float Vector __attribute__ ((vector_size (LANES * sizeof (float))));
typedef gint32 Mask __attribute__ ((vector_size (LANES * sizeof (gint32))));

/* Of BLOCK logits. */
static inline gboolean
any_reaches (const float *logits, float least)
{
  const Vector bound = { least, least, least, least };
  Vector values[VECTORS];
  guint64 any[LANES / 2];

  memcpy (values, logits, sizeof values);
  Mask mask =
      (values[0] >= bound) | (values[1] >= bound) | (values[2] >= bound) | (values[3] >= bound);
  memcpy (any, &mask, sizeof any);
  return (any[0] | any[1]) != 0;
}

/* Of one class and scale: nearly all blocks have no candidate, and that is seen at once. */
static void
scan_plane (Yv8Decoder *decoder, const Scale *scale, guint class_id, float least)
{
  const float *logits = scale->logits + (gsize) class_id * scale->cells;

  for (guint first = 0; first < scale->cells; first += BLOCK) {
    guint end = MIN (first + BLOCK, scale->cells);
    if (end - first == BLOCK && !any_reaches (logits + first, least))
      continue;
    for (guint i = first; i < end; i++)
      if (logits[i] >= least) {
        Candidate candidate = { logits[i], class_id, scale->first_anchor + i };
        add_candidate (decoder, &candidate);
      }
  }
}

/* Puts the candidates as detections, best first. A sigmoid may be off by its last bit: that does
 * not turn the order of scores. */
static void
decode_candidates (Yv8Decoder *decoder, const Scale *scales)
{
  float score = 1;

  for (guint i = 0; i < decoder->n_candidates; i++) {
    const Candidate *candidate = &decoder->candidates[i];
    Box *box = &decoder->boxes[candidate->anchor];
    if (!decoder->is_decoded[candidate->anchor]) {
      const Scale *scale = scales;
      while (candidate->anchor - scale->first_anchor >= scale->cells)
        scale++;
      *box = decode_box (scale, candidate->anchor - scale->first_anchor, decoder->detect->reg_max);
      decoder->is_decoded[candidate->anchor] = TRUE;
    }
    score = MIN (score, yv8_sigmoid (candidate->logit));
    decoder->detections[i] = (Yv8Detection){ candidate->class_id, score, box->x1, box->y1,
      box->x2 - box->x1, box->y2 - box->y1 };
  }
  for (guint i = 0; i < decoder->n_candidates; i++)
    decoder->is_decoded[decoder->candidates[i].anchor] = FALSE;
}

Yv8Decoder *
yv8_decoder_new (const Yv8Op *detect, guint width, guint height)
{
  g_autoptr (Yv8Decoder) decoder = g_new0 (Yv8Decoder, 1);
  guint n_anchors = yv8_graph_n_anchors (detect, width, height);

  decoder->detect = detect;
  decoder->width = width;
  decoder->height = height;
  decoder->n_scales = detect->n_in / 2;
  decoder->n_anchors = n_anchors;
  decoder->capacity =
      (guint) MIN ((guint64) n_anchors * detect->n_classes, YV8_DECODER_MAX_CANDIDATES);
  decoder->candidates = g_try_new (Candidate, decoder->capacity);
  decoder->detections = g_try_new (Yv8Detection, decoder->capacity);
  decoder->boxes = g_try_new (Box, n_anchors);
  decoder->is_decoded = g_try_new0 (guint8, n_anchors);
  if (!decoder->candidates || !decoder->detections || !decoder->boxes || !decoder->is_decoded)
    return NULL;
  return g_steal_pointer (&decoder);
}

void
yv8_decoder_free (Yv8Decoder *decoder)
{
  g_free (decoder->candidates);
  g_free (decoder->detections);
  g_free (decoder->boxes);
  g_free (decoder->is_decoded);
  g_free (decoder);
}

guint
yv8_decoder_run (Yv8Decoder *decoder, const float *const *outputs, const Yv8DetectParams *params,
    const Yv8Detection **detections)
{
  const Yv8Op *detect = decoder->detect;
  float least = yv8_logit (params->threshold);
  Scale scales[YV8_GRAPH_MAX_SCALES];

  decoder->n_candidates = 0;
  for (guint i = 0; i < decoder->n_scales; i++) {
    scales[i] = get_scale (detect, decoder->width, decoder->height, outputs, i);
    for (guint class_id = 0; class_id < detect->n_classes; class_id++)
      if (!params->classes || params->classes[class_id])
        scan_plane (decoder, &scales[i], class_id, least);
  }
  if (decoder->n_candidates < decoder->capacity)
    make_heap (decoder->candidates, decoder->n_candidates);
  sort_heap (decoder->candidates, decoder->n_candidates);
  decode_candidates (decoder, scales);
  *detections = decoder->detections;
  return yv8_nms (
      decoder->detections, decoder->n_candidates, params->iou_threshold, params->max_detections);
}

void
yv8_decode_dense (
    const Yv8Op *detect, guint width, guint height, const float *const *outputs, float *dense)
{
  gsize n_anchors = yv8_graph_n_anchors (detect, width, height);

  for (guint i = 0; i < detect->n_in / 2; i++) {
    Scale scale = get_scale (detect, width, height, outputs, i);
    for (guint cell = 0; cell < scale.cells; cell++) {
      float *out = dense + scale.first_anchor + cell;
      Box box = decode_box (&scale, cell, detect->reg_max);
      out[0 * n_anchors] = (box.x1 + box.x2) / 2;
      out[1 * n_anchors] = (box.y1 + box.y2) / 2;
      out[2 * n_anchors] = box.x2 - box.x1;
      out[3 * n_anchors] = box.y2 - box.y1;
      for (guint c = 0; c < detect->n_classes; c++)
        out[(4 + c) * n_anchors] = yv8_sigmoid (scale.logits[(gsize) c * scale.cells + cell]);
    }
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Average precision. Matching is done as images come; of a detection only its score and what it
 * matched is kept. */
#include <yv8/evaluator.h>

#include <math.h>
#include <stdlib.h>

#define N_THRESHOLDS 10
#define N_RECALLS    101
#define MATCH_IOU    0.5f

/* A detection: bit i of @matches: it matched a label at the i-th IoU threshold. */
typedef struct {
  float score;
  guint16 matches;
} Match;

typedef struct {
  GArray *matches; /* of Match */
  guint n_labels;
} Class;

struct _Yv8Evaluator {
  guint n_classes;
  guint n_images;
  Class *classes;
};

static const float thresholds[N_THRESHOLDS] = {
  0.50f, 0.55f, 0.60f, 0.65f, 0.70f, 0.75f, 0.80f, 0.85f, 0.90f, 0.95f, /* increasing */
};

/* Entries of one image, grouped by class, best first within one. Pointers keep the order given. */
static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const Yv8Detection *x = *(const Yv8Detection *const *) a;
  const Yv8Detection *y = *(const Yv8Detection *const *) b;

  if (x->class_id != y->class_id)
    return x->class_id < y->class_id ? -1 : 1;
  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x < y ? -1 : x > y;
}

Yv8Evaluator *
yv8_evaluator_new (guint n_classes)
{
  Yv8Evaluator *evaluator = g_new0 (Yv8Evaluator, 1);

  evaluator->n_classes = n_classes;
  evaluator->classes = g_new0 (Class, n_classes);
  for (guint i = 0; i < n_classes; i++)
    evaluator->classes[i].matches = g_array_new (FALSE, FALSE, sizeof (Match));
  return evaluator;
}

void
yv8_evaluator_free (Yv8Evaluator *evaluator)
{
  for (guint i = 0; i < evaluator->n_classes; i++)
    g_array_unref (evaluator->classes[i].matches);
  g_free (evaluator->classes);
  g_free (evaluator);
}

/* Takes, at each threshold, the free label that overlaps most. Bit i of taken[j]: label j is taken
 * at the i-th threshold. */
static guint16
match (const Yv8Detection *detection, const Yv8Detection *labels, guint n_labels, guint16 *taken)
{
  float best[N_THRESHOLDS];
  guint best_label[N_THRESHOLDS] = { 0 };
  guint16 matches = 0;

  for (guint i = 0; i < N_THRESHOLDS; i++)
    best[i] = thresholds[i];
  for (guint j = 0; j < n_labels; j++) {
    if (labels[j].class_id != detection->class_id)
      continue;
    float iou = yv8_detection_iou (detection, &labels[j]);
    for (guint i = 0; i < N_THRESHOLDS && iou >= thresholds[i]; i++)
      if (!(taken[j] & 1 << i) && iou >= best[i]) {
        best[i] = iou;
        best_label[i] = j;
        matches |= (guint16) (1 << i);
      }
  }
  for (guint i = 0; i < N_THRESHOLDS; i++)
    if (matches & 1 << i)
      taken[best_label[i]] |= (guint16) (1 << i);
  return matches;
}

void
yv8_evaluator_add_image (Yv8Evaluator *evaluator, const Yv8Detection *labels, guint n_labels,
    const Yv8Detection *detections, guint n_detections)
{
  g_autofree guint16 *taken = g_new0 (guint16, n_labels);
  g_autofree const Yv8Detection **sorted = g_new (const Yv8Detection *, n_detections);

  evaluator->n_images++;
  for (guint i = 0; i < n_labels; i++)
    if (labels[i].class_id < evaluator->n_classes)
      evaluator->classes[labels[i].class_id].n_labels++;
  for (guint i = 0; i < n_detections; i++)
    sorted[i] = &detections[i];
  if (n_detections)
    qsort (sorted, n_detections, sizeof *sorted, compare_entries);
  for (guint i = 0; i < n_detections && sorted[i]->class_id < evaluator->n_classes; i++) {
    Class *class = &evaluator->classes[sorted[i]->class_id];
    Match entry = { sorted[i]->score, match (sorted[i], labels, n_labels, taken) };
    g_array_append_val (class->matches, entry);
  }
}

static int
compare_matches (gconstpointer a, gconstpointer b)
{
  float x = ((const Match *) a)->score, y = ((const Match *) b)->score;

  return x < y ? 1 : x > y ? -1 : 0;
}

/* From the worst match to the best: precision that never falls again as recall rises, read where
 * each of the 101 recalls is first reached. */
static double
average_precision (const GArray *sorted, guint n_labels, guint threshold)
{
  guint n_true = 0;
  double precision = 0, sum = 0;
  int recall = N_RECALLS - 1;

  for (guint i = 0; i < sorted->len; i++)
    n_true += g_array_index (sorted, Match, i).matches >> threshold & 1;
  while (recall >= 0 && recall * 0.01 > (double) n_true / n_labels)
    recall--;
  for (guint i = sorted->len; i-- > 0;) {
    precision = MAX (precision, (double) n_true / (i + 1));
    n_true -= g_array_index (sorted, Match, i).matches >> threshold & 1;
    for (; recall >= 0 && (i == 0 || recall * 0.01 > (double) n_true / n_labels); recall--)
      sum += precision;
  }
  return sum / N_RECALLS;
}

void
yv8_evaluator_class_average (
    const Yv8Evaluator *evaluator, guint class_id, Yv8ClassAverage *average)
{
  *average = (Yv8ClassAverage){ .ap = NAN, .ap50 = NAN };
  if (class_id >= evaluator->n_classes)
    return;

  const Class *class = &evaluator->classes[class_id];
  average->n_labels = class->n_labels;
  average->n_detections = class->matches->len;
  if (class->n_labels == 0)
    return;

  g_autoptr (GArray) sorted = g_array_copy (class->matches);
  g_array_sort (sorted, compare_matches); /* stable */
  average->ap = 0;
  for (guint i = 0; i < N_THRESHOLDS; i++) {
    double ap = average_precision (sorted, class->n_labels, i);
    if (i == 0)
      average->ap50 = ap;
    average->ap += ap / N_THRESHOLDS;
  }
}

void
yv8_evaluator_average (const Yv8Evaluator *evaluator, Yv8Average *average)
{
  guint n = 0;

  *average = (Yv8Average){ .n_images = evaluator->n_images };
  for (guint i = 0; i < evaluator->n_classes; i++) {
    Yv8ClassAverage class_average;
    yv8_evaluator_class_average (evaluator, i, &class_average);
    if (class_average.n_labels == 0)
      continue;
    average->n_labels += class_average.n_labels;
    average->map += class_average.ap;
    average->map50 += class_average.ap50;
    average->by_label += class_average.n_labels * class_average.ap;
    average->by_label50 += class_average.n_labels * class_average.ap50;
    n++;
  }
  average->map = n ? average->map / n : NAN;
  average->map50 = n ? average->map50 / n : NAN;
  average->by_label = n ? average->by_label / average->n_labels : NAN;
  average->by_label50 = n ? average->by_label50 / average->n_labels : NAN;
}

double
yv8_score_shift (const Yv8Detection *truth, guint n_truth, const Yv8Detection *found, guint n_found,
    guint *n_matched)
{
  g_autofree gboolean *taken = g_new0 (gboolean, n_found + 1);
  double sum = 0;

  for (guint i = 0; i < n_truth; i++) {
    float most = MATCH_IOU;
    guint best = G_MAXUINT;
    for (guint j = 0; j < n_found; j++) {
      gboolean free = found[j].class_id == truth[i].class_id && !taken[j];
      float iou = free ? yv8_detection_iou (&truth[i], &found[j]) : 0;
      if (iou >= most && (best == G_MAXUINT || iou > most)) {
        most = iou;
        best = j;
      }
    }
    if (best == G_MAXUINT)
      continue;
    taken[best] = TRUE;
    sum += (double) (found[best].score - truth[i].score);
    (*n_matched)++;
  }
  return sum;
}

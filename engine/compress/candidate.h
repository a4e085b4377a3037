/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the sets of a family cost. */
#pragma once

#include "compress/criterion.h"
#include "compress/family.h"
#include "compress/gram.h"

G_BEGIN_DECLS

/**
 * Yv8Member: a CONV that writes or reads a family
 * @op: of the graph
 * @n: channels that it has of each set
 */
typedef struct {
  guint op, n;
} Yv8Member;

/**
 * Yv8Candidate: a family that may lose sets
 * @producers: (element-type Yv8Member): have rows for it
 * @consumers: (element-type Yv8Member): have columns for it
 * @n: sets that may go
 * @order: (array length=n): the sets, in the order in which they go
 * @costs: (array length=n): of each in turn
 * @n_trial: how many are removed on trial; 0 for none
 * @trial: (nullable): the consumers alone, in that order, with weights that make good the removal
 */
typedef struct {
  const Yv8Graph *graph;
  const Yv8Family *family;
  GArray *producers, *consumers;
  guint n;
  guint *order;
  double *costs;
  guint n_trial;
  Yv8Graph *trial;
} Yv8Candidate;

/**
 * yv8_candidate_new:
 * @graph: must outlive the candidate, as must @family
 * @n: how many sets may go
 *
 * Returns: (transfer full): without costs
 */
Yv8Candidate *yv8_candidate_new (const Yv8Graph *graph, const Yv8Family *family, guint n);
void yv8_candidate_free (Yv8Candidate *candidate);

/**
 * yv8_candidate_measure: sets order and costs, and with OBS the trial
 * @grams: (nullable): of all consumers at least; needed by OBS and ENERGY
 *
 * Returns: %FALSE with @error set (MEMORY, FORMAT)
 */
gboolean yv8_candidate_measure (
    Yv8Candidate *candidate, Yv8Criterion criterion, GPtrArray *grams, GError **error);

G_END_DECLS

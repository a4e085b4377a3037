/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is to become of a float graph: which layers turn to int8, and with which scales. */
#pragma once

#include "graph/graph.h"

G_BEGIN_DECLS

/**
 * Yv8Scheme:
 * @graph: float; must outlive the scheme
 * @quants: (array): of what each op writes; set for INPUT, to be set for the CONVs that
 *   yv8_scheme_ranged() names, unused of others
 * @keep_float: (array): of each op, whether it stays in float32
 * @corrections: (array) (nullable elements): of each CONV, float32 [out.channels] to add to the
 *   bias of its int8 form
 */
typedef struct {
  const Yv8Graph *graph;
  Yv8Quant *quants;
  gboolean *keep_float;
  float **corrections;
} Yv8Scheme;

/**
 * yv8_scheme_new: Returns: (transfer full): with the layers in float32 that can be nothing else:
 * those too wide for the accumulator, and outputs with a residual
 */
Yv8Scheme *yv8_scheme_new (const Yv8Graph *graph);
void yv8_scheme_free (Yv8Scheme *scheme);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Scheme, yv8_scheme_free)

/**
 * yv8_scheme_keep:
 * @patterns: (nullable): comma-separated globs ('*', '?') of names of convolutions
 *
 * Returns: %FALSE with @error set (ARGUMENT) if a pattern names none
 */
gboolean yv8_scheme_keep (Yv8Scheme *scheme, const char *patterns, GError **error);

/**
 * yv8_scheme_n_kept: Returns: convolutions that stay in float32
 */
guint yv8_scheme_n_kept (const Yv8Scheme *scheme);

/**
 * yv8_scheme_is_output: Returns: whether op @index writes what is read after a run; that stays
 * float32 also when the op's input is int8
 */
gboolean yv8_scheme_is_output (const Yv8Scheme *scheme, guint index);

/**
 * yv8_scheme_ranged: Returns: whether the range of what op @index writes is wanted
 */
gboolean yv8_scheme_ranged (const Yv8Scheme *scheme, guint index);

/**
 * yv8_scheme_fixed_low: Returns: whether op @index writes a SiLU's output, without a residual
 */
gboolean yv8_scheme_fixed_low (const Yv8Scheme *scheme, guint index);

/**
 * yv8_scheme_quants: Returns: (transfer full): of the channels of each of the float graph's buffers
 * in int8 form; free with yv8_quants_free()
 */
Yv8Quant **yv8_scheme_quants (const Yv8Scheme *scheme);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inside of the backend "ref": what its files share. */
#pragma once

#include "ref/planar.h"

G_BEGIN_DECLS

/**
 * Yv8Ref:
 * @row: accumulators of a row of the widest map
 * @integers: likewise, of the integer path
 */
typedef struct {
  Yv8Planar planar;
  double *row;
  gint32 *integers;
} Yv8Ref;

typedef struct {
  const char *name;
  void (*run) (Yv8Ref *ref, const Yv8Op *op);
} Yv8RefKernel;

/**
 * YV8_REF_QS8: kernels of the ops that read or write int8, by kind
 */
extern const Yv8RefKernel YV8_REF_QS8[YV8_N_OP_KINDS];

/* The ops that move values and compute none: engine/ref/move.tmpl.c, of either type. */
void yv8_ref_maxpool_f32 (Yv8Ref *ref, const Yv8Op *op);
void yv8_ref_maxpool_qs8 (Yv8Ref *ref, const Yv8Op *op);
void yv8_ref_upsample_f32 (Yv8Ref *ref, const Yv8Op *op);
void yv8_ref_upsample_qs8 (Yv8Ref *ref, const Yv8Op *op);
void yv8_ref_copy_f32 (Yv8Ref *ref, const Yv8Op *op);
void yv8_ref_copy_qs8 (Yv8Ref *ref, const Yv8Op *op);

/**
 * yv8_ref_window_row: Returns: the row of the input that row @ky of the window lies on when it
 * computes row @row of the output; -1 where that is outside
 */
static inline gint64
yv8_ref_window_row (const Yv8Window *window, guint row, guint ky, guint height)
{
  gint64 in = (gint64) row * window->stride + ky - window->pad;

  return in < height ? MAX (in, -1) : -1;
}

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Int8 kernels that are wrong on purpose, each by one error that real ones have. */
#pragma once

#include "exec/backend.h"

/**
 * Mutant:
 * @MUTANT_NONE: none, to show that it is the error that is seen
 * @MUTANT_ACCUMULATOR: one accumulator of a convolution is too great by one
 * @MUTANT_SATURATION: sums of two products stop at the ends of int16
 * @MUTANT_BORDER: outside of the map q is 0
 * @MUTANT_CONTRACTION: product and bias by a fused multiply-add
 * @MUTANT_RESIDUAL: the residual's zero point is the output's
 * @MUTANT_TIES: halves are rounded up
 * @MUTANT_WRAP: values beyond int8 wrap
 * @MUTANT_QUANTIZE: as MUTANT_TIES, of QUANTIZE
 * @MUTANT_LEVEL: every level of a MAXPOOL is the first
 * @MUTANT_REACH: the windows of all levels but the first reach too far by one, to the right
 * @MUTANT_OUTSIDE: outside of the map a MAXPOOL sees the zero point
 */
typedef enum {
  MUTANT_NONE,
  MUTANT_ACCUMULATOR,
  MUTANT_SATURATION,
  MUTANT_BORDER,
  MUTANT_CONTRACTION,
  MUTANT_RESIDUAL,
  MUTANT_TIES,
  MUTANT_WRAP,
  MUTANT_QUANTIZE,
  MUTANT_LEVEL,
  MUTANT_REACH,
  MUTANT_OUTSIDE,
} Mutant;

#define N_MUTANTS (MUTANT_OUTSIDE + 1)

/**
 * mutant_backend_new: Returns: (transfer full): the backend "ref", but for the last op of the
 *   graph, which it fuses. One at a time
 */
Yv8Backend *mutant_backend_new (Mutant mutant);

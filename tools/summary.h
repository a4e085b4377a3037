/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is told of many measurements of one thing. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Yv8Summary: in the unit of the samples
 * @p95: 95 of 100 are not above it, by the nearest rank
 */
typedef struct {
  double min, median, p95;
} Yv8Summary;

/**
 * yv8_summarise:
 * @samples: (array length=n): sorted in place
 * @n: at least 1
 */
Yv8Summary yv8_summarise (double *samples, gsize n);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What values a feature map takes, in bounded memory and without running anything twice. */
#pragma once

#include "exec/executor.h"

G_BEGIN_DECLS

/* 16 KiB of 32-bit counters: what every Vulkan device has of shared memory. */
#define YV8_HISTOGRAM_BINS 4096

/**
 * Yv8Histogram:
 * @bins: the least power of two as width, with which all values fit into YV8_HISTOGRAM_BINS; the
 *   first bin holds @min
 * @counts: (array length=YV8_HISTOGRAM_BINS)
 * @min: least value seen; +infinity before the first
 * @max: greatest value seen; -infinity before the first
 *
 * When values come that do not fit, neighbouring bins are merged, two and two, until they do. Bins
 * begin at multiples of their width, so merging is exact: the histogram depends on the values
 * alone, not on their order.
 */
typedef struct {
  Yv8Bins bins;
  guint64 *counts;
  float min, max;
} Yv8Histogram;

Yv8Histogram *yv8_histogram_new (void);
void yv8_histogram_free (Yv8Histogram *histogram);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Histogram, yv8_histogram_free)

/**
 * yv8_histogram_fit: makes room for values from @min to @max, both finite, @min <= @max
 */
void yv8_histogram_fit (Yv8Histogram *histogram, float min, float max);

/**
 * yv8_histogram_gather:
 *
 * Adds the values of @slice as the last run of @executor left them.
 *
 * Returns: %FALSE with @error set; DEVICE if there are infinite values
 */
gboolean yv8_histogram_gather (
    Yv8Histogram *histogram, Yv8Executor *executor, const Yv8Slice *slice, GError **error);

/**
 * yv8_histogram_total: Returns: values counted
 */
guint64 yv8_histogram_total (const Yv8Histogram *histogram);

/**
 * yv8_histogram_edge: Returns: where bin @index begins, and bin @index - 1 ends
 */
double yv8_histogram_edge (const Yv8Histogram *histogram, guint index);

/**
 * yv8_histogram_mean_square: Returns: of the values, each taken for its bin's centre; 0 without any
 */
double yv8_histogram_mean_square (const Yv8Histogram *histogram);

/**
 * yv8_histogram_quantile:
 * @part: 0 to 1
 *
 * Returns: the value below which @part of all lie, linear within a bin; 0 if there are none
 */
double yv8_histogram_quantile (const Yv8Histogram *histogram, double part);

G_END_DECLS

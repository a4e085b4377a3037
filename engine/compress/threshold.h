/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a histogram to scale and zero point. */
#pragma once

#include <yv8/calibrator.h>

#include "compress/histogram.h"

G_BEGIN_DECLS

#define YV8_SILU_MIN -0.27846454 /* of x sigmoid (x), at x = -1.2784645 */

/**
 * yv8_quant_for_range:
 *
 * Returns: the quant whose values span @low to @high, widened to hold 0, which is represented
 *   exactly
 */
Yv8Quant yv8_quant_for_range (double low, double high);

/**
 * yv8_quant_scaled:
 * @fixed_low: see yv8_threshold_choose()
 *
 * Returns: the quant of a range @factor times as wide
 */
Yv8Quant yv8_quant_scaled (const Yv8Quant *quant, double factor, gboolean fixed_low);

/**
 * yv8_quant_rounded:
 *
 * Returns: the quant with its scale rounded to 8 significant bits, by 0.4 % at most. Sums of a
 *   float network end in other bits on other processors; a range found there must not.
 */
Yv8Quant yv8_quant_rounded (const Yv8Quant *quant);

/**
 * yv8_quant_error:
 *
 * Mean squared error of rounding and clipping, values being spread evenly within each bin.
 */
double yv8_quant_error (const Yv8Histogram *histogram, const Yv8Quant *quant);

/**
 * yv8_threshold_choose:
 * @fixed_low: the lower end is YV8_SILU_MIN, and only the upper is searched: a SiLU's output
 *   without a residual. Frames to come may go that low even if those seen did not
 *
 * Returns: the quant that @method chooses; any valid one for an empty histogram
 */
Yv8Quant yv8_threshold_choose (const Yv8Histogram *histogram, Yv8Method method, gboolean fixed_low);

G_END_DECLS

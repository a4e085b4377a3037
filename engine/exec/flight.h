/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which of YV8_DETECTOR_IN_FLIGHT places is whose, where frames are begun before others are
 * finished. */
#pragma once

#include <yv8/detector.h>

G_BEGIN_DECLS

/**
 * Yv8Flight: the frames that were begun; they are finished in the same order
 * @first: place of the oldest
 * @n: how many there are
 *
 * Where none is left the next is at place 0: who takes one at a time never sees another. All zero
 * is none.
 */
typedef struct {
  guint first, n;
} Yv8Flight;

/**
 * yv8_flight_next: Returns: the place of the frame that is begun next
 */
static inline guint
yv8_flight_next (const Yv8Flight *flight)
{
  return (flight->first + flight->n) % YV8_DETECTOR_IN_FLIGHT;
}

/**
 * yv8_flight_end: Returns: the place of the oldest frame, which is finished
 */
static inline guint
yv8_flight_end (Yv8Flight *flight)
{
  guint place = flight->first;

  flight->n--;
  flight->first = flight->n ? (place + 1) % YV8_DETECTOR_IN_FLIGHT : 0;
  return place;
}

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The device that models are made on: chosen once, opened as often as networks are run. */
#pragma once

#include "api/device.h"

G_BEGIN_DECLS

/**
 * Yv8Opener:
 * @device: (nullable): what was chosen by the first yv8_opener_open()
 */
typedef struct {
  char *request;
  guint threads;
  Yv8Device *device;
} Yv8Opener;

/**
 * yv8_opener_init:
 * @request: (nullable): as in Yv8DetectorOptions.device
 */
void yv8_opener_init (Yv8Opener *opener, const char *request, guint threads);
void yv8_opener_clear (Yv8Opener *opener);

/**
 * yv8_opener_open: for Yv8Target.open, with a #Yv8Opener as its data
 */
Yv8Backend *yv8_opener_open (gpointer opener, GError **error);

/**
 * yv8_opener_fall_back:
 * @reason: why the device failed
 *
 * A GPU that "auto" picked and that then fails is no reason not to work.
 *
 * Returns: whether another try is worth it: on the CPU from now on
 */
gboolean yv8_opener_fall_back (Yv8Opener *opener, const GError *reason);

G_END_DECLS

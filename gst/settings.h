/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the user of yolov8detect sets: its properties as a table over one structure. */
#pragma once

#include "loader.h"

G_BEGIN_DECLS

typedef enum {
  YV8_PROP_MODEL = 1,
  YV8_PROP_FALLBACK_MODEL,
  YV8_PROP_WATCH,
  YV8_PROP_DEVICE,
  YV8_PROP_INPUT_SIZE,
  YV8_PROP_CLASSES,
  YV8_PROP_THRESHOLD,
  YV8_PROP_IOU_THRESHOLD,
  YV8_PROP_MAX_DETECTIONS,
  YV8_PROP_INFERENCE_INTERVAL,
  YV8_PROP_OVERLAY,
  YV8_PROP_SHADOW_MODEL,
  YV8_PROP_SHADOW_INTERVAL,
  YV8_PROP_DRIFT_FLOOR,
  YV8_PROP_STATS, /* not a setting; here for its number and text */
} Yv8Property;

/**
 * Yv8Tuning:
 *
 * Numbers that hold for one frame: copied for each, so that none changes on the way.
 */
typedef struct {
  float threshold, iou_threshold;
  guint max_detections, inference_interval, shadow_interval;
  double drift_floor;
  gboolean overlay;
} Yv8Tuning;

/**
 * Yv8Settings:
 * @wish: what to load
 * @shadow_model: (nullable): path
 *
 * Zeroed it is empty; the properties' defaults come from construction. Not thread-safe: the element
 * guards it by its object lock.
 */
typedef struct {
  Yv8Wish wish;
  Yv8Tuning tuning;
  char *shadow_model;
} Yv8Settings;

/**
 * yv8_settings_install:
 *
 * Gives @class the properties of #Yv8Property.
 */
void yv8_settings_install (GObjectClass *class);

/**
 * yv8_settings_set:
 * @id: a #Yv8Property but YV8_PROP_STATS
 */
void yv8_settings_set (Yv8Settings *settings, guint id, const GValue *value);
void yv8_settings_get (const Yv8Settings *settings, guint id, GValue *value);
void yv8_settings_clear (Yv8Settings *settings);

G_END_DECLS

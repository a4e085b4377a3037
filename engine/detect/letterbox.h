/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Letterbox geometry: where a frame lies within the network's input, and the way back.
 *
 * As Ultralytics' LetterBox (auto=False, scaleup=True, center=True): ratio r = min (W / w, H / h),
 * picture of round (w r) by round (h r) pixels, at least 1; left = round (pad / 2 - 0.1), the rest
 * filled with 114. The resampling itself is in engine/ref/letterbox.h. */
#pragma once

#include <yv8/detector.h>

G_BEGIN_DECLS

#define YV8_LETTERBOX_PAD 114

/**
 * Yv8Letterbox:
 * @frame_width: pixels of the frame; likewise @frame_height
 * @width: pixels of the network's input; likewise @height
 * @left: columns of padding left of the picture; likewise @top
 * @picture_width: pixels of the resized picture; likewise @picture_height
 */
typedef struct {
  guint frame_width, frame_height;
  guint width, height;
  guint left, top;
  guint picture_width, picture_height;
} Yv8Letterbox;

/**
 * yv8_letterbox_init: sides from 1 to YV8_FRAME_MAX_SIDE. Integer arithmetic alone.
 */
void yv8_letterbox_init (
    Yv8Letterbox *letterbox, guint frame_width, guint frame_height, guint width, guint height);

/**
 * yv8_letterbox_to_frame:
 *
 * Maps a box in pixels of the network's input to pixels of the frame and clips it to the frame.
 */
void yv8_letterbox_to_frame (const Yv8Letterbox *letterbox, Yv8Detection *detection);

G_END_DECLS

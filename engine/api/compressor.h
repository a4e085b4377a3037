/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a compressor is inside of the library. */
#pragma once

#include <yv8/compressor.h>

#include "api/opener.h"
#include "api/steps.h"
#include "compress/picture.h"

G_BEGIN_DECLS

/**
 * Yv8CompressorRun: all steps of a recipe
 * @models: (element-type Yv8Model): the source, and what each step made
 */
typedef struct {
  Yv8Recipe *recipe;
  GPtrArray *models;
} Yv8CompressorRun;

/**
 * Yv8Compressor:
 * @recipe: as it was asked for
 * @names: (element-type utf8): of frames, by #Yv8FrameUse
 * @run: the last one, or the one that is handed out
 * @points: (element-type Yv8CompressorPoint): of @run
 * @trials: (element-type Yv8CompressorTrial)
 * @reference: the float model that others are compared with: the source, with fewer classes if the
 *   recipe says so
 * @truth: (element-type GArray) (nullable): its boxes on the held-out frames
 * @stage: of the work, for people
 * @at: as a part of the whole work; never falls
 * @from: where the step that runs began
 * @span: what part of the work the step is
 */
struct _Yv8Compressor {
  Yv8Model *source;
  Yv8Recipe *recipe;
  Yv8CompressorOptions options;
  Yv8Opener opener;
  Yv8Workspace workspace;
  Yv8Letterboxer letterboxer;
  Yv8Album *albums[2];
  GPtrArray *names[2];
  char *work;
  Yv8CompressorRun run;
  GArray *points, *trials;
  Yv8Model *reference;
  GPtrArray *truth;
  const char *stage;
  double at, from, span;
  Yv8ProgressFunc progress;
  gpointer data;
};

void yv8_compressor_run_clear (Yv8CompressorRun *run);

/**
 * yv8_compressor_show: for Yv8Workspace.progress, with a #Yv8Compressor as its data
 */
gboolean yv8_compressor_show (const char *stage, double fraction, gpointer compressor);

/**
 * yv8_compressor_judge: agreement of @model with the reference
 */
gboolean yv8_compressor_judge (
    Yv8Compressor *compressor, const Yv8Model *model, Yv8Agreement *agreement, GError **error);

/**
 * yv8_compressor_time: @ms: (out): that a picture takes in the network, the median of some
 */
gboolean yv8_compressor_time (
    Yv8Compressor *compressor, const Yv8Model *model, double *ms, GError **error);

/**
 * yv8_compressor_macs: Returns: as of #Yv8CompressorPoint
 */
guint64 yv8_compressor_macs (const Yv8Compressor *compressor, const Yv8Model *model);

G_END_DECLS

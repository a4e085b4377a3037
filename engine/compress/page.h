/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a compression did, as a page. */
#pragma once

#include <yv8/compressor.h>

#include "graph/graph.h"

G_BEGIN_DECLS

/**
 * Yv8PageFrame: a held-out picture with boxes of at least YV8_AGREEMENT_TRUTH
 * @name: (nullable)
 * @picture: as in #Yv8Album
 * @boxes: (element-type Yv8Detection): of the source, and of the result, in pixels of @picture
 */
typedef struct {
  const char *name;
  const guint32 *picture;
  const GArray *boxes[2];
} Yv8PageFrame;

/**
 * Yv8Page:
 * @model: of the source, for people; (transfer none), as are all strings
 * @license: (nullable)
 * @sha256: of the source
 * @recipe: as it was done
 * @labels: (array length=n_classes): of classes
 * @points: (element-type Yv8CompressorPoint): the source, and one for each step
 * @trials: (element-type Yv8CompressorTrial)
 * @before: the source's network; @after: the result's
 * @samples: (element-type Yv8PageFrame)
 * @frames: (element-type utf8): names by #Yv8FrameUse
 */
typedef struct {
  const char *model, *license, *sha256, *device;
  const Yv8Recipe *recipe;
  guint width, height;
  char *const *labels;
  const GArray *points, *trials;
  const Yv8Graph *before, *after;
  const GArray *samples;
  const GPtrArray *frames[2];
} Yv8Page;

/**
 * yv8_page_html: Returns: (transfer full): one page that refers to nothing outside of it
 */
char *yv8_page_html (const Yv8Page *page);

G_END_DECLS

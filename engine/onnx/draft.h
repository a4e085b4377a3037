/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A network whose ops name their inputs by producer: what a concat or a split gives is a list of
 * segments. yv8_draft_layout() finds buffers in which those lists are slices. */
#pragma once

#include "graph/graph.h"

G_BEGIN_DECLS

#define YV8_MAP_MAX_SEGMENTS 256

/**
 * Yv8Segment: @channels channels of what op @op writes, from channel @channel on
 */
typedef struct {
  guint op;
  guint channel;
  guint channels;
} Yv8Segment;

/**
 * Yv8Map: a feature map
 * @segments: (element-type Yv8Segment): one behind the other along the channels
 * @batch: as the file has it; the graph itself has none
 */
typedef struct {
  GArray *segments;
  gint64 batch;
  guint channels, height, width;
} Yv8Map;

/**
 * Yv8DraftOp:
 * @op: as it will be in the graph, but for in and out
 * @in: feature maps that it reads
 * @out: shape of what it writes
 */
typedef struct {
  Yv8Op op;
  Yv8Map in[YV8_OP_MAX_INPUTS];
  Yv8Shape out;
} Yv8DraftOp;

/**
 * Yv8Draft:
 * @ops: (element-type Yv8DraftOp): in the order of execution
 */
typedef struct {
  GArray *ops;
} Yv8Draft;

Yv8Draft *yv8_draft_new (void);
void yv8_draft_free (Yv8Draft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Draft, yv8_draft_free)

/**
 * yv8_draft_add: Returns: (transfer none): a new op, valid until the next is added
 */
Yv8DraftOp *yv8_draft_add (Yv8Draft *draft, Yv8OpKind kind, const char *name, Yv8Shape out);
Yv8DraftOp *yv8_draft_op (const Yv8Draft *draft, guint index);

/**
 * yv8_draft_map: Returns: (transfer full): all that op @index writes
 */
Yv8Map yv8_draft_map (const Yv8Draft *draft, guint index, gint64 batch);

Yv8Map yv8_map_copy (const Yv8Map *map);
void yv8_map_clear (Yv8Map *map);

/**
 * yv8_map_append: Appends channels @first to @first + @channels of @from to @map; neighbours grow
 * together.
 *
 * Returns: %FALSE if @map then has more segments or channels than an op may read
 */
gboolean yv8_map_append (Yv8Map *map, const Yv8Map *from, guint first, guint channels);

/**
 * yv8_map_whole: Returns: %TRUE with @op set if @map is all that one op writes
 */
gboolean yv8_map_whole (const Yv8Draft *draft, const Yv8Map *map, guint *op);

/**
 * yv8_draft_layout:
 * @outputs: (array length=n_outputs): maps to become outputs of the graph
 *
 * Each map that is read gets a slice of one buffer; producers write into it directly, and where
 * they cannot, for two maps want them, a COPY op does. The weights move into the graph.
 *
 * Returns: (transfer full): the graph, checked; %NULL with @error set
 */
Yv8Graph *yv8_draft_layout (
    Yv8Draft *draft, const Yv8Map *outputs, guint n_outputs, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What writer and reader of encoded weights share: the table of encodings, and the walk over what
 * is stored. */
#pragma once

#include "model/encoding.h"

G_BEGIN_DECLS

#define YV8_PART_BIT(part) (1u << (part))
#define YV8_N_ENCODINGS    6

/**
 * Yv8Selection: which weights are stored
 * @YV8_SELECT_BLOCKS: those of blocks that are not all 0
 */
typedef enum {
  YV8_SELECT_ALL,
  YV8_SELECT_BLOCKS,
  YV8_SELECT_NON_ZERO,
} Yv8Selection;

#define YV8_N_SELECTIONS (YV8_SELECT_NON_ZERO + 1)

/**
 * Yv8EncodingForm:
 * @parts: bits of Yv8EncodingPart, all that there are
 */
typedef struct {
  const char *name;
  guint parts;
  Yv8Selection selection;
} Yv8EncodingForm;

/* The plainest first. */
extern const Yv8EncodingForm YV8_ENCODINGS[YV8_N_ENCODINGS];

extern const Yv8StoredType YV8_ENCODING_TYPES[YV8_N_ENCODING_PARTS];

/* The part with the bits of a selection, YV8_N_ENCODING_PARTS for none. */
extern const guint YV8_ENCODING_MASKS[YV8_N_SELECTIONS];

/**
 * Yv8Layout: of a convolution's weights [rows][inputs][taps]
 * @terms: weights of a row, at most YV8_QUANT_MAX_TERMS
 * @n: weights, more than 0
 * @groups: of YV8_ENCODING_OUT rows
 * @words: of YV8_ENCODING_IN inputs
 */
typedef struct {
  guint rows, inputs, taps;
  gsize terms;
  gsize n;
  guint groups, words;
} Yv8Layout;

/**
 * yv8_layout_init:
 * @op: hostile
 *
 * Returns: %FALSE where there are no weights, or too many
 */
gboolean yv8_layout_init (Yv8Layout *layout, const Yv8Op *op);

/**
 * yv8_layout_mask_bits: Returns: bits of the mask of @selection
 */
gsize yv8_layout_mask_bits (const Yv8Layout *layout, Yv8Selection selection);

/**
 * Yv8MoveFunc: moves the weights of a row, or back
 * @live: of each weight of the row: 1 if it is stored, else 0
 * @n: how many are
 * @values: those, one after the other
 */
typedef void (*Yv8MoveFunc) (const guint8 *live, gsize n, gint8 *row, gint8 *values);

/**
 * yv8_layout_walk:
 * @bits: (nullable): the mask
 * @move: (nullable): called for each row
 * @weights: (nullable): all
 * @values: (nullable): those that are stored
 * @live: (array): room for a row
 * @ends: (out) (array length=groups): how many are stored of each group and those before
 */
void yv8_layout_walk (const Yv8Layout *layout, Yv8Selection selection, const guint8 *bits,
    Yv8MoveFunc move, gint8 *weights, gint8 *values, guint8 *live, gsize *ends);

gsize yv8_bytes_of_bits (gsize bits);

/**
 * yv8_index_width: Returns: bits of an index into a palette of @size, 2 to 64
 */
guint yv8_index_width (guint size);

/**
 * yv8_encoding_no_memory: Returns: %FALSE with @error set
 */
gboolean yv8_encoding_no_memory (const Yv8Op *op, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How the int8 weights of a convolution are stored: which of them, and as what.
 *
 * Zeroes may be left out in blocks or one by one; what is stored may be int8 or indices into
 * palettes. Nothing is lost, and the graph in memory knows nothing of it. docs/format.md specifies
 * the tensors. */
#pragma once

#include "graph/graph.h"
#include "model/safetensors.h"

G_BEGIN_DECLS

/* A block is that many output channels by that many input channels by one tap, counted from the
 * convolution's own first channels. A palette belongs to as many output channels. */
#define YV8_ENCODING_OUT         16
#define YV8_ENCODING_IN          4

#define YV8_ENCODING_MAX_PALETTE 64

/* Weights for a stored byte, at most: what bounds the memory that a small file can ask for. */
#define YV8_ENCODING_MAX_EXPANSION 16

/* What a tensor more costs, about, in the header. */
#define YV8_ENCODING_TENSOR_BYTES 96

/**
 * Yv8EncodingPart: a tensor, in the order in which they are stored
 * @YV8_ENCODING_WEIGHT: I8: [O, I, kh, kw] where all are stored, else [number of those stored]
 * @YV8_ENCODING_PALETTE: I8 [groups, size], of each group of output channels
 * @YV8_ENCODING_BLOCKS: U8: a bit for each block: whether its weights are stored
 * @YV8_ENCODING_MASK: U8: a bit for each weight: whether it is stored
 * @YV8_ENCODING_INDEX: U8: of each stored weight in its palette, packed
 */
typedef enum {
  YV8_ENCODING_WEIGHT,
  YV8_ENCODING_PALETTE,
  YV8_ENCODING_BLOCKS,
  YV8_ENCODING_MASK,
  YV8_ENCODING_INDEX,
} Yv8EncodingPart;

#define YV8_N_ENCODING_PARTS (YV8_ENCODING_INDEX + 1)

/* Of a tensor's name, after that of its op; by part. */
extern const char *const YV8_ENCODING_SUFFIXES[YV8_N_ENCODING_PARTS];

/**
 * Yv8Encoding:
 * @name: "plain", "palette", "blocks", "blocks palette", "mask", "mask palette"
 * @bytes: of the tensors' data
 */
typedef struct {
  const char *name;
  gsize bytes;
} Yv8Encoding;

/**
 * yv8_encoding_choose:
 * @op: CONV with int8 weights
 *
 * Returns: the one that takes the fewest bytes, those of the header included; of equals, the first
 * in the order of @name above
 */
Yv8Encoding yv8_encoding_choose (const Yv8Op *op);

/**
 * yv8_encoding_write:
 * @op: CONV with int8 weights
 * @parts: (out): the tensors of yv8_encoding_choose(); names and values (transfer full), both %NULL
 *   where a part is not there
 *
 * Returns: %FALSE with @error set (MEMORY)
 */
gboolean yv8_encoding_write (
    const Yv8Op *op, Yv8Stored parts[YV8_N_ENCODING_PARTS], GError **error);

/**
 * yv8_encoding_read:
 * @op: CONV; channels and window are hostile
 * @parts: (nullable elements): what the file has; hostile but for yv8_safetensors_check()
 *
 * Returns: (transfer full): the int8 weights, [O][I][kh][kw]; %NULL with @error set: FORMAT, naming
 *   tensor and reason, or MEMORY
 */
gint8 *yv8_encoding_read (
    const Yv8Op *op, const Yv8Stored *const parts[YV8_N_ENCODING_PARTS], GError **error);

G_END_DECLS

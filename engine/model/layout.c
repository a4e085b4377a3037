/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of encodings, and the walk over the weights that are stored. */
#include "model/layout.h"

#include <string.h>

const char *const YV8_ENCODING_SUFFIXES[YV8_N_ENCODING_PARTS] = {
  [YV8_ENCODING_WEIGHT] = "weight",
  [YV8_ENCODING_PALETTE] = "palette",
  [YV8_ENCODING_BLOCKS] = "blocks",
  [YV8_ENCODING_MASK] = "mask",
  [YV8_ENCODING_INDEX] = "index",
};

const Yv8StoredType YV8_ENCODING_TYPES[YV8_N_ENCODING_PARTS] = {
  [YV8_ENCODING_WEIGHT] = YV8_STORED_I8,
  [YV8_ENCODING_PALETTE] = YV8_STORED_I8,
  [YV8_ENCODING_BLOCKS] = YV8_STORED_U8,
  [YV8_ENCODING_MASK] = YV8_STORED_U8,
  [YV8_ENCODING_INDEX] = YV8_STORED_U8,
};

const Yv8EncodingForm YV8_ENCODINGS[YV8_N_ENCODINGS] = {
  { "plain", YV8_PART_BIT (YV8_ENCODING_WEIGHT), YV8_SELECT_ALL },
  { "palette", YV8_PART_BIT (YV8_ENCODING_PALETTE) | YV8_PART_BIT (YV8_ENCODING_INDEX),
      YV8_SELECT_ALL },
  { "blocks", YV8_PART_BIT (YV8_ENCODING_BLOCKS) | YV8_PART_BIT (YV8_ENCODING_WEIGHT),
      YV8_SELECT_BLOCKS },
  { "blocks palette",
      YV8_PART_BIT (YV8_ENCODING_BLOCKS) | YV8_PART_BIT (YV8_ENCODING_PALETTE) |
          YV8_PART_BIT (YV8_ENCODING_INDEX),
      YV8_SELECT_BLOCKS },
  { "mask", YV8_PART_BIT (YV8_ENCODING_MASK) | YV8_PART_BIT (YV8_ENCODING_WEIGHT),
      YV8_SELECT_NON_ZERO },
  { "mask palette",
      YV8_PART_BIT (YV8_ENCODING_MASK) | YV8_PART_BIT (YV8_ENCODING_PALETTE) |
          YV8_PART_BIT (YV8_ENCODING_INDEX),
      YV8_SELECT_NON_ZERO },
};

const guint YV8_ENCODING_MASKS[YV8_N_SELECTIONS] = {
  [YV8_SELECT_ALL] = YV8_N_ENCODING_PARTS,
  [YV8_SELECT_BLOCKS] = YV8_ENCODING_BLOCKS,
  [YV8_SELECT_NON_ZERO] = YV8_ENCODING_MASK,
};

gboolean
yv8_layout_init (Yv8Layout *self, const Yv8Op *op)
{
  guint taps,
      words = op->in[0].channels / YV8_ENCODING_IN + !!(op->in[0].channels % YV8_ENCODING_IN);

  if (!g_uint_checked_mul (&taps, op->window.kernel_h, op->window.kernel_w))
    return FALSE;
  *self = (Yv8Layout){ op->out.channels, op->in[0].channels, taps };
  self->groups = self->rows / YV8_ENCODING_OUT + !!(self->rows % YV8_ENCODING_OUT);
  self->words = words;
  return g_size_checked_mul (&self->terms, self->inputs, taps) &&
         self->terms <= YV8_QUANT_MAX_TERMS &&
         g_size_checked_mul (&self->n, self->terms, self->rows) && self->n > 0;
}

gsize
yv8_bytes_of_bits (gsize bits)
{
  return bits / 8 + !!(bits % 8);
}

guint
yv8_index_width (guint size)
{
  return g_bit_storage (size - 1);
}

gsize
yv8_layout_mask_bits (const Yv8Layout *layout, Yv8Selection selection)
{
  return selection == YV8_SELECT_ALL        ? 0
         : selection == YV8_SELECT_NON_ZERO ? layout->n
                                            : (gsize) layout->groups * layout->words * layout->taps;
}

static gboolean
get_bit (const guint8 *bits, gsize at)
{
  return bits[at / 8] >> at % 8 & 1;
}

/* Whether each weight of a row is stored, 1 or 0. */
static void
fill_live (
    const Yv8Layout *layout, Yv8Selection selection, const guint8 *bits, guint row, guint8 *live)
{
  gsize first = selection == YV8_SELECT_NON_ZERO
                    ? row * layout->terms
                    : (gsize) (row / YV8_ENCODING_OUT) * layout->words * layout->taps;

  if (selection == YV8_SELECT_NON_ZERO) {
    for (gsize i = 0; i < layout->terms; i++)
      live[i] = get_bit (bits, first + i);
  } else if (row % YV8_ENCODING_OUT == 0) { /* the rows of a group are alike */
    for (guint input = 0; input < layout->inputs; input++)
      for (guint tap = 0; tap < layout->taps; tap++)
        live[(gsize) input * layout->taps + tap] =
            get_bit (bits, first + (gsize) (input / YV8_ENCODING_IN) * layout->taps + tap);
  }
}

void
yv8_layout_walk (const Yv8Layout *layout, Yv8Selection selection, const guint8 *bits,
    Yv8MoveFunc move, gint8 *weights, gint8 *values, guint8 *live, gsize *ends)
{
  gsize at = 0;

  memset (live, 1, layout->terms);
  for (guint row = 0; row < layout->rows; row++) {
    gsize n = 0;
    if (selection != YV8_SELECT_ALL)
      fill_live (layout, selection, bits, row, live);
    for (gsize i = 0; i < layout->terms; i++)
      n += live[i];
    if (move)
      move (live, n, weights + row * layout->terms, values + at);
    at += n;
    ends[row / YV8_ENCODING_OUT] = at;
  }
}

gboolean
yv8_encoding_no_memory (const Yv8Op *op, GError **error)
{
  g_set_error (
      error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory for the weights of '%s'", op->name);
  return FALSE;
}

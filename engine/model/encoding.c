/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Choosing encodings, and writing them. */
#include "model/layout.h"

#include <string.h>

/* Of one selection: how many weights it stores, and the values of the group that has most. */
typedef struct {
  gsize mask_bits;
  gsize n;
  guint n_values;
} Survey;

/* The values that a group has. */
typedef struct {
  gboolean seen[256];
} Values;

static guint
value_index (gint8 value)
{
  return (guint) (value - G_MININT8);
}

static void
set_bit (guint8 *bits, gsize at)
{
  bits[at / 8] |= (guint8) (1 << at % 8);
}

static guint
group_rows (const Yv8Layout *layout, guint group)
{
  return MIN (YV8_ENCODING_OUT, layout->rows - group * YV8_ENCODING_OUT);
}

static guint
block_inputs (const Yv8Layout *layout, guint word)
{
  return MIN (YV8_ENCODING_IN, layout->inputs - word * YV8_ENCODING_IN);
}

/* Counts a block's weights; TRUE if one of them is not 0. */
static gboolean
survey_block (const Yv8Layout *layout, const gint8 *weights, guint group, guint word, guint tap,
    Values *values, gsize *n_zeroes)
{
  gsize n = 0;
  guint inputs = block_inputs (layout, word), rows = group_rows (layout, group);
  const gint8 *first = weights + (gsize) group * YV8_ENCODING_OUT * layout->terms +
                       (gsize) word * YV8_ENCODING_IN * layout->taps + tap;

  for (guint row = 0; row < rows; row++)
    for (guint i = 0; i < inputs; i++) {
      gint8 value = first[row * layout->terms + (gsize) i * layout->taps];
      values->seen[value_index (value)] = TRUE;
      n += value == 0;
    }
  *n_zeroes = n;
  return n < (gsize) rows * inputs;
}

static void
survey_group (
    const Yv8Layout *layout, const gint8 *weights, guint group, Survey surveys[YV8_N_SELECTIONS])
{
  Values values = { 0 };
  gboolean has_zero[YV8_N_SELECTIONS] = { FALSE };
  guint n = 0;

  for (guint word = 0; word < layout->words; word++)
    for (guint tap = 0; tap < layout->taps; tap++) {
      gsize size = (gsize) block_inputs (layout, word) * group_rows (layout, group), n_zeroes;
      gboolean live = survey_block (layout, weights, group, word, tap, &values, &n_zeroes);
      surveys[YV8_SELECT_ALL].n += size;
      surveys[YV8_SELECT_BLOCKS].n += live ? size : 0;
      surveys[YV8_SELECT_NON_ZERO].n += size - n_zeroes;
      has_zero[YV8_SELECT_ALL] |= n_zeroes > 0;
      has_zero[YV8_SELECT_BLOCKS] |= live && n_zeroes > 0;
    }
  values.seen[value_index (0)] = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (values.seen); i++)
    n += values.seen[i] ? 1 : 0;
  for (guint i = 0; i < YV8_N_SELECTIONS; i++)
    surveys[i].n_values = MAX (surveys[i].n_values, n + (has_zero[i] ? 1 : 0));
}

static guint
palette_size (const Survey *survey)
{
  return MAX (survey->n_values, 2);
}

/* Bytes of the data by encoding @index; 0 where it cannot be. */
static gsize
encoded_bytes (const Yv8Layout *layout, guint index, const Survey *survey)
{
  gsize bytes = yv8_bytes_of_bits (survey->mask_bits);
  guint size = palette_size (survey);

  if (survey->n == 0)
    return 0;
  if (YV8_ENCODINGS[index].parts & YV8_PART_BIT (YV8_ENCODING_WEIGHT))
    bytes += survey->n;
  else if (size <= YV8_ENCODING_MAX_PALETTE)
    bytes += (gsize) layout->groups * size + yv8_bytes_of_bits (survey->n * yv8_index_width (size));
  else
    return 0;
  return bytes < layout->n / YV8_ENCODING_MAX_EXPANSION + !!(layout->n % YV8_ENCODING_MAX_EXPANSION)
             ? 0
             : bytes;
}

static guint
count_parts (guint parts)
{
  return (guint) __builtin_popcount (parts);
}

static guint
choose (
    const Yv8Layout *layout, const gint8 *weights, Survey surveys[YV8_N_SELECTIONS], gsize *bytes)
{
  guint best = 0;

  memset (surveys, 0, YV8_N_SELECTIONS * sizeof *surveys);
  for (guint i = 0; i < YV8_N_SELECTIONS; i++)
    surveys[i].mask_bits = yv8_layout_mask_bits (layout, i);
  for (guint i = 0; i < layout->groups; i++)
    survey_group (layout, weights, i, surveys);
  *bytes = layout->n;
  for (guint i = 1; i < YV8_N_ENCODINGS; i++) {
    gsize size = encoded_bytes (layout, i, &surveys[YV8_ENCODINGS[i].selection]);
    if (size && size + YV8_ENCODING_TENSOR_BYTES * count_parts (YV8_ENCODINGS[i].parts) <
                    *bytes + YV8_ENCODING_TENSOR_BYTES * count_parts (YV8_ENCODINGS[best].parts)) {
      best = i;
      *bytes = size;
    }
  }
  return best;
}

Yv8Encoding
yv8_encoding_choose (const Yv8Op *op)
{
  Yv8Layout layout;
  Survey surveys[YV8_N_SELECTIONS];
  Yv8Encoding encoding = { YV8_ENCODINGS[0].name, 0 };

  if (yv8_layout_init (&layout, op))
    encoding.name = YV8_ENCODINGS[choose (&layout, op->qweights, surveys, &encoding.bytes)].name;
  return encoding;
}

static void
gather (const guint8 *live, gsize n, gint8 *row, gint8 *values)
{
  for (gsize i = 0, k = 0; k < n; i++) {
    values[k] = row[i];
    k += live[i];
  }
}

static void
fill_mask (const Yv8Layout *layout, Yv8Selection selection, const gint8 *weights, guint8 *bits)
{
  for (gsize i = 0; i < layout->n; i++) {
    if (weights[i] == 0)
      continue;
    gsize row = i / layout->terms, term = i % layout->terms;
    gsize word = row / YV8_ENCODING_OUT * layout->words + term / layout->taps / YV8_ENCODING_IN;
    set_bit (
        bits, selection == YV8_SELECT_NON_ZERO ? i : word * layout->taps + term % layout->taps);
  }
}

/* A palette has its values in order, and then the last one again. */
static void
fill_palette (const gint8 *values, gsize n, gint8 *palette, guint size, guint8 of_value[256])
{
  Values all = { 0 };
  guint n_values = 0;
  gint8 last = 0;

  for (gsize i = 0; i < n; i++)
    all.seen[value_index (values[i])] = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (all.seen); i++)
    if (all.seen[i]) {
      last = (gint8) ((gint) i + G_MININT8);
      of_value[i] = (guint8) n_values;
      palette[n_values++] = last;
    }
  while (n_values < size)
    palette[n_values++] = last;
}

static void
pack (const Yv8Layout *layout, const gint8 *values, const gsize *ends, guint size, gint8 *palettes,
    guint8 *index)
{
  guint width = yv8_index_width (size);
  gsize at = 0;

  for (guint group = 0; group < layout->groups; group++) {
    guint8 of_value[256];
    fill_palette (values + at, ends[group] - at, palettes + (gsize) group * size, size, of_value);
    for (; at < ends[group]; at++) {
      guint place = of_value[value_index (values[at])];
      for (guint i = 0; i < width; i++)
        if (place >> i & 1)
          set_bit (index, at * width + i);
    }
  }
}

/* The data of @part, which is of that shape, zeroed. */
static void *
add_part (Yv8Stored parts[YV8_N_ENCODING_PARTS], const Yv8Op *op, guint part, guint n_dims,
    gsize first, gsize second)
{
  void *values = g_try_malloc0 (n_dims == 2 ? first * second : first);

  parts[part] = (Yv8Stored){
    .name = g_strdup_printf ("%s.%s", op->name, YV8_ENCODING_SUFFIXES[part]),
    .type = (int) YV8_ENCODING_TYPES[part],
    .n_dims = n_dims,
    .dims = { first, second },
    .values = values,
  };
  return values;
}

static gboolean
write_parts (const Yv8Layout *layout, guint encoding, const Survey *survey, const Yv8Op *op,
    Yv8Stored parts[YV8_N_ENCODING_PARTS])
{
  Yv8Selection selection = YV8_ENCODINGS[encoding].selection;
  guint mask = YV8_ENCODING_MASKS[selection];
  guint8 *bits = NULL;
  g_autofree gsize *ends = g_try_new (gsize, layout->groups);
  g_autofree guint8 *live = g_try_malloc (layout->terms);
  g_autofree gint8 *values = g_try_malloc (survey->n);

  if (!ends || !live || !values)
    return FALSE;
  if (selection != YV8_SELECT_ALL &&
      !(bits = add_part (parts, op, mask, 1, yv8_bytes_of_bits (survey->mask_bits), 0)))
    return FALSE;
  if (bits)
    fill_mask (layout, selection, op->qweights, bits);
  yv8_layout_walk (layout, selection, bits, gather, op->qweights, values, live, ends);
  if (YV8_ENCODINGS[encoding].parts & YV8_PART_BIT (YV8_ENCODING_WEIGHT)) {
    if (!add_part (parts, op, YV8_ENCODING_WEIGHT, 1, survey->n, 0))
      return FALSE;
    memcpy ((void *) parts[YV8_ENCODING_WEIGHT].values, values, survey->n);
    return TRUE;
  }
  guint size = palette_size (survey);
  gsize index_bytes = yv8_bytes_of_bits (survey->n * yv8_index_width (size));
  gint8 *palettes = add_part (parts, op, YV8_ENCODING_PALETTE, 2, layout->groups, size);
  guint8 *index = add_part (parts, op, YV8_ENCODING_INDEX, 1, index_bytes, 0);
  if (!palettes || !index)
    return FALSE;
  pack (layout, values, ends, size, palettes, index);
  return TRUE;
}

gboolean
yv8_encoding_write (const Yv8Op *op, Yv8Stored parts[YV8_N_ENCODING_PARTS], GError **error)
{
  Yv8Layout layout;
  Survey surveys[YV8_N_SELECTIONS];
  gsize bytes;

  memset (parts, 0, YV8_N_ENCODING_PARTS * sizeof *parts);
  g_return_val_if_fail (yv8_layout_init (&layout, op), FALSE);
  guint encoding = choose (&layout, op->qweights, surveys, &bytes);
  if (!write_parts (&layout, encoding, &surveys[YV8_ENCODINGS[encoding].selection], op, parts))
    return yv8_encoding_no_memory (op, error);
  if (encoding == 0) {
    Yv8Stored *weight = &parts[YV8_ENCODING_WEIGHT];
    const guint64 dims[] = { layout.rows, layout.inputs, op->window.kernel_h, op->window.kernel_w };
    weight->n_dims = G_N_ELEMENTS (dims);
    memcpy (weight->dims, dims, sizeof dims);
  }
  return TRUE;
}

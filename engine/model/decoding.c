/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading encoded weights, of which nothing is believed. */
#include "model/layout.h"

#include <string.h>

static void
scatter (const guint8 *live, gsize n, gint8 *row, gint8 *values)
{
  for (gsize i = 0, k = 0; k < n; i++) {
    row[i] = live[i] ? values[k] : 0;
    k += live[i];
  }
}

G_GNUC_PRINTF (3, 4)
static gboolean
fail (const Yv8Stored *tensor, GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT, "tensor '%s' %s", tensor->name, reason);
  return FALSE;
}

static gboolean
check_part (
    const Yv8Stored *tensor, guint part, guint n_dims, gsize first, gsize second, GError **error)
{
  if (tensor->type == (int) YV8_ENCODING_TYPES[part] && tensor->n_dims == n_dims &&
      tensor->dims[0] == first && (n_dims == 1 || tensor->dims[1] == second))
    return TRUE;
  return fail (tensor, error, "is not of the type and shape that its op says");
}

/* Packed bits, of which the last byte's rest is 0. */
static gboolean
check_bits (const Yv8Stored *tensor, guint part, gsize n_bits, GError **error)
{
  gsize n = yv8_bytes_of_bits (n_bits);

  if (!check_part (tensor, part, 1, n, 0, error))
    return FALSE;
  if (n_bits % 8 && ((const guint8 *) tensor->values)[n - 1] >> n_bits % 8)
    return fail (tensor, error, "has bits set behind its last");
  return TRUE;
}

static gboolean
check_palette (const Yv8Layout *layout, const Yv8Stored *tensor, GError **error)
{
  const gint8 *palettes = tensor->values;
  guint64 size = tensor->n_dims == 2 ? tensor->dims[1] : 0;

  if (size < 2 || size > YV8_ENCODING_MAX_PALETTE)
    return fail (tensor, error, "is no palette of 2 to %d values", YV8_ENCODING_MAX_PALETTE);
  if (!check_part (tensor, YV8_ENCODING_PALETTE, 2, layout->groups, size, error))
    return FALSE;
  for (guint group = 0; group < layout->groups; group++) {
    const gint8 *palette = palettes + group * size;
    for (guint i = 1; i < size; i++)
      if (palette[i] < palette[i - 1] ||
          (palette[i] == palette[i - 1] && palette[i] != palette[size - 1]))
        return fail (tensor, error, "is not in order in group %u", group);
  }
  return TRUE;
}

/* Indices to values. */
static gboolean
unpack (const Yv8Layout *layout, const Yv8Stored *palettes, const Yv8Stored *index,
    const gsize *ends, gint8 *values, GError **error)
{
  guint size = (guint) palettes->dims[1], width = yv8_index_width (size), room = 0, bits = 0;
  const gint8 *palette = palettes->values;
  const guint8 *bytes = index->values;
  gsize at = 0;

  for (guint group = 0; group < layout->groups; group++, palette += size)
    for (; at < ends[group]; at++, bits >>= width, room -= width) {
      if (room < width) {
        bits |= (guint) *bytes++ << room;
        room += 8;
      }
      guint place = bits & ((1u << width) - 1);
      if (place >= size)
        return fail (index, error, "has an index %u where the palette has %u values", place, size);
      values[at] = palette[place];
    }
  return TRUE;
}

/* Encoding of the parts that are there; -1 with @error set. */
static int
find_encoding (const Yv8Op *op, const Yv8Stored *const parts[YV8_N_ENCODING_PARTS], GError **error)
{
  guint present = 0;

  for (guint i = 0; i < YV8_N_ENCODING_PARTS; i++)
    if (parts[i])
      present |= YV8_PART_BIT (i);
  for (guint i = 0; i < YV8_N_ENCODINGS; i++)
    if (YV8_ENCODINGS[i].parts == present)
      return (int) i;
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < YV8_N_ENCODING_PARTS; i++)
    if (parts[i])
      g_string_append_printf (text, " %s", YV8_ENCODING_SUFFIXES[i]);
  if (present)
    g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT,
        "weights of '%s': its tensors,%s, are no encoding together", op->name, text->str);
  else
    g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT, "tensor '%s.weight' is missing", op->name);
  return -1;
}

static gboolean
check_expansion (const Yv8Op *op, const Yv8Layout *layout,
    const Yv8Stored *const parts[YV8_N_ENCODING_PARTS], GError **error)
{
  gsize stored = 0;

  for (guint i = 0; i < YV8_N_ENCODING_PARTS; i++)
    stored += parts[i] ? parts[i]->end - parts[i]->begin : 0;
  if (layout->n / YV8_ENCODING_MAX_EXPANSION <= stored &&
      layout->n <= stored * YV8_ENCODING_MAX_EXPANSION)
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT,
      "weights of '%s': %" G_GSIZE_FORMAT " of them in %" G_GSIZE_FORMAT
      " bytes; at most %d a byte are allowed",
      op->name, layout->n, stored, YV8_ENCODING_MAX_EXPANSION);
  return FALSE;
}

/* What is stored, in order: the file's own bytes, or, unpacked, @own. */
static const gint8 *
read_values (const Yv8Layout *layout, const Yv8Stored *const parts[YV8_N_ENCODING_PARTS],
    const gsize *ends, gint8 **own, GError **error)
{
  const Yv8Stored *weight = parts[YV8_ENCODING_WEIGHT], *palette = parts[YV8_ENCODING_PALETTE],
                  *index = parts[YV8_ENCODING_INDEX];
  gsize n = ends[layout->groups - 1];

  if (weight)
    return check_part (weight, YV8_ENCODING_WEIGHT, 1, n, 0, error) ? weight->values : NULL;
  if (!check_palette (layout, palette, error) ||
      !check_bits (
          index, YV8_ENCODING_INDEX, n * yv8_index_width ((guint) palette->dims[1]), error))
    return NULL;
  *own = g_try_malloc (n);
  if (!*own)
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory for '%s'", index->name);
  return *own && unpack (layout, palette, index, ends, *own, error) ? *own : NULL;
}

static gint8 *
read_plain (const Yv8Op *op, const Yv8Layout *layout, const Yv8Stored *weight, GError **error)
{
  const guint64 dims[] = { layout->rows, layout->inputs, op->window.kernel_h, op->window.kernel_w };

  if (weight->type != YV8_STORED_I8 || weight->n_dims != G_N_ELEMENTS (dims) ||
      memcmp (weight->dims, dims, sizeof dims) != 0) {
    fail (weight, error, "is not of the type and shape that its op says");
    return NULL;
  }
  gint8 *weights = g_try_malloc (layout->n);
  if (weights)
    memcpy (weights, weight->values, layout->n);
  else
    yv8_encoding_no_memory (op, error);
  return weights;
}

gint8 *
yv8_encoding_read (
    const Yv8Op *op, const Yv8Stored *const parts[YV8_N_ENCODING_PARTS], GError **error)
{
  Yv8Layout layout;
  int encoding = find_encoding (op, parts, error);

  if (encoding < 0)
    return NULL;
  if (!yv8_layout_init (&layout, op)) {
    g_set_error (
        error, YV8_ERROR, YV8_ERROR_FORMAT, "weights of '%s': none, or too many", op->name);
    return NULL;
  }
  if (encoding == 0)
    return read_plain (op, &layout, parts[YV8_ENCODING_WEIGHT], error);
  if (!check_expansion (op, &layout, parts, error))
    return NULL;

  Yv8Selection selection = YV8_ENCODINGS[encoding].selection;
  const Yv8Stored *mask = selection == YV8_SELECT_ALL ? NULL : parts[YV8_ENCODING_MASKS[selection]];
  if (mask && !check_bits (mask, YV8_ENCODING_MASKS[selection],
                  yv8_layout_mask_bits (&layout, selection), error))
    return NULL;
  const guint8 *bits = mask ? mask->values : NULL;
  g_autofree gsize *ends = g_try_new (gsize, layout.groups);
  g_autofree guint8 *live = g_try_malloc (layout.terms);
  g_autofree gint8 *weights = g_try_malloc0 (layout.n), *own = NULL;
  if (!ends || !live || !weights) {
    yv8_encoding_no_memory (op, error);
    return NULL;
  }
  yv8_layout_walk (&layout, selection, bits, NULL, NULL, NULL, live, ends);
  const gint8 *values = read_values (&layout, parts, ends, &own, error);
  if (!values)
    return NULL;
  yv8_layout_walk (&layout, selection, bits, scatter, weights, (gint8 *) values, live, ends);
  return g_steal_pointer (&weights);
}

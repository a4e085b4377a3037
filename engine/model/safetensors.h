/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The container: a safetensors file, as its own specification says and not more. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define YV8_STORED_MAX_DIMS 4

/* The reference implementation's own limit is 100 MB. */
#define YV8_SAFETENSORS_MAX_HEADER (16u << 20)

typedef enum {
  YV8_STORED_I8,
  YV8_STORED_F32,
  YV8_STORED_U8,
} Yv8StoredType;

#define YV8_N_STORED_TYPES (YV8_STORED_U8 + 1)

/**
 * Yv8Stored: a tensor of the file
 * @type: -1 for one that is not known here
 * @n_dims: may exceed YV8_STORED_MAX_DIMS until it is checked; @dims then are the first
 * @begin: first byte, counted from the end of the header
 * @end: one past the last
 * @values: little-endian, of any alignment; to be written: the host's, aligned
 */
typedef struct {
  char *name;
  int type;
  guint n_dims;
  guint64 dims[YV8_STORED_MAX_DIMS];
  gsize begin, end;
  const void *values;
} Yv8Stored;

/**
 * Yv8Safetensors:
 * @tensors: (element-type Yv8Stored)
 * @metadata: (element-type utf8 utf8)
 */
typedef struct {
  GArray *tensors;
  GHashTable *metadata;
} Yv8Safetensors;

Yv8Safetensors *yv8_safetensors_new (void);
void yv8_safetensors_free (Yv8Safetensors *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Safetensors, yv8_safetensors_free)

/**
 * yv8_safetensors_read:
 * @bytes: hostile; must outlive the result
 *
 * The header alone, so that metadata can be read of a file that holds more than is known here.
 *
 * Returns: (transfer full): %NULL with @error set (FORMAT)
 */
Yv8Safetensors *yv8_safetensors_read (const guint8 *bytes, gsize size, GError **error);

/**
 * yv8_safetensors_check:
 *
 * Sorts the tensors by place: known types, sizes that are those of type and shape, and the bytes
 * after the header covered without hole, overlap or rest. @values are set.
 *
 * Returns: %FALSE with @error set (FORMAT)
 */
gboolean yv8_safetensors_check (
    Yv8Safetensors *file, const guint8 *bytes, gsize size, GError **error);

/**
 * yv8_safetensors_write:
 * @file: tensors in the order in which they are stored; @begin and @end are set
 *
 * Metadata come first, sorted by key; the header is padded so that the tensors begin at a multiple
 * of 64 bytes.
 *
 * Returns: (transfer full): the file; %NULL with @error set (MEMORY; ARGUMENT for a header above
 * the limit)
 */
GBytes *yv8_safetensors_write (Yv8Safetensors *file, GError **error);

G_END_DECLS

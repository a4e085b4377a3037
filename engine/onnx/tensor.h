/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Values that the importer computes with: small tensors in memory. */
#pragma once

#include "onnx/model.h"

G_BEGIN_DECLS

#define YV8_TENSOR_MAX_DIMS 8

/**
 * Yv8TensorType: with ONNX's numbers; all that the importer computes with
 */
typedef enum {
  YV8_TENSOR_FLOAT = 1,
  YV8_TENSOR_INT32 = 6,
  YV8_TENSOR_INT64 = 7,
  YV8_TENSOR_BOOL = 9,
  YV8_TENSOR_FLOAT16 = 10,
} Yv8TensorType;

/**
 * Yv8Tensor:
 * @type: what the file calls it
 * @n: elements: the product of @dims
 * @f: values of FLOAT and FLOAT16, both held and computed as float32
 * @i: values of the other types
 */
typedef struct {
  Yv8TensorType type;
  guint n_dims;
  gint64 dims[YV8_TENSOR_MAX_DIMS];
  gsize n;
  union {
    float *f;
    gint64 *i;
    gpointer data;
  };
} Yv8Tensor;

gboolean yv8_tensor_type_is_known (gint64 type);
gboolean yv8_tensor_is_float (const Yv8Tensor *tensor);

/**
 * yv8_tensor_same_kind: Returns: whether both are of the same type, or both of a float type
 */
gboolean yv8_tensor_same_kind (const Yv8Tensor *a, const Yv8Tensor *b);

/**
 * yv8_tensor_element_size: bytes in memory
 */
gsize yv8_tensor_element_size (const Yv8Tensor *tensor);

/**
 * yv8_tensor_count:
 * @n: (out): product of @dims
 *
 * Returns: %FALSE on negative dims, too many of them, or more than G_MAXINT32 elements
 */
gboolean yv8_tensor_count (const gint64 *dims, gsize n_dims, gsize *n);

/**
 * yv8_tensor_new:
 *
 * Returns: (transfer full) (nullable): zeros; %NULL if yv8_tensor_count() fails or memory is short
 */
Yv8Tensor *yv8_tensor_new (Yv8TensorType type, const gint64 *dims, gsize n_dims);

/**
 * yv8_tensor_from_proto:
 *
 * Returns: (transfer full): %NULL with @error set: FORMAT, UNSUPPORTED (type, external data),
 * MEMORY
 */
Yv8Tensor *yv8_tensor_from_proto (const Yv8TensorProto *proto, GError **error);
void yv8_tensor_free (Yv8Tensor *tensor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Tensor, yv8_tensor_free)

/**
 * yv8_tensor_same_dims: Returns: whether both have the same dims
 */
gboolean yv8_tensor_same_dims (const Yv8Tensor *a, const Yv8Tensor *b);

/* IEEE binary16: widening is exact, narrowing rounds to nearest, ties to even. */
float yv8_half_to_float (guint16 half);
guint16 yv8_half_from_float (float value);

G_END_DECLS

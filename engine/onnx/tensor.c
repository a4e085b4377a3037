/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tensors of the importer, and their reading from a file. */
#include "onnx/tensor.h"

#include <math.h>
#include <string.h>

#define LOCATION_EXTERNAL 1

gboolean
yv8_tensor_type_is_known (gint64 type)
{
  return type == YV8_TENSOR_FLOAT || type == YV8_TENSOR_INT32 || type == YV8_TENSOR_INT64 ||
         type == YV8_TENSOR_BOOL || type == YV8_TENSOR_FLOAT16;
}

gboolean
yv8_tensor_is_float (const Yv8Tensor *tensor)
{
  return tensor->type == YV8_TENSOR_FLOAT || tensor->type == YV8_TENSOR_FLOAT16;
}

gboolean
yv8_tensor_same_kind (const Yv8Tensor *a, const Yv8Tensor *b)
{
  return a->type == b->type || (yv8_tensor_is_float (a) && yv8_tensor_is_float (b));
}

gsize
yv8_tensor_element_size (const Yv8Tensor *tensor)
{
  return yv8_tensor_is_float (tensor) ? sizeof (float) : sizeof (gint64);
}

gboolean
yv8_tensor_count (const gint64 *dims, gsize n_dims, gsize *n)
{
  gsize count = 1;

  if (n_dims > YV8_TENSOR_MAX_DIMS)
    return FALSE;
  for (gsize i = 0; i < n_dims; i++)
    if (dims[i] < 0 || dims[i] > G_MAXINT32 || !g_size_checked_mul (&count, count, dims[i]) ||
        count > G_MAXINT32)
      return FALSE;
  *n = count;
  return TRUE;
}

Yv8Tensor *
yv8_tensor_new (Yv8TensorType type, const gint64 *dims, gsize n_dims)
{
  g_autoptr (Yv8Tensor) self = g_new0 (Yv8Tensor, 1);

  if (!yv8_tensor_count (dims, n_dims, &self->n))
    return NULL;
  self->type = type;
  self->n_dims = n_dims;
  for (gsize i = 0; i < n_dims; i++)
    self->dims[i] = dims[i];
  self->data = g_try_malloc0_n (MAX (self->n, 1), yv8_tensor_element_size (self));
  return self->data ? g_steal_pointer (&self) : NULL;
}

void
yv8_tensor_free (Yv8Tensor *self)
{
  if (!self)
    return;
  g_free (self->data);
  g_free (self);
}

gboolean
yv8_tensor_same_dims (const Yv8Tensor *a, const Yv8Tensor *b)
{
  return a->n_dims == b->n_dims && memcmp (a->dims, b->dims, a->n_dims * sizeof (gint64)) == 0;
}

float
yv8_half_to_float (guint16 half)
{
  union {
    guint32 bits;
    float value;
  } magnitude = { (guint32) (half & 0x7fff) << 13 };

  if ((half & 0x7c00) == 0x7c00)
    magnitude.bits |= 0x7f800000;
  else
    magnitude.value *= 0x1p112f; /* moves the exponent's bias from 15 to 127; exact */
  return half & 0x8000 ? -magnitude.value : magnitude.value;
}

guint16
yv8_half_from_float (float value)
{
  guint16 sign = signbit (value) ? 0x8000 : 0;
  float magnitude = fabsf (value);
  int exponent;

  if (isnan (value))
    return sign | 0x7e00;
  if (magnitude >= 65520)
    return sign | 0x7c00;
  frexpf (magnitude, &exponent);
  /* Units of the last place: 2^-24 for subnormal numbers, and from 2^-14 on one of 1024 a binade.
   */
  exponent = magnitude > 0 ? MAX (exponent, -13) : -13;
  guint units = (guint) rintf (ldexpf (magnitude, 11 - exponent));
  return sign | (guint16) ((exponent + 13) * 1024 + units);
}

typedef struct {
  gint32 type;
  gsize raw_size; /* bytes of an element in raw_data */
} Layout;

static const Layout LAYOUTS[] = {
  { YV8_TENSOR_FLOAT, 4 },
  { YV8_TENSOR_INT32, 4 },
  { YV8_TENSOR_INT64, 8 },
  { YV8_TENSOR_BOOL, 1 },
  { YV8_TENSOR_FLOAT16, 2 },
};

static gsize
raw_size (Yv8TensorType type)
{
  for (guint i = 0; i < G_N_ELEMENTS (LAYOUTS); i++)
    if (LAYOUTS[i].type == (gint32) type)
      return LAYOUTS[i].raw_size;
  return 0;
}

static void
read_raw_element (Yv8Tensor *self, gsize index, const guint8 *bytes)
{
  union {
    guint16 u16;
    guint32 u32;
    guint64 u64;
    float f32;
  } raw = { 0 };

  memcpy (&raw, bytes, raw_size (self->type));
  switch (self->type) {
  case YV8_TENSOR_FLOAT:
    raw.u32 = GUINT32_FROM_LE (raw.u32);
    self->f[index] = raw.f32;
    break;
  case YV8_TENSOR_FLOAT16:
    self->f[index] = yv8_half_to_float (GUINT16_FROM_LE (raw.u16));
    break;
  case YV8_TENSOR_INT32:
    self->i[index] = (gint32) GUINT32_FROM_LE (raw.u32);
    break;
  case YV8_TENSOR_INT64:
    self->i[index] = (gint64) GUINT64_FROM_LE (raw.u64);
    break;
  case YV8_TENSOR_BOOL:
    self->i[index] = *bytes != 0;
    break;
  }
}

/* Values outside of raw_data: float16 and bool lie in int32_data. */
static gsize
read_typed (Yv8Tensor *self, const Yv8TensorProto *proto)
{
  gboolean in_int32 = self->type != YV8_TENSOR_FLOAT && self->type != YV8_TENSOR_INT64;
  gsize n = self->type == YV8_TENSOR_FLOAT   ? proto->n_float_data
            : self->type == YV8_TENSOR_INT64 ? proto->n_int64_data
                                             : proto->n_int32_data;

  if (n != self->n)
    return n;
  for (gsize i = 0; i < n; i++) {
    if (self->type == YV8_TENSOR_FLOAT)
      self->f[i] = proto->float_data[i];
    else if (self->type == YV8_TENSOR_FLOAT16)
      self->f[i] = yv8_half_to_float ((guint16) proto->int32_data[i]);
    else
      self->i[i] = in_int32 ? proto->int32_data[i] : proto->int64_data[i];
  }
  return n;
}

static gboolean
tensor_error (const Yv8TensorProto *proto, Yv8Error code, GError **error, const char *reason)
{
  g_set_error (error, YV8_ERROR, code, "tensor '%s': %s",
      proto->name && g_utf8_validate (proto->name, -1, NULL) ? proto->name : "", reason);
  return FALSE;
}

static gboolean
check_proto (const Yv8TensorProto *proto, gsize *n, GError **error)
{
  if (proto->n_external_data || proto->data_location == LOCATION_EXTERNAL)
    return tensor_error (proto, YV8_ERROR_UNSUPPORTED, error,
        "its data are in another file; save the model as one file");
  if (!yv8_tensor_type_is_known (proto->data_type))
    return tensor_error (
        proto, YV8_ERROR_UNSUPPORTED, error, "its type is none of float, float16, int, bool");
  if (proto->has_segment)
    return tensor_error (proto, YV8_ERROR_UNSUPPORTED, error, "it comes in segments");
  if (!yv8_tensor_count ((const gint64 *) proto->dims, proto->n_dims, n))
    return tensor_error (proto, YV8_ERROR_FORMAT, error, "its dims are out of range");
  return TRUE;
}

Yv8Tensor *
yv8_tensor_from_proto (const Yv8TensorProto *proto, GError **error)
{
  gsize n, found;

  if (!check_proto (proto, &n, error))
    return NULL;
  /* Before anything is allocated: the bytes must be there. */
  gsize size = raw_size (proto->data_type);
  gsize typed = proto->n_float_data + proto->n_int32_data + proto->n_int64_data;
  if (proto->has_raw_data ? proto->raw_data.len != n * size : typed != n) {
    tensor_error (proto, YV8_ERROR_FORMAT, error, "it has not as many values as its dims say");
    return NULL;
  }

  g_autoptr (Yv8Tensor) self =
      yv8_tensor_new (proto->data_type, (const gint64 *) proto->dims, proto->n_dims);
  if (!self) {
    tensor_error (proto, YV8_ERROR_MEMORY, error, "not enough memory");
    return NULL;
  }
  if (proto->has_raw_data) {
    for (gsize i = 0; i < n; i++)
      read_raw_element (self, i, proto->raw_data.data + i * size);
    return g_steal_pointer (&self);
  }
  found = read_typed (self, proto);
  if (found != n) {
    tensor_error (proto, YV8_ERROR_FORMAT, error, "its values are not of its type");
    return NULL;
  }
  return g_steal_pointer (&self);
}

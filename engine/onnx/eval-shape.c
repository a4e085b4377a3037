/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Operators that make, move and reshape values. */
#include "onnx/eval.h"

#include <math.h>
#include <string.h>

static void
contiguous_strides (const Yv8Tensor *tensor, gint64 *strides)
{
  gint64 step = 1;

  for (guint i = tensor->n_dims; i-- > 0;) {
    strides[i] = step;
    step *= tensor->dims[i];
  }
}

static gsize
product (const gint64 *dims, guint n)
{
  gsize count = 1;

  for (guint i = 0; i < n; i++)
    count *= dims[i];
  return count;
}

/* The values of input 0 under other dims. */
static gboolean
copy_as (Yv8Call *call, const gint64 *dims, gsize n_dims, GError **error)
{
  const Yv8Tensor *in = call->in[0];
  Yv8Tensor *out = yv8_call_output (call, 0, in->type, dims, n_dims, error);

  if (!out)
    return FALSE;
  if (out->n != in->n)
    return yv8_node_error (call->node, error, "the number of elements changes");
  memcpy (out->data, in->data, in->n * yv8_tensor_element_size (in));
  return TRUE;
}

static gboolean
run_identity (Yv8Call *call, GError **error)
{
  return copy_as (call, call->in[0]->dims, call->in[0]->n_dims, error);
}

static gboolean
constant_list (Yv8Call *call, const Onnx__AttributeProto *value, GError **error)
{
  gboolean is_float = value->n_floats || g_str_has_prefix (value->name, "value_float");
  gboolean is_list = g_str_has_suffix (value->name, "s");
  gint64 n = is_float ? value->n_floats : value->n_ints;
  Yv8Tensor *out = yv8_call_output (
      call, 0, is_float ? YV8_TENSOR_FLOAT : YV8_TENSOR_INT64, &n, is_list ? 1 : 0, error);

  if (!out)
    return FALSE;
  for (gint64 i = 0; i < n && is_list; i++) {
    if (is_float)
      out->f[i] = value->floats[i];
    else
      out->i[i] = value->ints[i];
  }
  if (!is_list && is_float)
    *out->f = value->f;
  if (!is_list && !is_float)
    *out->i = value->i;
  return TRUE;
}

static gboolean
run_constant (Yv8Call *call, GError **error)
{
  const Yv8TensorProto *proto = yv8_node_tensor (call->node, "value");

  if (proto) {
    g_autoptr (GError) reason = NULL;
    call->out[0] = yv8_tensor_from_proto (proto, &reason);
    if (!call->out[0])
      return yv8_node_error (call->node, error, "%s", reason->message);
    return yv8_eval_spend (call->eval, call->node, call->out[0]->n, error);
  }
  if (call->node->n_attribute != 1)
    return yv8_node_error (call->node, error, "it has no value");
  return constant_list (call, call->node->attribute[0], error);
}

static gboolean
run_constant_of_shape (Yv8Call *call, GError **error)
{
  const Yv8TensorProto *proto = yv8_node_tensor (call->node, "value");
  const Yv8Tensor *shape = call->in[0];
  g_autoptr (Yv8Tensor) value = proto ? yv8_tensor_from_proto (proto, error) : NULL;

  if (proto && !value)
    return FALSE;
  if (yv8_tensor_is_float (shape) || shape->n_dims != 1 || (value && value->n != 1))
    return yv8_node_error (call->node, error, "its shape or its value is malformed");
  Yv8Tensor *out =
      yv8_call_output (call, 0, value ? value->type : YV8_TENSOR_FLOAT, shape->i, shape->n, error);
  if (!out)
    return FALSE;
  static const gint64 NO_STRIDES[YV8_TENSOR_MAX_DIMS];
  if (value)
    yv8_gather_strided (out, value, 0, NO_STRIDES);
  return TRUE;
}

static gboolean
run_shape (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0];
  gint64 bounds[2] = { yv8_node_int (call->node, "start", 0),
    yv8_node_int (call->node, "end", in->n_dims) };

  for (guint i = 0; i < 2; i++) {
    if (bounds[i] < 0)
      bounds[i] += in->n_dims;
    bounds[i] = CLAMP (bounds[i], 0, (gint64) in->n_dims);
  }
  gint64 n = MAX (bounds[1] - bounds[0], 0);
  Yv8Tensor *out = yv8_call_output (call, 0, YV8_TENSOR_INT64, &n, 1, error);
  if (!out)
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    out->i[i] = in->dims[bounds[0] + i];
  return TRUE;
}

static gboolean
run_reshape (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0], *shape = call->in[1];
  gboolean allow_zero = yv8_node_int (call->node, "allowzero", 0) != 0;
  gint64 dims[YV8_TENSOR_MAX_DIMS];
  gsize known = 1;
  int free_dim = -1;

  if (yv8_tensor_is_float (shape) || shape->n_dims != 1 || shape->n > YV8_TENSOR_MAX_DIMS)
    return yv8_node_error (
        call->node, error, "its shape is no list of at most %d integers", YV8_TENSOR_MAX_DIMS);
  for (guint i = 0; i < shape->n; i++) {
    dims[i] = shape->i[i];
    if (dims[i] == 0 && !allow_zero && i < in->n_dims)
      dims[i] = in->dims[i];
    if (dims[i] == -1 && free_dim < 0)
      free_dim = i;
    else if (dims[i] < 0 || !g_size_checked_mul (&known, known, dims[i]))
      return yv8_node_error (call->node, error, "its shape is out of range");
  }
  if (free_dim >= 0) {
    if (known == 0 || in->n % known)
      return yv8_node_error (call->node, error, "the number of elements changes");
    dims[free_dim] = in->n / known;
  }
  return copy_as (call, dims, shape->n, error);
}

/* Marks each of @axes, counted in @n_dims, in @marked. */
static gboolean
mark_axes (
    Yv8Call *call, const gint64 *axes, gsize n, guint n_dims, gboolean *marked, GError **error)
{
  for (gsize i = 0; i < n; i++) {
    gint64 axis = axes[i];
    if (!yv8_axis (&axis, n_dims) || marked[axis])
      return yv8_node_error (call->node, error, "an axis is out of range or named twice");
    marked[axis] = TRUE;
  }
  return TRUE;
}

static gboolean
run_squeeze (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0];
  const gint64 *axes;
  gint64 dims[YV8_TENSOR_MAX_DIMS];
  gboolean marked[YV8_TENSOR_MAX_DIMS] = { FALSE };
  gsize n, n_dims = 0;

  if (!yv8_call_ints (call, "axes", 13, 1, &axes, &n, error) ||
      !mark_axes (call, axes, n, in->n_dims, marked, error))
    return FALSE;
  for (guint i = 0; i < in->n_dims; i++) {
    gboolean drop = axes ? marked[i] : in->dims[i] == 1;
    if (drop && in->dims[i] != 1)
      return yv8_node_error (call->node, error, "axis %u is not 1 long", i);
    if (!drop)
      dims[n_dims++] = in->dims[i];
  }
  return copy_as (call, dims, n_dims, error);
}

static gboolean
run_unsqueeze (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0];
  const gint64 *axes, *next = in->dims;
  gint64 dims[YV8_TENSOR_MAX_DIMS];
  gboolean marked[YV8_TENSOR_MAX_DIMS] = { FALSE };
  gsize n;

  if (!yv8_call_ints (call, "axes", 13, 1, &axes, &n, error))
    return FALSE;
  gsize n_dims = in->n_dims + n;
  if (n > YV8_TENSOR_MAX_DIMS || n_dims > YV8_TENSOR_MAX_DIMS)
    return yv8_node_error (call->node, error, "too many dims");
  if (!mark_axes (call, axes, n, n_dims, marked, error))
    return FALSE;
  for (gsize i = 0; i < n_dims; i++)
    dims[i] = marked[i] ? 1 : *next++;
  return copy_as (call, dims, n_dims, error);
}

static gboolean
run_transpose (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0];
  gint64 dims[YV8_TENSOR_MAX_DIMS], from[YV8_TENSOR_MAX_DIMS], strides[YV8_TENSOR_MAX_DIMS];
  gboolean marked[YV8_TENSOR_MAX_DIMS] = { FALSE };
  gsize n;
  const gint64 *perm = yv8_node_ints (call->node, "perm", &n);

  if (perm && (n != in->n_dims || !mark_axes (call, perm, n, in->n_dims, marked, NULL)))
    return yv8_node_error (call->node, error, "perm is no permutation of the axes");
  contiguous_strides (in, from);
  for (guint i = 0; i < in->n_dims; i++) {
    gint64 axis = perm ? perm[i] : in->n_dims - 1 - i;
    if (axis < 0)
      return yv8_node_error (call->node, error, "perm is no permutation of the axes");
    dims[i] = in->dims[axis];
    strides[i] = from[axis];
  }
  Yv8Tensor *out = yv8_call_output (call, 0, in->type, dims, in->n_dims, error);
  if (!out)
    return FALSE;
  yv8_gather_strided (out, in, 0, strides);
  return TRUE;
}

static gboolean
run_expand (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0], *shape = call->in[1];
  gint64 dims[YV8_TENSOR_MAX_DIMS], from[YV8_TENSOR_MAX_DIMS];
  gint64 strides[YV8_TENSOR_MAX_DIMS] = { 0 };

  if (yv8_tensor_is_float (shape) || shape->n_dims != 1 || shape->n > YV8_TENSOR_MAX_DIMS)
    return yv8_node_error (call->node, error, "its shape is malformed");
  guint n_dims = MAX (in->n_dims, (guint) shape->n);
  contiguous_strides (in, from);
  for (guint i = 0; i < n_dims; i++) {
    int a = (int) (i + in->n_dims) - (int) n_dims, b = (int) (i + shape->n) - (int) n_dims;
    gint64 have = a < 0 ? 1 : in->dims[a], want = b < 0 ? 1 : shape->i[b];
    if (have != want && have != 1 && want != 1)
      return yv8_node_error (
          call->node, error, "cannot expand %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, have, want);
    dims[i] = have == 1 ? want : have;
    strides[i] = have == 1 ? 0 : from[a];
  }
  Yv8Tensor *out = yv8_call_output (call, 0, in->type, dims, n_dims, error);
  if (!out)
    return FALSE;
  yv8_gather_strided (out, in, 0, strides);
  return TRUE;
}

/* ONNX's rule: negative bounds count from the end, then clamp; a negative step walks backwards. */
static gboolean
slice_axis (gint64 size, gint64 start, gint64 end, gint64 step, gint64 *first, gint64 *count)
{
  if (step == 0 || step < -G_MAXINT32 || step > G_MAXINT32)
    return FALSE;
  if (start < 0)
    start = MAX (start, -size - 1) + size;
  if (end < 0)
    end = MAX (end, -size - 1) + size;
  if (step > 0) {
    start = CLAMP (start, 0, size);
    end = CLAMP (end, 0, size);
    *count = end > start ? (end - start + step - 1) / step : 0;
  } else {
    start = CLAMP (start, -1, size - 1);
    end = CLAMP (end, -1, size - 1);
    *count = start > end ? (start - end - step - 1) / -step : 0;
  }
  *first = start;
  return TRUE;
}

static gboolean
run_slice (Yv8Call *call, GError **error)
{
  static const char *const NAMES[] = { "", "starts", "ends", "axes", "steps" };
  const Yv8Tensor *in = call->in[0];
  const gint64 *list[5] = { NULL };
  gsize n[5] = { 0 };
  gint64 dims[YV8_TENSOR_MAX_DIMS], strides[YV8_TENSOR_MAX_DIMS], base = 0;
  gboolean marked[YV8_TENSOR_MAX_DIMS] = { FALSE };

  for (guint i = 1; i < G_N_ELEMENTS (NAMES); i++) {
    if (!yv8_call_ints (call, NAMES[i], 0, i, &list[i], &n[i], error))
      return FALSE;
    if (n[i] != n[1] && list[i])
      return yv8_node_error (call->node, error, "its lists differ in length");
  }
  memcpy (dims, in->dims, sizeof dims);
  contiguous_strides (in, strides);
  for (gsize i = 0; i < n[1]; i++) {
    gint64 axis = list[3] ? list[3][i] : (gint64) i, first, step = list[4] ? list[4][i] : 1;
    if (!mark_axes (call, &axis, 1, in->n_dims, marked, error))
      return FALSE;
    yv8_axis (&axis, in->n_dims);
    if (!slice_axis (in->dims[axis], list[1][i], list[2][i], step, &first, &dims[axis]))
      return yv8_node_error (call->node, error, "a step is out of range");
    base += first * strides[axis];
    strides[axis] *= step;
  }
  Yv8Tensor *out = yv8_call_output (call, 0, in->type, dims, in->n_dims, error);
  if (!out)
    return FALSE;
  yv8_gather_strided (out, in, base, strides);
  return TRUE;
}

static gboolean
run_concat (Yv8Call *call, GError **error)
{
  const Yv8Tensor *first = call->in[0];
  gint64 axis = yv8_node_int (call->node, "axis", G_MAXINT64);
  gint64 dims[YV8_TENSOR_MAX_DIMS];

  if (!yv8_axis (&axis, first->n_dims))
    return yv8_node_error (call->node, error, "its axis is out of range");
  memcpy (dims, first->dims, sizeof dims);
  for (guint i = 1; i < call->n_in; i++) {
    const Yv8Tensor *in = call->in[i];
    if (!in || !yv8_tensor_same_kind (in, first) || in->n_dims != first->n_dims)
      return yv8_node_error (call->node, error, "its inputs differ in type or dims");
    for (guint d = 0; d < in->n_dims; d++)
      if (d != axis && in->dims[d] != first->dims[d])
        return yv8_node_error (call->node, error, "its inputs differ in type or dims");
    dims[axis] += in->dims[axis];
  }
  Yv8Tensor *out = yv8_call_output (call, 0, first->type, dims, first->n_dims, error);
  if (!out)
    return FALSE;

  gsize outer = product (dims, axis), size = yv8_tensor_element_size (first);
  guint8 *to = out->data;
  for (gsize o = 0; o < outer; o++)
    for (guint i = 0; i < call->n_in; i++) {
      gsize bytes = call->in[i]->n / outer * size;
      memcpy (to, (guint8 *) call->in[i]->data + o * bytes, bytes);
      to += bytes;
    }
  return TRUE;
}

/* Sizes of the parts: given, or as equal as they can be with the last one the smallest. */
static gboolean
split_sizes (Yv8Call *call, gint64 size, gint64 *sizes, GError **error)
{
  const gint64 *given;
  gsize n;
  gint64 sum = 0;

  if (!yv8_call_ints (call, "split", 13, 1, &given, &n, error))
    return FALSE;
  if (yv8_node_int (call->node, "num_outputs", call->n_out) != call->n_out ||
      (given && n != call->n_out))
    return yv8_node_error (call->node, error, "its parts are not as many as its outputs");
  gint64 part = (size + call->n_out - 1) / call->n_out;
  if (!given && size % call->n_out && !yv8_node_attribute (call->node, "num_outputs"))
    return yv8_node_error (call->node, error, "the axis cannot be split equally");
  for (guint i = 0; i < call->n_out; i++) {
    sizes[i] = given ? given[i] : CLAMP (size - sum, 0, part);
    if (sizes[i] < 0 || sizes[i] > size - sum)
      return yv8_node_error (call->node, error, "its parts do not add up");
    sum += sizes[i];
  }
  return sum == size ? TRUE : yv8_node_error (call->node, error, "its parts do not add up");
}

static gboolean
run_split (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0];
  gint64 axis = yv8_node_int (call->node, "axis", 0), start = 0;
  gint64 sizes[YV8_EVAL_MAX_OUTPUTS], dims[YV8_TENSOR_MAX_DIMS], strides[YV8_TENSOR_MAX_DIMS];

  if (!yv8_axis (&axis, in->n_dims))
    return yv8_node_error (call->node, error, "its axis is out of range");
  if (!split_sizes (call, in->dims[axis], sizes, error))
    return FALSE;
  memcpy (dims, in->dims, sizeof dims);
  contiguous_strides (in, strides);
  for (guint i = 0; i < call->n_out; i++) {
    dims[axis] = sizes[i];
    Yv8Tensor *out = yv8_call_output (call, i, in->type, dims, in->n_dims, error);
    if (!out)
      return FALSE;
    yv8_gather_strided (out, in, start * strides[axis], strides);
    start += sizes[i];
  }
  return TRUE;
}

static gboolean
run_gather (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0], *indices = call->in[1];
  gint64 axis = yv8_node_int (call->node, "axis", 0);
  gint64 dims[2 * YV8_TENSOR_MAX_DIMS];
  guint n_dims = 0;

  if (yv8_tensor_is_float (indices) || !yv8_axis (&axis, in->n_dims))
    return yv8_node_error (call->node, error, "its axis or its indices are malformed");
  for (gint64 i = 0; i < axis; i++)
    dims[n_dims++] = in->dims[i];
  for (guint i = 0; i < indices->n_dims; i++)
    dims[n_dims++] = indices->dims[i];
  for (guint i = axis + 1; i < in->n_dims; i++)
    dims[n_dims++] = in->dims[i];
  Yv8Tensor *out = yv8_call_output (call, 0, in->type, dims, n_dims, error);
  if (!out)
    return FALSE;

  gint64 size = in->dims[axis];
  gsize outer = product (in->dims, axis);
  gsize inner = product (in->dims + axis + 1, in->n_dims - axis - 1) * yv8_tensor_element_size (in);
  guint8 *to = out->data;
  for (gsize o = 0; o < outer; o++)
    for (gsize i = 0; i < indices->n; i++, to += inner) {
      gint64 index = indices->i[i];
      if (!yv8_axis (&index, size))
        return yv8_node_error (call->node, error, "an index is out of range");
      memcpy (to, (guint8 *) in->data + (o * size + index) * inner, inner);
    }
  return TRUE;
}

static gboolean
run_range (Yv8Call *call, GError **error)
{
  const Yv8Tensor *const *in = call->in;
  gboolean is_float = yv8_tensor_is_float (in[0]);
  double value[3];

  for (guint i = 0; i < 3; i++) {
    if (in[i]->n != 1 || !yv8_tensor_same_kind (in[i], in[0]))
      return yv8_node_error (call->node, error, "its inputs are no scalars of one type");
    value[i] = is_float ? *in[i]->f : (double) *in[i]->i;
  }
  double count = ceil ((value[1] - value[0]) / value[2]);
  if (value[2] == 0 || !(count < G_MAXINT32) || !(fabs (value[0]) + fabs (value[1]) < 1e15))
    return yv8_node_error (call->node, error, "its bounds are out of range");
  gint64 n = count > 0 ? (gint64) count : 0;
  Yv8Tensor *out = yv8_call_output (call, 0, in[0]->type, &n, 1, error);
  if (!out)
    return FALSE;
  for (gint64 i = 0; i < n; i++) {
    if (is_float)
      out->f[i] = *in[0]->f + (float) i * *in[2]->f;
    else
      out->i[i] = *in[0]->i + i * *in[2]->i;
  }
  return TRUE;
}

const Yv8EvalOp YV8_EVAL_SHAPE_OPS[] = {
  { "Concat", 1, YV8_EVAL_MAX_INPUTS, 1, " axis ", run_concat },
  { "Constant", 0, 0, 1, " value value_float value_floats value_int value_ints ", run_constant },
  { "ConstantOfShape", 1, 1, 1, " value ", run_constant_of_shape },
  { "Expand", 2, 2, 1, "", run_expand },
  { "Gather", 2, 2, 1, " axis ", run_gather },
  { "Identity", 1, 1, 1, "", run_identity },
  { "Range", 3, 3, 1, "", run_range },
  { "Reshape", 2, 2, 1, " allowzero ", run_reshape },
  { "Shape", 1, 1, 1, " start end ", run_shape },
  { "Slice", 3, 5, 1, "", run_slice },
  { "Split", 1, 2, YV8_EVAL_MAX_OUTPUTS, " axis split num_outputs ", run_split },
  { "Squeeze", 1, 2, 1, " axes ", run_squeeze },
  { "Transpose", 1, 1, 1, " perm ", run_transpose },
  { "Unsqueeze", 1, 2, 1, " axes ", run_unsqueeze },
  { NULL },
};

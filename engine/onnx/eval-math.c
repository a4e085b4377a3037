/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Operators that compute. Integers wrap around, as in every runtime. */
#include "onnx/eval.h"

#include <math.h>
#include <string.h>

/* Brings @count inputs from @first on to one shape, as numpy does; the results are @call's to free.
 */
typedef struct {
  guint n_dims;
  gint64 dims[YV8_TENSOR_MAX_DIMS];
  gsize n;
} Common;

static gboolean
common_dims (Yv8Call *call, guint count, Common *common, GError **error)
{
  common->n_dims = 0;
  for (guint i = 0; i < count; i++)
    common->n_dims = MAX (common->n_dims, call->in[i]->n_dims);
  for (guint d = 0; d < common->n_dims; d++)
    common->dims[d] = 1;
  for (guint i = 0; i < count; i++) {
    const Yv8Tensor *in = call->in[i];
    for (guint d = 0; d < in->n_dims; d++) {
      gint64 *to = &common->dims[common->n_dims - in->n_dims + d];
      if (in->dims[d] != *to && in->dims[d] != 1 && *to != 1)
        return yv8_node_error (call->node, error, "the shapes of its inputs do not fit together");
      if (*to == 1)
        *to = in->dims[d];
    }
  }
  if (!yv8_tensor_count (common->dims, common->n_dims, &common->n))
    return yv8_node_error (call->node, error, "its output has dims out of range");
  return TRUE;
}

/* Input @index under the common dims: itself where it has them, else a copy, to be freed. */
static const Yv8Tensor *
broadcast (Yv8Call *call, guint index, const Common *common, Yv8Tensor **copy, GError **error)
{
  const Yv8Tensor *in = call->in[index];
  gint64 strides[YV8_TENSOR_MAX_DIMS] = { 0 }, step = 1;

  if (in->n == common->n)
    return in;
  for (guint d = in->n_dims; d-- > 0;) {
    strides[common->n_dims - in->n_dims + d] = in->dims[d] == 1 ? 0 : step;
    step *= in->dims[d];
  }
  if (!yv8_eval_spend (call->eval, call->node, common->n, error))
    return NULL;
  *copy = yv8_tensor_new (in->type, common->dims, common->n_dims);
  if (!*copy) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY, "node '%s': not enough memory",
        yv8_node_name (call->node));
    return NULL;
  }
  yv8_gather_strided (*copy, in, 0, strides);
  return *copy;
}

typedef enum { ADD, SUB, MUL, DIV, EQUAL } Arithmetic;

static inline float
compute_float (Arithmetic op, float a, float b)
{
  switch (op) {
  case ADD:
    return a + b;
  case SUB:
    return a - b;
  case MUL:
    return a * b;
  default:
    return a / b;
  }
}

static inline gint64
compute_int (Arithmetic op, gint64 a, gint64 b)
{
  switch (op) {
  case ADD:
    return (gint64) ((guint64) a + (guint64) b);
  case SUB:
    return (gint64) ((guint64) a - (guint64) b);
  case MUL:
    return (gint64) ((guint64) a * (guint64) b);
  case EQUAL:
    return a == b;
  default:
    return b == -1 ? (gint64) (0 - (guint64) a) : a / b;
  }
}

static gboolean
compute (Yv8Call *call, Arithmetic op, const Yv8Tensor *a, const Yv8Tensor *b, Yv8Tensor *out,
    GError **error)
{
  gboolean is_float = yv8_tensor_is_float (a);

  for (gsize i = 0; i < out->n && is_float; i++) {
    if (op == EQUAL)
      out->i[i] = a->f[i] == b->f[i];
    else
      out->f[i] = compute_float (op, a->f[i], b->f[i]);
  }
  for (gsize i = 0; i < out->n && !is_float; i++) {
    if (op == DIV && b->i[i] == 0)
      return yv8_node_error (call->node, error, "division by zero");
    gint64 value = compute_int (op, a->i[i], b->i[i]);
    out->i[i] = out->type == YV8_TENSOR_INT32 ? (gint32) (guint64) value : value;
  }
  return TRUE;
}

static gboolean
run_arithmetic (Yv8Call *call, Arithmetic op, GError **error)
{
  Common common;
  g_autoptr (Yv8Tensor) copy_a = NULL;
  g_autoptr (Yv8Tensor) copy_b = NULL;

  if (!yv8_tensor_same_kind (call->in[0], call->in[1]) ||
      (call->in[0]->type == YV8_TENSOR_BOOL && op != EQUAL))
    return yv8_node_error (call->node, error, "the types of its inputs do not fit");
  if (!common_dims (call, 2, &common, error))
    return FALSE;
  const Yv8Tensor *a = broadcast (call, 0, &common, &copy_a, error);
  const Yv8Tensor *b = a ? broadcast (call, 1, &common, &copy_b, error) : NULL;
  if (!b)
    return FALSE;
  Yv8Tensor *out = yv8_call_output (
      call, 0, op == EQUAL ? YV8_TENSOR_BOOL : a->type, common.dims, common.n_dims, error);
  return out && compute (call, op, a, b, out, error);
}

static gboolean
run_add (Yv8Call *call, GError **error)
{
  return run_arithmetic (call, ADD, error);
}

static gboolean
run_sub (Yv8Call *call, GError **error)
{
  return run_arithmetic (call, SUB, error);
}

static gboolean
run_mul (Yv8Call *call, GError **error)
{
  return run_arithmetic (call, MUL, error);
}

static gboolean
run_div (Yv8Call *call, GError **error)
{
  return run_arithmetic (call, DIV, error);
}

static gboolean
run_equal (Yv8Call *call, GError **error)
{
  return run_arithmetic (call, EQUAL, error);
}

static gboolean
run_where (Yv8Call *call, GError **error)
{
  Common common;
  g_autoptr (Yv8Tensor) copy_c = NULL;
  g_autoptr (Yv8Tensor) copy_a = NULL;
  g_autoptr (Yv8Tensor) copy_b = NULL;

  if (call->in[0]->type != YV8_TENSOR_BOOL || !yv8_tensor_same_kind (call->in[1], call->in[2]))
    return yv8_node_error (call->node, error, "the types of its inputs do not fit");
  if (!common_dims (call, 3, &common, error))
    return FALSE;
  const Yv8Tensor *c = broadcast (call, 0, &common, &copy_c, error);
  const Yv8Tensor *a = c ? broadcast (call, 1, &common, &copy_a, error) : NULL;
  const Yv8Tensor *b = a ? broadcast (call, 2, &common, &copy_b, error) : NULL;
  if (!b)
    return FALSE;
  Yv8Tensor *out = yv8_call_output (call, 0, a->type, common.dims, common.n_dims, error);
  if (!out)
    return FALSE;
  for (gsize i = 0; i < out->n; i++) {
    const Yv8Tensor *from = c->i[i] ? a : b;
    if (yv8_tensor_is_float (out))
      out->f[i] = from->f[i];
    else
      out->i[i] = from->i[i];
  }
  return TRUE;
}

static Yv8Tensor *
float_output (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0];

  if (!yv8_tensor_is_float (in)) {
    yv8_node_error (call->node, error, "its input is not of a float type");
    return NULL;
  }
  return yv8_call_output (call, 0, in->type, in->dims, in->n_dims, error);
}

static gboolean
run_sigmoid (Yv8Call *call, GError **error)
{
  Yv8Tensor *out = float_output (call, error);

  for (gsize i = 0; out && i < out->n; i++)
    out->f[i] = 1 / (1 + expf (-call->in[0]->f[i]));
  return out != NULL;
}

static gboolean
run_floor (Yv8Call *call, GError **error)
{
  Yv8Tensor *out = float_output (call, error);

  for (gsize i = 0; out && i < out->n; i++)
    out->f[i] = floorf (call->in[0]->f[i]);
  return out != NULL;
}

static void
softmax (const float *in, float *out, gsize n, gsize step)
{
  float most = in[0], sum = 0;

  for (gsize i = 1; i < n; i++)
    most = MAX (most, in[i * step]);
  for (gsize i = 0; i < n; i++)
    sum += out[i * step] = expf (in[i * step] - most);
  for (gsize i = 0; i < n; i++)
    out[i * step] /= sum;
}

static gboolean
run_softmax (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0];
  gboolean flat = call->eval->opset < 13; /* all axes from this one on are one */
  gint64 axis = yv8_node_int (call->node, "axis", flat ? 1 : -1);
  gsize n = 1, step = 1;

  if (!yv8_axis (&axis, in->n_dims))
    return yv8_node_error (call->node, error, "its axis is out of range");
  Yv8Tensor *out = float_output (call, error);
  if (!out)
    return FALSE;
  for (guint d = axis; d < in->n_dims; d++) {
    if (flat || d == axis)
      n *= in->dims[d];
    else
      step *= in->dims[d];
  }
  for (gsize first = 0; first < in->n; first += n * step)
    for (gsize i = first; i < first + step; i++)
      softmax (in->f + i, out->f + i, n, step);
  return TRUE;
}

static gboolean
pointwise_only (const Yv8NodeProto *node)
{
  gsize n_pads, n_strides;
  const gint64 *pads = yv8_node_ints (node, "pads", &n_pads);
  const gint64 *strides = yv8_node_ints (node, "strides", &n_strides);

  for (gsize i = 0; i < n_pads; i++)
    if (pads[i] != 0)
      return FALSE;
  for (gsize i = 0; i < n_strides; i++)
    if (strides[i] != 1)
      return FALSE;
  return yv8_node_int (node, "group", 1) == 1;
}

/* As much of Conv as a tail needs: 1x1 kernels. */
static gboolean
run_conv (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0], *w = call->in[1], *b = call->n_in > 2 ? call->in[2] : NULL;
  gint64 dims[4];

  if (in->n_dims != 4 || w->n_dims != 4 || w->dims[2] != 1 || w->dims[3] != 1 ||
      w->dims[1] != in->dims[1] || (b && b->n != (gsize) w->dims[0]) ||
      !pointwise_only (call->node))
    return yv8_node_error (
        call->node, error, "a convolution of what is no feature map must be plain and 1x1");
  if (!yv8_tensor_is_float (in) || !yv8_tensor_is_float (w) || (b && !yv8_tensor_is_float (b)))
    return yv8_node_error (call->node, error, "its inputs are not of a float type");
  memcpy (dims, in->dims, sizeof dims);
  dims[1] = w->dims[0];
  Yv8Tensor *out = yv8_call_output (call, 0, in->type, dims, 4, error);
  if (!out || !yv8_eval_spend (call->eval, call->node, (guint64) out->n * in->dims[1], error))
    return FALSE;

  gsize plane = in->dims[2] * in->dims[3], n_in = in->dims[1], n_out = dims[1];
  for (gsize i = 0; i < out->n / MAX (plane, 1); i++) {
    float *to = out->f + i * plane;
    gsize channel = i % n_out;
    for (gsize p = 0; p < plane; p++)
      to[p] = b ? b->f[channel] : 0;
    for (gsize c = 0; c < n_in; c++) {
      const float *from = in->f + (i / n_out * n_in + c) * plane;
      for (gsize p = 0; p < plane; p++)
        to[p] += w->f[channel * n_in + c] * from[p];
    }
  }
  return TRUE;
}

static gboolean
cast_to_int (Yv8TensorType type, float value, gint64 *out)
{
  gboolean narrow = type == YV8_TENSOR_INT32;

  if (type == YV8_TENSOR_BOOL) {
    *out = value != 0;
    return TRUE;
  }
  if (!(value > (narrow ? -0x1p31f : -0x1p63f) && value < (narrow ? 0x1p31f : 0x1p63f)))
    return FALSE;
  *out = (gint64) value;
  return TRUE;
}

static gboolean
run_cast (Yv8Call *call, GError **error)
{
  const Yv8Tensor *in = call->in[0];
  gint64 type = yv8_node_int (call->node, "to", 0);

  if (!yv8_tensor_type_is_known (type))
    return yv8_node_error (
        call->node, error, "it casts to type %" G_GINT64_FORMAT ", which is not known", type);
  Yv8Tensor *out = yv8_call_output (call, 0, type, in->dims, in->n_dims, error);
  if (!out)
    return FALSE;
  gboolean from_float = yv8_tensor_is_float (in), to_float = yv8_tensor_is_float (out);
  gboolean narrow = call->eval->exact && type == YV8_TENSOR_FLOAT16;
  for (gsize i = 0; i < in->n; i++) {
    if (to_float) {
      float value = from_float ? in->f[i] : (float) in->i[i];
      out->f[i] = narrow ? yv8_half_to_float (yv8_half_from_float (value)) : value;
    } else if (from_float) {
      if (!cast_to_int (type, in->f[i], &out->i[i]))
        return yv8_node_error (call->node, error, "a value is out of the integers' range");
    } else {
      out->i[i] = type == YV8_TENSOR_BOOL    ? in->i[i] != 0
                  : type == YV8_TENSOR_INT32 ? (gint32) (guint64) in->i[i]
                                             : in->i[i];
    }
  }
  return TRUE;
}

const Yv8EvalOp YV8_EVAL_MATH_OPS[] = {
  { "Add", 2, 2, 1, "", run_add },
  { "Cast", 1, 1, 1, " to saturate ", run_cast },
  { "Conv", 2, 3, 1, " auto_pad dilations group kernel_shape pads strides ", run_conv },
  { "Div", 2, 2, 1, "", run_div },
  { "Equal", 2, 2, 1, "", run_equal },
  { "Floor", 1, 1, 1, "", run_floor },
  { "Mul", 2, 2, 1, "", run_mul },
  { "Sigmoid", 1, 1, 1, "", run_sigmoid },
  { "Softmax", 1, 1, 1, " axis ", run_softmax },
  { "Sub", 2, 2, 1, "", run_sub },
  { "Where", 3, 3, 1, "", run_where },
  { NULL },
};

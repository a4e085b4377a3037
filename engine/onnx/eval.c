/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding and calling operators, and what they share. */
#include "onnx/eval.h"

#include <string.h>

static const Yv8EvalOp *
find_op (const char *name)
{
  const Yv8EvalOp *const tables[] = { YV8_EVAL_SHAPE_OPS, YV8_EVAL_MATH_OPS };

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    for (const Yv8EvalOp *op = tables[i]; op->name; op++)
      if (g_str_equal (op->name, name))
        return op;
  return NULL;
}

gboolean
yv8_eval_knows (const Yv8NodeProto *node, GError **error)
{
  return find_op (node->op_type) ? TRUE
                                 : yv8_node_error (node, error, "this operator is not known");
}

gboolean
yv8_eval_run (Yv8Call *call, GError **error)
{
  const Yv8NodeProto *node = call->node;
  const Yv8EvalOp *op = find_op (node->op_type);

  if (!op)
    return yv8_eval_knows (node, error);
  if (!yv8_node_check_attributes (node, op->attributes, error))
    return FALSE;
  if (call->n_in < op->min_in || call->n_in > op->max_in || call->n_out > op->max_out)
    return yv8_node_error (node, error, "it has %u inputs and %u outputs", call->n_in, call->n_out);
  for (guint i = 0; i < op->min_in; i++)
    if (!call->in[i])
      return yv8_node_error (node, error, "input %u is absent", i);
  return op->run (call, error);
}

gboolean
yv8_eval_spend (Yv8Eval *eval, const Yv8NodeProto *node, guint64 n, GError **error)
{
  if (n > eval->budget) {
    eval->budget = 0;
    return yv8_node_error (node, error, "more arithmetic than a model of this size needs");
  }
  eval->budget -= n;
  return TRUE;
}

Yv8Tensor *
yv8_call_output (Yv8Call *call, guint index, Yv8TensorType type, const gint64 *dims, gsize n_dims,
    GError **error)
{
  gsize n;

  if (!yv8_tensor_count (dims, n_dims, &n)) {
    yv8_node_error (call->node, error, "its output has dims out of range");
    return NULL;
  }
  if (!yv8_eval_spend (call->eval, call->node, n, error))
    return NULL;
  call->out[index] = yv8_tensor_new (type, dims, n_dims);
  if (!call->out[index])
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY, "node '%s': not enough memory",
        yv8_node_name (call->node));
  return call->out[index];
}

gboolean
yv8_call_ints (Yv8Call *call, const char *name, gint64 since, guint index, const gint64 **values,
    gsize *n, GError **error)
{
  if (call->eval->opset < since) {
    *values = yv8_node_ints (call->node, name, n);
    return TRUE;
  }
  const Yv8Tensor *in = index < call->n_in ? call->in[index] : NULL;
  if (in && (yv8_tensor_is_float (in) || in->n_dims > 1))
    return yv8_node_error (call->node, error, "input '%s' is no list of integers", name);
  *values = in ? in->i : NULL;
  *n = in ? in->n : 0;
  return TRUE;
}

gboolean
yv8_axis (gint64 *axis, guint n_dims)
{
  if (*axis < -(gint64) n_dims || *axis >= (gint64) n_dims)
    return FALSE;
  if (*axis < 0)
    *axis += n_dims;
  return TRUE;
}

void
yv8_gather_strided (Yv8Tensor *out, const Yv8Tensor *in, gint64 base, const gint64 *strides)
{
  gint64 index[YV8_TENSOR_MAX_DIMS] = { 0 };
  gint64 inner = out->n_dims ? out->dims[out->n_dims - 1] : 1;
  gint64 step = out->n_dims ? strides[out->n_dims - 1] : 0;
  gboolean is_float = yv8_tensor_is_float (out);

  for (gsize done = 0; done < out->n; done += inner) {
    for (gint64 i = 0; i < inner && is_float; i++)
      out->f[done + i] = in->f[base + i * step];
    for (gint64 i = 0; i < inner && !is_float; i++)
      out->i[done + i] = in->i[base + i * step];
    for (gint dim = (gint) out->n_dims - 2; dim >= 0; dim--) {
      base += strides[dim];
      if (++index[dim] < out->dims[dim])
        break;
      base -= index[dim] * strides[dim];
      index[dim] = 0;
    }
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Evaluates nodes whose inputs are known: shape arithmetic, and the tail on probe values.
 * One table of operators; work is bounded. */
#pragma once

#include "onnx/tensor.h"

G_BEGIN_DECLS

#define YV8_EVAL_MAX_INPUTS  1024
#define YV8_EVAL_MAX_OUTPUTS 64

/**
 * Yv8Eval:
 * @opset: version of the operators
 * @budget: elements that may still be computed; what exceeds it is UNSUPPORTED
 * @exact: round casts to float16; not so in the tail, where float16 is computed as float32
 */
typedef struct {
  gint64 opset;
  guint64 budget;
  gboolean exact;
} Yv8Eval;

/**
 * Yv8Call: one evaluation.
 * @in: (array length=n_in): %NULL where an optional input is absent
 * @out: (array length=n_out): (transfer full): filled by the operator; %NULL if the node does not
 * name it
 */
typedef struct {
  Yv8Eval *eval;
  const Yv8NodeProto *node;
  guint n_in;
  const Yv8Tensor *const *in;
  guint n_out;
  Yv8Tensor **out;
} Yv8Call;

/**
 * yv8_eval_knows: Returns: %FALSE with @error set if no such operator is known
 */
gboolean yv8_eval_knows (const Yv8NodeProto *node, GError **error);

/**
 * yv8_eval_run:
 *
 * Returns: %FALSE with @error set, naming the node; outputs made so far are the caller's to free
 */
gboolean yv8_eval_run (Yv8Call *call, GError **error);

/**
 * yv8_eval_spend:
 *
 * Takes @n elements from the budget.
 *
 * Returns: %FALSE with @error set if that is more than is left
 */
gboolean yv8_eval_spend (Yv8Eval *eval, const Yv8NodeProto *node, guint64 n, GError **error);

/* For the operators. */

/**
 * yv8_call_output: Returns: (transfer none): output @index, new and zeroed; %NULL with @error set
 */
Yv8Tensor *yv8_call_output (Yv8Call *call, guint index, Yv8TensorType type, const gint64 *dims,
    gsize n_dims, GError **error);

/**
 * yv8_call_ints:
 *
 * A list of integers that is an attribute in old operator sets and an input in newer ones.
 *
 * @since: first operator set that has it as input @index
 * @n: (out): how many; 0 where there are none
 *
 * Returns: %FALSE with @error set if the input is no list of integers
 */
gboolean yv8_call_ints (Yv8Call *call, const char *name, gint64 since, guint index,
    const gint64 **values, gsize *n, GError **error);

/**
 * yv8_axis: Returns: %FALSE unless -@n_dims <= @axis < @n_dims; then @axis counts from the front
 */
gboolean yv8_axis (gint64 *axis, guint n_dims);

/**
 * yv8_gather_strided:
 * @strides: elements of @in from one step of each dim of @out to the next
 * @base: first element
 *
 * Fills @out, which has @in's element size, by walking @in. The caller has checked the bounds.
 */
void yv8_gather_strided (Yv8Tensor *out, const Yv8Tensor *in, gint64 base, const gint64 *strides);

typedef gboolean (*Yv8EvalFunc) (Yv8Call *call, GError **error);

/**
 * Yv8EvalOp: an operator: its name, number of inputs and outputs, attributes that it knows
 */
typedef struct {
  const char *name;
  guint min_in, max_in, max_out;
  const char *attributes;
  Yv8EvalFunc run;
} Yv8EvalOp;

extern const Yv8EvalOp YV8_EVAL_SHAPE_OPS[];
extern const Yv8EvalOp YV8_EVAL_MATH_OPS[];

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mutations that leave an ONNX file well-formed, so that the fuzzer gets past its unpacking: other
 * operators, wires, attributes, dims and constants. Every other call mutates bytes. */
#include <string.h>

#include "fuzz.h"
#include "onnx/model.h"

size_t LLVMFuzzerMutate (guint8 *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size, unsigned seed);

static const char *const OPERATORS[] = { "Add", "Cast", "Concat", "Constant", "ConstantOfShape",
  "Conv", "Div", "Equal", "Expand", "Floor", "Gather", "Identity", "MaxPool", "Mul", "Range",
  "Reshape", "Resize", "Shape", "Sigmoid", "Slice", "Softmax", "Split", "Squeeze", "Sub",
  "Transpose", "Unsqueeze", "Where" };

static const gint64 INTEGERS[] = { G_MININT64, G_MININT32, -65536, -8, -3, -2, -1, 0, 1, 2, 3, 4, 5,
  7, 8, 9, 16, 32, 64, 65536, G_MAXINT32, G_GINT64_CONSTANT (1) << 32, G_MAXINT64 };

#define PICK(rand, array) (array)[g_rand_int_range (rand, 0, G_N_ELEMENTS (array))]

static guint
below (GRand *rand, gsize n)
{
  return g_rand_int_range (rand, 0, (gint32) MIN (n, G_MAXINT32));
}

static void
set_string (char **field, const char *value)
{
  gsize size = strlen (value) + 1;

  free (*field);
  *field = memcpy (malloc (size), value, size);
}

static void
mutate_integer (GRand *rand, gint64 *value)
{
  if (g_rand_boolean (rand))
    *value = PICK (rand, INTEGERS);
  else
    *value = (gint64) ((guint64) *value + (guint64) g_rand_int_range (rand, -2, 3));
}

static void
mutate_tensor (GRand *rand, Onnx__TensorProto *tensor)
{
  if (tensor->n_dims && g_rand_boolean (rand))
    mutate_integer (rand, &tensor->dims[below (rand, tensor->n_dims)]);
  else if (tensor->has_raw_data && tensor->raw_data.len >= 8) {
    guint8 *at = tensor->raw_data.data + 8 * below (rand, tensor->raw_data.len / 8);
    gint64 value;
    memcpy (&value, at, sizeof value);
    mutate_integer (rand, &value);
    memcpy (at, &value, sizeof value);
  }
}

static void
mutate_attribute (GRand *rand, Onnx__AttributeProto *attribute)
{
  if (attribute->n_ints)
    mutate_integer (rand, &attribute->ints[below (rand, attribute->n_ints)]);
  else if (attribute->has_i)
    mutate_integer (rand, &attribute->i);
  else if (attribute->t)
    mutate_tensor (rand, attribute->t);
}

/* The name of any value. */
static const char *
any_name (GRand *rand, const Onnx__GraphProto *graph)
{
  const Onnx__NodeProto *node = graph->node[below (rand, graph->n_node)];
  const char *name = NULL;

  if (graph->n_initializer && below (rand, 3) == 0)
    name = graph->initializer[below (rand, graph->n_initializer)]->name;
  else if (node->n_output)
    name = node->output[below (rand, node->n_output)];
  return name ? name : "";
}

static void
mutate_node (GRand *rand, Onnx__GraphProto *graph)
{
  guint index = below (rand, graph->n_node);
  Onnx__NodeProto *node = graph->node[index];

  switch (below (rand, 5)) {
  case 0:
    set_string (&node->op_type, PICK (rand, OPERATORS));
    break;
  case 1:
    if (node->n_input)
      set_string (&node->input[below (rand, node->n_input)], any_name (rand, graph));
    break;
  case 2:
    if (node->n_input)
      free (node->input[--node->n_input]);
    break;
  default:
    if (node->n_attribute)
      mutate_attribute (rand, node->attribute[below (rand, node->n_attribute)]);
    break;
  }
}

static void
mutate (GRand *rand, Onnx__ModelProto *model)
{
  Onnx__GraphProto *graph = model->graph;
  guint what = below (rand, 10);

  if (what == 0 && model->n_opset_import)
    model->opset_import[0]->version = g_rand_int_range (rand, 10, 21);
  else if (what == 1 && graph->n_output)
    set_string (&graph->output[0]->name, any_name (rand, graph));
  else if (what == 2 && graph->n_input && graph->input[0]->type &&
           graph->input[0]->type->tensor_type && graph->input[0]->type->tensor_type->shape) {
    Onnx__TensorShapeProto *shape = graph->input[0]->type->tensor_type->shape;
    if (shape->n_dim)
      mutate_integer (rand, &shape->dim[below (rand, shape->n_dim)]->dim_value);
  } else if (what <= 5 && graph->n_initializer)
    mutate_tensor (rand, graph->initializer[below (rand, graph->n_initializer)]);
  else
    mutate_node (rand, graph);
}

size_t
LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size, unsigned seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  Onnx__ModelProto *model = seed % 2 ? onnx__model_proto__unpack (NULL, size, data) : NULL;

  if (model && model->graph && model->graph->n_node) {
    for (guint n = 1 + below (rand, 3); n > 0; n--)
      mutate (rand, model);
    gsize packed = onnx__model_proto__get_packed_size (model);
    if (packed <= max_size) {
      onnx__model_proto__pack (model, data);
      onnx__model_proto__free_unpacked (model, NULL);
      return packed;
    }
  }
  if (model)
    onnx__model_proto__free_unpacked (model, NULL);
  return LLVMFuzzerMutate (data, size, max_size);
}

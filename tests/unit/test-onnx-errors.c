/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Exports that are broken or changed: each gives an error that says what and where. */
#include "exports.h"
#include "onnx/model.h"

typedef Onnx__ModelProto Model;
typedef Onnx__NodeProto Node;
typedef Onnx__AttributeProto Attribute;
typedef void (*Change) (Model *model);

#define ALLOCATED(s) ((char *) strcpy (malloc (strlen (s) + 1), (s)))

/* Protobuf-c frees with free(). */
static void
set_string (char **field, const char *value)
{
  free (*field);
  *field = ALLOCATED (value);
}

static Node *
node (Model *model, const char *name)
{
  for (gsize i = 0; i < model->graph->n_node; i++)
    if (g_strcmp0 (model->graph->node[i]->name, name) == 0)
      return model->graph->node[i];
  g_assert_not_reached ();
}

static Attribute *
attribute (Node *of, const char *name)
{
  for (gsize i = 0; i < of->n_attribute; i++)
    if (g_str_equal (of->attribute[i]->name, name))
      return of->attribute[i];
  g_assert_not_reached ();
}

static void
set_text (Attribute *of, const char *value)
{
  free (of->s.data);
  of->s.data = (guint8 *) ALLOCATED (value);
  of->s.len = strlen (value);
}

static Onnx__TensorProto *
initializer (Model *model, const char *name)
{
  for (gsize i = 0; i < model->graph->n_initializer; i++)
    if (g_str_equal (model->graph->initializer[i]->name, name))
      return model->graph->initializer[i];
  g_assert_not_reached ();
}

static void
set_float (Onnx__TensorProto *tensor, guint index, float value)
{
  g_assert_cmpuint (tensor->raw_data.len, >=, (index + 1) * sizeof value);
  memcpy (tensor->raw_data.data + index * sizeof value, &value, sizeof value);
}

static Onnx__TensorShapeProto__Dimension *
input_dim (Model *model, guint index)
{
  return model->graph->input[0]->type->tensor_type->shape->dim[index];
}

static void
relu (Model *model)
{
  set_string (&node (model, "/model.0/act/Sigmoid")->op_type, "Relu");
}

static void
nms (Model *model)
{
  set_string (&node (model, "/model.6/Sub")->op_type, "NonMaxSuppression");
}

static void
foreign_domain (Model *model)
{
  set_string (&node (model, "/model.6/Sub")->domain, "com.microsoft");
}

static void
unknown_attribute (Model *model)
{
  set_string (&attribute (node (model, "/model.2/conv/Conv"), "group")->name, "groups");
}

static void
groups (Model *model)
{
  attribute (node (model, "/model.2/conv/Conv"), "group")->i = 4;
}

static void
dilated (Model *model)
{
  attribute (node (model, "/model.2/conv/Conv"), "dilations")->ints[0] = 2;
}

static void
uneven_strides (Model *model)
{
  attribute (node (model, "/model.2/conv/Conv"), "strides")->ints[0] = 1;
}

static void
uneven_pads (Model *model)
{
  attribute (node (model, "/model.2/conv/Conv"), "pads")->ints[3] = 0;
}

static void
automatic_pads (Model *model)
{
  Attribute *pads = attribute (node (model, "/model.2/conv/Conv"), "pads");

  set_string (&pads->name, "auto_pad");
  pads->type = 3;
  pads->has_s = TRUE;
  set_text (pads, "SAME_UPPER");
}

static void
wrong_channels (Model *model)
{
  Onnx__TensorProto *w = initializer (model, "model.2.conv.weight");

  g_assert_cmpint (w->dims[0], ==, 4);
  w->dims[0] = 2;
  w->dims[1] = 8;
}

static void
pool_rounds_up (Model *model)
{
  attribute (node (model, "/model.9/m/MaxPool"), "ceil_mode")->i = 1;
}

static void
linear_resize (Model *model)
{
  set_text (attribute (node (model, "/model.4/Resize"), "mode"), "linear");
}

static void
shifted_resize (Model *model)
{
  set_text (attribute (node (model, "/model.4/Resize"), "nearest_mode"), "ceil");
}

static void
triple_resize (Model *model)
{
  Node *resize = node (model, "/model.4/Resize");

  set_float (initializer (model, resize->input[2]), 2, 3);
}

static void
spatial_split (Model *model)
{
  attribute (node (model, "/model.1/Split"), "axis")->i = 2;
}

static void
uneven_split (Model *model)
{
  Node *split = node (model, "/model.1/Split");

  initializer (model, split->input[1])->raw_data.data[0] = 3;
}

static void
gate_of_other (Model *model)
{
  Node *mul = node (model, "/model.2/act/Mul");

  set_string (&mul->input[0], "/model.1/cv2/act/Mul_output_0");
}

static void
gated_sum (Model *model)
{
  set_string (&node (model, "/model.2/act/Mul")->op_type, "Add");
}

static void
other_bins (Model *model)
{
  set_float (initializer (model, "model.6.dfl.conv.weight"), 15, 15.01f);
}

static void
swapped_sides (Model *model)
{
  Node *sub = node (model, "/model.6/Sub");
  char *first = sub->input[0];

  sub->input[0] = sub->input[1];
  sub->input[1] = first;
}

static void
other_strides (Model *model)
{
  Node *mul = node (model, "/model.6/Mul");

  set_float (initializer (model, mul->input[1]), 0, 8.01f);
}

static void
logits (Model *model)
{
  set_string (&node (model, "/model.6/Sigmoid")->op_type, "Identity");
}

static void
cut_off (Model *model)
{
  set_string (&model->graph->output[0]->name, "/model.6/cv2.0/cv2.0.2/Conv_output_0");
}

static void
half_a_head (Model *model)
{
  set_string (&model->graph->output[0]->name, "/model.6/Sigmoid_output_0");
}

static void
two_outputs (Model *model)
{
  Onnx__GraphProto *graph = model->graph;
  Onnx__ValueInfoProto **both = malloc (2 * sizeof *both);

  both[0] = graph->output[0];
  both[1] = malloc (sizeof **both);
  onnx__value_info_proto__init (both[1]);
  both[1]->name = ALLOCATED ("/model.6/Sub_output_0");
  free (graph->output);
  graph->output = both;
  graph->n_output = 2;
}

static void
gray_input (Model *model)
{
  input_dim (model, 1)->dim_value = 1;
}

static void
odd_input (Model *model)
{
  input_dim (model, 3)->dim_value = 72;
}

static void
huge_input (Model *model)
{
  input_dim (model, 2)->dim_value = input_dim (model, 3)->dim_value = YV8_GRAPH_MAX_SIDE;
}

static void
huge_batch (Model *model)
{
  input_dim (model, 0)->dim_value = G_MAXINT64;
}

static void
integer_input (Model *model)
{
  model->graph->input[0]->type->tensor_type->elem_type = 2;
}

static void
segment (Model *model)
{
  for (gsize i = 0; i < model->n_metadata_props; i++)
    if (g_str_equal (model->metadata_props[i]->key, "task"))
      set_string (&model->metadata_props[i]->value, "segment");
}

static void
external_data (Model *model)
{
  initializer (model, "model.2.conv.weight")->has_data_location = TRUE;
  initializer (model, "model.2.conv.weight")->data_location = 1;
}

static void
double_weights (Model *model)
{
  initializer (model, "model.2.conv.weight")->data_type = 11;
}

static void
missing_values (Model *model)
{
  initializer (model, "model.2.conv.weight")->raw_data.len -= 4;
}

static void
negative_dims (Model *model)
{
  initializer (model, "model.2.conv.weight")->dims[0] = -4;
}

static void
overflowing_dims (Model *model)
{
  Onnx__TensorProto *w = initializer (model, "model.2.conv.weight");

  w->dims[0] = w->dims[1] = w->dims[2] = w->dims[3] = 65536;
}

static void
name_twice (Model *model)
{
  set_string (&node (model, "/model.6/Sigmoid")->output[0], "/model.6/Sub_output_0");
}

static void
loop (Model *model)
{
  set_string (&node (model, "/model.0/conv/Conv")->input[0], "/model.6/Sub_output_0");
}

static void
nameless_input (Model *model)
{
  set_string (&node (model, "/model.0/conv/Conv")->input[0], "nowhere");
}

static void
bad_utf8 (Model *model)
{
  set_string (&node (model, "/model.6/Sub")->name, "\xff\xfe");
}

static void
old_opset (Model *model)
{
  model->opset_import[0]->version = 10;
}

static void
no_opset (Model *model)
{
  set_string (&model->opset_import[0]->domain, "ai.onnx.ml");
}

static void
no_nodes (Model *model)
{
  while (model->graph->n_node)
    onnx__node_proto__free_unpacked (model->graph->node[--model->graph->n_node], NULL);
}

#define FORMAT      YV8_ERROR_FORMAT
#define UNSUPPORTED YV8_ERROR_UNSUPPORTED

/* @where: parts of the message: the node or value, then the operator or reason. */
static const struct {
  const char *name;
  Change change;
  Yv8Error code;
  const char *where[2];
  const char *options;
} CASES[] = {
  { "relu", relu, UNSUPPORTED, { "'/model.0/act/Sigmoid' (operator Relu)", "not known" } },
  { "nms", nms, UNSUPPORTED, { "'/model.6/Sub' (operator NonMaxSuppression)", "not known" } },
  { "foreign domain", foreign_domain, UNSUPPORTED, { "'/model.6/Sub'", "com.microsoft" } },
  { "unknown attribute", unknown_attribute, UNSUPPORTED,
      { "'/model.2/conv/Conv' (operator Conv)", "'groups'" } },
  { "groups", groups, UNSUPPORTED, { "'/model.2/conv/Conv' (operator Conv)", "4 groups" } },
  { "dilated", dilated, UNSUPPORTED, { "'/model.2/conv/Conv' (operator Conv)", "dilated" } },
  { "uneven strides", uneven_strides, UNSUPPORTED, { "'/model.2/conv/Conv'", "strides" } },
  { "uneven pads", uneven_pads, UNSUPPORTED, { "'/model.2/conv/Conv'", "pads" } },
  { "automatic pads", automatic_pads, UNSUPPORTED, { "'/model.2/conv/Conv'", "pads depend" } },
  { "wrong channels", wrong_channels, UNSUPPORTED, { "'/model.2/conv/Conv'", "weights" } },
  { "pool rounds up", pool_rounds_up, UNSUPPORTED,
      { "'/model.9/m/MaxPool' (operator MaxPool)", "rounds" }, "" },
  { "linear resize", linear_resize, UNSUPPORTED,
      { "'/model.4/Resize' (operator Resize)", "nearest neighbour" } },
  { "shifted resize", shifted_resize, UNSUPPORTED, { "'/model.4/Resize'", "nearest neighbour" } },
  { "triple resize", triple_resize, UNSUPPORTED, { "'/model.4/Resize'", "nearest neighbour" } },
  { "spatial split", spatial_split, UNSUPPORTED,
      { "'/model.1/Split' (operator Split)", "feature map" } },
  { "uneven split", uneven_split, UNSUPPORTED, { "'/model.1/Split'", "add up" } },
  { "gate of another map", gate_of_other, UNSUPPORTED,
      { "'/model.2/act/Mul' (operator Mul)", "feature map" } },
  { "gated sum", gated_sum, UNSUPPORTED,
      { "'/model.3/conv/Conv' (operator Conv)", "'/model.2/act/Mul' (operator Add)" } },
  { "other bins", other_bins, UNSUPPORTED, { "'/model.6/Concat_5' (operator Concat)", "head" } },
  { "swapped sides", swapped_sides, UNSUPPORTED, { "'/model.6/Concat_5'", "head" } },
  { "other strides", other_strides, UNSUPPORTED, { "'/model.6/Concat_5'", "head" } },
  { "logits", logits, UNSUPPORTED, { "'/model.6/Concat_5'", "head" } },
  { "cut off", cut_off, UNSUPPORTED, { "'/model.6/cv2.0/cv2.0.2/Conv_output_0'", "head" } },
  { "half a head", half_a_head, UNSUPPORTED, { "'/model.6/Sigmoid' (operator Sigmoid)", "" } },
  { "two outputs", two_outputs, UNSUPPORTED, { "2 outputs", "" } },
  { "gray input", gray_input, UNSUPPORTED, { "'images'", "[3]" } },
  { "odd input", odd_input, UNSUPPORTED, { "72x64", "multiples of 32" } },
  { "huge input", huge_input, UNSUPPORTED, { "'/model.6/Concat_5'", "arithmetic" } },
  { "huge batch", huge_batch, UNSUPPORTED, { "batch of 9223372036854775807", "" } },
  { "integer input", integer_input, UNSUPPORTED, { "'images'", "float" } },
  { "segment", segment, UNSUPPORTED, { "'segment'", "'detect'" } },
  { "external data", external_data, UNSUPPORTED, { "'model.2.conv.weight'", "another file" } },
  { "double weights", double_weights, UNSUPPORTED, { "'model.2.conv.weight'", "type" } },
  { "missing values", missing_values, FORMAT, { "'model.2.conv.weight'", "as many values" } },
  { "negative dims", negative_dims, FORMAT, { "'model.2.conv.weight'", "out of range" } },
  { "overflowing dims", overflowing_dims, FORMAT, { "'model.2.conv.weight'", "out of range" } },
  { "name twice", name_twice, FORMAT, { "'/model.6/Sub_output_0'", "two values" } },
  { "loop", loop, FORMAT, { "'/model.6/Sub_output_0'", "before" } },
  { "nameless input", nameless_input, FORMAT, { "'nowhere'", "before" } },
  { "bad utf-8", bad_utf8, FORMAT, { "bad name", "" } },
  { "old opset", old_opset, UNSUPPORTED, { "operator set 10", "11" } },
  { "no opset", no_opset, FORMAT, { "operator set", "" } },
  { "no nodes", no_nodes, FORMAT, { "no graph", "" } },
};

static GBytes *toy, *tiny;

static Model *
unpack (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return onnx__model_proto__unpack (NULL, size, data);
}

static GBytes *
pack (const Model *model)
{
  gsize size = onnx__model_proto__get_packed_size (model);
  guint8 *data = g_malloc (size);

  onnx__model_proto__pack (model, data);
  return g_bytes_new_take (data, size);
}

static Yv8Network *
import (GBytes *bytes, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return yv8_onnx_import (data, size, error);
}

static void
test_change (gconstpointer data)
{
  guint index = GPOINTER_TO_UINT (data);
  Model *model = unpack (CASES[index].options ? tiny : toy);
  g_autoptr (GError) error = NULL;

  CASES[index].change (model);
  g_autoptr (GBytes) bytes = pack (model);
  onnx__model_proto__free_unpacked (model, NULL);
  g_autoptr (Yv8Network) result = import (bytes, &error);
  g_assert_null (result);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_error (error, YV8_ERROR, (gint) CASES[index].code);
  for (guint i = 0; i < 2; i++)
    if (!strstr (error->message, CASES[index].where[i]))
      g_error ("'%s' is not in '%s'", CASES[index].where[i], error->message);
}

/* Unpacking and packing alone changes nothing: what fails above fails by its change. */
static void
test_unchanged (void)
{
  GBytes *files[] = { toy, tiny };

  for (guint i = 0; i < 2; i++) {
    Model *model = unpack (files[i]);
    g_autoptr (GBytes) bytes = pack (model);
    g_autoptr (GError) error = NULL;
    onnx__model_proto__free_unpacked (model, NULL);
    g_autoptr (Yv8Network) result = import (bytes, &error);
    g_assert_no_error (error);
    g_assert_nonnull (result);
  }
}

static void
test_truncated (void)
{
  gsize size = g_bytes_get_size (toy);

  for (gsize n = 0; n < size; n += 1 + size / 500) {
    g_autoptr (GBytes) bytes = g_bytes_new_from_bytes (toy, 0, n);
    g_autoptr (GError) error = NULL;
    g_autoptr (Yv8Network) result = import (bytes, &error);
    /* The last messages are metadata, without which it is still a network. */
    if (!result)
      g_assert_true (error && error->domain == YV8_ERROR);
    else
      g_assert_cmpuint (n, >, size / 2);
  }
}

static void
test_flipped (void)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (toy, &size);
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint run = 0; run < 500; run++) {
    g_autofree guint8 *copy = g_memdup2 (data, size);
    g_autoptr (GError) error = NULL;
    for (gint flips = g_rand_int_range (rand, 1, 9); flips-- > 0;)
      copy[g_rand_int_range (rand, 0, size)] ^= 1 << g_rand_int_range (rand, 0, 8);
    g_autoptr (Yv8Network) result = yv8_onnx_import (copy, size, &error);
    g_assert_true ((result != NULL) != (error != NULL));
  }
}

int
main (int argc, char **argv)
{
  static const char *const OPTIONS[] = { "--size toy", "" };

  g_test_init (&argc, &argv, NULL);
  g_autoptr (GPtrArray) files = test_exports (OPTIONS, 2);
  toy = g_ptr_array_index (files, 0);
  tiny = g_ptr_array_index (files, 1);
  for (guint i = 0; i < G_N_ELEMENTS (CASES); i++) {
    g_autofree char *name = g_strdup_printf ("/onnx-errors/changed/%s", CASES[i].name);
    g_test_add_data_func (name, GUINT_TO_POINTER (i), test_change);
  }
  g_test_add_func ("/onnx-errors/unchanged", test_unchanged);
  g_test_add_func ("/onnx-errors/truncated", test_truncated);
  g_test_add_func ("/onnx-errors/flipped", test_flipped);
  return g_test_run ();
}

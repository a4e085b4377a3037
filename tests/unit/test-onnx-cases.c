/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ONNX project's own cases for every operator that the importer takes. Those over feature maps
 * are imported as a graph and run by ref; all others are folded as constants. */
#include <math.h>
#include <string.h>

#include "exec/executor.h"
#include "onnx/walk.h"
#include "ref/backend.h"
#include "testing.h"

#define DATA "/usr/share/libonnx-testdata/data/node" /* or YV8_ONNX_TESTDATA */

/* The graph has ops for these; the evaluator has them not, or not in full. */
static const char *const MAP_OPERATORS[] = { "Conv", "MaxPool", "Resize", NULL };

typedef enum { RUN, REFUSED } Outcome;

/* Cases by operator, those that must run and those that must be refused; for a case of many nodes
 * its last counts. */
static const struct {
  const char *name, *run, *refused;
} OPERATORS[] = {
  { "Add", "add add_bcast ", "add_uint8 " },
  { "Cast",
      "cast_FLOAT16_to_FLOAT cast_FLOAT_to_FLOAT16 castlike_FLOAT16_to_FLOAT_expanded "
      "castlike_FLOAT_to_FLOAT16_expanded ",
      "cast_BFLOAT16_to_FLOAT cast_DOUBLE_to_FLOAT cast_DOUBLE_to_FLOAT16 "
      "cast_FLOAT16_to_DOUBLE cast_FLOAT_to_BFLOAT16 cast_FLOAT_to_DOUBLE "
      "cast_FLOAT_to_STRING cast_STRING_to_FLOAT castlike_BFLOAT16_to_FLOAT_expanded "
      "castlike_DOUBLE_to_FLOAT16_expanded castlike_DOUBLE_to_FLOAT_expanded "
      "castlike_FLOAT16_to_DOUBLE_expanded castlike_FLOAT_to_BFLOAT16_expanded "
      "castlike_FLOAT_to_DOUBLE_expanded castlike_FLOAT_to_STRING_expanded "
      "castlike_STRING_to_FLOAT_expanded " },
  { "Concat",
      "concat_1d_axis_0 concat_1d_axis_negative_1 concat_2d_axis_0 concat_2d_axis_1 "
      "concat_2d_axis_negative_1 concat_2d_axis_negative_2 concat_3d_axis_0 "
      "concat_3d_axis_1 concat_3d_axis_2 concat_3d_axis_negative_1 "
      "concat_3d_axis_negative_2 concat_3d_axis_negative_3 ",
      "" },
  { "Constant", "constant ", "" },
  { "ConstantOfShape",
      "constantofshape_float_ones constantofshape_int_shape_zero "
      "constantofshape_int_zeros ",
      "" },
  { "Conv",
      "basic_conv_with_padding basic_conv_without_padding conv_with_strides_no_padding "
      "conv_with_strides_padding ",
      "conv_with_autopad_same conv_with_strides_and_asymmetric_padding " },
  { "Div", "div div_bcast div_example ", "div_uint8 " },
  { "Equal", "equal equal_bcast ", "" },
  { "Expand", "expand_dim_changed expand_dim_unchanged ", "" },
  { "Floor", "floor floor_example ", "" },
  { "Gather", "gather_0 gather_1 gather_2d_indices gather_negative_indices ", "" },
  { "Identity", "identity ", "identity_opt identity_sequence " },
  { "MaxPool",
      "maxpool_2d_default maxpool_2d_pads maxpool_2d_precomputed_pads "
      "maxpool_2d_precomputed_strides maxpool_2d_strides ",
      "maxpool_1d_default maxpool_2d_ceil maxpool_2d_dilations "
      "maxpool_2d_precomputed_same_upper maxpool_2d_same_lower maxpool_2d_same_upper "
      "maxpool_2d_uint8 maxpool_3d_default maxpool_with_argmax_2d_precomputed_pads "
      "maxpool_with_argmax_2d_precomputed_strides " },
  { "Mul", "mul mul_bcast mul_example ", "mul_uint8 " },
  { "Range", "range_float_type_positive_delta range_int32_type_negative_delta ", "" },
  { "Reshape",
      "reshape_allowzero_reordered reshape_extended_dims reshape_negative_dim "
      "reshape_negative_extended_dims reshape_one_dim reshape_reduced_dims "
      "reshape_reordered_all_dims reshape_reordered_last_dims "
      "reshape_zero_and_negative_dim reshape_zero_dim ",
      "" },
  { "Resize", "",
      "resize_downsample_scales_cubic "
      "resize_downsample_scales_cubic_A_n0p5_exclude_outside "
      "resize_downsample_scales_cubic_align_corners resize_downsample_scales_linear "
      "resize_downsample_scales_linear_align_corners resize_downsample_scales_nearest "
      "resize_downsample_sizes_cubic resize_downsample_sizes_linear_pytorch_half_pixel "
      "resize_downsample_sizes_nearest "
      "resize_downsample_sizes_nearest_tf_half_pixel_for_nn resize_tf_crop_and_resize "
      "resize_upsample_scales_cubic resize_upsample_scales_cubic_A_n0p5_exclude_outside "
      "resize_upsample_scales_cubic_align_corners "
      "resize_upsample_scales_cubic_asymmetric resize_upsample_scales_linear "
      "resize_upsample_scales_linear_align_corners resize_upsample_scales_nearest "
      "resize_upsample_sizes_cubic resize_upsample_sizes_nearest "
      "resize_upsample_sizes_nearest_ceil_half_pixel "
      "resize_upsample_sizes_nearest_floor_align_corners "
      "resize_upsample_sizes_nearest_round_prefer_ceil_asymmetric " },
  { "Shape",
      "shape shape_clip_end shape_clip_start shape_end_1 shape_end_negative_1 "
      "shape_example shape_start_1 shape_start_1_end_2 shape_start_1_end_negative_1 "
      "shape_start_negative_1 ",
      "" },
  { "Sigmoid", "sigmoid sigmoid_example ", "" },
  { "Slice",
      "slice slice_default_axes slice_default_steps slice_end_out_of_bounds slice_neg "
      "slice_neg_steps slice_negative_axes slice_start_out_of_bounds ",
      "" },
  { "Softmax",
      "softmax_axis_0 softmax_axis_1 softmax_axis_2 softmax_default_axis "
      "softmax_example softmax_large_number softmax_negative_axis ",
      "" },
  { "Split",
      "split_equal_parts_1d split_equal_parts_2d split_equal_parts_default_axis "
      "split_variable_parts_1d split_variable_parts_2d "
      "split_variable_parts_default_axis split_zero_size_splits ",
      "" },
  { "Squeeze", "squeeze squeeze_negative_axes ", "" },
  { "Sub", "sub sub_bcast sub_example ", "sub_uint8 " },
  { "Transpose",
      "transpose_all_permutations_0 transpose_all_permutations_1 "
      "transpose_all_permutations_2 transpose_all_permutations_3 "
      "transpose_all_permutations_4 transpose_all_permutations_5 transpose_default ",
      "" },
  { "Unsqueeze",
      "unsqueeze_axis_0 unsqueeze_axis_1 unsqueeze_axis_2 unsqueeze_axis_3 "
      "unsqueeze_negative_axes unsqueeze_three_axes unsqueeze_two_axes "
      "unsqueeze_unsorted_axes ",
      "" },
  { "Where", "where_example where_long_example ", "" },
};

typedef struct {
  Onnx__ModelProto *model;
  char *dir;
  const Yv8NodeProto *node; /* the last */
} Case;

static Yv8TensorProto *
load_tensor (const Case *self, const char *what, guint index)
{
  g_autofree char *path = g_strdup_printf ("%s/test_data_set_0/%s_%u.pb", self->dir, what, index);
  g_autofree char *contents = NULL;
  gsize size;

  if (!g_file_get_contents (path, &contents, &size, NULL))
    return NULL;
  return onnx__tensor_proto__unpack (NULL, size, (const guint8 *) contents);
}

static void
add_initializer (Onnx__GraphProto *graph, Yv8TensorProto *tensor, const char *name)
{
  free (tensor->name);
  tensor->name = strcpy (malloc (strlen (name) + 1), name);
  graph->initializer =
      realloc (graph->initializer, (graph->n_initializer + 1) * sizeof *graph->initializer);
  graph->initializer[graph->n_initializer++] = tensor;
}

static Yv8OnnxModel *
pack (const Onnx__ModelProto *proto, GError **error)
{
  gsize size = onnx__model_proto__get_packed_size (proto);
  g_autofree guint8 *bytes = g_malloc (size);

  onnx__model_proto__pack (proto, bytes);
  return yv8_onnx_model_new (bytes, size, error);
}

static void
compare (const Case *self, guint index, const Yv8Tensor *given, float tolerance)
{
  g_autoptr (GError) error = NULL;
  Yv8TensorProto *proto = load_tensor (self, "output", index);

  g_assert_nonnull (proto);
  g_autoptr (Yv8Tensor) wanted = yv8_tensor_from_proto (proto, &error);
  g_assert_no_error (error);
  onnx__tensor_proto__free_unpacked (proto, NULL);
  g_assert_cmpint (given->type, ==, wanted->type);
  g_assert_true (yv8_tensor_same_dims (given, wanted));
  for (gsize i = 0; i < wanted->n; i++) {
    if (!yv8_tensor_is_float (wanted))
      g_assert_cmpint (given->i[i], ==, wanted->i[i]);
    else if (!(isnan (wanted->f[i]) && isnan (given->f[i])))
      g_assert_cmpfloat_with_epsilon (
          given->f[i], wanted->f[i], tolerance * (1 + fabsf (wanted->f[i])));
  }
}

static Outcome
fold (const Case *self, GError **error)
{
  Onnx__GraphProto *graph = self->model->graph;

  for (guint i = 0; i < graph->n_input; i++) {
    Yv8TensorProto *tensor = load_tensor (self, "input", i);
    g_assert_nonnull (tensor);
    add_initializer (graph, tensor, graph->input[i]->name);
  }
  Yv8OnnxModel *model = pack (self->model, error);
  g_autoptr (Yv8Walk) walk = model ? yv8_walk_new (model, error) : NULL;
  if (!walk || !yv8_walk_run (walk, error))
    return REFUSED;
  for (guint i = 0; i < graph->n_output; i++) {
    Yv8Value *value = yv8_walk_find (walk, graph->output[i]->name);
    g_assert_cmpint (value->state, ==, YV8_VALUE_CONST);
    const Yv8Tensor *tensor = yv8_walk_tensor (walk, value, error);
    if (!tensor)
      return REFUSED;
    compare (self, i, tensor, 2e-6f); /* exponentials and sums of a few terms in float32 */
  }
  return RUN;
}

static void
run_graph (const Case *self, const Yv8Graph *graph, const Yv8Tensor *in)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Executor) executor =
      yv8_executor_new (graph, in->dims[3], in->dims[2], yv8_ref_backend_new (), FALSE, &error);

  g_assert_no_error (error);
  yv8_executor_load_values (executor, in->f, &error);
  g_assert_no_error (error);
  yv8_executor_run (executor, &error);
  g_assert_no_error (error);
  const Yv8Slice *slice = yv8_graph_output (graph, 0);
  const Yv8Shape *shape = &yv8_executor_shapes (executor)[slice->buffer];
  const gint64 dims[4] = { 1, slice->channels, shape->height, shape->width };
  g_autoptr (Yv8Tensor) out = yv8_tensor_new (YV8_TENSOR_FLOAT, dims, 4);
  yv8_executor_read (executor, slice, out->f, &error);
  g_assert_no_error (error);
  compare (self, 0, out, 1e-5f); /* sums of tens of products in another order */
}

static Outcome
run_maps (const Case *self, GError **error)
{
  Onnx__GraphProto *graph = self->model->graph;
  Yv8TensorProto *first = load_tensor (self, "input", 0);
  g_autoptr (Yv8Tensor) in = yv8_tensor_from_proto (first, error);

  onnx__tensor_proto__free_unpacked (first, NULL);
  if (!in)
    return REFUSED;
  if (in->n_dims != 4 || in->dims[0] != 1) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "its input is not one picture");
    return REFUSED;
  }
  for (guint i = 1; i < graph->n_input; i++)
    add_initializer (graph, load_tensor (self, "input", i), graph->input[i]->name);
  Yv8OnnxModel *model = pack (self->model, error);
  g_autoptr (Yv8Walk) walk = model ? yv8_walk_new (model, error) : NULL;
  if (!walk)
    return REFUSED;
  yv8_walk_input (
      walk, graph->input[0]->name, 1, (Yv8Shape){ in->dims[1], in->dims[2], in->dims[3] });
  if (!yv8_walk_run (walk, error))
    return REFUSED;
  const Yv8Value *value = yv8_walk_find (walk, graph->output[0]->name);
  g_assert_cmpint (value->state, ==, YV8_VALUE_MAP);
  g_autoptr (Yv8Graph) result = yv8_draft_layout (walk->draft, &value->map, 1, error);
  g_assert_no_error (*error);
  run_graph (self, result, in);
  return RUN;
}

/* Whether the importer knows all operators of the case. */
static gboolean
is_ours (const Case *self)
{
  for (gsize i = 0; i < self->model->graph->n_node; i++) {
    const Yv8NodeProto *node = self->model->graph->node[i];
    if (!yv8_eval_knows (node, NULL) && !yv8_map_knows (node))
      return FALSE;
  }
  return TRUE;
}

static Case *
case_load (const char *dir)
{
  g_autofree char *path = g_build_filename (dir, "model.onnx", NULL);
  g_autofree char *contents = NULL;
  gsize size;

  if (!g_file_get_contents (path, &contents, &size, NULL))
    return NULL;
  Case *self = g_new0 (Case, 1);
  self->dir = g_strdup (dir);
  self->model = onnx__model_proto__unpack (NULL, size, (const guint8 *) contents);
  g_assert_nonnull (self->model);
  /* Where the operator of the oldest set that is taken is an older one still. */
  for (gsize i = 0; i < self->model->n_opset_import; i++)
    self->model->opset_import[i]->version =
        MAX (self->model->opset_import[i]->version, YV8_ONNX_MIN_OPSET);
  self->node = self->model->graph->node[self->model->graph->n_node - 1];
  return self;
}

static void
case_free (gpointer data)
{
  Case *self = data;

  onnx__model_proto__free_unpacked (self->model, NULL);
  g_free (self->dir);
  g_free (self);
}

/* Names, less "test_", to cases of known operators. */
static GHashTable *
load_cases (void)
{
  const char *data = g_getenv ("YV8_ONNX_TESTDATA");
  g_autoptr (GDir) dir = g_dir_open (data ? data : DATA, 0, NULL);
  GHashTable *cases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, case_free);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (data ? data : DATA, name, NULL);
    Case *self = g_str_has_prefix (name, "test_") ? case_load (path) : NULL;
    if (self && is_ours (self))
      g_hash_table_insert (cases, g_strdup (name + strlen ("test_")), self);
    else if (self)
      case_free (self);
  }
  return cases;
}

static GHashTable *cases;
static gboolean found; /* the data are there at all */

static Outcome
run_case (const Case *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  gboolean maps = g_strv_contains (MAP_OPERATORS, self->node->op_type);
  Outcome outcome = maps ? run_maps (self, &error) : fold (self, &error);

  if (outcome == REFUSED) {
    g_assert_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED);
    g_test_message ("%s refused: %s", name, error->message);
  }
  return outcome;
}

/* Runs those cases of a list that are in the data; returns how many. */
static guint
run_list (const char *list, Outcome wanted)
{
  g_auto (GStrv) names = g_strsplit (list, " ", 0);
  guint n = 0;

  for (guint i = 0; names[i]; i++) {
    const Case *self = g_hash_table_lookup (cases, names[i]);
    if (!*names[i])
      continue;
    if (!self) {
      g_test_message ("%s is not in these data", names[i]);
      continue;
    }
    if (run_case (self, names[i]) != wanted)
      g_error ("%s was to be %s", names[i], wanted == RUN ? "run" : "refused");
    g_hash_table_remove (cases, names[i]);
    n++;
  }
  return n;
}

static gboolean
skip_if_absent (void)
{
  if (!found)
    g_test_skip ("no ONNX cases: install libonnx-testdata or set YV8_ONNX_TESTDATA");
  return !found;
}

static void
test_operator (gconstpointer data)
{
  guint index = GPOINTER_TO_UINT (data);
  guint n_run, n_refused;

  if (skip_if_absent ())
    return;
  n_run = run_list (OPERATORS[index].run, RUN);
  n_refused = run_list (OPERATORS[index].refused, REFUSED);
  g_test_message ("%u run, %u refused", n_run, n_refused);
  g_assert_cmpuint (n_run + n_refused, >, 0);
  g_assert_true (n_run > 0 || !*OPERATORS[index].run);
}

/* Cases of newer data: run rightly, or refused. */
static void
test_unlisted (void)
{
  g_autoptr (GList) names = g_hash_table_get_keys (cases);

  if (skip_if_absent ())
    return;
  for (GList *name = names; name; name = name->next) {
    Outcome outcome = run_case (g_hash_table_lookup (cases, name->data), name->data);
    g_test_message ("not listed: %s, %s", (char *) name->data, outcome == RUN ? "run" : "refused");
  }
  g_assert_cmpuint (g_list_length (names), ==, g_hash_table_size (cases));
}

static const char *const TRANSFORMATIONS[] = { "asymmetric", "half_pixel", "half_pixel_symmetric",
  "pytorch_half_pixel", "align_corners", "tf_half_pixel_for_nn" };
static const char *const ROUNDINGS[] = { "floor", "ceil", "round_prefer_floor",
  "round_prefer_ceil" };

/* ONNX's formulas: the input that output @i of 2 @n is taken from. */
static int
nearest (guint transformation, guint rounding, int i, int n)
{
  const double centre = (i + 0.5) / 2 - 0.5;
  const double x[] = { i / 2.0, centre, centre, centre, i * (n - 1) / (2.0 * n - 1),
    (i + 0.5) / 2 };
  const double y = x[transformation];
  const double rounded[] = { floor (y), ceil (y), ceil (y - 0.5), floor (y + 0.5) };

  return (int) CLAMP (rounded[rounding], 0, n - 1);
}

static Onnx__AttributeProto
text_attribute (const char *name, const char *value)
{
  Onnx__AttributeProto attribute = ONNX__ATTRIBUTE_PROTO__INIT;

  attribute.name = (char *) name;
  attribute.has_type = attribute.has_s = TRUE;
  attribute.type = 3;
  attribute.s.data = (guint8 *) value;
  attribute.s.len = strlen (value);
  return attribute;
}

/* Whether a doubling by these rules is taken as UPSAMPLE. */
static gboolean
is_taken (const char *transformation, const char *rounding)
{
  Onnx__AttributeProto attributes[] = {
    text_attribute ("coordinate_transformation_mode", transformation),
    text_attribute ("nearest_mode", rounding),
  };
  Onnx__AttributeProto *attribute_list[] = { &attributes[0], &attributes[1] };
  char *inputs[] = { (char *) "x", (char *) "", (char *) "scales" }, *outputs[] = { (char *) "y" };
  Onnx__NodeProto node = ONNX__NODE_PROTO__INIT, *nodes[] = { &node };
  float scales[] = { 1, 1, 2, 2 };
  gint64 dims[] = { 4 };
  Onnx__TensorProto tensor = ONNX__TENSOR_PROTO__INIT, *tensors[] = { &tensor };
  Onnx__ValueInfoProto x = ONNX__VALUE_INFO_PROTO__INIT, y = x, *xs[] = { &x }, *ys[] = { &y };
  Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
  Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT, *opsets[] = { &opset };
  Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;

  node.op_type = (char *) "Resize";
  node.n_attribute = 2, node.attribute = attribute_list;
  node.n_input = 3, node.input = inputs;
  node.n_output = 1, node.output = outputs;
  tensor.name = inputs[2];
  tensor.n_dims = 1, tensor.dims = dims;
  tensor.has_data_type = TRUE, tensor.data_type = YV8_TENSOR_FLOAT;
  tensor.n_float_data = 4, tensor.float_data = scales;
  x.name = inputs[0], y.name = outputs[0];
  graph.n_node = 1, graph.node = nodes;
  graph.n_initializer = 1, graph.initializer = tensors;
  graph.n_input = 1, graph.input = xs;
  graph.n_output = 1, graph.output = ys;
  opset.has_version = TRUE, opset.version = 19;
  model.graph = &graph;
  model.n_opset_import = 1, model.opset_import = opsets;

  g_autoptr (GError) error = NULL;
  Yv8OnnxModel *packed = pack (&model, &error);
  g_assert_no_error (error);
  g_autoptr (Yv8Walk) walk = yv8_walk_new (packed, &error);
  g_assert_no_error (error);
  yv8_walk_input (walk, "x", 1, (Yv8Shape){ 2, 5, 7 });
  gboolean taken = yv8_walk_run (walk, &error);
  g_assert_true (taken || g_error_matches (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED));
  return taken;
}

/* Rules of Resize are taken exactly if they give floor (i / 2) at each size. */
static void
test_nearest (void)
{
  guint n_taken = 0;

  for (guint t = 0; t < G_N_ELEMENTS (TRANSFORMATIONS); t++)
    for (guint r = 0; r < G_N_ELEMENTS (ROUNDINGS); r++) {
      gboolean wanted = TRUE;
      for (int n = 1; n < 64; n++)
        for (int i = 0; i < 2 * n; i++)
          wanted = wanted && nearest (t, r, i, n) == i / 2;
      gboolean taken = is_taken (TRANSFORMATIONS[t], ROUNDINGS[r]);
      n_taken += taken;
      if (taken != wanted)
        g_error ("%s, %s: is %d, must be %d", TRANSFORMATIONS[t], ROUNDINGS[r], taken, wanted);
    }
  g_test_message ("%u rules are taken", n_taken);
  g_assert_cmpuint (n_taken, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cases = load_cases ();
  found = g_hash_table_size (cases) > 0;
  for (guint i = 0; i < G_N_ELEMENTS (OPERATORS); i++) {
    g_autofree char *name = g_strdup_printf ("/onnx-cases/%s", OPERATORS[i].name);
    g_test_add_data_func (name, GUINT_TO_POINTER (i), test_operator);
  }
  g_test_add_func ("/onnx-cases/nearest", test_nearest);
  g_test_add_func ("/onnx-cases/z-unlisted", test_unlisted);
  int status = g_test_run ();
  g_hash_table_unref (cases);
  return status;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nodes over feature maps: each becomes an op, a part of one, or a list of segments. */
#include "onnx/walk.h"

#include <string.h>

typedef struct {
  Yv8Walk *walk;
  const Yv8WalkNode *node;
  const Yv8NodeProto *proto;
  Yv8Value *in; /* input 0 */
} Reader;

typedef Yv8MapResult (*MapFunc) (Reader *self, GError **error);

G_GNUC_PRINTF (3, 4)
static Yv8MapResult
refuse (Reader *self, GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  yv8_node_error (self->proto, error, "%s", reason);
  return YV8_MAP_ERROR;
}

static Yv8Value *
input (Reader *self, guint index)
{
  return index < self->node->n_in && self->node->in[index] != YV8_WALK_NONE
             ? yv8_walk_value (self->walk, self->node->in[index])
             : NULL;
}

static Yv8MapResult
give_map (Reader *self, guint index, Yv8Map map)
{
  if (self->node->out[index] == YV8_WALK_NONE) {
    yv8_map_clear (&map);
    return YV8_MAP_DONE;
  }
  Yv8Value *value = yv8_walk_value (self->walk, self->node->out[index]);
  value->state = YV8_VALUE_MAP;
  value->map = map;
  return YV8_MAP_DONE;
}

static Yv8MapResult
pass_through (Reader *self, GError **error)
{
  return give_map (self, 0, yv8_map_copy (&self->in->map));
}

static Yv8MapResult
cast (Reader *self, GError **error)
{
  gint64 type = yv8_node_int (self->proto, "to", 0);

  if (type != YV8_TENSOR_FLOAT && type != YV8_TENSOR_FLOAT16)
    return refuse (self, error, "a feature map must stay float or float16");
  return pass_through (self, error);
}

/* Constant input @index; %NULL with @error set, or, where it is absent, without. */
static const Yv8Tensor *
constant (Reader *self, guint index, GError **error)
{
  Yv8Value *value = input (self, index);

  if (!value)
    return NULL;
  if (value->state != YV8_VALUE_CONST) {
    refuse (self, error, "input '%s' must be constant", value->name);
    return NULL;
  }
  return yv8_walk_tensor (self->walk, value, error);
}

/* @index is the op's in the draft. */
static Yv8DraftOp *
add_op (Reader *self, Yv8OpKind kind, Yv8Shape out, const Yv8Map *in, guint *index, GError **error)
{
  Yv8Draft *draft = self->walk->draft;

  *index = draft->ops->len;
  if (*index >= YV8_WALK_MAX_OPS) {
    refuse (self, error, "the network has more than %d ops", YV8_WALK_MAX_OPS);
    return NULL;
  }
  /* The graph keeps books of each channel. */
  if (!yv8_eval_spend (
          &self->walk->eval, self->proto, 16 * ((guint64) in->channels + out.channels), error))
    return NULL;
  Yv8DraftOp *op = yv8_draft_add (draft, kind, yv8_node_name (self->proto), out);
  op->in[0] = yv8_map_copy (in);
  op->op.n_in = 1;
  return op;
}

/* All of @values are @value. */
static gboolean
all_are (const gint64 *values, gsize n, gint64 value)
{
  for (gsize i = 0; i < n; i++)
    if (values[i] != value)
      return FALSE;
  return TRUE;
}

static Yv8MapResult
read_pad (Reader *self, Yv8Window *window, GError **error)
{
  gsize n;
  const gint64 *pads = yv8_node_ints (self->proto, "pads", &n);

  if (yv8_node_string_is (self->proto, "auto_pad", "NOTSET", "VALID"))
    return YV8_MAP_DONE;
  if (yv8_node_string_is (self->proto, "auto_pad", "NOTSET", "NOTSET")) {
    if (!pads)
      return YV8_MAP_DONE;
    if (n != 4 || !all_are (pads, n, pads[0]) || pads[0] < 0 || pads[0] > YV8_GRAPH_MAX_KERNEL)
      return refuse (self, error, "its pads are not the same on all sides");
    window->pad = pads[0];
    return YV8_MAP_DONE;
  }
  /* SAME: symmetric, and the same for all input sizes, for odd kernels that step by one. */
  if (window->stride != 1 || window->kernel_h % 2 == 0 || window->kernel_h != window->kernel_w)
    return refuse (self, error, "its automatic pads depend on the size of the input");
  window->pad = window->kernel_h / 2;
  return YV8_MAP_DONE;
}

static Yv8MapResult
read_window (Reader *self, gint64 kernel_h, gint64 kernel_w, Yv8Window *window, GError **error)
{
  gsize n;
  const gint64 *strides = yv8_node_ints (self->proto, "strides", &n);

  if (kernel_h < 1 || kernel_w < 1 || kernel_h > YV8_GRAPH_MAX_KERNEL ||
      kernel_w > YV8_GRAPH_MAX_KERNEL)
    return refuse (self, error, "its kernel is out of range");
  if (strides &&
      (n != 2 || strides[0] != strides[1] || strides[0] < 1 || strides[0] > YV8_GRAPH_MAX_KERNEL))
    return refuse (self, error, "its strides are not the same in both directions, or out of range");
  const gint64 *dilations = yv8_node_ints (self->proto, "dilations", &n);
  if (!all_are (dilations, n, 1))
    return refuse (self, error, "it is dilated");
  window->kernel_h = kernel_h;
  window->kernel_w = kernel_w;
  window->stride = strides ? strides[0] : 1;
  if (read_pad (self, window, error) == YV8_MAP_ERROR)
    return YV8_MAP_ERROR;
  if (window->pad >= MIN (window->kernel_h, window->kernel_w))
    return refuse (self, error, "its pad is as large as its kernel");
  const Yv8Map *map = &self->in->map;
  if (map->height + 2 * window->pad < window->kernel_h ||
      map->width + 2 * window->pad < window->kernel_w)
    return refuse (self, error, "its kernel is larger than its input");
  return YV8_MAP_DONE;
}

static Yv8Shape
window_shape (const Yv8Map *map, const Yv8Window *window, guint channels)
{
  Yv8Shape shape = { channels,
    (map->height + 2 * window->pad - window->kernel_h) / window->stride + 1,
    (map->width + 2 * window->pad - window->kernel_w) / window->stride + 1 };

  return shape;
}

/* The values of a constant, for good: taken where nothing else reads them, else copied. */
static float *
take_values (Reader *self, guint index, GError **error)
{
  Yv8Value *value = input (self, index);
  Yv8Tensor *tensor = value->tensor;

  if (tensor->n > self->walk->parameters) {
    refuse (self, error, "it has more weights than the file");
    return NULL;
  }
  self->walk->parameters -= tensor->n;
  if (value->readers->len == 1 && !value->is_output)
    return g_steal_pointer (&tensor->f);
  float *copy = g_try_malloc_n (tensor->n, sizeof *copy);
  if (!copy)
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY, "node '%s': not enough memory",
        yv8_node_name (self->proto));
  else
    memcpy (copy, tensor->f, tensor->n * sizeof *copy);
  return copy;
}

static Yv8MapResult
check_conv (Reader *self, const Yv8Tensor *w, const Yv8Tensor *b, GError **error)
{
  gsize n;
  const gint64 *kernel = yv8_node_ints (self->proto, "kernel_shape", &n);

  if (yv8_node_int (self->proto, "group", 1) != 1)
    return refuse (self, error, "it is a convolution in %" G_GINT64_FORMAT " groups",
        yv8_node_int (self->proto, "group", 1));
  if (!yv8_tensor_is_float (w) || w->n_dims != 4 || w->dims[0] < 1 ||
      w->dims[0] > YV8_GRAPH_MAX_CHANNELS || w->dims[1] != self->in->map.channels)
    return refuse (self, error, "its weights do not fit its input");
  if (kernel && (n != 2 || kernel[0] != w->dims[2] || kernel[1] != w->dims[3]))
    return refuse (self, error, "its weights do not fit its kernel_shape");
  if (b && (!yv8_tensor_is_float (b) || b->n_dims != 1 || b->n != (gsize) w->dims[0]))
    return refuse (self, error, "its bias does not fit its weights");
  return YV8_MAP_DONE;
}

static Yv8MapResult
conv (Reader *self, GError **error)
{
  Yv8Window window = { 0 };
  guint index;
  g_autoptr (GError) reason = NULL;

  if (self->in->state != YV8_VALUE_MAP || !input (self, 1))
    return refuse (self, error, "it has no weights");
  const Yv8Tensor *w = constant (self, 1, error);
  const Yv8Tensor *b = w ? constant (self, 2, &reason) : NULL;
  if (reason)
    g_propagate_error (error, g_steal_pointer (&reason));
  else if (w && check_conv (self, w, b, error) == YV8_MAP_DONE &&
           read_window (self, w->dims[2], w->dims[3], &window, error) == YV8_MAP_DONE) {
    const Yv8Map *map = &self->in->map;
    gint64 batch = map->batch;
    Yv8DraftOp *op =
        add_op (self, YV8_OP_CONV, window_shape (map, &window, w->dims[0]), map, &index, error);
    if (!op)
      return YV8_MAP_ERROR;
    op->op.window = window;
    op->op.bias = b ? take_values (self, 2, error) : g_new0 (float, op->out.channels);
    op->op.weights = op->op.bias ? take_values (self, 1, error) : NULL;
    if (op->op.weights)
      return give_map (self, 0, yv8_draft_map (self->walk->draft, index, batch));
  }
  return YV8_MAP_ERROR;
}

static Yv8MapResult
maxpool (Reader *self, GError **error)
{
  Yv8Window window = { 0 };
  gsize n;
  const gint64 *kernel = yv8_node_ints (self->proto, "kernel_shape", &n);
  const Yv8Map *map = &self->in->map;
  gint64 batch = map->batch;
  guint index;

  if (!kernel || n != 2)
    return refuse (self, error, "its kernel is not two-dimensional");
  if (self->node->n_out != 1)
    return refuse (self, error, "it gives indices");
  if (yv8_node_int (self->proto, "ceil_mode", 0) != 0)
    return refuse (self, error, "it rounds sizes up");
  if (read_window (self, kernel[0], kernel[1], &window, error) == YV8_MAP_ERROR)
    return YV8_MAP_ERROR;
  Yv8DraftOp *op =
      add_op (self, YV8_OP_MAXPOOL, window_shape (map, &window, map->channels), map, &index, error);
  if (!op)
    return YV8_MAP_ERROR;
  op->op.window = window;
  return give_map (self, 0, yv8_draft_map (self->walk->draft, index, batch));
}

/* Rules by which output i of a side comes from input floor (i / 2), whatever the side. */
static const struct {
  const char *transformation, *rounding;
} NEAREST_X2[] = {
  { "align_corners", "round_prefer_floor" },
  { "align_corners", "round_prefer_ceil" },
  { "asymmetric", "floor" },
  { "asymmetric", "round_prefer_floor" },
  { "half_pixel", "round_prefer_floor" },
  { "half_pixel", "round_prefer_ceil" },
  { "half_pixel_symmetric", "round_prefer_floor" },
  { "half_pixel_symmetric", "round_prefer_ceil" },
  { "pytorch_half_pixel", "round_prefer_floor" },
  { "pytorch_half_pixel", "round_prefer_ceil" },
  { "tf_half_pixel_for_nn", "floor" },
};

static gboolean
is_nearest_x2 (const Yv8NodeProto *node)
{
  if (!yv8_node_string_is (node, "mode", "nearest", "nearest") ||
      !yv8_node_string_is (node, "keep_aspect_ratio_policy", "stretch", "stretch"))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (NEAREST_X2); i++)
    if (yv8_node_string_is (
            node, "coordinate_transformation_mode", "half_pixel", NEAREST_X2[i].transformation) &&
        yv8_node_string_is (node, "nearest_mode", "round_prefer_floor", NEAREST_X2[i].rounding))
      return TRUE;
  return FALSE;
}

/* Whether scales (or sizes, where there are none) double height and width and nothing else. */
static gboolean
doubles (const Yv8Map *map, const Yv8Tensor *scales, const Yv8Tensor *sizes, gboolean sides_only)
{
  const gint64 dims[4] = { map->batch, map->channels, map->height, map->width };
  guint skip = sides_only ? 2 : 0;
  const Yv8Tensor *given = scales && scales->n ? scales : sizes;

  if (!given || given->n != 4 - skip || yv8_tensor_is_float (given) != (given == scales))
    return FALSE;
  for (guint i = skip; i < 4; i++) {
    guint factor = i < 2 ? 1 : 2;
    if (given == scales ? given->f[i - skip] != factor : given->i[i - skip] != factor * dims[i])
      return FALSE;
  }
  return TRUE;
}

static Yv8MapResult
resize (Reader *self, GError **error)
{
  const Yv8Map *map = &self->in->map;
  const Yv8Shape out = { map->channels, 2 * map->height, 2 * map->width };
  gint64 batch = map->batch;
  gsize n_axes;
  const gint64 *axes = yv8_node_ints (self->proto, "axes", &n_axes);
  g_autoptr (GError) reason = NULL;
  guint index;

  const Yv8Tensor *scales = constant (self, 2, &reason);
  const Yv8Tensor *sizes = reason ? NULL : constant (self, 3, &reason);
  if (reason) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return YV8_MAP_ERROR;
  }
  if (axes && (n_axes != 2 || axes[0] != 2 || axes[1] != 3))
    return refuse (self, error, "it resizes other axes than height and width");
  if (!is_nearest_x2 (self->proto) || !doubles (map, scales, sizes, axes != NULL))
    return refuse (self, error, "it is not the doubling of both sides by nearest neighbour");
  if (out.height > YV8_GRAPH_MAX_SIDE || out.width > YV8_GRAPH_MAX_SIDE)
    return refuse (self, error, "its output is too large");
  if (!add_op (self, YV8_OP_UPSAMPLE, out, map, &index, error))
    return YV8_MAP_ERROR;
  return give_map (self, 0, yv8_draft_map (self->walk->draft, index, batch));
}

static gboolean
same_size (const Yv8Map *a, const Yv8Map *b)
{
  return a->batch == b->batch && a->height == b->height && a->width == b->width;
}

static Yv8MapResult
concat (Reader *self, GError **error)
{
  gint64 axis = yv8_node_int (self->proto, "axis", G_MAXINT64);
  Yv8Map map = self->in->map;
  gboolean fits = TRUE;

  if (!yv8_axis (&axis, 4) || axis != 1)
    return YV8_MAP_OTHER;
  map.segments = NULL;
  map.channels = 0;
  for (guint i = 0; i < self->node->n_in && fits; i++) {
    const Yv8Value *value = input (self, i);
    if (!value || value->state != YV8_VALUE_MAP || !same_size (&value->map, &self->in->map)) {
      yv8_map_clear (&map);
      return refuse (self, error, "its inputs are not all feature maps of one size");
    }
    fits = yv8_map_append (&map, &value->map, 0, value->map.channels);
  }
  if (!fits) {
    yv8_map_clear (&map);
    return refuse (self, error, "it joins too many feature maps or channels");
  }
  return give_map (self, 0, map);
}

static Yv8MapResult
give_part (Reader *self, guint index, guint first, guint channels)
{
  Yv8Map map = self->in->map;

  map.segments = NULL;
  map.channels = 0;
  yv8_map_append (&map, &self->in->map, first, channels);
  return give_map (self, index, map);
}

/* The evaluator's own rules, applied to a stand-in of the same number of channels. */
static Yv8MapResult
cut (Reader *self, GError **error)
{
  const gint64 dims[4] = { 1, self->in->map.channels, 1, 1 };
  g_autoptr (Yv8Tensor) stand_in = yv8_tensor_new (YV8_TENSOR_INT64, dims, 4);
  const Yv8Tensor *in[YV8_EVAL_MAX_INPUTS] = { stand_in };
  Yv8Tensor *out[YV8_EVAL_MAX_OUTPUTS];
  Yv8MapResult result = YV8_MAP_DONE;

  for (gsize i = 0; i < stand_in->n; i++)
    stand_in->i[i] = i;
  for (guint i = 1; i < self->node->n_in; i++)
    if (input (self, i) && !(in[i] = constant (self, i, error)))
      return YV8_MAP_ERROR;
  if (!yv8_walk_call (self->walk, self->node, in, out, error))
    return YV8_MAP_ERROR;
  for (guint i = 0; i < self->node->n_out && result == YV8_MAP_DONE; i++) {
    gsize n = out[i]->n;
    if (out[i]->n_dims != 4 || n == 0 || n != (gsize) out[i]->dims[1] ||
        out[i]->i[n - 1] - out[i]->i[0] != (gint64) n - 1)
      result = refuse (self, error, "it does not cut out consecutive channels");
    else
      give_part (self, i, out[i]->i[0], n);
  }
  for (guint i = 0; i < self->node->n_out; i++)
    yv8_tensor_free (out[i]);
  return result;
}

static Yv8MapResult
split (Reader *self, GError **error)
{
  gint64 axis = yv8_node_int (self->proto, "axis", 0);

  return yv8_axis (&axis, 4) && axis == 1 ? cut (self, error) : YV8_MAP_OTHER;
}

static Yv8MapResult
slice (Reader *self, GError **error)
{
  g_autoptr (GError) reason = NULL;
  const Yv8Tensor *axes = constant (self, 3, &reason);
  gint64 axis = axes && !yv8_tensor_is_float (axes) && axes->n == 1 ? *axes->i : G_MAXINT64;

  return yv8_axis (&axis, 4) && axis == 1 ? cut (self, error) : YV8_MAP_OTHER;
}

static Yv8MapResult
shape (Reader *self, GError **error)
{
  const Yv8Map *map = &self->in->map;
  const gint64 dims[4] = { map->batch, map->channels, map->height, map->width };
  Yv8Tensor stand_in = { .type = YV8_TENSOR_FLOAT, .n_dims = 4 };
  const Yv8Tensor *in = &stand_in;
  Yv8Tensor *out[YV8_EVAL_MAX_OUTPUTS] = { NULL };

  memcpy (stand_in.dims, dims, sizeof dims);
  if (!yv8_walk_call (self->walk, self->node, &in, out, error))
    return YV8_MAP_ERROR;
  Yv8Value *value = yv8_walk_value (self->walk, self->node->out[0]);
  value->state = YV8_VALUE_CONST;
  value->tensor = out[0];
  return YV8_MAP_DONE;
}

/* The op that @value is all of, if it is a plain convolution so far. */
static Yv8DraftOp *
plain_conv (Reader *self, const Yv8Value *value)
{
  guint index;

  if (value->state != YV8_VALUE_MAP || !yv8_map_whole (self->walk->draft, &value->map, &index))
    return NULL;
  Yv8DraftOp *op = yv8_draft_op (self->walk->draft, index);
  return op->op.kind == YV8_OP_CONV && op->op.activation == YV8_ACTIVATION_NONE && op->op.n_in == 1
             ? op
             : NULL;
}

static gboolean
reads (const Yv8WalkNode *node, guint value)
{
  return node->n_in == 2 && (node->in[0] == value || node->in[1] == value);
}

/* x * sigmoid (x), x being a convolution's and read by nothing else: a gate. Else a part of a tail.
 */
static Yv8MapResult
sigmoid (Reader *self, GError **error)
{
  guint x = self->node->in[0], y = self->node->out[0];
  const GArray *readers = yv8_walk_value (self->walk, y)->readers;

  if (!plain_conv (self, self->in) || self->in->is_output || self->in->readers->len != 2 ||
      !readers || readers->len != 1)
    return YV8_MAP_OTHER;
  const Yv8WalkNode *mul = &self->walk->nodes[g_array_index (readers, guint, 0)];
  if (!g_str_equal (mul->proto->op_type, "Mul") || !reads (mul, x) || !reads (mul, y))
    return YV8_MAP_OTHER;
  Yv8Value *value = yv8_walk_value (self->walk, y);
  value->state = YV8_VALUE_GATE;
  value->gated = x;
  return YV8_MAP_DONE;
}

static Yv8MapResult
mul (Reader *self, GError **error)
{
  for (guint i = 0; i < 2 && self->node->n_in == 2; i++) {
    const Yv8Value *gate = input (self, i), *x = input (self, 1 - i);
    if (gate && x && gate->state == YV8_VALUE_GATE && gate->gated == self->node->in[1 - i]) {
      plain_conv (self, x)->op.activation = YV8_ACTIVATION_SILU;
      return give_map (self, 0, yv8_map_copy (&x->map));
    }
  }
  return YV8_MAP_OTHER;
}

/* Whether all of @map is there before op @index runs. */
static gboolean
is_before (const Yv8Map *map, guint index)
{
  for (guint i = 0; i < map->segments->len; i++)
    if (g_array_index (map->segments, Yv8Segment, i).op >= index)
      return FALSE;
  return TRUE;
}

/* A residual: one operand is a convolution's, read by nothing else, and made after the other. */
static Yv8MapResult
add (Reader *self, GError **error)
{
  for (guint i = 2; i-- > 0 && self->node->n_in == 2;) {
    const Yv8Value *a = input (self, i), *other = input (self, 1 - i);
    guint index;
    if (!a || !other || a->state != YV8_VALUE_MAP || other->state != YV8_VALUE_MAP)
      continue;
    if (!same_size (&a->map, &other->map) || a->map.channels != other->map.channels ||
        a->readers->len != 1 || a->is_output || !yv8_map_whole (self->walk->draft, &a->map, &index))
      continue;
    Yv8DraftOp *op = yv8_draft_op (self->walk->draft, index);
    if (op->op.kind != YV8_OP_CONV || op->op.n_in != 1 || !is_before (&other->map, index))
      continue;
    op->in[1] = yv8_map_copy (&other->map);
    op->op.n_in = 2;
    return give_map (self, 0, yv8_map_copy (&a->map));
  }
  return YV8_MAP_OTHER;
}

static const struct {
  const char *name;
  const char *attributes;
  guint max_in;
  MapFunc run;
} OPS[] = {
  { "Add", "", 2, add },
  { "Cast", " to saturate ", 1, cast },
  { "Concat", " axis ", YV8_EVAL_MAX_INPUTS, concat },
  { "Conv", " auto_pad dilations group kernel_shape pads strides ", 3, conv },
  { "Identity", "", 1, pass_through },
  { "MaxPool", " auto_pad ceil_mode dilations kernel_shape pads storage_order strides ", 1,
      maxpool },
  { "Mul", "", 2, mul },
  { "Resize",
      " antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside "
      "extrapolation_value keep_aspect_ratio_policy mode nearest_mode ",
      4, resize },
  { "Shape", " start end ", 1, shape },
  { "Sigmoid", "", 1, sigmoid },
  { "Slice", "", 5, slice },
  { "Split", " axis split num_outputs ", 2, split },
};

gboolean
yv8_map_knows (const Yv8NodeProto *node)
{
  for (guint i = 0; i < G_N_ELEMENTS (OPS); i++)
    if (g_str_equal (OPS[i].name, node->op_type))
      return TRUE;
  return FALSE;
}

Yv8MapResult
yv8_map_node (Yv8Walk *walk, const Yv8WalkNode *node, GError **error)
{
  Reader self = { walk, node, node->proto, NULL };

  for (guint i = 0; i < G_N_ELEMENTS (OPS); i++) {
    if (!g_str_equal (OPS[i].name, node->proto->op_type))
      continue;
    self.in = input (&self, 0);
    if (!yv8_node_check_attributes (node->proto, OPS[i].attributes, error))
      return YV8_MAP_ERROR;
    if (node->n_in > OPS[i].max_in || node->out[0] == YV8_WALK_NONE || !self.in)
      return refuse (&self, error, "its inputs or outputs are not what this operator has");
    /* A map may also be another input than the first, which only some operators allow. */
    if (self.in->state != YV8_VALUE_MAP && OPS[i].run != mul && OPS[i].run != add)
      return refuse (&self, error, "a feature map is where a constant must be");
    return OPS[i].run (&self, error);
  }
  return YV8_MAP_OTHER;
}

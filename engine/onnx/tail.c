/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tail, from the last plain convolutions to the output. There are many ways to write it down,
 * so it is not matched: it is run, on probes, and must give what the DETECT op gives. */
#include <math.h>
#include <string.h>

#include "detect/decode.h"
#include "onnx/walk.h"

/* Largest absolute value of a probe's logits: ordinary ones, and some that saturate. */
static const float AMPLITUDES[] = { 4, 30 };

/* Both sides compute in float32, and add reg_max terms in orders of their own: some units in the
 * last place of the largest distance and of the largest coordinate; a score is one sigmoid. */
#define DISTANCE_TOLERANCE   1e-5f
#define COORDINATE_TOLERANCE 1e-6f
#define SCORE_TOLERANCE      1e-6f

#define SEED                 8

typedef struct {
  guint op; /* in the draft */
  Yv8Shape shape;
  guint stride;
  Yv8Tensor *values; /* of the probe, [batch][channels][height][width] */
} Head;

typedef struct {
  Yv8Walk *walk;
  const Yv8NodeProto *last; /* gives the output */
  guint output;             /* value */
  guint width, height;
  gint64 batch;
  guint n_heads;
  Head heads[YV8_OP_MAX_INPUTS]; /* by stride, then as the file has them */
  Yv8Tensor **tensors;           /* of each value, while a probe runs */
  guint *left;                   /* readers of each value that have not run yet */
  gboolean swapped;              /* maps of equal size: the classes come first */
  Yv8Op detect;
} Tail;

static gint
compare_heads (gconstpointer a, gconstpointer b)
{
  const Head *x = a, *y = b;

  if (x->stride != y->stride)
    return x->stride < y->stride ? -1 : 1;
  return x->op < y->op ? -1 : x->op > y->op;
}

static gboolean
find_heads (Tail *self, GError **error)
{
  const GArray *heads = self->walk->heads;

  self->n_heads = heads->len;
  if (heads->len == 0 || heads->len % 2)
    return yv8_node_error (self->last, error,
        "the output comes from %u last feature maps, not from two for each scale", heads->len);
  for (guint i = 0; i < heads->len; i++) {
    Head *head = &self->heads[i];
    head->op = g_array_index (heads, guint, i);
    const Yv8DraftOp *op = yv8_draft_op (self->walk->draft, head->op);
    head->shape = op->out;
    self->batch = op->in[0].batch;
    head->stride = self->width / head->shape.width;
    if (head->shape.width * head->stride != self->width ||
        head->shape.height * head->stride != self->height)
      return yv8_node_error (self->last, error,
          "the map of '%s', %ux%u, is no whole fraction of the input", op->op.name,
          head->shape.width, head->shape.height);
  }
  qsort (self->heads, self->n_heads, sizeof *self->heads, compare_heads);
  for (guint i = 0; i < self->n_heads; i++)
    if (self->heads[i].stride != self->heads[i / 2 * 2].stride ||
        (i >= 2 && self->heads[i].stride == self->heads[i - 2].stride))
      return yv8_node_error (
          self->last, error, "the output does not come from two feature maps for each scale");
  return TRUE;
}

static gboolean
fill_heads (Tail *self, GRand *rand, float amplitude, GError **error)
{
  for (guint i = 0; i < self->n_heads; i++) {
    Head *head = &self->heads[i];
    const Yv8Shape *shape = &head->shape;
    const gint64 dims[4] = { self->batch, shape->channels, shape->height, shape->width };
    gsize n;
    if (!yv8_tensor_count (dims, 4, &n))
      return yv8_node_error (self->last, error, "its maps are too large");
    if (!yv8_eval_spend (&self->walk->eval, self->last, n, error))
      return FALSE;
    if (!head->values)
      head->values = yv8_tensor_new (YV8_TENSOR_FLOAT, dims, 4);
    if (!head->values) {
      g_set_error_literal (error, YV8_ERROR, YV8_ERROR_MEMORY, "ONNX: not enough memory");
      return FALSE;
    }
    for (gsize k = 0; k < n; k++)
      head->values->f[k] = amplitude * ((float) g_rand_int (rand) * 0x1p-31f - 1);
  }
  return TRUE;
}

static const Head *
find_head (const Tail *self, guint op)
{
  for (guint i = 0; i < self->n_heads; i++)
    if (self->heads[i].op == op)
      return &self->heads[i];
  return NULL;
}

/* What the probe gives for a feature map that the tail reads. */
static Yv8Tensor *
map_tensor (Tail *self, const Yv8Map *map, const Yv8NodeProto *node, GError **error)
{
  const gint64 dims[4] = { self->batch, map->channels, map->height, map->width };
  gsize plane = (gsize) map->height * map->width;
  gsize n;

  if (!yv8_tensor_count (dims, 4, &n)) {
    yv8_node_error (node, error, "its maps are too large");
    return NULL;
  }
  if (!yv8_eval_spend (&self->walk->eval, node, n, error))
    return NULL;
  g_autoptr (Yv8Tensor) tensor = yv8_tensor_new (YV8_TENSOR_FLOAT, dims, 4);
  if (!tensor) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_MEMORY, "ONNX: not enough memory");
    return NULL;
  }
  float *to = tensor->f;
  for (gint64 image = 0; image < self->batch; image++)
    for (guint i = 0; i < map->segments->len; i++) {
      const Yv8Segment *segment = &g_array_index (map->segments, Yv8Segment, i);
      const Head *head = find_head (self, segment->op);
      gsize first = image * head->shape.channels + segment->channel;
      memcpy (to, head->values->f + first * plane, segment->channels * plane * sizeof *to);
      to += segment->channels * plane;
    }
  return g_steal_pointer (&tensor);
}

static const Yv8Tensor *
input_tensor (Tail *self, const Yv8WalkNode *node, guint index, GError **error)
{
  Yv8Value *value = yv8_walk_value (self->walk, index);

  if (value->state == YV8_VALUE_CONST)
    return yv8_walk_tensor (self->walk, value, error);
  if (value->state == YV8_VALUE_MAP && !self->tensors[index])
    self->tensors[index] = map_tensor (self, &value->map, node->proto, error);
  return self->tensors[index];
}

static void
drop (Tail *self, guint index)
{
  if (index != self->output && --self->left[index] == 0)
    g_clear_pointer (&self->tensors[index], yv8_tensor_free);
}

static gboolean
run_node (Tail *self, const Yv8WalkNode *node, GError **error)
{
  const Yv8Tensor *in[YV8_EVAL_MAX_INPUTS] = { NULL };
  Yv8Tensor *out[YV8_EVAL_MAX_OUTPUTS];

  for (guint i = 0; i < node->n_in; i++)
    if (node->in[i] != YV8_WALK_NONE && !(in[i] = input_tensor (self, node, node->in[i], error)))
      return FALSE;
  if (!yv8_walk_call (self->walk, node, in, out, error))
    return FALSE;
  for (guint i = 0; i < node->n_out; i++) {
    if (node->out[i] == YV8_WALK_NONE)
      yv8_tensor_free (out[i]);
    else
      self->tensors[node->out[i]] = out[i];
  }
  for (guint i = 0; i < node->n_in; i++)
    if (node->in[i] != YV8_WALK_NONE)
      drop (self, node->in[i]);
  return TRUE;
}

static void
clear_tensors (Tail *self)
{
  for (guint i = 0; i < self->walk->values->len; i++) {
    const Yv8Value *value = yv8_walk_value (self->walk, i);
    g_clear_pointer (&self->tensors[i], yv8_tensor_free);
    self->left[i] = value->readers ? value->readers->len : 0;
  }
}

static gboolean
run (Tail *self, GError **error)
{
  clear_tensors (self);
  for (guint i = 0; i < self->walk->tail->len; i++) {
    guint node = g_array_index (self->walk->tail, guint, i);
    if (!run_node (self, &self->walk->nodes[node], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
set_roles (Tail *self, GError **error)
{
  const Yv8Tensor *output = self->tensors[self->output];
  Yv8Op *detect = &self->detect;

  if (!yv8_tensor_is_float (output) || output->n_dims != 3 || output->dims[0] != self->batch ||
      output->dims[1] <= 4)
    return yv8_node_error (
        self->last, error, "the output is not of shape [batch][4 + classes][anchors]");
  detect->kind = YV8_OP_DETECT;
  detect->n_in = self->n_heads;
  detect->n_classes = output->dims[1] - 4;
  for (guint i = 0; i < self->n_heads; i += 2) {
    Head *pair = &self->heads[i];
    guint a = pair[0].shape.channels, b = pair[1].shape.channels;
    if (a == b ? self->swapped : b != detect->n_classes) {
      Head first = pair[0];
      pair[0] = pair[1];
      pair[1] = first;
    }
    if (i == 0)
      detect->reg_max = pair[0].shape.channels / 4;
    detect->strides[i / 2] = pair[0].stride;
    if (pair[0].shape.channels != 4 * detect->reg_max || detect->reg_max < 2 ||
        detect->reg_max > 256 || pair[1].shape.channels != detect->n_classes || pair->stride > 256)
      return yv8_node_error (self->last, error,
          "the maps of stride %u have %u and %u channels, which is not 4 reg_max and %u classes",
          pair->stride, a, b, detect->n_classes);
  }
  gint64 n_anchors = yv8_graph_n_anchors (detect, self->width, self->height);
  return output->dims[2] == n_anchors
             ? TRUE
             : yv8_node_error (self->last, error, "the output has not one column for each cell");
}

/* Largest amount by which a row of one image is off, in units of its tolerance. */
static float
compare_row (const Tail *self, guint row, const float *given, const float *wanted, gsize n)
{
  const Yv8Op *detect = &self->detect;
  float most = 0;
  float tolerance = SCORE_TOLERANCE;

  if (row < 4)
    tolerance = DISTANCE_TOLERANCE * detect->reg_max * detect->strides[detect->n_in / 2 - 1] +
                COORDINATE_TOLERANCE * MAX (self->width, self->height);
  for (gsize i = 0; i < n; i++) {
    float off = fabsf (given[i] - wanted[i]) / tolerance;
    most = off <= most ? most : isnan (off) ? INFINITY : off;
  }
  return most;
}

static float
compare_image (const Tail *self, gint64 image, float *wanted)
{
  const Yv8Tensor *output = self->tensors[self->output];
  const float *maps[YV8_OP_MAX_INPUTS];
  gsize rows = output->dims[1], columns = output->dims[2];
  float most = 0;

  for (guint i = 0; i < self->n_heads; i++)
    maps[i] = self->heads[i].values->f + self->heads[i].values->n / self->batch * image;
  yv8_decode_dense (&self->detect, self->width, self->height, maps, wanted);
  for (gsize row = 0; row < rows; row++) {
    const float *given = output->f + (image * rows + row) * columns;
    most = MAX (most, compare_row (self, row, given, wanted + row * columns, columns));
  }
  return most;
}

static gboolean
probe (Tail *self, GRand *rand, float amplitude, gboolean *equal, GError **error)
{
  *equal = FALSE;
  if (!fill_heads (self, rand, amplitude, error) || !run (self, error) || !set_roles (self, error))
    return FALSE;
  const Yv8Tensor *output = self->tensors[self->output];
  if (!yv8_eval_spend (&self->walk->eval, self->last, output->n, error))
    return FALSE;
  g_autofree float *wanted = g_try_malloc_n (output->n / self->batch, sizeof *wanted);
  if (!wanted) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_MEMORY, "ONNX: not enough memory");
    return FALSE;
  }
  float most = 0;
  for (gint64 image = 0; image < self->batch; image++)
    most = MAX (most, compare_image (self, image, wanted));
  g_debug ("tail: probe of amplitude %g off by %g tolerances", amplitude, most);
  *equal = most <= 1;
  return TRUE;
}

/* Tries one assignment of roles. */
static gboolean
verify (Tail *self, gboolean *equal, GError **error)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (SEED);

  *equal = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (AMPLITUDES) && *equal; i++)
    if (!probe (self, rand, AMPLITUDES[i], equal, error))
      return FALSE;
  return TRUE;
}

static gboolean
find_roles (Tail *self, GError **error)
{
  gboolean equal;

  if (!find_heads (self, error) || !verify (self, &equal, error))
    return FALSE;
  if (!equal && self->heads[0].shape.channels == self->heads[1].shape.channels) {
    qsort (self->heads, self->n_heads, sizeof *self->heads, compare_heads);
    self->swapped = TRUE;
    if (!verify (self, &equal, error))
      return FALSE;
  }
  return equal
             ? TRUE
             : yv8_node_error (self->last, error,
                   "the output is not what YOLOv8's detection head computes from its feature maps");
}

static void
add_detect (Tail *self, Yv8Map *outputs, guint *n_outputs)
{
  const Yv8Shape none = { 0, 0, 0 };
  Yv8DraftOp *op = yv8_draft_add (self->walk->draft, YV8_OP_DETECT, "detect", none);
  char *name = op->op.name;

  op->op = self->detect;
  op->op.name = name;
  for (guint i = 0; i < self->n_heads; i++) {
    op->in[i] = yv8_draft_map (self->walk->draft, self->heads[i].op, self->batch);
    outputs[i] = yv8_map_copy (&op->in[i]);
  }
  *n_outputs = self->n_heads;
}

gboolean
yv8_tail_attach (Yv8Walk *walk, const char *output, guint width, guint height, Yv8Map *outputs,
    guint *n_outputs, GError **error)
{
  Yv8Value *value = yv8_walk_find (walk, output);
  Tail self = { .walk = walk, .width = width, .height = height };

  if (value->node == YV8_WALK_NONE || value->state != YV8_VALUE_TAIL) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED,
        "ONNX: the output '%s' is not that of a detection head", output);
    return FALSE;
  }
  self.last = walk->nodes[value->node].proto;
  self.output = value - yv8_walk_value (walk, 0);
  self.tensors = g_new0 (Yv8Tensor *, walk->values->len);
  self.left = g_new0 (guint, walk->values->len);
  walk->eval.exact = FALSE;
  gboolean good = find_roles (&self, error);
  if (good)
    add_detect (&self, outputs, n_outputs);
  clear_tensors (&self);
  for (guint i = 0; i < self.n_heads; i++)
    yv8_tensor_free (self.heads[i].values);
  g_free (self.tensors);
  g_free (self.left);
  return good;
}

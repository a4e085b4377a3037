/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names to indexes, liveness, and the walk. */
#include "onnx/walk.h"

#include <string.h>

/* Elements that may be computed: what the largest exports need, in proportion to the file's size.
 */
#define BASE_BUDGET     (32u << 20)
#define BUDGET_PER_BYTE 256
#define MAX_BUDGET      (G_GUINT64_CONSTANT (1) << 31)

#define BASE_PARAMETERS (1u << 20)

typedef struct {
  Yv8Walk *walk;
  GHashTable *names; /* name to index + 1 */
} Indexer;

static void
value_clear (gpointer data)
{
  Yv8Value *value = data;

  g_clear_pointer (&value->tensor, yv8_tensor_free);
  g_clear_pointer (&value->readers, g_array_unref);
  yv8_map_clear (&value->map);
}

static gboolean
walk_error (GError **error, const char *what, const char *name)
{
  g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT, "ONNX: %s '%s'", what, name);
  return FALSE;
}

static gboolean
define (Indexer *self, const char *name, guint node, guint *index, GError **error)
{
  Yv8Value value = { .name = name, .node = node };

  if (g_hash_table_contains (self->names, name))
    return walk_error (error, "two values have the name", name);
  g_array_append_val (self->walk->values, value);
  *index = self->walk->values->len - 1;
  g_hash_table_insert (self->names, (char *) name, GUINT_TO_POINTER (*index + 1));
  return TRUE;
}

static gboolean
index_node (Indexer *self, guint index, GError **error)
{
  Yv8WalkNode *node = &self->walk->nodes[index];
  const Yv8NodeProto *proto = self->walk->model->proto->graph->node[index];

  node->proto = proto;
  if (proto->n_input > YV8_EVAL_MAX_INPUTS || proto->n_output > YV8_EVAL_MAX_OUTPUTS)
    return yv8_node_error (proto, error, "too many inputs or outputs");
  node->n_in = proto->n_input;
  node->n_out = proto->n_output;
  node->in = g_new (guint, node->n_in);
  node->out = g_new (guint, node->n_out);
  for (guint i = 0; i < node->n_in; i++) {
    guint found = GPOINTER_TO_UINT (g_hash_table_lookup (self->names, proto->input[i]));
    if (!found && *proto->input[i])
      return walk_error (
          error, "a node reads, before anything gives it, the value", proto->input[i]);
    node->in[i] = found ? found - 1 : YV8_WALK_NONE;
  }
  for (guint i = 0; i < node->n_out; i++) {
    node->out[i] = YV8_WALK_NONE;
    if (*proto->output[i] && !define (self, proto->output[i], index, &node->out[i], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
index_all (Indexer *self, GError **error)
{
  const Onnx__GraphProto *graph = self->walk->model->proto->graph;
  guint index;

  for (gsize i = 0; i < graph->n_initializer; i++) {
    if (!define (self, graph->initializer[i]->name, YV8_WALK_NONE, &index, error))
      return FALSE;
    Yv8Value *value = yv8_walk_value (self->walk, index);
    value->state = YV8_VALUE_CONST;
    value->initializer = graph->initializer[i];
  }
  for (gsize i = 0; i < graph->n_input; i++) /* an initializer may be named as an input, too */
    if (!g_hash_table_contains (self->names, graph->input[i]->name) &&
        !define (self, graph->input[i]->name, YV8_WALK_NONE, &index, error))
      return FALSE;
  for (guint i = 0; i < self->walk->n_nodes; i++)
    if (!index_node (self, i, error))
      return FALSE;
  for (gsize i = 0; i < graph->n_output; i++) {
    guint found = GPOINTER_TO_UINT (g_hash_table_lookup (self->names, graph->output[i]->name));
    if (!found)
      return walk_error (error, "nothing gives the output", graph->output[i]->name);
    yv8_walk_value (self->walk, found - 1)->is_output = TRUE;
  }
  return TRUE;
}

static void
add_reader (Yv8Value *value, guint node)
{
  if (!value->readers)
    value->readers = g_array_new (FALSE, FALSE, sizeof (guint));
  g_array_append_val (value->readers, node);
}

/* From the last node on: what an output or a live node reads is live. */
static void
find_live (Yv8Walk *self)
{
  for (guint i = self->n_nodes; i-- > 0;) {
    Yv8WalkNode *node = &self->nodes[i];
    for (guint k = 0; k < node->n_out; k++) {
      const Yv8Value *value =
          node->out[k] == YV8_WALK_NONE ? NULL : yv8_walk_value (self, node->out[k]);
      node->live = node->live || (value && (value->is_output || value->readers));
    }
    for (guint k = 0; k < node->n_in && node->live; k++)
      if (node->in[k] != YV8_WALK_NONE)
        add_reader (yv8_walk_value (self, node->in[k]), i);
  }
}

Yv8Walk *
yv8_walk_new (Yv8OnnxModel *model, GError **error)
{
  g_autoptr (Yv8Walk) self = g_new0 (Yv8Walk, 1);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  Indexer indexer = { self, names };

  self->model = model;
  self->eval.opset = model->opset;
  self->eval.exact = TRUE;
  self->eval.budget = MIN (BASE_BUDGET + BUDGET_PER_BYTE * (guint64) model->size, MAX_BUDGET);
  self->parameters = BASE_PARAMETERS + (guint64) model->size;
  self->n_nodes = model->proto->graph->n_node;
  self->nodes = g_new0 (Yv8WalkNode, self->n_nodes);
  self->values = g_array_new (FALSE, TRUE, sizeof (Yv8Value));
  g_array_set_clear_func (self->values, value_clear);
  self->draft = yv8_draft_new ();
  self->tail = g_array_new (FALSE, FALSE, sizeof (guint));
  self->heads = g_array_new (FALSE, FALSE, sizeof (guint));
  if (!index_all (&indexer, error))
    return NULL;
  find_live (self);
  return g_steal_pointer (&self);
}

void
yv8_walk_free (Yv8Walk *self)
{
  if (!self)
    return;
  for (guint i = 0; i < self->n_nodes; i++) {
    g_free (self->nodes[i].in);
    g_free (self->nodes[i].out);
  }
  g_free (self->nodes);
  g_array_unref (self->values);
  g_array_unref (self->tail);
  g_array_unref (self->heads);
  yv8_draft_free (self->draft);
  yv8_onnx_model_free (self->model);
  g_free (self);
}

Yv8Value *
yv8_walk_value (const Yv8Walk *self, guint index)
{
  return &g_array_index (self->values, Yv8Value, index);
}

Yv8Value *
yv8_walk_find (const Yv8Walk *self, const char *name)
{
  for (guint i = 0; i < self->values->len; i++)
    if (g_str_equal (yv8_walk_value (self, i)->name, name))
      return yv8_walk_value (self, i);
  return NULL;
}

void
yv8_walk_input (Yv8Walk *self, const char *name, gint64 batch, Yv8Shape shape)
{
  Yv8Value *value = yv8_walk_find (self, name);

  yv8_draft_add (self->draft, YV8_OP_INPUT, name, shape);
  value->state = YV8_VALUE_MAP;
  value->map = yv8_draft_map (self->draft, 0, batch);
}

const Yv8Tensor *
yv8_walk_tensor (Yv8Walk *self, Yv8Value *value, GError **error)
{
  if (!value->tensor) {
    value->tensor = yv8_tensor_from_proto (value->initializer, error);
    yv8_onnx_model_drop_data (value->initializer);
  }
  return value->tensor;
}

gboolean
yv8_walk_call (Yv8Walk *self, const Yv8WalkNode *node, const Yv8Tensor *const *tensors,
    Yv8Tensor **outputs, GError **error)
{
  Yv8Call call = { &self->eval, node->proto, node->n_in, tensors, node->n_out, outputs };

  memset (outputs, 0, node->n_out * sizeof *outputs);
  if (yv8_eval_run (&call, error))
    return TRUE;
  for (guint i = 0; i < node->n_out; i++)
    g_clear_pointer (&outputs[i], yv8_tensor_free);
  return FALSE;
}

static gboolean
fold (Yv8Walk *self, const Yv8WalkNode *node, GError **error)
{
  const Yv8Tensor *in[YV8_EVAL_MAX_INPUTS] = { NULL };
  Yv8Tensor *out[YV8_EVAL_MAX_OUTPUTS];

  if (!yv8_eval_knows (node->proto, error))
    return FALSE;
  for (guint i = 0; i < node->n_in; i++)
    if (node->in[i] != YV8_WALK_NONE) {
      in[i] = yv8_walk_tensor (self, yv8_walk_value (self, node->in[i]), error);
      if (!in[i])
        return FALSE;
    }
  if (!yv8_walk_call (self, node, in, out, error))
    return FALSE;
  for (guint i = 0; i < node->n_out; i++) {
    if (node->out[i] == YV8_WALK_NONE) {
      yv8_tensor_free (out[i]);
      continue;
    }
    Yv8Value *value = yv8_walk_value (self, node->out[i]);
    value->state = YV8_VALUE_CONST;
    value->tensor = out[i];
  }
  return TRUE;
}

static gboolean
add_head (Yv8Walk *self, guint op)
{
  for (guint i = 0; i < self->heads->len; i++)
    if (g_array_index (self->heads, guint, i) == op)
      return TRUE;
  g_array_append_val (self->heads, op);
  return self->heads->len <= YV8_OP_MAX_INPUTS;
}

/* The tail may read nothing but what plain convolutions give. */
static gboolean
check_reads (Yv8Walk *self, const Yv8WalkNode *node, const Yv8Value *value, GError **error)
{
  const Yv8Map *map = &value->map;

  for (guint i = 0; i < map->segments->len; i++) {
    guint index = g_array_index (map->segments, Yv8Segment, i).op;
    const Yv8Op *op = &yv8_draft_op (self->draft, index)->op;
    if (op->kind != YV8_OP_CONV || op->activation != YV8_ACTIVATION_NONE || op->n_in != 1)
      return yv8_node_error (node->proto, error,
          "it reads feature map '%s' in a way that no YOLOv8 detect network does", value->name);
    if (!add_head (self, index))
      return yv8_node_error (
          node->proto, error, "it is one of those that read more than %d maps", YV8_OP_MAX_INPUTS);
  }
  return TRUE;
}

/* Whether the evaluator takes it: of convolutions only those that a tail may have. */
static gboolean
is_for_tail (Yv8Walk *self, const Yv8WalkNode *node)
{
  if (!g_str_equal (node->proto->op_type, "Conv"))
    return !yv8_map_knows (node->proto) || yv8_eval_knows (node->proto, NULL);
  Yv8Value *weights =
      node->n_in > 1 && node->in[1] != YV8_WALK_NONE ? yv8_walk_value (self, node->in[1]) : NULL;
  const Yv8Tensor *w =
      weights && weights->state == YV8_VALUE_CONST ? yv8_walk_tensor (self, weights, NULL) : NULL;
  return w && w->n_dims == 4 && w->dims[2] == 1 && w->dims[3] == 1;
}

static gboolean
check_tail_node (Yv8Walk *self, const Yv8WalkNode *node, GError **error)
{
  if (is_for_tail (self, node))
    return yv8_eval_knows (node->proto, error);
  const Yv8Value *value = NULL;
  for (guint i = 0; i < node->n_in && !value; i++)
    if (node->in[i] != YV8_WALK_NONE)
      value = yv8_walk_value (self, node->in[i]);
  if (value->node == YV8_WALK_NONE)
    return yv8_node_error (node->proto, error, "it reads '%s' as no op does", value->name);
  const Yv8NodeProto *from = self->nodes[value->node].proto;
  return yv8_node_error (node->proto, error,
      "its input comes from node '%s' (operator %s), which here gives no feature map",
      yv8_node_name (from), from->op_type);
}

static gboolean
add_tail (Yv8Walk *self, guint index, GError **error)
{
  const Yv8WalkNode *node = &self->nodes[index];

  if (!check_tail_node (self, node, error))
    return FALSE;
  for (guint i = 0; i < node->n_in; i++) {
    const Yv8Value *value =
        node->in[i] == YV8_WALK_NONE ? NULL : yv8_walk_value (self, node->in[i]);
    if (value && value->state == YV8_VALUE_MAP && !check_reads (self, node, value, error))
      return FALSE;
  }
  for (guint i = 0; i < node->n_out; i++)
    if (node->out[i] != YV8_WALK_NONE)
      yv8_walk_value (self, node->out[i])->state = YV8_VALUE_TAIL;
  g_array_append_val (self->tail, index);
  return TRUE;
}

static gboolean
walk_node (Yv8Walk *self, guint index, GError **error)
{
  const Yv8WalkNode *node = &self->nodes[index];
  gboolean reads_map = FALSE, reads_tail = FALSE;

  for (guint i = 0; i < node->n_in; i++) {
    if (node->in[i] == YV8_WALK_NONE)
      continue;
    const Yv8Value *value = yv8_walk_value (self, node->in[i]);
    if (value->state == YV8_VALUE_UNKNOWN)
      return walk_error (error, "a second input is read:", value->name);
    reads_map = reads_map || value->state == YV8_VALUE_MAP || value->state == YV8_VALUE_GATE;
    reads_tail = reads_tail || value->state == YV8_VALUE_TAIL;
  }
  if (!reads_map && !reads_tail)
    return fold (self, node, error);
  if (!reads_tail) {
    Yv8MapResult result = yv8_map_node (self, node, error);
    if (result != YV8_MAP_OTHER)
      return result == YV8_MAP_DONE;
  }
  return add_tail (self, index, error);
}

gboolean
yv8_walk_run (Yv8Walk *self, GError **error)
{
  for (guint i = 0; i < self->n_nodes; i++)
    if (self->nodes[i].live && !walk_node (self, i, error))
      return FALSE;
  return TRUE;
}

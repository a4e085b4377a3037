/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The importer's walk over the nodes of a file. Each value is a constant, a feature map of the
 * draft, or a part of the tail: what is computed from feature maps by means that no op has. */
#pragma once

#include "onnx/draft.h"
#include "onnx/eval.h"

G_BEGIN_DECLS

#define YV8_WALK_MAX_OPS 4096
#define YV8_WALK_NONE    G_MAXUINT

/**
 * Yv8ValueState:
 * @YV8_VALUE_UNKNOWN: not walked to
 * @YV8_VALUE_CONST: @tensor, or @initializer from which it is read when first wanted
 * @YV8_VALUE_MAP: @map
 * @YV8_VALUE_GATE: sigmoid of the feature map @gated, which only the multiplication of a SiLU reads
 * @YV8_VALUE_TAIL: computed by yv8_tail_run()
 */
typedef enum {
  YV8_VALUE_UNKNOWN,
  YV8_VALUE_CONST,
  YV8_VALUE_MAP,
  YV8_VALUE_GATE,
  YV8_VALUE_TAIL,
} Yv8ValueState;

typedef struct {
  const char *name;
  Yv8ValueState state;
  Yv8TensorProto *initializer;
  Yv8Tensor *tensor;
  Yv8Map map;
  guint gated;
  guint node;      /* that outputs it; YV8_WALK_NONE for inputs and initializers */
  GArray *readers; /* (element-type guint): live nodes; a node that reads twice is there twice */
  gboolean is_output;
} Yv8Value;

/**
 * Yv8WalkNode: @in and @out index values, YV8_WALK_NONE where a name is empty
 */
typedef struct {
  const Yv8NodeProto *proto;
  guint n_in, n_out;
  guint *in, *out;
  gboolean live; /* an output of the graph depends on it */
} Yv8WalkNode;

/**
 * Yv8Walk:
 * @values: (element-type Yv8Value)
 * @tail: (element-type guint): nodes of the tail, in order
 * @heads: (element-type guint): ops of the draft whose maps the tail reads
 * @parameters: weights that may still be read
 */
typedef struct {
  Yv8OnnxModel *model;
  Yv8Eval eval;
  GArray *values;
  Yv8WalkNode *nodes;
  guint n_nodes;
  Yv8Draft *draft;
  GArray *tail;
  GArray *heads;
  guint64 parameters;
} Yv8Walk;

/**
 * yv8_walk_new:
 * @model: (transfer full): freed on failure, too
 *
 * Indexes names; finds which nodes matter.
 *
 * Returns: (transfer full): %NULL with @error set: FORMAT if a name is produced twice or read
 * before it is produced
 */
Yv8Walk *yv8_walk_new (Yv8OnnxModel *model, GError **error);
void yv8_walk_free (Yv8Walk *walk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Walk, yv8_walk_free)

/**
 * yv8_walk_input:
 *
 * Makes the only input of the graph the draft's op 0.
 *
 * @name: of the input
 */
void yv8_walk_input (Yv8Walk *walk, const char *name, gint64 batch, Yv8Shape shape);

/**
 * yv8_walk_run: Walks all nodes. Returns: %FALSE with @error set
 */
gboolean yv8_walk_run (Yv8Walk *walk, GError **error);

Yv8Value *yv8_walk_value (const Yv8Walk *walk, guint index);

/**
 * yv8_walk_find: Returns: (transfer none) (nullable): the value of this name
 */
Yv8Value *yv8_walk_find (const Yv8Walk *walk, const char *name);

/**
 * yv8_walk_tensor: Returns: (transfer none): the tensor of a CONST; %NULL with @error set
 */
const Yv8Tensor *yv8_walk_tensor (Yv8Walk *walk, Yv8Value *value, GError **error);

/**
 * yv8_walk_call:
 *
 * Evaluates a node, all of whose inputs have tensors.
 *
 * @tensors: of its inputs, %NULL for absent ones
 * @outputs: (array length=n_out): (transfer full): %NULL where the node names none
 */
gboolean yv8_walk_call (Yv8Walk *walk, const Yv8WalkNode *node, const Yv8Tensor *const *tensors,
    Yv8Tensor **outputs, GError **error);

/**
 * Yv8MapResult: what yv8_map_node() has done
 */
typedef enum { YV8_MAP_ERROR, YV8_MAP_DONE, YV8_MAP_OTHER } Yv8MapResult;

/**
 * yv8_map_node:
 *
 * @node reads feature maps and constants: extends the draft.
 *
 * Returns: %YV8_MAP_OTHER if it is nothing that an op or a list of segments can say
 */
Yv8MapResult yv8_map_node (Yv8Walk *walk, const Yv8WalkNode *node, GError **error);

/**
 * yv8_map_knows: Returns: whether yv8_map_node() knows the operator
 */
gboolean yv8_map_knows (const Yv8NodeProto *node);

/**
 * yv8_tail_attach:
 * @width: of the input, pixels
 * @height: likewise
 *
 * Finds out what the tail's inputs are, runs it on probes, compares, and adds DETECT to the draft.
 *
 * @outputs: (out) (transfer full) (array length=n_outputs): maps that DETECT reads
 *
 * Returns: %FALSE with @error set if the tail is not what DETECT does
 */
gboolean yv8_tail_attach (Yv8Walk *walk, const char *output, guint width, guint height,
    Yv8Map *outputs, guint *n_outputs, GError **error);

G_END_DECLS

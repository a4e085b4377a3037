/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Import as a whole: input size, walk, tail, layout. */
#include "onnx/import.h"

#include <stdio.h>

#include "onnx/walk.h"

#define DEFAULT_SIDE 640
#define SIDE_STEP    32
#define MAX_BATCH    1024

typedef struct {
  const char *name;
  gint64 batch;
  guint width, height;
} Input;

G_GNUC_PRINTF (2, 3)
static gboolean
unsupported (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "ONNX: %s", reason);
  return FALSE;
}

static void
read_metadata (const Onnx__ModelProto *proto, GHashTable *metadata)
{
  for (gsize i = 0; i < proto->n_metadata_props; i++) {
    const Onnx__StringStringEntryProto *entry = proto->metadata_props[i];
    if (entry->key && g_utf8_validate (entry->key, -1, NULL) && entry->value &&
        g_utf8_validate (entry->value, -1, NULL))
      g_hash_table_insert (metadata, g_strdup (entry->key), g_strdup (entry->value));
  }
}

/* The one input that is no constant. */
static const Onnx__ValueInfoProto *
find_input (const Onnx__GraphProto *graph, GError **error)
{
  const Onnx__ValueInfoProto *input = NULL;
  g_autoptr (GHashTable) constants = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; i < graph->n_initializer; i++)
    g_hash_table_add (constants, graph->initializer[i]->name);
  for (gsize i = 0; i < graph->n_input; i++) {
    if (g_hash_table_contains (constants, graph->input[i]->name))
      continue;
    if (input) {
      unsupported (
          error, "it has more than one input: '%s' and '%s'", input->name, graph->input[i]->name);
      return NULL;
    }
    input = graph->input[i];
  }
  if (!input)
    unsupported (error, "it has no input");
  return input;
}

/* The value of dim @index, or @fallback where it is a symbol. */
static gint64
dim_value (const Onnx__TensorShapeProto *shape, gsize index, gint64 fallback)
{
  const Onnx__TensorShapeProto__Dimension *dim = shape->dim[index];

  return dim->has_dim_value ? dim->dim_value : fallback;
}

/* Dynamic sides are those of the metadata ("[height, width]"), or 640. */
static gboolean
read_input (const Onnx__GraphProto *graph, GHashTable *metadata, Input *input, GError **error)
{
  const Onnx__ValueInfoProto *info = find_input (graph, error);
  const char *imgsz = g_hash_table_lookup (metadata, "imgsz");
  guint sides[2] = { DEFAULT_SIDE, DEFAULT_SIDE };

  if (!info)
    return FALSE;
  const Onnx__TypeProto__Tensor *type = info->type ? info->type->tensor_type : NULL;
  if (!type || !type->shape || type->shape->n_dim != 4 || dim_value (type->shape, 1, 3) != 3)
    return unsupported (error, "input '%s' is not of shape [batch][3][height][width]", info->name);
  if (type->elem_type != YV8_TENSOR_FLOAT && type->elem_type != YV8_TENSOR_FLOAT16)
    return unsupported (error, "input '%s' is not float or float16", info->name);
  if (imgsz && sscanf (imgsz, "[%u, %u]", &sides[0], &sides[1]) != 2)
    sides[0] = sides[1] = DEFAULT_SIDE;
  gint64 batch = dim_value (type->shape, 0, 1);
  gint64 height = dim_value (type->shape, 2, sides[0]),
         width = dim_value (type->shape, 3, sides[1]);
  if (MIN (width, height) < SIDE_STEP || MAX (width, height) > YV8_GRAPH_MAX_SIDE ||
      width % SIDE_STEP || height % SIDE_STEP)
    return unsupported (error,
        "input '%s' is %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
        "; sides must be multiples of %d from %d to %d",
        info->name, width, height, SIDE_STEP, SIDE_STEP, YV8_GRAPH_MAX_SIDE);
  if (batch < 1 || batch > MAX_BATCH)
    return unsupported (
        error, "input '%s' is a batch of %" G_GINT64_FORMAT " pictures", info->name, batch);
  *input = (Input){ info->name, batch, width, height };
  return TRUE;
}

static gboolean
check_kind (const Onnx__GraphProto *graph, GHashTable *metadata, GError **error)
{
  const char *task = g_hash_table_lookup (metadata, "task");

  if (task && !g_str_equal (task, "detect"))
    return unsupported (error, "it is a model for task '%s'; only 'detect' is supported", task);
  if (graph->n_output != 1)
    return unsupported (error, "it has %" G_GSIZE_FORMAT " outputs, not one", graph->n_output);
  return TRUE;
}

static Yv8Graph *
build (Yv8OnnxModel *model, const Input *input, GError **error)
{
  const char *output = model->proto->graph->output[0]->name;
  const Yv8Shape shape = { 3, input->height, input->width };
  g_autoptr (Yv8Walk) walk = yv8_walk_new (model, error);
  Yv8Map outputs[YV8_OP_MAX_INPUTS];
  guint n_outputs = 0;

  if (!walk)
    return NULL;
  yv8_walk_input (walk, input->name, input->batch, shape);
  if (!yv8_walk_run (walk, error) ||
      !yv8_tail_attach (walk, output, input->width, input->height, outputs, &n_outputs, error))
    return NULL;
  g_autoptr (Yv8Graph) graph = yv8_draft_layout (walk->draft, outputs, n_outputs, error);
  for (guint i = 0; i < n_outputs; i++)
    yv8_map_clear (&outputs[i]);
  if (!graph)
    return NULL;
  g_autofree Yv8Shape *shapes = yv8_graph_infer (graph, input->width, input->height, error);
  return shapes ? g_steal_pointer (&graph) : NULL;
}

Yv8Network *
yv8_onnx_import (const guint8 *bytes, gsize size, GError **error)
{
  g_autoptr (Yv8OnnxModel) model = yv8_onnx_model_new (bytes, size, error);
  Input input = { NULL };

  if (!model)
    return NULL;
  g_autoptr (Yv8Network) self = yv8_network_new ();
  read_metadata (model->proto, self->metadata);
  if (!check_kind (model->proto->graph, self->metadata, error) ||
      !read_input (model->proto->graph, self->metadata, &input, error))
    return NULL;
  self->width = input.width;
  self->height = input.height;
  self->graph = build (g_steal_pointer (&model), &input, error);
  return self->graph ? g_steal_pointer (&self) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What must hold of a network that is read from a file or written to one. */
#include "model/network.h"

#include <string.h>

#include "model/file.h"

#define SIDE_STEP 32

Yv8Network *
yv8_network_new (void)
{
  Yv8Network *self = g_new0 (Yv8Network, 1);

  self->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
yv8_network_free (Yv8Network *self)
{
  if (!self)
    return;
  yv8_graph_free (self->graph);
  g_clear_pointer (&self->metadata, g_hash_table_unref);
  g_free (self);
}

G_GNUC_PRINTF (3, 4)
static gboolean
fail (const Yv8Op *op, GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT, "op '%s' (%s): %s", op->name,
      yv8_op_kind_name (op->kind), reason);
  return FALSE;
}

static gboolean
check_ops (const Yv8Graph *graph, GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    if (!g_utf8_validate (op->name, -1, NULL) || strlen (op->name) > YV8_FILE_MAX_NAME)
      return fail (op, error, "op %u: its name is not UTF-8 or too long", i);
    if (!g_hash_table_add (names, op->name))
      return fail (op, error, "op %u: its name is another's too", i);
  }
  return TRUE;
}

static gboolean
check_sizes (const Yv8Network *self, GError **error)
{
  const Yv8Graph *graph = self->graph;
  guint64 channels = 0;

  for (guint i = 0; i < yv8_graph_n_buffers (graph); i++)
    channels += g_array_index (graph->buffer_channels, guint, i);
  if (yv8_graph_n_ops (graph) > YV8_FILE_MAX_OPS || channels > YV8_FILE_MAX_CHANNELS) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT,
        "graph: more than %u ops, or %u channels in all", YV8_FILE_MAX_OPS, YV8_FILE_MAX_CHANNELS);
    return FALSE;
  }
  if (self->width % SIDE_STEP || self->height % SIDE_STEP || self->width == 0 ||
      self->height == 0) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT,
        "input size %ux%u: both sides must be multiples of %d", self->width, self->height,
        SIDE_STEP);
    return FALSE;
  }
  return TRUE;
}

gboolean
yv8_network_check (const Yv8Network *self, GError **error)
{
  if (!check_sizes (self, error) || !yv8_graph_check (self->graph, error))
    return FALSE;
  if (!yv8_graph_detect (self->graph) ||
      g_array_index (self->graph->buffer_channels, guint, 0) != YV8_GRAPH_PICTURE_CHANNELS) {
    g_set_error_literal (
        error, YV8_ERROR, YV8_ERROR_FORMAT, "graph: is no detector on pictures of three channels");
    return FALSE;
  }
  if (!check_ops (self->graph, error))
    return FALSE;
  g_autofree Yv8Shape *shapes = yv8_graph_infer (self->graph, self->width, self->height, error);
  return shapes != NULL;
}

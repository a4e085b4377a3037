/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which layers turn to int8. */
#include <string.h>

#include "compress/scheme.h"

static gboolean
must_be_float (const Yv8Scheme *self, guint index)
{
  const Yv8Op *op = yv8_graph_op (self->graph, index);
  gsize terms = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;

  return op->kind == YV8_OP_CONV &&
         (terms > YV8_QUANT_MAX_TERMS || (op->n_in > 1 && yv8_scheme_is_output (self, index)));
}

Yv8Scheme *
yv8_scheme_new (const Yv8Graph *graph)
{
  Yv8Scheme *self = g_new0 (Yv8Scheme, 1);
  guint n = yv8_graph_n_ops (graph);

  self->graph = graph;
  self->quants = g_new0 (Yv8Quant, n);
  self->keep_float = g_new0 (gboolean, n);
  self->corrections = g_new0 (float *, n);
  self->quants[0] = (Yv8Quant){ 1.0f / 255, -128 };
  for (guint i = 0; i < n; i++)
    self->keep_float[i] = must_be_float (self, i);
  return self;
}

void
yv8_scheme_free (Yv8Scheme *self)
{
  if (!self)
    return;
  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++)
    g_free (self->corrections[i]);
  g_free (self->corrections);
  g_free (self->keep_float);
  g_free (self->quants);
  g_free (self);
}

gboolean
yv8_scheme_keep (Yv8Scheme *self, const char *patterns, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (patterns ? patterns : "", ",", -1);

  for (guint p = 0; parts[p]; p++) {
    const char *pattern = g_strstrip (parts[p]);
    gboolean found = !*pattern;
    for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++) {
      const Yv8Op *op = yv8_graph_op (self->graph, i);
      if (op->kind != YV8_OP_CONV || !g_pattern_match_simple (pattern, op->name))
        continue;
      self->keep_float[i] = TRUE;
      found = TRUE;
    }
    if (!found) {
      g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
          "no convolution is named '%s'; 'yv8 inspect' lists the names", pattern);
      return FALSE;
    }
  }
  return TRUE;
}

guint
yv8_scheme_n_kept (const Yv8Scheme *self)
{
  guint n = 0;

  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++)
    n += yv8_graph_op (self->graph, i)->kind == YV8_OP_CONV && self->keep_float[i];
  return n;
}

gboolean
yv8_scheme_is_output (const Yv8Scheme *self, guint index)
{
  const Yv8Slice *out = &yv8_graph_op (self->graph, index)->out;

  for (guint i = 0; i < self->graph->outputs->len; i++) {
    const Yv8Slice *output = yv8_graph_output (self->graph, i);
    if (output->buffer == out->buffer && output->channel < out->channel + out->channels &&
        out->channel < output->channel + output->channels)
      return TRUE;
  }
  return FALSE;
}

gboolean
yv8_scheme_ranged (const Yv8Scheme *self, guint index)
{
  return yv8_graph_op (self->graph, index)->kind == YV8_OP_CONV &&
         !yv8_scheme_is_output (self, index);
}

gboolean
yv8_scheme_fixed_low (const Yv8Scheme *self, guint index)
{
  const Yv8Op *op = yv8_graph_op (self->graph, index);

  return op->kind == YV8_OP_CONV && op->activation == YV8_ACTIVATION_SILU && op->n_in == 1;
}

Yv8Quant **
yv8_scheme_quants (const Yv8Scheme *self)
{
  guint n = yv8_graph_n_buffers (self->graph);
  Yv8Quant **quants = g_new0 (Yv8Quant *, n + 1);

  for (guint i = 0; i < n; i++)
    quants[i] = g_new0 (Yv8Quant, g_array_index (self->graph->buffer_channels, guint, i));
  for (guint i = 0; i < yv8_graph_n_ops (self->graph); i++) {
    const Yv8Op *op = yv8_graph_op (self->graph, i);
    if (op->kind == YV8_OP_DETECT)
      continue;
    Yv8Quant *out = quants[op->out.buffer] + op->out.channel;
    gboolean own = op->kind == YV8_OP_INPUT || op->kind == YV8_OP_CONV;
    for (guint c = 0; c < op->out.channels; c++)
      out[c] = own ? self->quants[i] : quants[op->in[0].buffer][op->in[0].channel + c];
  }
  return quants;
}

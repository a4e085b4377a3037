/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * YOLOv8 as a graph with random weights. */
#include "network.h"

#include <math.h>

#define N_CLASSES 80
#define REG_MAX   16

typedef struct {
  Yv8Graph *graph;
  GRand *rand;
} Builder;

static Yv8Slice
buffer (Builder *self, guint channels)
{
  return (Yv8Slice){ yv8_graph_add_buffer (self->graph, channels), 0, channels };
}

static Yv8Slice
slice (Yv8Slice of, guint channel, guint channels)
{
  return (Yv8Slice){ of.buffer, of.channel + channel, channels };
}

static Yv8Op *
add (Builder *self, Yv8OpKind kind, Yv8Slice in, Yv8Slice out)
{
  Yv8Op op = {
    .kind = kind,
    .name = g_strdup_printf ("%s %u", yv8_op_kind_name (kind), yv8_graph_n_ops (self->graph)),
    .n_in = kind == YV8_OP_INPUT ? 0 : 1,
    .in = { in },
    .out = out,
  };

  return yv8_graph_add_op (self->graph, &op);
}

static Yv8Op *
conv (Builder *self, Yv8Slice in, Yv8Slice out, guint kernel, guint stride)
{
  Yv8Op *op = add (self, YV8_OP_CONV, in, out);
  gsize k = (gsize) in.channels * kernel * kernel;
  double scale = sqrt (6.0 / k);

  op->window = (Yv8Window){ kernel, kernel, stride, kernel / 2 };
  op->activation = YV8_ACTIVATION_SILU;
  op->weights = g_new (float, k *out.channels);
  op->bias = g_new (float, out.channels);
  for (gsize i = 0; i < k * out.channels; i++)
    op->weights[i] = (float) g_rand_double_range (self->rand, -scale, scale);
  for (guint i = 0; i < out.channels; i++)
    op->bias[i] = (float) g_rand_double_range (self->rand, -0.1, 0.1);
  return op;
}

static void
c2f (Builder *self, Yv8Slice in, Yv8Slice out, guint n, gboolean shortcut)
{
  guint half = out.channels / 2;
  Yv8Slice maps = buffer (self, (2 + n) * half);

  conv (self, in, slice (maps, 0, 2 * half), 1, 1);
  for (guint i = 1; i <= n; i++) {
    Yv8Slice middle = buffer (self, half);
    conv (self, slice (maps, i * half, half), middle, 3, 1);
    Yv8Op *op = conv (self, middle, slice (maps, (i + 1) * half, half), 3, 1);
    if (shortcut)
      op->in[op->n_in++] = slice (maps, i * half, half);
  }
  conv (self, maps, out, 1, 1);
}

static void
sppf (Builder *self, Yv8Slice in, Yv8Slice out)
{
  guint half = in.channels / 2;
  Yv8Slice maps = buffer (self, 4 * half);

  conv (self, in, slice (maps, 0, half), 1, 1);
  for (guint i = 0; i < 3; i++) {
    Yv8Op *op = add (
        self, YV8_OP_MAXPOOL, slice (maps, i * half, half), slice (maps, (i + 1) * half, half));
    op->window = (Yv8Window){ 5, 5, 1, 2 };
  }
  conv (self, maps, out, 1, 1);
}

static void
head (Builder *self, Yv8Slice in, guint width)
{
  const guint middles[] = { MAX (width, 4 * REG_MAX), MAX (width, N_CLASSES) };
  const guint outs[] = { 4 * REG_MAX, N_CLASSES };

  for (guint i = 0; i < G_N_ELEMENTS (outs); i++) {
    Yv8Slice first = buffer (self, middles[i]), second = buffer (self, middles[i]);
    Yv8Slice out = buffer (self, outs[i]);
    conv (self, in, first, 3, 1);
    conv (self, first, second, 3, 1);
    conv (self, second, out, 1, 1)->activation = YV8_ACTIVATION_NONE;
    g_array_append_val (self->graph->outputs, out);
  }
}

Yv8Graph *
network_new (guint w, GRand *rand)
{
  Builder self = { yv8_graph_new (), rand };
  Yv8Slice input = buffer (&self, 3);
  Yv8Slice p1 = buffer (&self, w), p2 = buffer (&self, 2 * w), p2c = buffer (&self, 2 * w);
  Yv8Slice p3 = buffer (&self, 4 * w), p4 = buffer (&self, 8 * w), p5 = buffer (&self, 16 * w);
  Yv8Slice p5c = buffer (&self, 16 * w);
  Yv8Slice up4 = buffer (&self, 24 * w), up3 = buffer (&self, 12 * w); /* concats of the neck */
  Yv8Slice down4 = buffer (&self, 12 * w), down5 = buffer (&self, 24 * w);
  Yv8Slice n3 = buffer (&self, 4 * w), n4 = buffer (&self, 8 * w), n5 = buffer (&self, 16 * w);

  add (&self, YV8_OP_INPUT, input, input);
  conv (&self, input, p1, 3, 2);
  conv (&self, p1, p2, 3, 2);
  c2f (&self, p2, p2c, 1, TRUE);
  conv (&self, p2c, p3, 3, 2);
  c2f (&self, p3, slice (up3, 8 * w, 4 * w), 2, TRUE);
  conv (&self, slice (up3, 8 * w, 4 * w), p4, 3, 2);
  c2f (&self, p4, slice (up4, 16 * w, 8 * w), 2, TRUE);
  conv (&self, slice (up4, 16 * w, 8 * w), p5, 3, 2);
  c2f (&self, p5, p5c, 1, TRUE);
  sppf (&self, p5c, slice (down5, 8 * w, 16 * w));
  add (&self, YV8_OP_UPSAMPLE, slice (down5, 8 * w, 16 * w), slice (up4, 0, 16 * w));
  c2f (&self, up4, slice (down4, 4 * w, 8 * w), 1, FALSE);
  add (&self, YV8_OP_UPSAMPLE, slice (down4, 4 * w, 8 * w), slice (up3, 0, 8 * w));
  c2f (&self, up3, n3, 1, FALSE);
  conv (&self, n3, slice (down4, 0, 4 * w), 3, 2);
  c2f (&self, down4, n4, 1, FALSE);
  conv (&self, n4, slice (down5, 0, 8 * w), 3, 2);
  c2f (&self, down5, n5, 1, FALSE);
  head (&self, n3, 4 * w);
  head (&self, n4, 4 * w);
  head (&self, n5, 4 * w);
  return self.graph;
}

/* Every conv's weights with the input's scales folded in, a scale each output channel. */
static void
quantize_conv (Yv8Op *op, const Yv8Quant *quants)
{
  gsize taps = (gsize) op->window.kernel_h * op->window.kernel_w;
  gsize k = op->in[0].channels * taps;

  op->qweights = g_new (gint8, k * op->out.channels);
  op->multiplier = g_new (float, op->out.channels);
  for (guint c = 0; c < op->out.channels; c++) {
    const float *w = op->weights + c * k;
    float most = 0;
    for (gsize i = 0; i < k; i++)
      most = MAX (most, fabsf (w[i] * quants[i / taps].scale));
    op->multiplier[c] = most / 127;
    for (gsize i = 0; i < k; i++)
      op->qweights[c * k + i] = (gint8) lrintf (w[i] * quants[i / taps].scale / op->multiplier[c]);
  }
  g_clear_pointer (&op->weights, g_free);
}

void
network_quantize (Yv8Graph *graph)
{
  for (guint i = 0; i < graph->buffer_types->len; i++)
    g_array_index (graph->buffer_types, Yv8Type, i) = YV8_TYPE_QS8;
  for (guint i = 0; i < graph->outputs->len; i++)
    g_array_index (graph->buffer_types, Yv8Type, yv8_graph_output (graph, i)->buffer) =
        YV8_TYPE_F32;
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    Yv8Op *op = &g_array_index (graph->ops, Yv8Op, i);
    if (op->kind == YV8_OP_INPUT)
      op->quant = (Yv8Quant){ 1.0f / 255, -128 };
    else
      op->quant = (Yv8Quant){ (2.5f + 0.01f * (float) i) / 255, -104 + (gint32) i % 5 };
  }
  Yv8Quant **quants = yv8_graph_quants (graph);
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    Yv8Op *op = &g_array_index (graph->ops, Yv8Op, i);
    if (op->kind == YV8_OP_CONV)
      quantize_conv (op, quants[op->in[0].buffer] + op->in[0].channel);
  }
  yv8_quants_free (quants);
}

void
network_prune (Yv8Op *op, double share, GRand *rand)
{
  gsize taps = (gsize) op->window.kernel_h * op->window.kernel_w;
  gsize k = op->in[0].channels * taps;

  for (gsize o = 0; o < op->out.channels; o += 16)
    for (gsize i = 0; i < op->in[0].channels; i += 4)
      for (gsize tap = 0; tap < taps; tap++) {
        if (g_rand_double (rand) >= share)
          continue;
        for (gsize c = o; c < MIN (o + 16, op->out.channels); c++)
          for (gsize n = i; n < MIN (i + 4, op->in[0].channels); n++)
            op->qweights[c * k + n * taps + tap] = 0;
      }
}

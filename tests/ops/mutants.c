/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CONV, QUANTIZE and MAXPOOL once more, in the plainest way, with a place for each error. */
#include "mutants.h"

#include <math.h>

#include "ref/backend.h"
#include "ref/planar.h"
#include "shaders/lib/numeric.h"

static struct {
  Yv8BackendClass klass;
  gboolean (*run_op) (Yv8Backend *backend, guint op, GError **error);
  Mutant mutant;
} state;

typedef struct {
  const Yv8Op *op;
  Yv8Shape in, out;
  const gint8 *x;
  const Yv8Quant *quants;
} Conv;

/* Of input channel @c at one place of the window; @product: w q of it. */
static gint32
get_term (const Conv *conv, guint o, guint c, gint64 row, gint64 column, guint k, gint32 *product)
{
  const Yv8Window *window = &conv->op->window;
  gint32 zero = conv->quants[c].zero;
  gint32 q = state.mutant == MUTANT_BORDER ? 0 : zero;
  gint32 w =
      conv->op
          ->qweights[((gsize) o * conv->in.channels + c) * window->kernel_h * window->kernel_w + k];

  if (row >= 0 && row < conv->in.height && column >= 0 && column < conv->in.width)
    q = conv->x[((gsize) c * conv->in.height + (gsize) row) * conv->in.width + (gsize) column];
  *product = w * (q + 128);
  return w * (q - zero);
}

static gint32
accumulate (const Conv *conv, guint o, guint row, guint column)
{
  const Yv8Window *window = &conv->op->window;
  gint32 sum = 0, before = 0, product;

  for (guint k = 0; k < window->kernel_h * window->kernel_w; k++)
    for (guint c = 0; c < conv->in.channels; c++) {
      sum +=
          get_term (conv, o, c, (gint64) row * window->stride + k / window->kernel_w - window->pad,
              (gint64) column * window->stride + k % window->kernel_w - window->pad, k, &product);
      if (state.mutant == MUTANT_SATURATION && c % 2)
        sum += CLAMP (before + product, G_MININT16, G_MAXINT16) - (before + product);
      before = product;
    }
  if (state.mutant == MUTANT_ACCUMULATOR && o + row + column == 0)
    sum++;
  return sum;
}

static gint8
requantize (float t, const Yv8Quant *quant)
{
  float inverse = 1.0f / quant->scale;
  float x = YV8_MIN (YV8_MAX (t * inverse, -512.0f), 512.0f);

  switch (state.mutant) {
  case MUTANT_TIES:
  case MUTANT_QUANTIZE:
    return (gint8) CLAMP ((gint32) floorf (x + 0.5f) + quant->zero, -128, 127);
  case MUTANT_WRAP:
    return (gint8) ((gint32) rintf (x) + quant->zero);
  default:
    return (gint8) yv8_requantize (t, inverse, quant->zero);
  }
}

static float
finish (const Yv8Op *op, guint o, gint32 acc)
{
  float t = (float) acc * op->multiplier[o];

  if (state.mutant == MUTANT_CONTRACTION)
    t = fmaf ((float) acc, op->multiplier[o], op->bias[o]);
  else
    t = t + op->bias[o];
  return op->activation == YV8_ACTIVATION_SILU ? yv8_silu (t) : t;
}

static void
run_conv (const Yv8Planar *planar, const Yv8Op *op)
{
  Conv conv = { op, yv8_planar_shape (planar, &op->in[0]), yv8_planar_shape (planar, &op->out),
    yv8_planar_map_qs8 (planar, &op->in[0]), planar->quants[op->in[0].buffer] + op->in[0].channel };
  gsize plane = (gsize) conv.out.height * conv.out.width;
  const gint8 *residual = op->n_in > 1 ? yv8_planar_map_qs8 (planar, &op->in[1]) : NULL;
  const Yv8Quant *others = residual ? planar->quants[op->in[1].buffer] + op->in[1].channel : NULL;
  gboolean quantized = conv.out.type == YV8_TYPE_QS8;

  for (gsize i = 0; i < conv.out.channels * plane; i++) {
    guint o = (guint) (i / plane), row = (guint) (i % plane) / conv.out.width;
    float t = finish (op, o, accumulate (&conv, o, row, (guint) (i % plane) % conv.out.width));
    if (residual) {
      gint32 zero = state.mutant == MUTANT_RESIDUAL ? op->quant.zero : others[o].zero;
      float r = others[o].scale * (float) (residual[i] - zero);
      t = t + r;
    }
    if (quantized)
      yv8_planar_map_qs8 (planar, &op->out)[i] = requantize (t, &op->quant);
    else
      yv8_planar_map (planar, &op->out)[i] = t;
  }
}

static void
run_quantize (const Yv8Planar *planar, const Yv8Op *op)
{
  Yv8Shape out = yv8_planar_shape (planar, &op->out);

  for (gsize i = 0; i < (gsize) out.channels * out.height * out.width; i++)
    yv8_planar_map_qs8 (planar, &op->out)[i] =
        requantize (yv8_planar_map (planar, &op->in[0])[i], &op->quant);
}

/* Of level @level: the window that the first one's becomes, of what is within the map. */
static gint8
get_max (const Conv *pool, guint level, const gint8 *x, gint32 zero, guint row, guint column)
{
  const Yv8Window *window = &pool->op->window;
  gint64 reach = state.mutant == MUTANT_LEVEL ? 0 : (gint64) level * window->pad;
  gint64 top = (gint64) row * window->stride - window->pad - reach;
  gint64 left = (gint64) column * window->stride - window->pad - reach;
  gint64 right = left + window->kernel_w + 2 * reach;
  gint32 max = G_MININT8;

  if (state.mutant == MUTANT_REACH && level > 0)
    right++;
  for (gint64 y = top; y < top + window->kernel_h + 2 * reach; y++)
    for (gint64 i = left; i < right; i++)
      if (y >= 0 && y < pool->in.height && i >= 0 && i < pool->in.width)
        max = MAX (max, x[y * pool->in.width + i]);
      else if (state.mutant == MUTANT_OUTSIDE)
        max = MAX (max, zero);
  return (gint8) max;
}

static void
run_maxpool (const Yv8Planar *planar, const Yv8Op *op)
{
  Conv pool = { op, yv8_planar_shape (planar, &op->in[0]), yv8_planar_shape (planar, &op->out),
    yv8_planar_map_qs8 (planar, &op->in[0]), planar->quants[op->in[0].buffer] + op->in[0].channel };
  gint8 *y = yv8_planar_map_qs8 (planar, &op->out);

  for (guint c = 0; c < pool.out.channels; c++) {
    guint channel = c % pool.in.channels;
    const gint8 *x = pool.x + (gsize) channel * pool.in.height * pool.in.width;
    for (guint row = 0; row < pool.out.height; row++)
      for (guint i = 0; i < pool.out.width; i++)
        *y++ = get_max (&pool, c / pool.in.channels, x, pool.quants[channel].zero, row, i);
  }
}

static gboolean
run_op (Yv8Backend *backend, guint index, GError **error)
{
  const Yv8Planar *planar = (Yv8Planar *) backend;
  const Yv8Op *op = yv8_graph_op (planar->program.graph, index);

  static void (*const runs[YV8_N_OP_KINDS]) (const Yv8Planar *planar, const Yv8Op *op) = {
    [YV8_OP_CONV] = run_conv,
    [YV8_OP_QUANTIZE] = run_quantize,
    [YV8_OP_MAXPOOL] = run_maxpool,
  };

  if (index < yv8_graph_n_ops (planar->program.graph) - 1)
    return state.run_op (backend, index, error);
  runs[op->kind](planar, op);
  return TRUE;
}

Yv8Backend *
mutant_backend_new (Mutant mutant)
{
  Yv8Backend *backend = yv8_ref_backend_new ();

  state.klass = *backend->klass;
  state.run_op = backend->klass->run_op;
  state.klass.name = "mutant";
  state.klass.run_op = run_op;
  state.klass.fuses = TRUE;
  state.mutant = mutant;
  backend->klass = &state.klass;
  return backend;
}

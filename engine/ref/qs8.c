/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The specification of integer inference, over planar int8; the arithmetic is in
 * shaders/lib/numeric.h. */
#include <string.h>

#include "ref/ref.h"
#include "shaders/lib/numeric.h"

static const Yv8Quant *
quants_of (const Yv8Ref *ref, const Yv8Slice *slice)
{
  return ref->planar.quants[slice->buffer] + slice->channel;
}

static void
run_input (Yv8Ref *ref, const Yv8Op *op)
{
  Yv8Shape out = yv8_planar_shape (&ref->planar, &op->out);
  gsize size = (gsize) out.height * out.width;
  gint8 *y = yv8_planar_map_qs8 (&ref->planar, &op->out);

  if (ref->planar.has_values)
    return;
  for (guint c = 0; c < out.channels; c++)
    for (gsize i = 0; i < size; i++)
      y[c * size + i] = (gint8) ((gint32) (ref->planar.picture[i] >> 8 * c & 255) + op->quant.zero);
}

/* acc = sum w (q - z); outside of the map q is z. */
static void
accumulate_row (gint32 *sum, guint n, const Yv8Op *op, const gint8 *x, const Yv8Quant *quants,
    Yv8Shape in, guint out_channel, guint out_row)
{
  const Yv8Window *k = &op->window;
  const gint8 *w = op->qweights + (gsize) out_channel * in.channels * k->kernel_h * k->kernel_w;

  memset (sum, 0, n * sizeof *sum);
  for (guint c = 0; c < in.channels; c++)
    for (guint ky = 0; ky < k->kernel_h; ky++) {
      gint64 row = yv8_ref_window_row (k, out_row, ky, in.height);
      const gint8 *line = x + ((gsize) c * in.height + (gsize) MAX (row, 0)) * in.width;
      for (guint kx = 0; kx < k->kernel_w; kx++, w++)
        for (guint i = 0; row >= 0 && i < n; i++) {
          gint64 column = (gint64) i * k->stride + kx - k->pad;
          if (column >= 0 && column < in.width)
            sum[i] += *w * (line[column] - quants[c].zero);
        }
    }
}

static void
run_conv (Yv8Ref *ref, const Yv8Op *op)
{
  const Yv8Planar *planar = &ref->planar;
  Yv8Shape in = yv8_planar_shape (planar, &op->in[0]), out = yv8_planar_shape (planar, &op->out);
  const gint8 *x = yv8_planar_map_qs8 (planar, &op->in[0]);
  const gint8 *residual = op->n_in > 1 ? yv8_planar_map_qs8 (planar, &op->in[1]) : NULL;
  const Yv8Quant *quants = quants_of (ref, &op->in[0]);
  const Yv8Quant *others = op->n_in > 1 ? quants_of (ref, &op->in[1]) : NULL;
  gint8 *q = out.type == YV8_TYPE_QS8 ? yv8_planar_map_qs8 (planar, &op->out) : NULL;
  float *y = q ? NULL : yv8_planar_map (planar, &op->out);
  float inverse = q ? 1.0f / op->quant.scale : 0;

  for (guint c = 0; c < out.channels; c++)
    for (guint row = 0; row < out.height; row++) {
      accumulate_row (ref->integers, out.width, op, x, quants, in, c, row);
      for (guint i = 0; i < out.width; i++) {
        float t = (float) ref->integers[i] * op->multiplier[c];
        t = t + op->bias[c];
        if (op->activation == YV8_ACTIVATION_SILU)
          t = yv8_silu (t);
        if (residual) {
          float r = others[c].scale * (float) (*residual++ - others[c].zero);
          t = t + r;
        }
        if (q)
          *q++ = (gint8) yv8_requantize (t, inverse, op->quant.zero);
        else
          *y++ = t;
      }
    }
}

static void
run_quantize (Yv8Ref *ref, const Yv8Op *op)
{
  Yv8Shape out = yv8_planar_shape (&ref->planar, &op->out);
  gsize size = (gsize) out.channels * out.height * out.width;
  const float *x = yv8_planar_map (&ref->planar, &op->in[0]);
  gint8 *y = yv8_planar_map_qs8 (&ref->planar, &op->out);
  float inverse = 1.0f / op->quant.scale;

  for (gsize i = 0; i < size; i++)
    y[i] = (gint8) yv8_requantize (x[i], inverse, op->quant.zero);
}

static void
run_dequantize (Yv8Ref *ref, const Yv8Op *op)
{
  yv8_planar_read (&ref->planar.backend, &op->in[0], yv8_planar_map (&ref->planar, &op->out), NULL);
}

const Yv8RefKernel YV8_REF_QS8[YV8_N_OP_KINDS] = {
  [YV8_OP_INPUT] = { "input_qs8", run_input },
  [YV8_OP_CONV] = { "conv_qs8_qc8w", run_conv },
  [YV8_OP_MAXPOOL] = { "maxpool_qs8", yv8_ref_maxpool_qs8 },
  [YV8_OP_UPSAMPLE] = { "upsample_qs8", yv8_ref_upsample_qs8 },
  [YV8_OP_COPY] = { "copy_qs8", yv8_ref_copy_qs8 },
  [YV8_OP_QUANTIZE] = { "quantize_f32_qs8", run_quantize },
  [YV8_OP_DEQUANTIZE] = { "dequantize_qs8_f32", run_dequantize },
};

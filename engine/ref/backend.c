/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backend "ref". Real arithmetic is in double and is rounded to float32 once, at the store. */
#include "config.h"

#include <math.h>

#include "ref/backend.h"
#include "ref/ref.h"

static void
run_input (Yv8Ref *ref, const Yv8Op *op)
{
  const Yv8Planar *planar = &ref->planar;
  Yv8Shape out = yv8_planar_shape (planar, &op->out);
  gsize size = (gsize) out.height * out.width;
  float *y = yv8_planar_map (planar, &op->out);

  if (planar->has_values)
    return;
  for (guint c = 0; c < out.channels; c++)
    for (gsize i = 0; i < size; i++)
      y[c * size + i] = (float) ((planar->picture[i] >> 8 * c & 255) / 255.0);
}

/* Sums one row of one output channel: bias first, then channels, kernel rows and kernel columns in
 * ascending order. */
static void
conv_row (double *sum, guint n, const Yv8Op *op, const float *x, Yv8Shape in, guint out_channel,
    guint out_row)
{
  const Yv8Window *k = &op->window;
  const float *w = op->weights + (gsize) out_channel * in.channels * k->kernel_h * k->kernel_w;

  for (guint i = 0; i < n; i++)
    sum[i] = op->bias[out_channel];
  for (guint c = 0; c < in.channels; c++)
    for (guint ky = 0; ky < k->kernel_h; ky++)
      for (guint kx = 0; kx < k->kernel_w; kx++, w++) {
        gint64 row = yv8_ref_window_row (k, out_row, ky, in.height);
        if (row < 0)
          continue;
        const float *line = x + ((gsize) c * in.height + row) * in.width;
        gint64 shift = (gint64) kx - k->pad, last = in.width - 1 - shift;
        guint first = shift < 0 ? (guint) (-shift + k->stride - 1) / k->stride : 0;
        guint end = last < 0 ? 0 : MIN (n, (guint) last / k->stride + 1);
        for (guint i = first; i < end; i++)
          sum[i] += (double) *w * line[(gint64) i * k->stride + shift];
      }
}

static void
run_conv (Yv8Ref *ref, const Yv8Op *op)
{
  Yv8Shape in = yv8_planar_shape (&ref->planar, &op->in[0]);
  Yv8Shape out = yv8_planar_shape (&ref->planar, &op->out);
  const float *x = yv8_planar_map (&ref->planar, &op->in[0]);
  const float *residual = op->n_in > 1 ? yv8_planar_map (&ref->planar, &op->in[1]) : NULL;
  float *y = yv8_planar_map (&ref->planar, &op->out);

  for (guint c = 0; c < out.channels; c++)
    for (guint row = 0; row < out.height; row++) {
      conv_row (ref->row, out.width, op, x, in, c, row);
      for (guint i = 0; i < out.width; i++) {
        double v = ref->row[i];
        if (op->activation == YV8_ACTIVATION_SILU)
          v = v / (1.0 + exp (-v));
        if (residual)
          v += *residual++;
        *y++ = (float) v;
      }
    }
}

static void
run_nothing (Yv8Ref *ref, const Yv8Op *op)
{
}

static const Yv8RefKernel KERNELS[YV8_N_OP_KINDS] = {
  [YV8_OP_INPUT] = { "input_f32", run_input },
  [YV8_OP_CONV] = { "conv_f32", run_conv },
  [YV8_OP_MAXPOOL] = { "maxpool_f32", yv8_ref_maxpool_f32 },
  [YV8_OP_UPSAMPLE] = { "upsample_f32", yv8_ref_upsample_f32 },
  [YV8_OP_COPY] = { "copy_f32", yv8_ref_copy_f32 },
  [YV8_OP_DETECT] = { "detect_host", run_nothing },
};

static gboolean
prepare (Yv8Backend *backend, const Yv8Program *program, GError **error)
{
  Yv8Ref *ref = (Yv8Ref *) backend;
  guint width = 1;

  for (guint i = 0; i < yv8_graph_n_buffers (program->graph); i++)
    width = MAX (width, program->shapes[i].width);
  ref->row = g_new (double, width);
  ref->integers = g_new (gint32, width);
  return yv8_planar_prepare (backend, program, error);
}

static gboolean
load (Yv8Backend *backend, const Yv8Frame *frame, const Yv8Letterbox *letterbox, GError **error)
{
  Yv8Planar *planar = (Yv8Planar *) backend;

  yv8_planar_fit (planar, frame, letterbox);
  yv8_resampler_run (planar->resampler, frame, planar->picture, 0, letterbox->height);
  planar->has_values = FALSE;
  return TRUE;
}

/* An op that reads or writes int8 is an integer op. */
static const Yv8RefKernel *
find_kernel (const Yv8Graph *graph, const Yv8Op *op)
{
  gboolean reads = op->n_in && yv8_graph_buffer_type (graph, op->in[0].buffer) == YV8_TYPE_QS8;
  gboolean writes =
      op->kind != YV8_OP_DETECT && yv8_graph_buffer_type (graph, op->out.buffer) == YV8_TYPE_QS8;

  return reads || writes ? &YV8_REF_QS8[op->kind] : &KERNELS[op->kind];
}

static gboolean
run_op (Yv8Backend *backend, guint index, GError **error)
{
  Yv8Ref *ref = (Yv8Ref *) backend;
  const Yv8Op *op = yv8_graph_op (ref->planar.program.graph, index);
  guint64 start = yv8_planar_now ();

  find_kernel (ref->planar.program.graph, op)->run (ref, op);
  if (ref->planar.nanoseconds)
    ref->planar.nanoseconds[index] = yv8_planar_now () - start;
  return TRUE;
}

static const char *
kernel_name (Yv8Backend *backend, guint op)
{
  const Yv8Graph *graph = ((Yv8Ref *) backend)->planar.program.graph;

  return find_kernel (graph, yv8_graph_op (graph, op))->name;
}

static void
ref_free (Yv8Backend *backend)
{
  Yv8Ref *ref = (Yv8Ref *) backend;

  yv8_planar_clear (&ref->planar);
  g_free (ref->row);
  g_free (ref->integers);
  g_free (ref);
}

static const Yv8BackendClass ref_class = {
  .name = "ref",
  .alignment = YV8_PLANAR_ALIGNMENT,
  .buffer_size = yv8_planar_buffer_size,
  .prepare = prepare,
  .load = load,
  .load_values = yv8_planar_load_values,
  .run_op = run_op,
  .read = yv8_planar_read,
  .output = yv8_planar_output,
  .kernel_name = kernel_name,
  .op_nanoseconds = yv8_planar_op_nanoseconds,
  .free = ref_free,
};

Yv8Backend *
yv8_ref_backend_new (void)
{
  Yv8Ref *ref = g_new0 (Yv8Ref, 1);

  ref->planar.backend.klass = &ref_class;
  return &ref->planar.backend;
}

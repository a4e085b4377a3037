/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ops that move values and compute none, for the element type T: T_MAP maps a slice, T_LEAST is
 * what stands outside of a map, T_NAME (op) names a function. */
static T
T_NAME (window_max) (const T *x, Yv8Shape in, const Yv8Window *window, guint row, guint column)
{
  gint64 top = (gint64) row * window->stride - window->pad;
  gint64 left = (gint64) column * window->stride - window->pad;
  T max = T_LEAST;

  for (gint64 y = MAX (top, 0); y < MIN (top + window->kernel_h, in.height); y++)
    for (gint64 i = MAX (left, 0); i < MIN (left + window->kernel_w, in.width); i++)
      max = MAX (max, x[y * in.width + i]);
  return max;
}

void
T_NAME (yv8_ref_maxpool) (Yv8Ref *ref, const Yv8Op *op)
{
  Yv8Shape in = yv8_planar_shape (&ref->planar, &op->in[0]);
  Yv8Shape out = yv8_planar_shape (&ref->planar, &op->out);
  const T *x = T_MAP (&ref->planar, &op->in[0]);
  T *y = T_MAP (&ref->planar, &op->out);

  for (guint c = 0; c < out.channels; c++, x += (gsize) in.height * in.width)
    for (guint row = 0; row < out.height; row++)
      for (guint i = 0; i < out.width; i++)
        *y++ = T_NAME (window_max) (x, in, &op->window, row, i);
}

void
T_NAME (yv8_ref_upsample) (Yv8Ref *ref, const Yv8Op *op)
{
  Yv8Shape in = yv8_planar_shape (&ref->planar, &op->in[0]);
  Yv8Shape out = yv8_planar_shape (&ref->planar, &op->out);
  const T *x = T_MAP (&ref->planar, &op->in[0]);
  T *y = T_MAP (&ref->planar, &op->out);

  for (guint c = 0; c < out.channels; c++, x += (gsize) in.height * in.width)
    for (guint row = 0; row < out.height; row++)
      for (guint i = 0; i < out.width; i++)
        *y++ = x[(gsize) (row / 2) * in.width + i / 2];
}

void
T_NAME (yv8_ref_copy) (Yv8Ref *ref, const Yv8Op *op)
{
  Yv8Shape out = yv8_planar_shape (&ref->planar, &op->out);

  memcpy (T_MAP (&ref->planar, &op->out), T_MAP (&ref->planar, &op->in[0]),
      (gsize) out.channels * out.height * out.width * sizeof (T));
}

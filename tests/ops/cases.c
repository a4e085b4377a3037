/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Graphs of one op between guard channels.
 *
 * Buffer 0, given as values: [before][in][after][gap][residual]; buffer 1: [before][out][after].
 * The guards of buffer 1 are made from those of buffer 0, before the op, by an op that gives the
 * same size and moves values unchanged. Buffer 2, if any: buffer 1 upsampled, of which guards are
 * made before the op; buffer 3: one channel of it, moved by a pixel. */
#include "cases.h"

#include <math.h>
#include <string.h>

#include "ref/backend.h"

#define GUARD 777.0f /* and the channel's number: exact in float16 too */

enum {
  OUT_SOURCE,
  OUT_DESTINATION,
  OUT_UPSAMPLED,
  OUT_MOVED,
};

/* Tolerances, in units of the bound: the same op with absolute weights, bias and values and without
 * activation (SiLU's slope is at most 1.1). */
#define EPSILON_F32 5.96e-8f /* 2^-24: half a unit in the last place */
#define EPSILON_F16 4.88e-4f /* 2^-11 */
#define NORMAL_F16  6.11e-5f /* 2^-14: below, float16 has a fixed unit */

static const struct {
  float f32, f32_root, f16; /* f32_root: times the root of the terms of a sum */
} TOLERANCES[YV8_N_OP_KINDS] = {
  /* float32 sums: a random walk of K roundings of the partial sums, when all signs agree, less
   * else. In one chain the deviation is some sqrt (K) / 3 units of 2^-24, of which six are allowed;
   * and the error of the approximations in SiLU.
   * float16: weights, values, residual and result are rounded once each, sums are float32. */
  [YV8_OP_CONV] = { 16 * EPSILON_F32, 2 * EPSILON_F32, 4 * EPSILON_F16 },
  /* The letterbox is exact, x / 255 may be x * (1 / 255). */
  [YV8_OP_INPUT] = { 2 * EPSILON_F32, 0, EPSILON_F16 },
  /* These move values: exact, but for the float16 rounding of what is loaded. */
  [YV8_OP_MAXPOOL] = { 0, 0, EPSILON_F16 },
  [YV8_OP_UPSAMPLE] = { 0, 0, EPSILON_F16 },
  [YV8_OP_COPY] = { 0, 0, EPSILON_F16 },
};

static const Yv8Window CONV_WINDOWS[] = {
  { 1, 1, 1, 0 },
  { 3, 3, 1, 1 },
  { 3, 3, 2, 1 },
  { 5, 5, 1, 2 },
  { 6, 6, 2, 2 },
  { 1, 1, 2, 0 },
  { 3, 3, 1, 0 },
  { 1, 3, 1, 0 },
  { 2, 2, 2, 0 },
};

static const Yv8Window POOL_WINDOWS[] = {
  { 5, 5, 1, 2 },
  { 3, 3, 1, 1 },
  { 2, 2, 2, 0 },
  { 3, 3, 2, 1 },
  { 9, 9, 1, 4 },
  { 13, 13, 1, 6 },
  { 3, 5, 1, 1 },
  { 4, 2, 3, 1 },
};

#define MOST_REACH 20 /* of the last level's window: ref is slow */

static guint
round_up (guint n, guint align)
{
  return (n + align - 1) / align * align;
}

/* Mostly small, since edges are where errors live; now and then large enough for tiles. */
static guint
random_side (GRand *rand, gint least)
{
  gint max = g_rand_int_range (rand, 0, 6) == 0 ? 90 : 14;

  return g_rand_int_range (rand, least, MAX (max, least) + 1);
}

/* More levels than ever become one op. Half of the cases begin and end where they can become one.
 */
static void
choose_levels (Case *test, GRand *rand)
{
  const Yv8Window *window = &test->window;
  guint most = MIN (MOST_REACH / window->kernel_h, YV8_OP_MAX_LEVELS + 1);

  if (window->stride == 1 && window->kernel_h == 2 * window->pad + 1 &&
      window->kernel_w == window->kernel_h)
    test->levels = (guint) g_rand_int_range (rand, 1, (gint) most + 1);
  if (test->levels > 1 && g_rand_boolean (rand)) {
    test->before = round_up (test->before, 4);
    test->in_channels = round_up (test->in_channels, 4);
  }
  test->out_channels = test->in_channels * MAX (test->levels, 1);
}

Case
case_random (Yv8OpKind kind, guint align, GRand *rand)
{
  Case test = {
    .kind = kind,
    .activation = g_rand_boolean (rand) ? YV8_ACTIVATION_SILU : YV8_ACTIVATION_NONE,
    .in_channels = g_rand_int_range (rand, 1, 71),
    .out_channels = g_rand_int_range (rand, 1, 71),
    .values = g_rand_int_range (rand, 0, N_CASE_VALUES),
  };

  if (kind == YV8_OP_CONV)
    test.window = CONV_WINDOWS[g_rand_int_range (rand, 0, G_N_ELEMENTS (CONV_WINDOWS))];
  else if (kind == YV8_OP_MAXPOOL)
    test.window = POOL_WINDOWS[g_rand_int_range (rand, 0, G_N_ELEMENTS (POOL_WINDOWS))];
  if (kind != YV8_OP_CONV)
    test.out_channels = test.in_channels;

  test.residual = kind == YV8_OP_CONV && test.window.stride == 1 &&
                  test.window.kernel_h == 2 * test.window.pad + 1 &&
                  test.window.kernel_w == test.window.kernel_h && g_rand_boolean (rand);
  test.upsampled = kind == YV8_OP_CONV && g_rand_boolean (rand);
  gint least = MAX (test.window.kernel_h, test.window.kernel_w) - 2 * test.window.pad;
  least = MAX (least, 1);
  test.width = random_side (rand, least);
  test.height = random_side (rand, least);
  if (g_rand_boolean (rand)) {
    test.before = round_up (g_rand_int_range (rand, 1, 9), align);
    test.after = round_up (g_rand_int_range (rand, 1, 9), align);
    test.in_channels = round_up (test.in_channels, align);
    test.out_channels = round_up (test.out_channels, align);
  }
  if (kind == YV8_OP_MAXPOOL) {
    test.in_channels = round_up (test.in_channels, align); /* where the next level begins */
    choose_levels (&test, rand);
  }
  return test;
}

guint
case_residual_channel (const Case *test)
{
  return round_up (test->before + test->in_channels + test->after, 4);
}

guint
case_source_channels (const Case *test)
{
  return test->residual ? case_residual_channel (test) + test->out_channels
                        : test->before + test->in_channels + test->after;
}

static float
random_value (CaseValues kind, GRand *rand)
{
  switch (kind) {
  case VALUES_EXTREME:
    return 64;
  case VALUES_ZERO:
    return 0;
  default:
    return (float) g_rand_double_range (rand, -1, 1);
  }
}

static void
fill_weights (Yv8Op *op, CaseValues kind, GRand *rand)
{
  guint k = op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
  double scale = 1 / sqrt (k);

  op->weights = g_new (float, (gsize) k * op->out.channels);
  op->bias = g_new (float, op->out.channels);
  for (guint c = 0; c < op->out.channels; c++) {
    gboolean negative = g_rand_boolean (rand);
    op->bias[c] = (float) g_rand_double_range (rand, -2, 2);
    for (guint i = 0; i < k; i++) {
      double w = g_rand_double_range (rand, -scale, scale);
      if (kind == VALUES_EXTREME)
        w = negative ? -fabs (w) : fabs (w);
      op->weights[(gsize) c * k + i] = (float) w;
    }
  }
}

static void
add_guard (Yv8Graph *graph, const Case *test, guint from, guint to, guint channels)
{
  Yv8Op op = {
    .kind = test->kind == YV8_OP_CONV ? YV8_OP_MAXPOOL : test->kind,
    .name = g_strdup_printf ("guard %u", to),
    .n_in = 1,
    .in = { { 0, from, channels } },
    .out = { 1, to, channels },
    .window = test->window,
  };

  if (channels)
    yv8_graph_add_op (graph, &op);
  else
    g_free (op.name);
}

/* The last op of @graph is the first level. */
void
case_add_levels (Yv8Graph *graph, const Case *test)
{
  for (guint level = 1; level < test->levels; level++) {
    Yv8Op op = *yv8_graph_op (graph, yv8_graph_n_ops (graph) - 1);
    op.name = g_strdup_printf ("level %u", level);
    op.in[0] = op.out;
    op.out.channel += op.out.channels;
    yv8_graph_add_op (graph, &op);
  }
}

void
case_add_upsampled (Yv8Graph *graph, const Case *test, guint buffer, guint channel, guint channels)
{
  const Yv8Op op = {
    .kind = YV8_OP_UPSAMPLE,
    .name = g_strdup_printf ("upsampled %u", channel),
    .n_in = 1,
    .in = { { buffer, channel, channels } },
    .out = { buffer + 1, channel, channels },
  };

  if (test->upsampled && channels)
    yv8_graph_add_op (graph, &op);
  else
    g_free (op.name);
}

/* Sees the halo of what was upsampled. */
static void
add_moved (Yv8Graph *graph, guint channels, GRand *rand)
{
  const Yv8Op op = {
    .kind = YV8_OP_CONV,
    .name = g_strdup ("moved"),
    .n_in = 1,
    .in = { { 2, 0, channels } },
    .out = { 3, 0, 1 },
    .window = { 3, 3, 1, 1 },
    .weights = g_new0 (float, 9 * channels),
    .bias = g_new0 (float, 1),
  };

  op.weights[9 * g_rand_int_range (rand, 0, (gint) channels) + 8 * g_rand_int_range (rand, 0, 2)] =
      1;
  yv8_graph_add_op (graph, &op);
}

static Yv8Graph *
case_graph (const Case *test, GRand *rand)
{
  Yv8Graph *graph = yv8_graph_new ();
  guint in_channels = case_source_channels (test);
  guint out_channels = test->before + test->out_channels + test->after;
  Yv8Op input = { YV8_OP_INPUT, g_strdup ("input"), .out = { 0, 0, in_channels } };
  Yv8Op op = {
    .kind = test->kind,
    .name = g_strdup ("op"),
    .n_in = test->residual ? 2 : 1,
    .in = { { 0, test->before, test->in_channels },
        { 0, test->residual ? case_residual_channel (test) : 0,
            test->residual ? test->out_channels : 0 } },
    .out = { 1, test->before, test->out_channels / MAX (test->levels, 1) },
    .window = test->window,
    .activation = test->activation,
  };
  const Yv8Slice outs[] = { { 0, 0, in_channels }, { 1, 0, out_channels }, { 2, 0, out_channels },
    { 3, 0, 1 } };

  for (guint i = 0; i < (test->upsampled ? OUT_MOVED : OUT_DESTINATION) + 1; i++) {
    yv8_graph_add_buffer (graph, outs[i].channels);
    g_array_append_val (graph->outputs, outs[i]);
  }
  yv8_graph_add_op (graph, &input);
  add_guard (graph, test, 0, 0, test->before);
  add_guard (graph, test, test->before + test->in_channels, test->before + test->out_channels,
      test->after);
  case_add_upsampled (graph, test, 1, 0, test->before);
  case_add_upsampled (graph, test, 1, test->before + test->out_channels, test->after);
  if (test->kind == YV8_OP_CONV)
    fill_weights (&op, test->values, rand);
  yv8_graph_add_op (graph, &op);
  case_add_levels (graph, test);
  case_add_upsampled (graph, test, 1, test->before, test->out_channels);
  if (test->upsampled)
    add_moved (graph, out_channels, rand);
  return graph;
}

static float *
case_values (const Case *test, GRand *rand)
{
  gsize plane = (gsize) test->width * test->height;
  guint channels = case_source_channels (test);
  float *values = g_new (float, plane *channels);

  for (guint c = 0; c < channels; c++) {
    gboolean in = c >= test->before && c < test->before + test->in_channels;
    gboolean residual = test->residual && c >= case_residual_channel (test);
    for (gsize i = 0; i < plane; i++)
      values[c * plane + i] =
          in || residual ? random_value (test->values, rand) : GUARD + (float) c;
  }
  return values;
}

/* The same graph with all terms positive. */
static void
make_absolute (Yv8Graph *graph, float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    values[i] = fabsf (values[i]);
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    Yv8Op *op = &g_array_index (graph->ops, Yv8Op, i);
    if (op->kind != YV8_OP_CONV)
      continue;
    gsize k = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
    op->activation = YV8_ACTIVATION_NONE;
    for (gsize j = 0; j < k * op->out.channels; j++)
      op->weights[j] = fabsf (op->weights[j]);
    for (guint j = 0; j < op->out.channels; j++)
      op->bias[j] = fabsf (op->bias[j]);
  }
}

static gboolean
has_f16 (Yv8Executor *executor, guint op)
{
  return strstr (yv8_executor_kernel_name (executor, op), "f16") != NULL;
}

float **
case_run (const Yv8Graph *graph, const Case *test, Yv8Backend *backend, const float *values,
    gboolean *f16, GError **error)
{
  g_autoptr (Yv8Executor) executor =
      yv8_executor_new (graph, test->width, test->height, backend, 0, error);

  if (!executor || !yv8_executor_load_values (executor, values, error) ||
      !yv8_executor_run (executor, error))
    return NULL;
  if (f16)
    *f16 = has_f16 (executor, yv8_graph_n_ops (yv8_executor_graph (executor)) - 1);
  float **outs = g_new0 (float *, graph->outputs->len + 1);
  for (guint i = 0; i < graph->outputs->len; i++) {
    const Yv8Slice *slice = yv8_graph_output (graph, i);
    const Yv8Shape *shape = &yv8_executor_shapes (executor)[slice->buffer];
    outs[i] = g_new (float, (gsize) slice->channels * shape->height * shape->width);
    if (!yv8_executor_read (executor, slice, outs[i], error)) {
      g_strfreev ((char **) outs);
      return NULL;
    }
  }
  return outs;
}

char *
values_check (const float *values, const float *want, const float *bound, float tolerance, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!(fabsf (values[i] - want[i]) <= tolerance * bound[i]))
      return g_strdup_printf ("value %" G_GSIZE_FORMAT " is %.9g, want %.9g +- %.3g", i,
          (double) values[i], (double) want[i], (double) (tolerance * bound[i]));
  return NULL;
}

static char *
check_outs (
    const Case *test, const Yv8Shape *out, float **got, float **want, float **bound, gboolean f16)
{
  float terms = (float) (test->in_channels * test->window.kernel_h * test->window.kernel_w);
  float tolerance =
      f16 ? TOLERANCES[test->kind].f16
          : TOLERANCES[test->kind].f32 + TOLERANCES[test->kind].f32_root * sqrtf (terms);
  gsize plane = (gsize) out->width * out->height;
  gsize in_plane = (gsize) test->width * test->height;
  gsize first = test->before * plane, n = test->out_channels * plane;
  char *wrong;

  for (gsize i = 0; f16 && i < case_source_channels (test) * in_plane; i++)
    bound[OUT_SOURCE][i] = MAX (bound[OUT_SOURCE][i], NORMAL_F16);
  for (gsize i = 0; f16 && i < n; i++)
    bound[OUT_DESTINATION][first + i] = MAX (bound[OUT_DESTINATION][first + i], NORMAL_F16);
  wrong = values_check (got[OUT_SOURCE], want[OUT_SOURCE], bound[OUT_SOURCE], f16 ? EPSILON_F16 : 0,
      case_source_channels (test) * in_plane);
  if (wrong)
    return wrong;
  float *y = got[OUT_DESTINATION], *ref = want[OUT_DESTINATION], *scale = bound[OUT_DESTINATION];
  wrong = values_check (y, ref, scale, 0, first);
  if (!wrong)
    wrong = values_check (y + first, ref + first, scale + first, tolerance, n);
  if (!wrong)
    wrong =
        values_check (y + first + n, ref + first + n, scale + first + n, 0, test->after * plane);
  return wrong;
}

/* Values of the destination, upsampled and moved, as they are. */
static char *
check_upsampled (const Yv8Graph *graph, const Yv8Shape *shapes, float **got)
{
  const Yv8Shape *out = &shapes[1], *upsampled = &shapes[2];
  const Yv8Op *moved = yv8_graph_op (graph, yv8_graph_n_ops (graph) - 1);
  gsize plane = (gsize) upsampled->height * upsampled->width, wrong = 0;
  guint tap = 0;

  while (moved->weights[tap] == 0)
    tap++;
  gint step = tap % 9 ? 1 : -1;
  for (gsize i = 0; i < upsampled->channels * plane; i++) {
    gint64 row = (gint64) (i % plane / upsampled->width), column = (gint64) (i % upsampled->width);
    gsize from = (i / plane * out->height + row / 2) * out->width + column / 2;
    gint64 y = row + step, x = column + step;
    gboolean inside = y >= 0 && y < upsampled->height && x >= 0 && x < upsampled->width;
    wrong += !(got[OUT_UPSAMPLED][i] == got[OUT_DESTINATION][from]);
    if (i / plane == tap / 9)
      wrong += !(got[OUT_MOVED][i % plane] ==
                 (inside ? got[OUT_UPSAMPLED][i + step * ((gint64) upsampled->width + 1)] : 0));
  }
  return wrong ? g_strdup_printf ("%" G_GSIZE_FORMAT " values are not those upsampled", wrong)
               : NULL;
}

char *
case_describe (const Case *test, const char *backend, const char *wrong)
{
  return g_strdup_printf (
      "%s: %s %ux%u s%u p%u, %u levels, act %u, residual %u, upsampled %u, channels %u+%u+%u -> %u, "
      "size %ux%u, values %u: %s",
      backend, yv8_op_kind_name (test->kind), test->window.kernel_h, test->window.kernel_w,
      test->window.stride, test->window.pad, test->levels, test->activation, test->residual,
      test->upsampled, test->before, test->in_channels, test->after, test->out_channels,
      test->width, test->height, test->values, wrong);
}

char *
case_check (const Case *test, Yv8Backend *backend, GRand *rand)
{
  g_autoptr (Yv8Graph) graph = case_graph (test, rand);
  g_autofree float *values = case_values (test, rand);
  g_autoptr (GError) error = NULL;
  const char *name = backend->klass->name;
  gboolean f16 = FALSE, ref_f16;
  char *wrong = NULL;

  if (!yv8_graph_check (graph, &error)) {
    backend->klass->free (backend);
    return case_describe (test, name, error->message);
  }
  g_autofree Yv8Shape *shapes = yv8_graph_infer (graph, test->width, test->height, NULL);
  g_auto (GStrv) got = (char **) case_run (graph, test, backend, values, &f16, &error);
  g_auto (GStrv) want =
      (char **) case_run (graph, test, yv8_ref_backend_new (), values, &ref_f16, NULL);
  make_absolute (graph, values, (gsize) case_source_channels (test) * test->width * test->height);
  g_auto (GStrv) bound =
      (char **) case_run (graph, test, yv8_ref_backend_new (), values, &ref_f16, NULL);
  g_autofree char *found =
      got ? check_outs (test, &shapes[1], (float **) got, (float **) want, (float **) bound, f16)
          : g_strdup (error->message);
  if (!found && test->upsampled)
    found = check_upsampled (graph, shapes, (float **) got);
  if (found)
    wrong = case_describe (test, name, found);
  return wrong;
}

/* Returns: (transfer full): the three planes of buffer 0 */
static float *
run_input (const Yv8Graph *graph, Yv8Backend *backend, const Yv8Frame *frame,
    const Yv8Letterbox *letterbox, gboolean *f16, GError **error)
{
  g_autoptr (Yv8Executor) executor =
      yv8_executor_new (graph, letterbox->width, letterbox->height, backend, 0, error);

  /* Values first: load() is to take their place. */
  g_autofree float *values = g_new0 (float, 3 * (gsize) letterbox->width * letterbox->height);
  if (!executor || !yv8_executor_load_values (executor, values, error) ||
      !yv8_executor_run (executor, error) ||
      !yv8_executor_load (executor, frame, letterbox, error) || !yv8_executor_run (executor, error))
    return NULL;
  *f16 = has_f16 (executor, 0);
  if (!yv8_executor_read (executor, yv8_graph_output (graph, 0), values, error))
    return NULL;
  return g_steal_pointer (&values);
}

static void
random_frame (Yv8Frame *frame, guint8 **pixels, GRand *rand)
{
  guint width = g_rand_int_range (rand, 1, 120), height = g_rand_int_range (rand, 1, 120);
  gsize size = 4 * (gsize) (width + 1) * (height + 1);

  *pixels = g_malloc (size);
  for (gsize i = 0; i < size; i++)
    (*pixels)[i] = (guint8) g_rand_int (rand);
  yv8_frame_init_packed (
      frame, g_rand_int_range (rand, 0, YV8_N_FORMATS), width, height, *pixels, size);
  frame->matrix = g_rand_int_range (rand, 0, YV8_MATRIX_BT2020 + 1);
  frame->full_range = g_rand_boolean (rand);
  if (g_rand_boolean (rand)) { /* upside down */
    frame->data[0] += (gsize) frame->stride[0] * (height - 1);
    frame->stride[0] = -frame->stride[0];
  }
}

char *
input_check (Yv8Backend *backend, Yv8Type type, GRand *rand)
{
  g_autoptr (Yv8Graph) graph = yv8_graph_new ();
  const Yv8Op op = {
    .kind = YV8_OP_INPUT,
    .name = g_strdup ("input"),
    .out = { 0, 0, 3 },
    .quant = { 1.0f / 255, -128 },
  };
  g_autofree guint8 *pixels = NULL;
  g_autoptr (GError) error = NULL;
  const char *name = backend->klass->name;
  gboolean f16 = FALSE, ref_f16;
  Yv8Letterbox letterbox;
  Yv8Frame frame;

  yv8_graph_add_typed_buffer (graph, 3, type);
  yv8_graph_add_op (graph, &op);
  g_array_append_val (graph->outputs, op.out);
  random_frame (&frame, &pixels, rand);
  yv8_letterbox_init (&letterbox, frame.width, frame.height, 32 * g_rand_int_range (rand, 1, 5),
      32 * g_rand_int_range (rand, 1, 5));

  g_autofree float *got = run_input (graph, backend, &frame, &letterbox, &f16, &error);
  g_autofree float *want =
      run_input (graph, yv8_ref_backend_new (), &frame, &letterbox, &ref_f16, NULL);
  float tolerance = f16 ? TOLERANCES[YV8_OP_INPUT].f16 : TOLERANCES[YV8_OP_INPUT].f32;
  if (type == YV8_TYPE_QS8)
    tolerance = 0;
  g_autofree char *wrong = got ? values_check (got, want, want, tolerance,
                                     3 * (gsize) letterbox.width * letterbox.height)
                               : g_strdup (error->message);
  return wrong ? g_strdup_printf ("%s: input of %s %ux%u to %ux%u: %s", name,
                     yv8_format_name (frame.format), frame.width, frame.height, letterbox.width,
                     letterbox.height, wrong)
               : NULL;
}

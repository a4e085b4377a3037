/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Both networks are run up to the last layer wanted; its input is sampled and unrolled. */
#include <string.h>

#include "compress/gather.h"
#include "cpu/product.h"

#define STRIP 32 /* outputs that are computed at once */

typedef struct {
  const Yv8Graph *graph;
  Yv8Executor *executor;
  float *map;
} Source;

typedef struct {
  const Yv8Target *target;
  const Yv8CpuKernels *kernels;
  Yv8Pool *pool;
  const Yv8Sights *sights;
  guint first, end;
  Source dense, pruned;
  GPtrArray *grams;
  float *x, *y;
  const Yv8Op *op; /* whose outputs are computed */
  gboolean failed;
  guint places[YV8_GATHER_PLACES];
  guint n_places;
} Gatherer;

static gboolean
fail_memory (GError **error)
{
  g_set_error_literal (
      error, YV8_ERROR, YV8_ERROR_MEMORY, "not enough memory to gather statistics");
  return FALSE;
}

guint
yv8_gather_end (const Yv8Graph *graph, guint first)
{
  gsize bytes = 0;
  guint i;

  for (i = first; i < yv8_graph_n_ops (graph); i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    gsize size = op->kind == YV8_OP_CONV ? yv8_gram_size (op) : 0;
    if (bytes > 0 && bytes + size > YV8_GATHER_BYTES)
      break;
    bytes += size;
  }
  return i;
}

/* One of each of @n_places stretches of @n. */
static void
draw_from (Gatherer *self, GRand *rand, const guint *list, guint n, guint n_places)
{
  for (guint i = 0; i < n_places; i++) {
    guint from = (guint) ((guint64) i * n / n_places);
    guint to = (guint) ((guint64) (i + 1) * n / n_places);
    guint place = (guint) g_rand_int_range (rand, (gint32) from, (gint32) to);
    self->places[self->n_places++] = list ? list[place] : place;
  }
}

static void
draw_places (Gatherer *self, const Yv8Shape *out, guint picture, guint op)
{
  guint32 seed[] = { picture, op };
  g_autoptr (GRand) rand = g_rand_new_with_seed_array (seed, G_N_ELEMENTS (seed));
  guint n = out->height * out->width, n_seen = 0, most = MIN (n, YV8_GATHER_PLACES);
  g_autofree guint *seen = g_new (guint, n);

  for (guint i = 0; self->sights && i < n; i++)
    if (yv8_sights_score (self->sights, picture, i / out->width, i % out->width, out->height,
            out->width) >= YV8_GATHER_SCORE)
      seen[n_seen++] = i;
  self->n_places = 0;
  draw_from (self, rand, seen, n_seen, MIN (n_seen, most / 2));
  draw_from (self, rand, NULL, n, most - self->n_places);
}

/* Row by row: a channel at one tap, at all places; the last row are ones. */
static void
unroll (const Gatherer *self, const float *map, const Yv8Op *op, const Yv8Shape *shapes)
{
  const Yv8Shape *in = &shapes[op->in[0].buffer], *out = &shapes[op->out.buffer];
  const Yv8Window *window = &op->window;
  float *x = self->x;

  for (guint c = 0; c < op->in[0].channels; c++, map += (gsize) in->height * in->width)
    for (guint ky = 0; ky < window->kernel_h; ky++)
      for (guint kx = 0; kx < window->kernel_w; kx++)
        for (guint i = 0; i < self->n_places; i++) {
          guint row = self->places[i] / out->width * window->stride + ky - window->pad;
          guint column = self->places[i] % out->width * window->stride + kx - window->pad;
          gboolean inside = row < in->height && column < in->width;
          *x++ = inside ? map[(gsize) row * in->width + column] : 0;
        }
  for (guint i = 0; i < self->n_places; i++)
    *x++ = 1;
}

static gboolean
read_columns (Gatherer *self, Source *source, guint index, GError **error)
{
  const Yv8Op *op = yv8_graph_op (source->graph, index);

  if (!yv8_executor_read (source->executor, &op->in[0], source->map, error))
    return FALSE;
  unroll (self, source->map, op, yv8_executor_shapes (source->executor));
  return TRUE;
}

/* What the convolution makes of the columns, STRIP of its outputs. */
static void
compute_strip (gpointer data, guint lane, guint task)
{
  Gatherer *self = data;
  const Yv8Op *op = self->op;
  gsize n = (gsize) op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
  gsize first = (gsize) task * STRIP, rows = MIN (STRIP, op->out.channels - first);
  float *y = self->y + first * self->n_places;

  if (yv8_cpu_product (self->kernels, y, self->n_places, op->weights + first * n, self->x,
          self->n_places, rows, n, self->n_places) != YV8_CPU_DONE)
    g_atomic_int_set (&self->failed, TRUE);
  for (gsize i = 0; i < rows * self->n_places; i++)
    y[i] += op->bias[first + i / self->n_places];
}

static gboolean
compute_outputs (Gatherer *self, const Yv8Op *op, GError **error)
{
  self->op = op;
  yv8_pool_run (self->pool, compute_strip, self, (op->out.channels + STRIP - 1) / STRIP);
  if (!self->failed)
    return TRUE;
  g_set_error_literal (error, YV8_ERROR, YV8_ERROR_DEVICE, "the matrix product failed");
  return FALSE;
}

static gboolean
add_layer (Gatherer *self, guint index, guint picture, GError **error)
{
  Yv8Gram *gram = self->grams->pdata[index - self->first];
  const Yv8Op *op = yv8_graph_op (self->dense.graph, index);
  const Yv8Shape *out = &yv8_executor_shapes (self->dense.executor)[op->out.buffer];

  draw_places (self, out, picture, index);
  return read_columns (self, &self->dense, index, error) && compute_outputs (self, op, error) &&
         (!self->pruned.executor || read_columns (self, &self->pruned, index, error)) &&
         yv8_gram_add (gram, self->kernels, self->pool, self->x, self->y, self->n_places, error);
}

static gboolean
run (Gatherer *self, const Yv8Album *album, GError **error)
{
  Source *sources[] = { &self->dense, &self->pruned };

  for (guint picture = 0; picture < yv8_album_n (album); picture++) {
    for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
      if (sources[i]->executor && !yv8_target_run (self->target, sources[i]->executor,
                                      yv8_album_get (album, picture), error))
        return FALSE;
    for (guint i = self->first; i < self->end; i++)
      if (self->grams->pdata[i - self->first] && !add_layer (self, i, picture, error))
        return FALSE;
  }
  return TRUE;
}

static gboolean
source_open (Source *self, const Gatherer *gatherer, GError **error)
{
  gsize most = 1;

  self->executor = yv8_target_open (gatherer->target, self->graph, YV8_EXECUTOR_KEEP, error);
  if (!self->executor)
    return FALSE;
  for (guint i = gatherer->first; i < gatherer->end; i++)
    if (gatherer->grams->pdata[i - gatherer->first])
      most = MAX (most, yv8_target_count (self->executor, &yv8_graph_op (self->graph, i)->in[0]));
  self->map = g_try_new (float, most);
  return self->map || fail_memory (error);
}

static void
source_clear (Source *self)
{
  g_clear_pointer (&self->executor, yv8_executor_free);
  g_clear_pointer (&self->map, g_free);
}

static gboolean
allocate (Gatherer *self, GError **error)
{
  guint columns = 0, rows = 0;

  for (guint i = 0; i < self->grams->len; i++) {
    const Yv8Gram *gram = self->grams->pdata[i];
    columns = MAX (columns, gram ? gram->n : 0);
    rows = MAX (rows, gram ? gram->rows : 0);
  }
  self->x = g_try_new (float, (gsize) columns *YV8_GATHER_PLACES + 1);
  self->y = g_try_new (float, (gsize) rows *YV8_GATHER_PLACES + 1);
  if (self->x && self->y)
    return TRUE;
  return fail_memory (error);
}

/* The first ops, and the buffers that they write; others have no shape. */
static Yv8Graph *
copy_head (const Yv8Graph *graph, guint n_ops)
{
  g_autofree guint *numbers = g_new (guint, yv8_graph_n_buffers (graph));
  Yv8Graph *head = yv8_graph_new ();

  memset (numbers, 255, yv8_graph_n_buffers (graph) * sizeof *numbers);
  for (guint i = 0; i < n_ops; i++) {
    Yv8Op op = yv8_op_copy (yv8_graph_op (graph, i));
    guint *number = &numbers[op.out.buffer];
    if (op.kind != YV8_OP_DETECT && *number == G_MAXUINT)
      *number =
          yv8_graph_add_buffer (head, g_array_index (graph->buffer_channels, guint, op.out.buffer));
    op.out.buffer = *number;
    for (guint j = 0; j < op.n_in; j++)
      op.in[j].buffer = numbers[op.in[j].buffer];
    yv8_graph_add_op (head, &op);
  }
  return head;
}

static gboolean
make_grams (Gatherer *self, const Yv8Graph *graph, const gboolean *wanted, GError **error)
{
  for (guint i = self->first; i < self->end; i++) {
    const Yv8Op *op = yv8_graph_op (graph, i);
    gboolean is_wanted = op->kind == YV8_OP_CONV && (!wanted || wanted[i]);
    Yv8Gram *gram = is_wanted ? yv8_gram_new (op, error) : NULL;
    if (is_wanted && !gram)
      return FALSE;
    g_ptr_array_add (self->grams, gram);
  }
  return TRUE;
}

/* @self: with what is to be gathered */
static GPtrArray *
gather (Gatherer *self, const Yv8Graph *dense, const Yv8Graph *pruned, const gboolean *wanted,
    const Yv8Album *album, GError **error)
{
  g_autoptr (GPtrArray) grams = g_ptr_array_new_with_free_func ((GDestroyNotify) yv8_gram_free);
  g_autoptr (Yv8Graph) dense_head = copy_head (dense, self->end);
  g_autoptr (Yv8Graph) pruned_head = copy_head (pruned, self->end);

  self->kernels = yv8_cpu_kernels ();
  self->dense.graph = dense_head;
  self->pruned.graph = pruned_head;
  self->grams = grams;
  gboolean good = make_grams (self, dense, wanted, error) && allocate (self, error) &&
                  source_open (&self->dense, self, error) &&
                  (dense == pruned || source_open (&self->pruned, self, error)) &&
                  run (self, album, error);
  source_clear (&self->dense);
  source_clear (&self->pruned);
  g_free (self->x);
  g_free (self->y);
  return good ? g_steal_pointer (&grams) : NULL;
}

GPtrArray *
yv8_gather (const Yv8Graph *dense, const Yv8Graph *pruned, guint first, guint end,
    const Yv8Target *target, const Yv8Album *album, const Yv8Sights *sights, Yv8Pool *pool,
    GError **error)
{
  Gatherer self = { target, .pool = pool, .sights = sights, .first = first, .end = end };

  return gather (&self, dense, pruned, NULL, album, error);
}

GPtrArray *
yv8_gather_some (const Yv8Graph *dense, const Yv8Graph *pruned, const gboolean *wanted,
    const Yv8Target *target, const Yv8Album *album, const Yv8Sights *sights, Yv8Pool *pool,
    GError **error)
{
  Gatherer self = { target, .pool = pool, .sights = sights };

  for (guint i = 0; i < yv8_graph_n_ops (dense); i++)
    if (wanted[i])
      self.end = i + 1;
  g_autoptr (GPtrArray) grams = gather (&self, dense, pruned, wanted, album, error);
  if (grams)
    g_ptr_array_set_size (grams, (gint) yv8_graph_n_ops (dense));
  return g_steal_pointer (&grams);
}

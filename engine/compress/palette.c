/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Palettes: search, rounding, and the walk over layers. */
#include "compress/palette.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compress/block.h"
#include "compress/feedback.h"
#include "compress/layers.h"
#include "model/encoding.h"

#define MOST_CENTROIDS 64 /* of layers that a budget allows more */

#define N_CELLS        508 /* of half an integer each, from -127 to 127: midpoints are their bounds */

typedef struct {
  const Yv8Graph *source;
  Yv8Graph *read; /* the source with shared weights as far as they are found */
  Yv8Graph *result;
  Yv8Quant **quants; /* of the result */
  GHashTable *ops;   /* of the result, by name */
  guint *centroids;  /* of each op of the source */
} Palettizer;

/* A layer's rows that share a palette. */
typedef struct {
  const Yv8Gram *gram;
  guint n, first, rows, taps;
  double *weights;       /* [rows][n] */
  const float *original; /* [rows][n - 1] */
  const double *scales;  /* [n - 1]: of the input */
  double multipliers[YV8_PALETTE_ROWS];
  gint8 palette[YV8_PALETTE_MOST];
  guint k;
  gint8 *q; /* [rows][n - 1] */
} Group;

/* Sums of h, h v and h v^2 of all values in the cells before each. */
typedef struct {
  double sums[N_CELLS + 1][3];
} Cells;

static void
fill_cells (Cells *self, const double *values, const double *weights, gsize n)
{
  memset (self, 0, sizeof *self);
  for (gsize i = 0; i < n; i++) {
    int cell = (int) floor (CLAMP (2 * (values[i] + 127), 0, N_CELLS - 1));
    for (guint power = 0; power < 3; power++)
      self->sums[cell + 1][power] +=
          weights[i] * (power > 0 ? values[i] : 1) * (power > 1 ? values[i] : 1);
  }
  for (guint cell = 0; cell < N_CELLS; cell++)
    for (guint power = 0; power < 3; power++)
      self->sums[cell + 1][power] += self->sums[cell][power];
}

/* Of the values from cell @first to before @end, if all become @c - 127. */
static double
cost_of (const Cells *cells, guint first, guint end, guint c)
{
  const double *a = cells->sums[first], *b = cells->sums[end];
  double centre = (double) c - 127;

  return b[2] - a[2] - 2 * centre * (b[1] - a[1]) + centre * centre * (b[0] - a[0]);
}

double
yv8_palette_find (const double *values, const double *weights, gsize n, guint k, gint8 *palette)
{
  enum { N = YV8_PALETTE_MOST };
  g_autofree Cells *cells = g_new (Cells, 1);
  g_autofree double *between = g_new (double, N *N); /* of the values between two integers */
  g_autofree guint8 *before = g_new (guint8, (gsize) k * N);
  double costs[N], last[N], least = INFINITY;
  guint at = 0;

  fill_cells (cells, values, weights, n);
  for (guint a = 0; a < N; a++)
    for (guint b = a + 1; b < N; b++)
      between[a * N + b] = cost_of (cells, 2 * a, a + b, a) + cost_of (cells, a + b, 2 * b, b);
  for (guint b = 0; b < N; b++)
    costs[b] = cost_of (cells, 0, 2 * b, b);
  for (guint i = 1; i < k; i++) {
    memcpy (last, costs, sizeof last);
    for (guint b = 0; b < N; b++) {
      costs[b] = INFINITY;
      for (guint a = 0; a < b; a++)
        if (last[a] + between[a * N + b] < costs[b]) {
          costs[b] = last[a] + between[a * N + b];
          before[i * N + b] = (guint8) a;
        }
    }
  }
  for (guint b = k - 1; b < N; b++) {
    double cost = costs[b] + cost_of (cells, 2 * b, N_CELLS, b);
    if (cost < least) {
      least = cost;
      at = b;
    }
  }
  for (guint i = k; i-- > 0; at = before[i * N + at])
    palette[i] = (gint8) ((int) at - 127);
  return least;
}

static gint8
nearest (const Group *group, double value)
{
  guint i = 1;

  while (i < group->k && 2 * value > group->palette[i - 1] + group->palette[i])
    i++;
  return group->palette[i - 1];
}

static void
round_column (
    gpointer data, const Yv8Feedback *feedback, guint place, const double *values, double *rounded)
{
  const Group *group = data;
  gsize column = feedback->order[place];

  for (gsize row = 0; row < group->rows; row++) {
    gsize at = row * (group->n - 1) + column;
    double unit = group->multipliers[row] / group->scales[column];
    group->q[at] = group->original[at] == 0.0f ? 0 : nearest (group, values[row] / unit);
    rounded[row] = group->q[at] * unit;
  }
}

/* Root mean square of @row on the integer scale for a multiplier of 1, and its largest. */
static double
norm_of (const Group *group, guint row, double *most)
{
  double sum = 0;
  guint count = 0;

  *most = 0;
  for (gsize i = 0; i < group->n - 1; i++) {
    double value = group->weights[row * group->n + i] * group->scales[i];
    if (group->original[row * (group->n - 1) + i] == 0.0f)
      continue;
    sum += value * value;
    *most = MAX (*most, fabs (value));
    count++;
  }
  return sqrt (sum / MAX (count, 1)) + 1e-12;
}

/* Whether the group has weights of 0 beside others in a block, which the file cannot leave out. */
static gboolean
has_zeroes (const Group *group)
{
  gsize n = group->n - 1, width = (gsize) YV8_BLOCK_IN * group->taps;

  for (gsize start = 0; start < n; start += width)
    for (gsize tap = 0; tap < group->taps; tap++) {
      guint zeroes = 0, others = 0;
      for (gsize i = start + tap; i < MIN (start + width, n); i += group->taps)
        for (gsize row = 0; row < group->rows; row++)
          *(group->original[row * n + i] == 0.0f ? &zeroes : &others) += 1;
      if (zeroes && others)
        return TRUE;
    }
  return FALSE;
}

static int
compare_values (const void *a, const void *b)
{
  return *(const gint8 *) a - *(const gint8 *) b;
}

static double
try_palette (Group *group, const double *norms, double factor, gboolean zeroes, double *values,
    double *weights)
{
  gsize count = 0;

  for (guint row = 0; row < group->rows; row++) {
    group->multipliers[row] = norms[row] * factor;
    for (gsize i = 0; i < group->n - 1; i++) {
      double unit = group->multipliers[row] / group->scales[i];
      if (group->original[row * (group->n - 1) + i] == 0.0f)
        continue;
      values[count] = group->weights[row * group->n + i] / unit;
      weights[count++] = (double) group->gram->xx[i * group->gram->n + i] * unit * unit;
    }
  }
  if (!zeroes)
    return yv8_palette_find (values, weights, count, group->k, group->palette);
  double cost = yv8_palette_find (values, weights, count, group->k - 1, group->palette);
  group->palette[group->k - 1] = 0;
  qsort (group->palette, group->k, 1, compare_values);
  return cost;
}

/* Multipliers and palette. */
static void
choose_palette (Group *group)
{
  static const double FACTORS[] = { 1, 0.8, 0.64, 0.51, 0.41 };
  g_autofree double *values = g_new (double, (gsize) group->rows * group->n);
  g_autofree double *weights = g_new (double, (gsize) group->rows * group->n);
  double norms[YV8_PALETTE_ROWS], largest = 1e-12, least = INFINITY, best = 1;
  gboolean zeroes = group->k > 1 && has_zeroes (group);

  for (guint row = 0; row < group->rows; row++) {
    double most;
    norms[row] = norm_of (group, row, &most);
    largest = MAX (largest, most / norms[row] / 127);
  }
  for (guint i = 0; i < G_N_ELEMENTS (FACTORS); i++) {
    double factor = largest * FACTORS[i];
    double cost = try_palette (group, norms, factor, zeroes, values, weights);
    if (cost < least) {
      least = cost;
      best = factor;
    }
  }
  try_palette (group, norms, best, zeroes, values, weights);
}

/* The multiplier and bias of the least error for the row's integers. */
static void
refit (Group *group, guint row)
{
  const Yv8Gram *gram = group->gram;
  gsize n = group->n;
  double *weights = group->weights + row * n;
  const float *aims = gram->yx + (group->first + row) * n;
  double square = 0, sum = 0, product = 0, places = (double) gram->xx[n * n - 1];
  double aim = (double) aims[n - 1];

  for (gsize i = 0; i < n - 1; i++) {
    double line = (double) gram->xx[i * n + i] * weights[i];
    for (gsize j = i + 1; j < n - 1; j++)
      line += 2 * (double) gram->xx[i * n + j] * weights[j];
    square += weights[i] * line;
    sum += weights[i] * (double) gram->xx[i * n + n - 1];
    product += weights[i] * (double) aims[i];
  }
  double factor = (product * places - sum * aim) / (square * places - sum * sum);
  if (!(factor > 0.5 && factor < 2))
    return;
  group->multipliers[row] *= factor;
  for (gsize i = 0; i < n - 1; i++)
    weights[i] *= factor;
  weights[n - 1] = (aim - sum * factor) / places;
}

static gboolean
share_group (Group *group, const Yv8Feedback *feedback, GError **error)
{
  choose_palette (group);
  if (!yv8_feedback_walk (feedback, group->weights, group->rows, round_column, group, error))
    return FALSE;
  for (guint row = 0; row < group->rows; row++)
    refit (group, row);
  return TRUE;
}

/* The scales of the input of @op, for each column of its weights. */
static double *
scales_of (const Palettizer *self, const Yv8Op *op)
{
  gsize taps = (gsize) op->window.kernel_h * op->window.kernel_w, n = op->in[0].channels * taps;
  double *scales = g_new (double, n + 1);

  for (gsize i = 0; i < n; i++)
    scales[i] = (double) self->quants[op->in[0].buffer][op->in[0].channel + i / taps].scale;
  return scales;
}

static gboolean
init_feedback (Yv8Feedback *feedback, const Yv8Layer *layer, const Yv8Gram *gram,
    const double *scales, GError **error)
{
  gsize n = layer->n;
  g_autofree double *rank = g_new (double, n);

  for (gsize i = 0; i < n - 1; i++)
    rank[i] = (double) gram->xx[i * n + i] / (scales[i] * scales[i]);
  return yv8_feedback_init (feedback, layer->n, layer->inverse, rank, error);
}

static gboolean
share_layer (gpointer data, guint index, const Yv8Gram *gram, GError **error)
{
  const Palettizer *self = data;
  const Yv8Op *source = yv8_graph_op (self->source, index);
  Yv8Op *op = g_hash_table_lookup (self->ops, source->name);
  g_auto (Yv8Layer) layer = { 0 };
  g_auto (Yv8Feedback) feedback = { 0 };

  if (!op || !op->qweights)
    return TRUE;
  g_autofree double *scales = scales_of (self, op);
  if (!yv8_layer_init (&layer, source, gram, error) ||
      !init_feedback (&feedback, &layer, gram, scales, error))
    return FALSE;
  gsize n = layer.n;
  guint taps = op->window.kernel_h * op->window.kernel_w;
  for (guint first = 0; first < op->out.channels; first += YV8_PALETTE_ROWS) {
    Group group = { gram, layer.n, first, MIN (op->out.channels - first, YV8_PALETTE_ROWS), taps,
      layer.weights + first * n, source->weights + first * (n - 1), scales };
    group.k = self->centroids[index];
    group.q = op->qweights + first * (n - 1);
    if (!share_group (&group, &feedback, error))
      return FALSE;
    for (guint row = 0; row < group.rows; row++) {
      op->multiplier[first + row] = (float) group.multipliers[row];
      op->bias[first + row] += (float) group.weights[row * n + n - 1] - source->bias[first + row];
    }
  }
  yv8_layer_store (&layer, &g_array_index (self->read->ops, Yv8Op, index));
  return TRUE;
}

static void
stop (Palettizer *self)
{
  g_clear_pointer (&self->ops, g_hash_table_unref);
  g_clear_pointer (&self->read, yv8_graph_free);
  g_clear_pointer (&self->result, yv8_graph_free);
}

static GHashTable *
ops_of (Yv8Graph *graph)
{
  GHashTable *ops = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    Yv8Op *op = &g_array_index (graph->ops, Yv8Op, i);
    if (op->kind == YV8_OP_CONV)
      g_hash_table_insert (ops, op->name, op);
  }
  return ops;
}

/* Of @op's weights in a model file, about. */
static double
bytes_of (const Yv8Op *op, guint centroids)
{
  guint groups = (op->out.channels + YV8_PALETTE_ROWS - 1) / YV8_PALETTE_ROWS;

  return (double) yv8_encoding_choose (op).bytes * g_bit_storage (centroids - 1) / 8 +
         (double) groups * centroids;
}

/* Always twice the centroids where that takes most error off for its bytes: a bit more of an index
 * quarters the error. */
static void
spend (Palettizer *self, double *errors, double left)
{
  for (;;) {
    guint best = 0;
    double most = 0, price = 0;
    for (guint i = 0; i < yv8_graph_n_ops (self->source); i++) {
      const Yv8Op *op = g_hash_table_lookup (self->ops, yv8_graph_op (self->source, i)->name);
      if (errors[i] <= 0 || !op || !op->qweights || 2 * self->centroids[i] > MOST_CENTROIDS)
        continue;
      double bytes = bytes_of (op, 2 * self->centroids[i]) - bytes_of (op, self->centroids[i]);
      if (bytes <= left && errors[i] / bytes > most) {
        most = errors[i] / bytes;
        price = bytes;
        best = i;
      }
    }
    if (most <= 0)
      break;
    self->centroids[best] *= 2;
    errors[best] /= 4;
    left -= price;
  }
}

/* Bytes that are left if all layers have the centroids that they have now. */
static double
bytes_left (const Palettizer *self, const Yv8Layers *layers, const Yv8PaletteOptions *options)
{
  double left = options->bytes - options->size;

  for (guint i = 0; i < yv8_graph_n_ops (self->source); i++) {
    const Yv8Op *op = g_hash_table_lookup (self->ops, yv8_graph_op (self->source, i)->name);
    if (op && op->qweights && yv8_layers_inner (layers, i))
      left += (double) yv8_encoding_choose (op).bytes - bytes_of (op, self->centroids[i]);
  }
  return left;
}

static void
start (Palettizer *self, const Yv8Graph *int8)
{
  stop (self);
  self->read = yv8_graph_copy (self->source, yv8_graph_n_ops (self->source));
  self->result = yv8_graph_copy (int8, yv8_graph_n_ops (int8));
  self->ops = ops_of (self->result);
}

/* Gives sensitive layers what the budget leaves. */
static gboolean
choose_centroids (Palettizer *self, Yv8Layers *layers, const Yv8Graph *int8,
    const Yv8PaletteOptions *options, GError **error)
{
  g_autofree double *errors = g_new0 (double, yv8_graph_n_ops (self->source));
  double left = bytes_left (self, layers, options);

  layers->stage = "measuring what layers do to boxes";
  if (!yv8_layers_walk (layers, self->source, share_layer, self, 0.3, error) ||
      !yv8_layers_judge (layers, self->read, errors, 0.2, error))
    return FALSE;
  start (self, int8);
  spend (self, errors, left);
  return TRUE;
}

Yv8Graph *
yv8_palettize (const Yv8Graph *int8, const Yv8Graph *source, const Yv8PaletteOptions *options,
    const Yv8Target *target, const Yv8Album *album, Yv8ProgressFunc progress, gpointer data,
    GError **error)
{
  g_autoptr (Yv8Layers) layers = yv8_layers_new (source, target, album, progress, data, error);
  guint n = yv8_graph_n_ops (source);
  Palettizer self = { .source = source };
  Yv8Graph *result = NULL;

  if (!layers)
    return NULL;
  self.quants = yv8_graph_quants (int8);
  self.centroids = g_new (guint, n);
  for (guint i = 0; i < n; i++)
    self.centroids[i] = options->centroids;
  start (&self, int8);
  gboolean good = options->bytes <= 0 || choose_centroids (&self, layers, int8, options, error);
  layers->stage = "sharing weights";
  if (good && yv8_layers_walk (layers, self.read, share_layer, &self, 1, error) &&
      yv8_graph_check (self.result, error))
    result = g_steal_pointer (&self.result);
  stop (&self);
  yv8_quants_free (self.quants);
  g_free (self.centroids);
  return result;
}

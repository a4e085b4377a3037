/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What every change of weights, layer by layer, needs: the layers in turn with their statistics,
 * threads, progress, what a layer does to the boxes, and a layer's weights in double. */
#pragma once

#include <yv8/calibrator.h>

#include "compress/boxes.h"
#include "compress/gather.h"

G_BEGIN_DECLS

/**
 * Yv8Layers:
 * @graph: float, checked, with DETECT
 * @shapes: at the target's size
 * @target: calls back with the layers, so that every run of a network is progress and may be
 *   stopped
 * @first: op that walks begin at
 * @outputs: walks take the convolutions that write outputs too
 * @stage: what is being done; set it before each walk
 * @fraction: of the whole work that is done; walks add to it
 *
 * Not thread-safe, but for what a #Yv8LayerFunc is told.
 */
typedef struct {
  const Yv8Graph *graph;
  const Yv8Album *album;
  Yv8Shape *shapes;
  Yv8Target target;
  Yv8Pool *pool;
  guint first;
  gboolean outputs;
  const char *stage;
  double fraction;
  /*< private >*/
  Yv8Sights *sights;
  Yv8BoxJudge *judge;
  const Yv8Target *outer;
  Yv8ProgressFunc progress;
  gpointer data;
} Yv8Layers;

/**
 * yv8_layers_new:
 * @target: must outlive the layers, as must @graph and @album
 * @progress: called before each run of a network; %FALSE stops the work with G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full): %NULL with @error set
 */
Yv8Layers *yv8_layers_new (const Yv8Graph *graph, const Yv8Target *target, const Yv8Album *album,
    Yv8ProgressFunc progress, gpointer data, GError **error);
void yv8_layers_free (Yv8Layers *layers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Layers, yv8_layers_free)

/**
 * yv8_layers_inner: Returns: whether op @index is a CONV that neither reads the picture nor writes
 *   an output: those may lose weights
 */
gboolean yv8_layers_inner (const Yv8Layers *layers, guint index);

/**
 * Yv8LayerFunc:
 * @index: of the op, one of those that are walked
 * @gram: (nullable): its statistics
 *
 * Runs beside those of other layers; one layer is on one thread.
 *
 * Returns: %FALSE with @error set
 */
typedef gboolean (*Yv8LayerFunc) (gpointer data, guint index, const Yv8Gram *gram, GError **error);

/**
 * yv8_layers_walk:
 * @read: (nullable): the network whose values the layers read, of the same shape as the graph; what
 *   should come out of a layer is always what it makes of the graph's own. %NULL: no statistics
 * @part: of the whole work that this walk is
 *
 * Calls @func for all inner layers, or those of @outputs, from the input on, in chunks whose
 * statistics stay within YV8_GATHER_BYTES. When a chunk's statistics are gathered @func is through
 * with all layers of the chunks before, so it may write their new weights into @read.
 *
 * Returns: %FALSE with @error set
 */
gboolean yv8_layers_walk (Yv8Layers *layers, const Yv8Graph *read, Yv8LayerFunc func, gpointer data,
    double part, GError **error);

/**
 * yv8_layers_gather:
 * @wanted: (array): of each op, whether its statistics are gathered
 *
 * For what goes otherwise than from layer to layer. YV8_GATHER_BYTES is the caller's to respect.
 *
 * Returns: (transfer full) (element-type Yv8Gram): as yv8_gather_some(); %NULL with @error set
 */
GPtrArray *yv8_layers_gather (
    Yv8Layers *layers, const Yv8Graph *read, const gboolean *wanted, GError **error);

/**
 * yv8_layers_run:
 * @func: runs for all tasks 0 to @n - 1, side by side
 *
 * Returns: %FALSE with @error set: that of the first task that failed
 */
typedef gboolean (*Yv8TaskFunc) (gpointer data, guint task, GError **error);
gboolean yv8_layers_run (
    Yv8Layers *layers, Yv8TaskFunc func, gpointer data, guint n, GError **error);

/**
 * yv8_layers_error:
 * @result: (out): what #Yv8BoxJudge says of @graph, on 8 pictures
 *
 * Returns: %FALSE with @error set
 */
gboolean yv8_layers_error (
    Yv8Layers *layers, const Yv8Graph *graph, double *result, GError **error);

/**
 * yv8_layers_judge:
 * @trial: of the same shape as the graph
 * @errors: (array): of each inner op, yv8_layers_error() of the graph when that op alone has its
 *   weights and biases from @trial; others are left as they are
 *
 * Returns: %FALSE with @error set
 */
gboolean yv8_layers_judge (
    Yv8Layers *layers, const Yv8Graph *trial, double *errors, double part, GError **error);

/**
 * yv8_op_take_weights: copies the weights and biases of @from, of the same shape, to @op
 */
void yv8_op_take_weights (Yv8Op *op, const Yv8Op *from);

/**
 * Yv8Layer: a convolution's weights while they are changed
 * @n: columns, as of #Yv8Gram: of the weights, and one of the biases
 * @inverse: (nullable): from yv8_gram_inverse()
 * @weights: [rows][n]
 */
typedef struct {
  const Yv8Op *op;
  guint n;
  double *inverse;
  double *weights;
} Yv8Layer;

/**
 * yv8_layer_init:
 * @op: must outlive the layer
 * @gram: (nullable): without it there is no inverse
 *
 * With the weights as yv8_layer_start() leaves them.
 *
 * Returns: %FALSE with @error set (MEMORY, FORMAT); clear the layer in either case
 */
gboolean yv8_layer_init (Yv8Layer *layer, const Yv8Op *op, const Yv8Gram *gram, GError **error);
void yv8_layer_clear (Yv8Layer *layer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Yv8Layer, yv8_layer_clear)

/**
 * yv8_layer_start: sets the weights to those of yv8_gram_fit(), or without @gram to the op's own
 */
void yv8_layer_start (Yv8Layer *layer, const Yv8Gram *gram);

/**
 * yv8_layer_store: writes the weights and biases to @op, of the same shape
 */
void yv8_layer_store (const Yv8Layer *layer, Yv8Op *op);

G_END_DECLS

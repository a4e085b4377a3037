/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The network as data: buffers, slices of them, and ops in the order of execution.
 *
 * A concat or a split is no op: the producers write into, and the consumers read from, slices of
 * one buffer. The network is fully convolutional; a graph holds no sizes but channels, and
 * yv8_graph_infer() gives the shapes for an input size. */
#pragma once

#include <yv8/error.h>

G_BEGIN_DECLS

#define YV8_GRAPH_MAX_CHANNELS     65536
#define YV8_GRAPH_MAX_KERNEL       16
#define YV8_GRAPH_MAX_SIDE         8192
#define YV8_GRAPH_MAX_SCALES       4
#define YV8_GRAPH_PICTURE_CHANNELS 3
#define YV8_OP_MAX_INPUTS          (2 * YV8_GRAPH_MAX_SCALES)
#define YV8_OP_MAX_LEVELS          4 /* of a pooling, see yv8_graph_fuse() */

/**
 * Yv8Type: of a buffer's elements: float32, or int8 that stands for a real value, see Yv8Quant.
 */
typedef enum {
  YV8_TYPE_F32,
  YV8_TYPE_QS8,
} Yv8Type;

/**
 * Yv8Quant: x = scale (q - zero), q in -128..127
 * @scale: YV8_QUANT_MIN_SCALE to YV8_QUANT_MAX_SCALE
 * @zero: the zero point, -128..127
 */
typedef struct {
  float scale;
  gint32 zero;
} Yv8Quant;

#define YV8_QUANT_MIN_SCALE 1e-9f
#define YV8_QUANT_MAX_SCALE 1e9f

/* With these no accumulator gives an infinite value. */
#define YV8_GRAPH_MAX_BIAS       1e30f
#define YV8_QUANT_MAX_MULTIPLIER 1e9f

/* Products of an accumulator of the integer path: |sum w (q - z)| <= 127 * 255 * 65536 < 2^31. */
#define YV8_QUANT_MAX_TERMS 65536

/**
 * Yv8Shape: of a feature map, in planar order [channels][height][width], and the elements' type.
 */
typedef struct {
  guint channels, height, width;
  Yv8Type type;
} Yv8Shape;

/**
 * Yv8Slice: @channels channels of buffer @buffer from channel @channel on.
 */
typedef struct {
  guint buffer;
  guint channel;
  guint channels;
} Yv8Slice;

/**
 * Yv8OpKind:
 * @YV8_OP_INPUT: letterboxed picture to real values in 0..1, channels R, G, B; the first op
 * @YV8_OP_CONV: y = act (conv (in[0]) + bias) + in[1]; in[1], the residual, is optional
 * @YV8_OP_MAXPOOL: maximum over a window; outside of the map counts as -infinity
 * @YV8_OP_UPSAMPLE: nearest neighbour, both sides times two
 * @YV8_OP_COPY: y = in[0]; for a map that two concats want
 * @YV8_OP_QUANTIZE: float32 to int8 by the op's quant
 * @YV8_OP_DEQUANTIZE: int8 to float32 by the quants of the channels that are read
 * @YV8_OP_DETECT: DFL, box decode and sigmoid over all scales; the last op. in[2 i] are the box
 *   distributions of scale i, [4 * reg_max] channels, in[2 i + 1] its class logits. It has no
 * output buffer: it is done on the host, see engine/detect/decode.h
 */
typedef enum {
  YV8_OP_INPUT,
  YV8_OP_CONV,
  YV8_OP_MAXPOOL,
  YV8_OP_UPSAMPLE,
  YV8_OP_COPY,
  YV8_OP_QUANTIZE,
  YV8_OP_DEQUANTIZE,
  YV8_OP_DETECT,
} Yv8OpKind;

#define YV8_N_OP_KINDS (YV8_OP_DETECT + 1)

typedef enum {
  YV8_ACTIVATION_NONE,
  YV8_ACTIVATION_SILU, /* x * sigmoid (x); Elfwing et al. 2018 */
} Yv8Activation;

/**
 * Yv8Window: of a convolution or a pooling; square strides and pads, no dilation, no groups.
 */
typedef struct {
  guint kernel_h, kernel_w;
  guint stride;
  guint pad; /* on all four sides */
} Yv8Window;

/**
 * Yv8Op:
 * @name: (transfer full): of the node in the source model; unique in the graph
 * @out: unused by DETECT
 * @upsampled: of CONV, in what yv8_graph_fuse() makes: where the output is written a second time,
 *   as UPSAMPLE does; else without channels
 * @window: of CONV and MAXPOOL
 * @weights: (transfer full): of CONV, float32 [out.channels][in[0].channels][kernel_h][kernel_w]
 * @bias: (transfer full): of CONV, float32 [out.channels]
 * @quant: of what is written, by INPUT, CONV and QUANTIZE, where the output is int8. MAXPOOL,
 *   UPSAMPLE and COPY hand on the quants of the channels that they read
 * @qweights: (transfer full): of CONV with int8 input, in place of @weights: int8 -127..127, same
 *   shape; the scales of the input's channels are folded in, see engine/ref/qs8.h
 * @multiplier: (transfer full): of CONV with int8 input, float32 [out.channels]: the weights'
 * scales
 * @reg_max: of DETECT: bins of a box distribution
 * @n_classes: of DETECT
 * @strides: of DETECT: pixels of the input a cell, per scale
 */
typedef struct {
  Yv8OpKind kind;
  char *name;
  guint n_in;
  Yv8Slice in[YV8_OP_MAX_INPUTS];
  Yv8Slice out;
  Yv8Slice upsampled;
  Yv8Window window;
  Yv8Activation activation;
  float *weights;
  float *bias;
  Yv8Quant quant;
  gint8 *qweights;
  float *multiplier;
  guint reg_max;
  guint n_classes;
  guint strides[YV8_GRAPH_MAX_SCALES];
} Yv8Op;

/**
 * Yv8Graph:
 * @buffer_channels: (element-type guint): channels of each buffer; buffer 0 is the input's
 * @buffer_types: (element-type Yv8Type): of each buffer
 * @ops: (element-type Yv8Op): in the order of execution
 * @outputs: (element-type Yv8Slice): what can be read after a run: the inputs of DETECT, in order
 *
 * Built by an importer or a test, checked by yv8_graph_check(), immutable from then on and
 * shared between threads.
 */
typedef struct {
  GArray *buffer_channels;
  GArray *buffer_types;
  GArray *ops;
  GArray *outputs;
} Yv8Graph;

Yv8Graph *yv8_graph_new (void);
void yv8_graph_free (Yv8Graph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Graph, yv8_graph_free)

/**
 * yv8_graph_add_buffer: Returns: the new float32 buffer's index
 */
guint yv8_graph_add_buffer (Yv8Graph *graph, guint channels);

/**
 * yv8_graph_add_typed_buffer: Returns: the new buffer's index
 */
guint yv8_graph_add_typed_buffer (Yv8Graph *graph, guint channels, Yv8Type type);

/**
 * yv8_graph_add_op:
 * @op: its pointers are moved into the graph
 *
 * Returns: (transfer none): the op in the graph, valid until the next is added
 */
Yv8Op *yv8_graph_add_op (Yv8Graph *graph, const Yv8Op *op);

/**
 * yv8_op_copy: Returns: (transfer full): @op, with copies of its name and its arrays
 */
Yv8Op yv8_op_copy (const Yv8Op *op);

/**
 * yv8_graph_copy:
 * @n_ops: how many ops to copy, from the first on
 *
 * Returns: (transfer full): all buffers and those ops of @graph; its outputs too, if these are all
 * ops
 */
Yv8Graph *yv8_graph_copy (const Yv8Graph *graph, guint n_ops);

/* Bounds-checked access, for loops that read. */
guint yv8_graph_n_ops (const Yv8Graph *graph);
const Yv8Op *yv8_graph_op (const Yv8Graph *graph, guint index);
guint yv8_graph_n_buffers (const Yv8Graph *graph);
const Yv8Slice *yv8_graph_output (const Yv8Graph *graph, guint index);
Yv8Type yv8_graph_buffer_type (const Yv8Graph *graph, guint buffer);

/**
 * yv8_graph_quants:
 * @graph: checked, or of yv8_graph_fuse()
 *
 * Returns: (transfer full): for each buffer, the quants of its channels; zeroed where the buffer is
 *   float32. Free with yv8_quants_free()
 */
Yv8Quant **yv8_graph_quants (const Yv8Graph *graph);
void yv8_quants_free (Yv8Quant **quants);

/**
 * yv8_graph_fuse:
 * @graph: checked; must outlive the result, which shares names and weights with it
 *
 * As a backend runs it. MAXPOOL ops that follow one another, each of which pools what the last one
 * wrote, by the same window, which keeps the size, into the channels behind it, are one op of
 * several levels: level k is the window's maximum taken k + 1 times, in the k-th in[0].channels
 * channels of out. These begin at multiples of 4. An UPSAMPLE of all that a CONV writes becomes
 * part of the CONV, if both slices begin at the same place within four channels. All buffers hold
 * the same after a run.
 *
 * Returns: (transfer full): a graph that yv8_graph_check() would refuse, for what it does not know
 */
Yv8Graph *yv8_graph_fuse (const Yv8Graph *graph);

/**
 * yv8_op_levels: Returns: of a MAXPOOL of yv8_graph_fuse(), 1 to YV8_OP_MAX_LEVELS; else 1
 */
guint yv8_op_levels (const Yv8Op *op);

/**
 * yv8_graph_check:
 *
 * Slices within their buffers; channel counts, windows and kinds in range; every slice written
 * before it is read, no channel written twice; INPUT first; at most one DETECT, and that the last,
 * of a picture of three channels; weights present and as the types of input and output want them;
 * scales and zero points in range; values that cannot spoil the arithmetic: finite weights, int8
 * weights of -127 to 127, biases within 1e30, multipliers above 0 and at most 1e9. All that a
 * backend relies on, so that a graph from hostile bytes is safe to run; that arrays are as long as
 * their op says is the caller's word.
 *
 * Returns: %FALSE with @error set (FORMAT), naming op and reason
 */
gboolean yv8_graph_check (const Yv8Graph *graph, GError **error);

/**
 * yv8_graph_infer:
 * @width: of the input, pixels
 * @height: of the input, pixels
 *
 * Shape inference. Every size is checked for overflow: no buffer exceeds G_MAXINT32 elements.
 *
 * Returns: (transfer full) (array): a shape for each buffer; free with g_free(). %NULL with @error
 *   set: ARGUMENT if the size is out of range, UNSUPPORTED if two producers of one buffer disagree
 */
Yv8Shape *yv8_graph_infer (const Yv8Graph *graph, guint width, guint height, GError **error);

/**
 * yv8_op_kind_name: Returns: "conv", "maxpool" ...
 */
const char *yv8_op_kind_name (Yv8OpKind kind);

/**
 * yv8_op_parameters: Returns: weights and biases of @op
 */
guint64 yv8_op_parameters (const Yv8Op *op);

/**
 * yv8_op_out_shape: Returns: shape of what @op writes; all 0 for DETECT
 */
Yv8Shape yv8_op_out_shape (const Yv8Op *op, const Yv8Shape *shapes);

/**
 * yv8_op_macs:
 * @shapes: from yv8_graph_infer()
 *
 * Returns: multiply-accumulates of one run of @op; 0 for all kinds but CONV
 */
guint64 yv8_op_macs (const Yv8Op *op, const Yv8Shape *shapes);

/**
 * yv8_op_bytes: Returns: of the maps that a run of @op reads and writes and of its weights, each
 * once
 */
guint64 yv8_op_bytes (const Yv8Op *op, const Yv8Shape *shapes);

/**
 * yv8_graph_detect: Returns: (transfer none) (nullable): the DETECT op
 */
const Yv8Op *yv8_graph_detect (const Yv8Graph *graph);

/**
 * yv8_graph_n_anchors: Returns: cells over all scales for an input of this size (8400 at 640x640)
 */
guint yv8_graph_n_anchors (const Yv8Op *detect, guint width, guint height);

/**
 * yv8_graph_dump:
 *
 * Appends one line an op: index, kind, name, inputs, output, window, activation, shapes. Stable:
 * tests compare it with files.
 */
void yv8_graph_dump (const Yv8Graph *graph, const Yv8Shape *shapes, GString *text);

G_END_DECLS

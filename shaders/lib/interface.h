/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What C and GLSL agree on: bindings, specialisation constants, push constants, the halo. One set
 * for all kernels, of which each uses what it needs; included by both sides. */
#ifndef YV8_SHADERS_INTERFACE_H
#define YV8_SHADERS_INTERFACE_H

/* A map of C channels lies as [(C + 3) / 4][H + 2 * HALO][W + 2 * HALO] of four channels each. Of
 * float32 the halo is zero, and so are the channels past the last; of int8, four to a dword, the
 * halo is each channel's zero point. Index 0 of a binding is its first. */
#define YV8_HALO 1

/* Lanes of a workgroup, along x; those of an int8 convolution are YV8_CONSTANT_LANES. */
#define YV8_LANES 64

/* Pixels of a column that a lane of a pooling computes. */
#define YV8_POOL_ROWS 4

/* Groups of four output channels that a lane of the convolution computes, of int8 at the most.
 * Weights are packed for it: [tiles of so many groups][(C + 3) / 4][kernel_h][kernel_w][groups of
 * the tile][4 input channels] of four output channels each; of int8, four input channels to a
 * dword, [...][groups of the tile][4 output channels]. */
#define YV8_TILE_GROUPS 4

/* Where many blocks of one tap by four input channels by a tile's output channels are zero, sparse
 * weights list the others, the live steps, of each tile. In dwords by four: for each tile, where
 * its list begins and how many runs of the main loop it has; a run: up to so many indices of the
 * source, of the pixel that a window's tap is on, counted from the window's corner, and the weights
 * of as many steps, of which the last may be zero. */
#define YV8_SPARSE_STEPS        4

#define YV8_BINDING_SOURCE      0 /* what the kernel reads */
#define YV8_BINDING_WEIGHTS     1
#define YV8_BINDING_AUX         2 /* the bias; the picture of the input; of int8, YV8_ROW_* */
#define YV8_BINDING_RESIDUAL    3
#define YV8_BINDING_DESTINATION 4 /* what it writes */
#define YV8_BINDING_UPSAMPLED   5 /* the same at twice the sides, by some convolutions */
#define YV8_N_BINDINGS          6

#define YV8_CONSTANT_PIXELS     0 /* pixels of a lane */
#define YV8_CONSTANT_KERNEL_H   1
#define YV8_CONSTANT_KERNEL_W   2
#define YV8_CONSTANT_STRIDE     3
#define YV8_CONSTANT_PAD        4
#define YV8_CONSTANT_SILU       5
#define YV8_CONSTANT_RESIDUAL   6
#define YV8_CONSTANT_SHIFT      7 /* log2 of an enlargement */
#define YV8_CONSTANT_TO_F32     8 /* an int8 convolution writes float32 */
#define YV8_CONSTANT_STEPS                                                                         \
  9 /* rows of the kernel in a run of the main loop; single taps, if sparse or of matrices */
#define YV8_CONSTANT_GROUPS 10 /* of four output channels that a lane computes */
#define YV8_CONSTANT_LANES  11 /* of a workgroup of an int8 convolution */
#define YV8_CONSTANT_SPARSE 12 /* weights are sparse */
/* Lanes of a workgroup of a product of matrices: along the pixels, along the output channels. */
#define YV8_CONSTANT_COLUMNS   13
#define YV8_CONSTANT_LINES     14
#define YV8_CONSTANT_LEVELS    15 /* of a pooling */
#define YV8_CONSTANT_UPSAMPLED 16 /* a convolution writes YV8_BINDING_UPSAMPLED, too */
#define YV8_N_CONSTANTS        17

/* What an int8 kernel knows of its channels, for each group so many rows of four dwords. The first
 * three are of a convolution's outputs, see numeric.h; the last two of the residual's channels, or
 * of those that are read. */
#define YV8_ROW_CONSTANT   0 /* int32: sum of weights and zero points */
#define YV8_ROW_MULTIPLIER 1
#define YV8_ROW_BIAS       2
#define YV8_ROW_SCALE      3
#define YV8_ROW_ZERO       4 /* int32 */
#define YV8_N_ROWS         5

/* Boxes on the device: more candidates than so many are the host's to decode. */
#define YV8_MOST_CANDIDATES 1024

/* What a frame's boxes are chosen by, in dwords: the order (numeric.h) of the least logit, bits of
 * the IoU's threshold, how many boxes at the most; then for each group of four classes a bit for
 * each that is wanted. */
#define YV8_PARAM_LEAST   0
#define YV8_PARAM_IOU     1
#define YV8_PARAM_LIMIT   2
#define YV8_PARAM_CLASSES 3

#ifdef VULKAN
#define YV8_UINT       uint
#define YV8_INT32      int
#define YV8_STRUCT     layout (push_constant) uniform Push
#define YV8_PUSH(name) push
#else
#include <glib.h>
#define YV8_UINT       guint32
#define YV8_INT32      gint32
#define YV8_STRUCT     typedef struct
#define YV8_PUSH(name) name
#endif

/* Bytes of push constants: every device allows so many. */
#define YV8_PUSH_SIZE 128

/* first: index of the slice in its binding; groups: of four channels; pitch and plane: of a row
 * and of a group, halo included; height and width: without it. channels: of the slice that is
 * written. rows_first: group of the slice in YV8_BINDING_AUX. zero, inverse: bits of int32 and
 * float32: the zero point of what is written, one over its scale. */
#if !defined(VULKAN) || !(defined(PUSH_LETTERBOX) || defined(PUSH_DETECT))
YV8_STRUCT
{
  YV8_UINT in_first, in_groups, in_pitch, in_plane, in_height, in_width;
  YV8_UINT out_first, out_groups, out_pitch, out_plane, out_height, out_width;
  YV8_UINT residual_first, upsampled_first;
  YV8_UINT channels;
  YV8_UINT rows_first;
  YV8_UINT zero, inverse;
}
YV8_PUSH (Yv8VulkanPush);
#endif

/* Of letterbox.comp. What is written is told as above. left, top, picture_width, picture_height: in
 * pixels of the destination. first: byte of the first sample of each component; pitch and step: in
 * bytes, from one row of samples and from one sample of a row to the next, of the first component
 * and of the two others. rgb: components are taken as they are; else by the factors, in 1/8192. */
#if !defined(VULKAN) || defined(PUSH_LETTERBOX)
YV8_STRUCT
{
  YV8_UINT out_first, out_pitch, out_plane, out_height, out_width;
  YV8_UINT zero, inverse;
  YV8_UINT left, top, picture_width, picture_height;
  YV8_UINT first[3], pitch[2], step[2];
  YV8_UINT rgb;
  YV8_INT32 y_offset, y, rv, gu, gv, bu;
}
YV8_PUSH (Yv8VulkanLetterboxPush);
#endif

/* Of a scale of the head. first: index of the slice that is read; groups: of four classes, or bins
 * of a side; stride: of a cell, in pixels of the input; anchor: number of the scale's first cell.
 */
#if !defined(VULKAN) || defined(PUSH_DETECT)
YV8_STRUCT
{
  YV8_UINT first, groups, pitch, plane, height, width;
  YV8_UINT stride, anchor;
}
YV8_PUSH (Yv8VulkanDetectPush);
#endif

#endif

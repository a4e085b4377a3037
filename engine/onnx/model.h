/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An ONNX file, unpacked and checked as far as that goes without knowing its operators. */
#pragma once

#include <yv8/error.h>

#include "onnx/onnx.pb-c.h"

G_BEGIN_DECLS

#define YV8_ONNX_MIN_OPSET 11

typedef Onnx__NodeProto Yv8NodeProto;
typedef Onnx__TensorProto Yv8TensorProto;

/**
 * Yv8OnnxModel:
 * @proto: its graph is there; no name is missing that must not be, and all strings are UTF-8
 * @opset: version of ONNX's own operators
 * @size: bytes of the file
 */
typedef struct {
  Onnx__ModelProto *proto;
  gint64 opset;
  gsize size;
} Yv8OnnxModel;

/**
 * yv8_onnx_model_new:
 *
 * Memory used is bounded by a multiple of @size.
 *
 * Returns: (transfer full): %NULL with @error set: FORMAT, UNSUPPORTED
 */
Yv8OnnxModel *yv8_onnx_model_new (const guint8 *bytes, gsize size, GError **error);
void yv8_onnx_model_free (Yv8OnnxModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8OnnxModel, yv8_onnx_model_free)

/**
 * yv8_onnx_model_drop_data:
 *
 * Frees the values of an initializer that have been read: a model is hundreds of megabytes.
 */
void yv8_onnx_model_drop_data (Yv8TensorProto *initializer);

/**
 * yv8_node_name: Returns: (transfer none): its name, or its first output's where it has none
 */
const char *yv8_node_name (const Yv8NodeProto *node);

/**
 * yv8_node_error: sets @error: UNSUPPORTED, "node 'NAME' (operator TYPE): reason"
 *
 * Returns: %FALSE
 */
gboolean yv8_node_error (const Yv8NodeProto *node, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/**
 * yv8_node_check_attributes:
 * @known: names of attributes, each between blanks: " axis keepdims "
 *
 * Returns: %FALSE with @error set if @node has any other
 */
gboolean yv8_node_check_attributes (const Yv8NodeProto *node, const char *known, GError **error);

/* Values of attributes; the default where there is none of this name and type. */
gint64 yv8_node_int (const Yv8NodeProto *node, const char *name, gint64 fallback);
const gint64 *yv8_node_ints (const Yv8NodeProto *node, const char *name, gsize *n);
const Yv8TensorProto *yv8_node_tensor (const Yv8NodeProto *node, const char *name);
const Onnx__AttributeProto *yv8_node_attribute (const Yv8NodeProto *node, const char *name);

/**
 * yv8_node_string_is:
 *
 * Returns: whether the attribute @name, or @fallback where there is none, is @value
 */
gboolean yv8_node_string_is (
    const Yv8NodeProto *node, const char *name, const char *fallback, const char *value);

G_END_DECLS

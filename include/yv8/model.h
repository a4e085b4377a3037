/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A detection network and what is known of it. */
#pragma once

#include <glib.h>
#include <yv8/error.h>
#include <yv8/export.h>

G_BEGIN_DECLS

/**
 * Yv8Model:
 *
 * A loaded network: graph, weights, labels, licence. Immutable and reference-counted: any number of
 * threads and detectors may share one.
 */
typedef struct _Yv8Model Yv8Model;

/**
 * yv8_model_load:
 * @path: a model file as of yv8_model_save(), or an Ultralytics ONNX export of YOLOv8 detect; which
 *   of them is seen from its content
 *
 * Reads and checks the whole file. Blocks; may be called from any thread.
 *
 * Returns: (transfer full): the model; %NULL with @error set (NOT_FOUND, READ, FORMAT, UNSUPPORTED)
 */
YV8_API Yv8Model *yv8_model_load (const char *path, GError **error);

/**
 * yv8_model_save:
 * @path: replaced if it exists; the customary suffix is .bin
 *
 * Writes the model file that docs/format.md specifies: a safetensors file that holds graph, weights
 * and metadata. The same model gives the same bytes. They are written to a temporary file beside
 * @path ("@path.XXXXXX"), synced and renamed, so that @path never is anything but a whole file. The
 * folder must be writable. Blocks; may be called from any thread.
 *
 * Returns: %FALSE with @error set (READ when it cannot be written, MEMORY)
 */
YV8_API gboolean yv8_model_save (const Yv8Model *model, const char *path, GError **error);

YV8_API Yv8Model *yv8_model_ref (Yv8Model *model);
YV8_API void yv8_model_unref (Yv8Model *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Model, yv8_model_unref)

/**
 * yv8_model_n_classes:
 *
 * Returns: number of object classes, at least 1
 */
YV8_API guint yv8_model_n_classes (const Yv8Model *model);

/**
 * yv8_model_label:
 *
 * Returns: (transfer none): the name of class @class_id; "class N" where the file names none
 */
YV8_API const char *yv8_model_label (const Yv8Model *model, guint class_id);

/**
 * yv8_model_input_size:
 * @width: (out): pixels, a multiple of 32
 * @height: (out): pixels, a multiple of 32
 *
 * The input size that the model was made for. Any other multiple of 32 can be asked of a detector.
 */
YV8_API void yv8_model_input_size (const Yv8Model *model, guint *width, guint *height);

/**
 * yv8_model_metadata:
 * @key: "license", "author", "description", "names", "stride", "imgsz" ...
 *
 * Returns: (transfer none) (nullable): the value that the file carries for @key
 */
YV8_API const char *yv8_model_metadata (const Yv8Model *model, const char *key);

/**
 * yv8_model_sha256:
 *
 * Returns: (transfer none): SHA-256 of the file, 64 hexadecimal digits
 */
YV8_API const char *yv8_model_sha256 (const Yv8Model *model);

/**
 * yv8_model_inspect:
 * @width: input width in pixels to state shapes and MACs for; 0 for the model's own
 * @height: likewise
 * @json: one JSON object instead of a table
 *
 * Describes the model layer by layer: type, output shape, parameters, multiply-accumulates (all,
 * and "live" ones, without those of blocks of weights that are 0 and that int8 kernels leave out),
 * and of an int8 model the precision, scale, zero point and range of what is written; totals; the
 * file's size; labels; licence and all other metadata. The text is stable: the same file gives the
 * same bytes.
 *
 * Returns: (transfer full): the text; %NULL with @error set (ARGUMENT) on a bad size
 */
YV8_API char *yv8_model_inspect (
    const Yv8Model *model, guint width, guint height, gboolean json, GError **error);

G_END_DECLS

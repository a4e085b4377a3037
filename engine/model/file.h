/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The model file: a network in a safetensors file. docs/format.md specifies it to the byte. */
#pragma once

#include "model/network.h"

G_BEGIN_DECLS

/* Of the file: the first, unless weights are encoded. */
#define YV8_FILE_VERSION         "1"
#define YV8_FILE_VERSION_ENCODED "2"

/* What bounds the memory that a small hostile file can ask for. */
#define YV8_FILE_MAX_OPS      4096
#define YV8_FILE_MAX_CHANNELS (1u << 20) /* of all buffers together */

/* Bytes of an op's name; a tensor's is a little longer. */
#define YV8_FILE_MAX_NAME 512

/**
 * yv8_file_detect: Returns: whether @bytes begin as a safetensors file does and no ONNX file can
 */
gboolean yv8_file_detect (const guint8 *bytes, gsize size);

/**
 * yv8_file_read:
 * @bytes: a whole file; hostile until proven good. May be of any alignment
 *
 * Everything that docs/format.md demands is checked. No more memory is asked for than a small
 * multiple of @size: a stored byte gives 16 weights at most.
 *
 * Returns: (transfer full): %NULL with @error set: FORMAT (broken, or a safetensors file of another
 *   kind), UNSUPPORTED (a later version, or shapes that do not fit together), MEMORY
 */
Yv8Network *yv8_file_read (const guint8 *bytes, gsize size, GError **error);

/**
 * yv8_file_write:
 *
 * Returns: (transfer full): the file's bytes, which depend on nothing but @network; %NULL with
 * @error set: as yv8_network_check(), ARGUMENT (metadata that is not UTF-8 or too large), MEMORY
 */
GBytes *yv8_file_write (const Yv8Network *network, GError **error);

G_END_DECLS

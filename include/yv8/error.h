/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What can go wrong, as one GError domain. */
#pragma once

#include <glib.h>
#include <yv8/export.h>

G_BEGIN_DECLS

#define YV8_ERROR (yv8_error_quark ())

/**
 * Yv8Error:
 * @YV8_ERROR_NOT_FOUND: a file or a device that is not there
 * @YV8_ERROR_READ: a file that is there but cannot be read or written
 * @YV8_ERROR_FORMAT: bytes that are not what they claim to be: truncated, out of range, malformed
 * @YV8_ERROR_UNSUPPORTED: well-formed, but an operator, pattern, type or size that the engine does
 *   not know. Never answered by a wrong result
 * @YV8_ERROR_ARGUMENT: the caller's own option is out of its range
 * @YV8_ERROR_DEVICE: the device or its driver failed or was lost
 * @YV8_ERROR_MEMORY: not enough memory on the host or the device
 * @YV8_ERROR_ACCURACY: a compressed model that lost more than was allowed
 *
 * Every message says what and where: file, node, operator, tensor, device.
 */
typedef enum {
  YV8_ERROR_NOT_FOUND,
  YV8_ERROR_READ,
  YV8_ERROR_FORMAT,
  YV8_ERROR_UNSUPPORTED,
  YV8_ERROR_ARGUMENT,
  YV8_ERROR_DEVICE,
  YV8_ERROR_MEMORY,
  YV8_ERROR_ACCURACY,
} Yv8Error;

YV8_API GQuark yv8_error_quark (void);

G_END_DECLS

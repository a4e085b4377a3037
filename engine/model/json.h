/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A strict reader of JSON (RFC 8259) for texts whose structure is known beforehand.
 *
 * It walks the text once and builds no tree: the caller asks for what must come next, and anything
 * else is an error. So there is no recursion, unknown and repeated fields are found, and a hostile
 * text costs no more memory than its own strings. The first error sticks: from then on every call
 * returns nothing, and yv8_json_finish() reports it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Of keys and names, which stand in messages. */
#define YV8_JSON_MAX_NAME 1024

/**
 * Yv8Json:
 * @what: (transfer none): the text, in messages: "header"
 */
typedef struct {
  const char *what;
  const char *text;
  gsize size, at;
  gboolean fresh; /* the innermost object or array has had no element yet */
  GError *error;
} Yv8Json;

/**
 * yv8_json_init:
 * @text: must outlive the reader; need not be terminated
 */
void yv8_json_init (Yv8Json *json, const char *what, const char *text, gsize size);

/**
 * yv8_json_fail: sets the error (FORMAT), unless there is one
 */
void yv8_json_fail (Yv8Json *json, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * yv8_json_begin: @bracket: '{' or '['
 */
void yv8_json_begin (Yv8Json *json, char bracket);

/**
 * yv8_json_more:
 * @bracket: '}' or ']', as the object or array was begun
 *
 * Returns: %TRUE if another element follows; %FALSE at the end, which is consumed
 */
gboolean yv8_json_more (Yv8Json *json, char bracket);

/**
 * yv8_json_key: Returns: (transfer full) (nullable): the key of an object's next element, at most
 * YV8_JSON_MAX_NAME bytes
 */
char *yv8_json_key (Yv8Json *json);

/**
 * yv8_json_field:
 * @names: (array zero-terminated=1): the fields that the object may have, at most 32
 * @seen: (inout): bits of the fields that it has had; 0 at first
 *
 * yv8_json_more() and yv8_json_key() in one.
 *
 * Returns: the index of the next field; -1 at the end of the object
 */
int yv8_json_field (Yv8Json *json, const char *const *names, guint32 *seen);

/**
 * yv8_json_string: Returns: (transfer full) (nullable): UTF-8 without NUL, at most @max bytes
 */
char *yv8_json_string (Yv8Json *json, gsize max);

/**
 * yv8_json_name: Returns: the index in @names of the string that follows; 0, with an error, if it
 * is none of them
 */
guint yv8_json_name (Yv8Json *json, const char *const *names);

/**
 * yv8_json_integer: Returns: a number without fraction and exponent, @min to @max
 */
gint64 yv8_json_integer (Yv8Json *json, gint64 min, gint64 max);

/**
 * yv8_json_float: Returns: the binary32 that is nearest to the decimal number; finite
 */
float yv8_json_float (Yv8Json *json);

/**
 * yv8_json_finish: Returns: %TRUE if there was no error and only blanks are left
 */
gboolean yv8_json_finish (Yv8Json *json, GError **error);

/**
 * yv8_json_append_string: appends @string, quoted; only what must be escaped is
 */
void yv8_json_append_string (GString *text, const char *string);

/**
 * yv8_json_append_float: appends nine significant digits, which read back to the same binary32
 */
void yv8_json_append_float (GString *text, float value);

G_END_DECLS

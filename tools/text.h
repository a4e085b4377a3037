/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Output of the commands: JSON with a stated number of decimals, and tables with aligned columns.
 * Both print the same bytes in every locale. */
#pragma once

#include <yv8/detector.h>

G_BEGIN_DECLS

/**
 * Yv8Json:
 *
 * Writes JSON into a string. Every function takes the key of the member that it adds, %NULL in an
 * array or at the top.
 */
typedef struct _Yv8Json Yv8Json;

Yv8Json *yv8_json_new (void);
void yv8_json_free (Yv8Json *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Json, yv8_json_free)

void yv8_json_object (Yv8Json *json, const char *key);
void yv8_json_array (Yv8Json *json, const char *key);

/**
 * yv8_json_end:
 *
 * Ends the innermost object or array.
 */
void yv8_json_end (Yv8Json *json);

/**
 * yv8_json_string:
 * @value: (nullable): UTF-8; %NULL becomes null
 */
void yv8_json_string (Yv8Json *json, const char *key, const char *value);
void yv8_json_integer (Yv8Json *json, const char *key, guint64 value);
void yv8_json_boolean (Yv8Json *json, const char *key, gboolean value);

/**
 * yv8_json_number:
 * @value: what is not finite becomes null
 * @decimals: digits after the point
 */
void yv8_json_number (Yv8Json *json, const char *key, double value, guint decimals);

/**
 * yv8_json_box:
 *
 * Adds the box of @detection as COCO has it: [x, y, width, height] in pixels, two decimals.
 */
void yv8_json_box (Yv8Json *json, const char *key, const Yv8Detection *detection);

/**
 * yv8_json_newline:
 *
 * Breaks the line before the next member.
 */
void yv8_json_newline (Yv8Json *json);

/**
 * yv8_json_take:
 *
 * Returns: (transfer full): the text so far; @json begins anew
 */
char *yv8_json_take (Yv8Json *json);

/**
 * yv8_json_print:
 *
 * Prints the text so far to stdout as a line; @json begins anew.
 */
void yv8_json_print (Yv8Json *json);

typedef struct _Yv8Table Yv8Table;

/**
 * yv8_table_new:
 * @titles: (array zero-terminated=1): of the columns; one that begins with '<' is aligned left
 */
Yv8Table *yv8_table_new (const char *const *titles);
void yv8_table_free (Yv8Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Table, yv8_table_free)

/**
 * yv8_table_add:
 *
 * Adds a cell, row by row.
 */
void yv8_table_add (Yv8Table *table, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * yv8_table_print:
 *
 * Prints the table to stdout.
 */
void yv8_table_print (const Yv8Table *table);

G_END_DECLS

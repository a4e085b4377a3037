/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Output of the commands: JSON and tables. */
#include "text.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>

struct _Yv8Json {
  GString *text;
  GString *closers; /* of what is open, innermost last */
  gboolean first;   /* nothing yet in the innermost */
  gboolean newline;
};

Yv8Json *
yv8_json_new (void)
{
  Yv8Json *json = g_new0 (Yv8Json, 1);

  json->text = g_string_new (NULL);
  json->closers = g_string_new (NULL);
  json->first = TRUE;
  return json;
}

void
yv8_json_free (Yv8Json *json)
{
  g_string_free (json->text, TRUE);
  g_string_free (json->closers, TRUE);
  g_free (json);
}

static char *
quote (const char *value)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), value);

  return json_to_string (node, FALSE);
}

static void
begin (Yv8Json *json, const char *key)
{
  if (!json->first)
    g_string_append (json->text, json->newline ? "," : ", ");
  if (json->newline)
    g_string_append_c (json->text, '\n');
  json->first = json->newline = FALSE;
  if (key)
    g_string_append_printf (json->text, "\"%s\": ", key);
}

static void
open (Yv8Json *json, const char *key, char opener, char closer)
{
  begin (json, key);
  g_string_append_c (json->text, opener);
  g_string_append_c (json->closers, closer);
  json->first = TRUE;
}

void
yv8_json_object (Yv8Json *json, const char *key)
{
  open (json, key, '{', '}');
}

void
yv8_json_array (Yv8Json *json, const char *key)
{
  open (json, key, '[', ']');
}

void
yv8_json_end (Yv8Json *json)
{
  g_return_if_fail (json->closers->len > 0);
  if (json->newline)
    g_string_append_c (json->text, '\n');
  g_string_append_c (json->text, json->closers->str[json->closers->len - 1]);
  g_string_truncate (json->closers, json->closers->len - 1);
  json->first = json->newline = FALSE;
}

void
yv8_json_string (Yv8Json *json, const char *key, const char *value)
{
  g_autofree char *text = value ? quote (value) : g_strdup ("null");

  begin (json, key);
  g_string_append (json->text, text);
}

void
yv8_json_integer (Yv8Json *json, const char *key, guint64 value)
{
  begin (json, key);
  g_string_append_printf (json->text, "%" G_GUINT64_FORMAT, value);
}

void
yv8_json_boolean (Yv8Json *json, const char *key, gboolean value)
{
  begin (json, key);
  g_string_append (json->text, value ? "true" : "false");
}

void
yv8_json_number (Yv8Json *json, const char *key, double value, guint decimals)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE + 320], format[16];

  begin (json, key);
  g_snprintf (format, sizeof format, "%%.%uf", decimals);
  g_string_append (
      json->text, isfinite (value) ? g_ascii_formatd (text, sizeof text, format, value) : "null");
}

void
yv8_json_box (Yv8Json *json, const char *key, const Yv8Detection *detection)
{
  const float box[] = { detection->x, detection->y, detection->width, detection->height };

  yv8_json_array (json, key);
  for (gsize i = 0; i < G_N_ELEMENTS (box); i++)
    yv8_json_number (json, NULL, (double) box[i], 2);
  yv8_json_end (json);
}

void
yv8_json_newline (Yv8Json *json)
{
  json->newline = TRUE;
}

char *
yv8_json_take (Yv8Json *json)
{
  char *text = g_string_free (json->text, FALSE);

  json->text = g_string_new (NULL);
  json->first = TRUE;
  return text;
}

void
yv8_json_print (Yv8Json *json)
{
  g_autofree char *text = yv8_json_take (json);

  puts (text);
  fflush (stdout); /* who reads a live stream waits for each line */
}

struct _Yv8Table {
  guint n_columns;
  GPtrArray *cells; /* the titles first */
};

Yv8Table *
yv8_table_new (const char *const *titles)
{
  Yv8Table *table = g_new0 (Yv8Table, 1);

  table->cells = g_ptr_array_new_with_free_func (g_free);
  for (; titles[table->n_columns]; table->n_columns++)
    g_ptr_array_add (table->cells, g_strdup (titles[table->n_columns]));
  return table;
}

void
yv8_table_free (Yv8Table *table)
{
  g_ptr_array_unref (table->cells);
  g_free (table);
}

void
yv8_table_add (Yv8Table *table, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (table->cells, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

static const char *
cell_text (const Yv8Table *table, guint index)
{
  const char *text = table->cells->pdata[index];

  return index < table->n_columns && text[0] == '<' ? text + 1 : text;
}

static int
column_width (const Yv8Table *table, guint column)
{
  glong width = 0;

  for (guint i = column; i < table->cells->len; i += table->n_columns)
    width = MAX (width, g_utf8_strlen (cell_text (table, i), -1));
  return (int) width;
}

void
yv8_table_print (const Yv8Table *table)
{
  g_autofree int *widths = g_new (int, table->n_columns);
  g_autoptr (GString) line = g_string_new (NULL);

  for (guint column = 0; column < table->n_columns; column++)
    widths[column] = column_width (table, column);
  for (guint i = 0; i < table->cells->len; i++) {
    guint column = i % table->n_columns;
    const char *text = cell_text (table, i), *title = table->cells->pdata[column];
    int fill = widths[column] - (int) g_utf8_strlen (text, -1);
    if (title[0] == '<')
      g_string_append_printf (line, "  %s%*s", text, fill, "");
    else
      g_string_append_printf (line, "  %*s%s", fill, "", text);
    if (column + 1 < table->n_columns)
      continue;
    g_print ("%s\n", g_strchomp (line->str));
    g_string_truncate (line, 0);
  }
}

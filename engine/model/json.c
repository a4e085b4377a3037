/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON, read without a tree. */
#include "model/json.h"

#include <math.h>
#include <string.h>

#include <yv8/error.h>

#define MAX_NUMBER 32

void
yv8_json_init (Yv8Json *json, const char *what, const char *text, gsize size)
{
  const char *end;

  *json = (Yv8Json){ .what = what, .text = text, .size = size };
  if (!g_utf8_validate_len (text, size, &end)) {
    json->at = (gsize) (end - text);
    yv8_json_fail (json, "is not UTF-8");
  }
}

void
yv8_json_fail (Yv8Json *json, const char *format, ...)
{
  va_list args;

  if (json->error)
    return;
  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (&json->error, YV8_ERROR, YV8_ERROR_FORMAT, "%s, byte %" G_GSIZE_FORMAT ": %s",
      json->what, json->at, reason);
}

/* The next character that is no blank; 0 at the end and after an error. */
static char
peek (Yv8Json *json)
{
  if (json->error)
    return 0;
  while (json->at < json->size && strchr (" \t\n\r", json->text[json->at]))
    json->at++;
  return json->at < json->size ? json->text[json->at] : 0;
}

static gboolean
expect (Yv8Json *json, char c)
{
  if (peek (json) != c) {
    yv8_json_fail (json, "'%c' expected", c);
    return FALSE;
  }
  json->at++;
  return TRUE;
}

void
yv8_json_begin (Yv8Json *json, char bracket)
{
  json->fresh = expect (json, bracket);
}

gboolean
yv8_json_more (Yv8Json *json, char bracket)
{
  gboolean fresh = json->fresh;

  json->fresh = FALSE;
  if (peek (json) == bracket) {
    json->at++;
    return FALSE;
  }
  if (!fresh)
    expect (json, ',');
  return !json->error;
}

/* Four hexadecimal digits; -1 where there are none. */
static gint32
read_hex (Yv8Json *json)
{
  gint32 value = 0;

  if (json->size - json->at < 4)
    return -1;
  for (guint i = 0; i < 4; i++) {
    gint digit = g_ascii_xdigit_value (json->text[json->at + i]);
    if (digit < 0)
      return -1;
    value = value << 4 | digit;
  }
  json->at += 4;
  return value;
}

/* What follows "\u": one code unit of UTF-16, or a pair of them. */
static void
read_unicode (Yv8Json *json, GString *string)
{
  gint32 unit = read_hex (json);

  if (unit >= 0xd800 && unit < 0xdc00 && json->size - json->at >= 2 &&
      memcmp (json->text + json->at, "\\u", 2) == 0) {
    json->at += 2;
    gint32 low = read_hex (json);
    unit = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : -1;
  }
  if (unit <= 0 || !g_unichar_validate ((gunichar) unit))
    yv8_json_fail (json, "an escape that stands for no character");
  else
    g_string_append_unichar (string, (gunichar) unit);
}

static void
read_escape (Yv8Json *json, GString *string)
{
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  char c = json->at < json->size ? json->text[json->at] : 0;
  const char *name = c ? strchr (names, c) : NULL;

  if (name)
    g_string_append_c (string, values[name - names]);
  else if (c != 'u')
    yv8_json_fail (json, "unknown escape");
  json->at++;
  if (c == 'u')
    read_unicode (json, string);
}

char *
yv8_json_string (Yv8Json *json, gsize max)
{
  g_autoptr (GString) string = g_string_new (NULL);

  expect (json, '"');
  while (!json->error) {
    const char *run = json->text + json->at;
    gsize n = 0, left = json->size - json->at;
    while (n < left && run[n] != '"' && run[n] != '\\' && (guint8) run[n] >= ' ')
      n++;
    g_string_append_len (string, run, (gssize) n);
    json->at += n;
    if (string->len > max)
      yv8_json_fail (json, "a string of more than %" G_GSIZE_FORMAT " bytes", max);
    if (n == left || (guint8) run[n] < ' ') {
      yv8_json_fail (json, "a string that does not end, or a control character in it");
      break;
    }
    json->at++;
    if (run[n] == '"')
      return g_string_free (g_steal_pointer (&string), FALSE);
    read_escape (json, string);
  }
  return NULL;
}

char *
yv8_json_key (Yv8Json *json)
{
  g_autofree char *key = yv8_json_string (json, YV8_JSON_MAX_NAME);

  return key && expect (json, ':') ? g_steal_pointer (&key) : NULL;
}

static int
find (Yv8Json *json, const char *const *names, const char *name)
{
  for (int i = 0; name && names[i]; i++)
    if (g_str_equal (names[i], name))
      return i;
  yv8_json_fail (json, "unknown name '%s'", name ? name : "");
  return -1;
}

int
yv8_json_field (Yv8Json *json, const char *const *names, guint32 *seen)
{
  if (!yv8_json_more (json, '}'))
    return -1;
  g_autofree char *key = yv8_json_key (json);
  int field = find (json, names, key);
  if (field >= 0 && *seen & 1u << field)
    yv8_json_fail (json, "field '%s' a second time", key);
  if (json->error)
    return -1;
  *seen |= 1u << field;
  return field;
}

guint
yv8_json_name (Yv8Json *json, const char *const *names)
{
  g_autofree char *name = yv8_json_string (json, YV8_JSON_MAX_NAME);
  int index = find (json, names, name);

  return index < 0 ? 0 : (guint) index;
}

static const char *
skip_digits (const char *p)
{
  while (g_ascii_isdigit (*p))
    p++;
  return p;
}

/* Copies what may be part of a number to @number; returns where its integer part ends, if it is a
 * number by the grammar. */
static const char *
read_number (Yv8Json *json, char number[MAX_NUMBER])
{
  gsize n = 0;

  peek (json);
  for (; !json->error && n < MAX_NUMBER - 1 && json->at + n < json->size; n++) {
    char c = json->text[json->at + n];
    if (!c || !strchr ("+-.eE0123456789", c))
      break;
    number[n] = c;
  }
  number[n] = '\0';

  const char *digits = number[0] == '-' ? number + 1 : number;
  const char *whole = skip_digits (digits), *end = whole;
  gboolean good = whole > digits && (*digits != '0' || whole == digits + 1);
  if (*end == '.') {
    end = skip_digits (end + 1);
    good = good && end > whole + 1;
  }
  if (*end == 'e' || *end == 'E') {
    const char *exponent = end[1] == '+' || end[1] == '-' ? end + 2 : end + 1;
    end = skip_digits (exponent);
    good = good && end > exponent;
  }
  if (!good || *end || n == MAX_NUMBER - 1) {
    yv8_json_fail (json, "number expected");
    return NULL;
  }
  json->at += n;
  return whole;
}

gint64
yv8_json_integer (Yv8Json *json, gint64 min, gint64 max)
{
  char number[MAX_NUMBER];
  const char *end = read_number (json, number);
  gint64 value;

  if (!end)
    return 0;
  if (*end || !g_ascii_string_to_signed (number, 10, min, max, &value, NULL)) {
    yv8_json_fail (
        json, "%s is no integer from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, number, min, max);
    return 0;
  }
  return value;
}

float
yv8_json_float (Yv8Json *json)
{
  char number[MAX_NUMBER];

  if (!read_number (json, number))
    return 0;
  float value = (float) g_ascii_strtod (number, NULL);
  if (!isfinite (value))
    yv8_json_fail (json, "%s is out of range", number);
  return value;
}

gboolean
yv8_json_finish (Yv8Json *json, GError **error)
{
  if (peek (json) || (!json->error && json->at < json->size))
    yv8_json_fail (json, "something after the end");
  if (json->error)
    g_propagate_error (error, g_steal_pointer (&json->error));
  else
    return TRUE;
  return FALSE;
}

void
yv8_json_append_string (GString *text, const char *string)
{
  g_string_append_c (text, '"');
  for (; *string; string++) {
    if (*string == '"' || *string == '\\')
      g_string_append_c (text, '\\');
    if ((guint8) *string < ' ')
      g_string_append_printf (text, "\\u%04x", (guint) *string);
    else
      g_string_append_c (text, *string);
  }
  g_string_append_c (text, '"');
}

void
yv8_json_append_float (GString *text, float value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, g_ascii_formatd (number, sizeof number, "%.9g", (double) value));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A reader and a writer for the dictionary of labels that str() of a Python dict gives. */
#include "api/labels.h"

#define MAX_LABEL 256

/* Reads a quoted string with backslash escapes; @p stands on the quote. Returns the rest. */
static const char *
read_string (const char *p, GString *string)
{
  char quote = *p++;

  for (; *p && *p != quote; p++) {
    if (*p == '\\' && p[1])
      p++;
    if (string->len < MAX_LABEL)
      g_string_append_c (string, g_ascii_iscntrl (*p) ? ' ' : *p);
  }
  return *p ? p + 1 : p;
}

static void
set_label (char **labels, guint n_classes, guint64 class_id, const GString *string)
{
  if (class_id >= n_classes || labels[class_id] || string->len == 0)
    return;
  labels[class_id] = g_utf8_make_valid (string->str, string->len);
}

static void
read_labels (const char *p, char **labels, guint n_classes)
{
  g_autoptr (GString) string = g_string_new (NULL);
  gboolean list = *p == '[';
  guint64 class_id = 0;

  while (*p) {
    if (g_ascii_isdigit (*p) && !list) {
      char *end;
      class_id = g_ascii_strtoull (p, &end, 10);
      p = end;
    } else if (*p == '\'' || *p == '"') {
      g_string_truncate (string, 0);
      p = read_string (p, string);
      /* JSON quotes its keys too. */
      const char *next = p;
      while (g_ascii_isspace (*next))
        next++;
      if (!list && *next == ':') {
        class_id = g_ascii_strtoull (string->str, NULL, 10);
      } else {
        set_label (labels, n_classes, class_id, string);
        class_id++;
      }
    } else {
      p++;
    }
  }
}

char **
yv8_labels_parse (const char *names, guint n_classes)
{
  char **labels = g_new0 (char *, n_classes + 1);

  if (names) {
    while (g_ascii_isspace (*names))
      names++;
    read_labels (names, labels, n_classes);
  }
  for (guint i = 0; i < n_classes; i++)
    if (!labels[i])
      labels[i] = g_strdup_printf ("class %u", i);
  return labels;
}

static gboolean
has_class (const guint *classes, guint n, guint class_id)
{
  for (guint i = 0; i < n; i++)
    if (classes[i] == class_id)
      return TRUE;
  return FALSE;
}

static void
append_quoted (GString *text, const char *label)
{
  g_string_append_c (text, '\'');
  for (; *label; label++) {
    if (*label == '\'' || *label == '\\')
      g_string_append_c (text, '\\');
    g_string_append_c (text, *label);
  }
  g_string_append_c (text, '\'');
}

char *
yv8_labels_subset (const char *const *labels, const guint *classes, guint n)
{
  GString *text = g_string_new ("{");
  guint count = 0;

  for (guint i = 0; labels[i]; i++) {
    if (!has_class (classes, n, i))
      continue;
    g_string_append_printf (text, "%s%u: ", count ? ", " : "", count);
    append_quoted (text, labels[i]);
    count++;
  }
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

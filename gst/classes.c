/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The choice of classes that a user writes: labels and numbers, separated by commas. */
#include "classes.h"

#define N_LABELS_TOLD 10 /* in the error about an unknown class */

static gboolean
class_find (const Yv8Model *model, const char *name, guint *class_id)
{
  guint64 number;

  for (*class_id = 0; *class_id < yv8_model_n_classes (model); ++*class_id)
    if (g_ascii_strcasecmp (yv8_model_label (model, *class_id), name) == 0)
      return TRUE;
  if (!g_ascii_string_to_unsigned (name, 10, 0, yv8_model_n_classes (model) - 1, &number, NULL))
    return FALSE;
  *class_id = (guint) number;
  return TRUE;
}

static void
class_unknown (const Yv8Model *model, const char *name, GError **error)
{
  guint n = yv8_model_n_classes (model);
  g_autoptr (GString) labels = g_string_new (NULL);

  for (guint i = 0; i < MIN (n, N_LABELS_TOLD); i++)
    g_string_append_printf (labels, "%s%s", i ? ", " : "", yv8_model_label (model, i));
  if (n > N_LABELS_TOLD)
    g_string_append_printf (labels, " and %u more", n - N_LABELS_TOLD);
  g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
      "No class \"%s\"; the classes of the model are %s", name, labels->str);
}

gboolean
yv8_classes_parse (const Yv8Model *model, const char *list, guint8 **classes, GError **error)
{
  g_auto (GStrv) names = g_strsplit (list ? list : "", ",", -1);
  g_autofree guint8 *found = NULL;

  for (char **name = names; *name; name++) {
    guint class_id;

    if (!*g_strstrip (*name))
      continue;
    if (!class_find (model, *name, &class_id)) {
      class_unknown (model, *name, error);
      return FALSE;
    }
    if (!found)
      found = g_new0 (guint8, yv8_model_n_classes (model));
    found[class_id] = TRUE;
  }
  *classes = g_steal_pointer (&found);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a model's metadata say of how it was made. */
#include "api/provenance.h"

void
yv8_provenance_put (GHashTable *metadata, const char *key, char *value)
{
  g_hash_table_insert (metadata, g_strdup (key), value);
}

static void
put_double (GHashTable *metadata, const char *key, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  yv8_provenance_put (metadata, key, g_strdup (g_ascii_formatd (text, sizeof text, "%.6f", value)));
}

static char *
list_float_layers (const Yv8Scheme *scheme)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < yv8_graph_n_ops (scheme->graph); i++)
    if (scheme->keep_float[i])
      g_string_append_printf (
          names, "%s%s", names->len ? "," : "", yv8_graph_op (scheme->graph, i)->name);
  return g_string_free (names, FALSE);
}

void
yv8_provenance_put_quantization (GHashTable *metadata, Yv8Method method, const Yv8Scheme *scheme)
{
  yv8_provenance_put (metadata, "yv8.quantization", g_strdup ("int8"));
  yv8_provenance_put (metadata, "yv8.method", g_strdup (yv8_method_name (method)));
  yv8_provenance_put (metadata, "yv8.float_layers", list_float_layers (scheme));
}

void
yv8_provenance_put_agreement (GHashTable *metadata, const Yv8Agreement *agreement)
{
  yv8_provenance_put (
      metadata, "yv8.agreement_frames", g_strdup_printf ("%u", agreement->n_frames));
  yv8_provenance_put (metadata, "yv8.agreement_boxes", g_strdup_printf ("%u", agreement->n_boxes));
  if (agreement->n_boxes == 0)
    return;
  put_double (metadata, "yv8.agreement_ap", agreement->ap);
  put_double (metadata, "yv8.agreement_ap50", agreement->ap50);
  put_double (metadata, "yv8.agreement_by_box", agreement->by_box);
  put_double (metadata, "yv8.agreement_score_shift", agreement->score_shift);
}

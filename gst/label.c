/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of text as small bitmaps, rendered once by pango and kept, the last used first. */
#include <pango/pangocairo.h>

#include "label.h"

#define CACHE_BYTES (4u << 20)
#define MAX_EMS     20 /* width of a text, in sizes of the font */

typedef struct {
  char *text;
  guint size;
  Yv8Label label;
  cairo_surface_t *surface;
  GList link; /* in Yv8LabelCache.recent */
} Entry;

struct _Yv8LabelCache {
  GHashTable *entries; /* set of Entry, by text and size */
  GQueue recent;
  gsize bytes;
  PangoContext *pango;
};

static guint
entry_hash (gconstpointer key)
{
  const Entry *entry = key;

  return g_str_hash (entry->text) * 31 + entry->size;
}

static gboolean
entry_equal (gconstpointer a, gconstpointer b)
{
  const Entry *one = a, *other = b;

  return one->size == other->size && g_str_equal (one->text, other->text);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  cairo_surface_destroy (entry->surface);
  g_free (entry->text);
  g_free (entry);
}

static gsize
entry_bytes (const Entry *entry)
{
  return sizeof *entry + (gsize) entry->label.stride * (gsize) entry->label.height;
}

Yv8LabelCache *
yv8_label_cache_new (void)
{
  Yv8LabelCache *cache = g_new0 (Yv8LabelCache, 1);

  cache->entries = g_hash_table_new_full (entry_hash, entry_equal, entry_free, NULL);
  g_queue_init (&cache->recent);
  return cache;
}

void
yv8_label_cache_free (Yv8LabelCache *cache)
{
  g_hash_table_unref (cache->entries);
  g_clear_object (&cache->pango);
  g_free (cache);
}

static PangoLayout *
layout_new (Yv8LabelCache *cache, const char *text, guint size)
{
  /* An own font map, since pango's default one belongs to the thread. */
  if (!cache->pango) {
    g_autoptr (PangoFontMap) fonts = pango_cairo_font_map_new ();
    cache->pango = pango_font_map_create_context (fonts);
  }
  PangoLayout *layout = pango_layout_new (cache->pango);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  PangoFontDescription *font = pango_font_description_from_string ("Sans Bold");

  pango_font_description_set_absolute_size (font, (double) size * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_set_text (layout, valid, -1);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_width (layout, (int) size * MAX_EMS * PANGO_SCALE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  return layout;
}

static Entry *
entry_render (Yv8LabelCache *cache, const char *text, guint size)
{
  g_autoptr (PangoLayout) layout = layout_new (cache, text, size);
  gint margin = 1 + (gint) size / 5;
  PangoRectangle extents;
  Entry *entry = g_new0 (Entry, 1);
  Yv8Label *label = &entry->label;

  pango_layout_get_pixel_extents (layout, NULL, &extents);
  label->width = extents.width + 2 * margin;
  label->height = extents.height + margin;
  entry->surface = cairo_image_surface_create (CAIRO_FORMAT_A8, label->width, label->height);
  entry->text = g_strdup (text);
  entry->size = size;

  cairo_t *cairo = cairo_create (entry->surface);
  cairo_move_to (cairo, margin - extents.x, margin / 2 - extents.y);
  pango_cairo_show_layout (cairo, layout);
  gboolean done = cairo_status (cairo) == CAIRO_STATUS_SUCCESS;
  cairo_destroy (cairo);
  cairo_surface_flush (entry->surface);
  label->mask = cairo_image_surface_get_data (entry->surface);
  label->stride = cairo_image_surface_get_stride (entry->surface);
  if (!done || !label->mask) {
    entry_free (entry);
    return NULL;
  }
  return entry;
}

static void
cache_add (Yv8LabelCache *cache, Entry *entry)
{
  cache->bytes += entry_bytes (entry);
  while (cache->bytes > CACHE_BYTES && cache->recent.tail) {
    Entry *oldest = g_queue_peek_tail (&cache->recent);

    cache->bytes -= entry_bytes (oldest);
    g_queue_unlink (&cache->recent, &oldest->link);
    g_hash_table_remove (cache->entries, oldest);
  }
  entry->link.data = entry;
  g_queue_push_head_link (&cache->recent, &entry->link);
  g_hash_table_add (cache->entries, entry);
}

const Yv8Label *
yv8_label_cache_get (Yv8LabelCache *cache, const char *text, guint size)
{
  Entry key = { .text = (char *) text, .size = size };
  Entry *entry = g_hash_table_lookup (cache->entries, &key);

  if (entry) {
    g_queue_unlink (&cache->recent, &entry->link);
    g_queue_push_head_link (&cache->recent, &entry->link);
  } else {
    entry = entry_render (cache, text, size);
    if (!entry)
      return NULL;
    cache_add (cache, entry);
  }
  return &entry->label;
}

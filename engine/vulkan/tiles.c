/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The data of a file: the SHA-256 of all shaders, then records. */
#include "vulkan/tiles.h"

#include "vulkan/cache.h"
#include "vulkan/shaders.h"

#define SHA256_SIZE 32

typedef struct {
  char key[sizeof ((Yv8VulkanKernel *) NULL)->key];
  Yv8VulkanTile tile;
} Record;

G_STATIC_ASSERT (sizeof (Record) == 112 + 6 * 4);

struct _Yv8VulkanTiles {
  const Yv8VulkanDevice *device;
  char *path;
  guint8 shaders[SHA256_SIZE];
  GArray *records;
};

static void
hash_shaders (guint8 *hash)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = SHA256_SIZE;

  for (guint i = 0; i < yv8_vulkan_n_shaders; i++)
    g_checksum_update (
        checksum, (const guchar *) yv8_vulkan_shaders[i].code, (gssize) yv8_vulkan_shaders[i].size);
  g_checksum_get_digest (checksum, hash, &size);
}

static const Yv8VulkanTile *
known_tile (const Yv8VulkanTile *tile)
{
  for (guint i = 0; yv8_vulkan_tile_nth (i); i++)
    if (memcmp (yv8_vulkan_tile_nth (i), tile, sizeof *tile) == 0)
      return yv8_vulkan_tile_nth (i);
  return NULL;
}

/* What is in the file and not known here. Its checksum may be right and its records still anything.
 */
static void
merge_file (Yv8VulkanTiles *self)
{
  g_autoptr (GBytes) data =
      yv8_vulkan_cache_load (YV8_VULKAN_CACHE_TILES, self->path, &self->device->properties);
  gsize size = 0;
  const guint8 *bytes = data ? g_bytes_get_data (data, &size) : NULL;
  Record record;

  if (!data)
    return;
  if (size < SHA256_SIZE || memcmp (bytes, self->shaders, SHA256_SIZE) != 0 ||
      (size - SHA256_SIZE) % sizeof record != 0) {
    g_message ("%s is of other shaders: ignored", self->path);
    return;
  }
  for (gsize at = SHA256_SIZE; at < size; at += sizeof record) {
    memcpy (&record, bytes + at, sizeof record);
    const Yv8VulkanTile *tile = known_tile (&record.tile);
    if (tile && memchr (record.key, 0, sizeof record.key) &&
        !yv8_vulkan_tiles_find (self, record.key))
      yv8_vulkan_tiles_add (self, record.key, tile);
  }
}

Yv8VulkanTiles *
yv8_vulkan_tiles_new (const Yv8VulkanDevice *device)
{
  Yv8VulkanTiles *self = g_new0 (Yv8VulkanTiles, 1);

  self->device = device;
  self->path = yv8_vulkan_cache_path (YV8_VULKAN_CACHE_TILES, &device->properties);
  self->records = g_array_new (FALSE, FALSE, sizeof (Record));
  hash_shaders (self->shaders);
  merge_file (self);
  return self;
}

void
yv8_vulkan_tiles_free (Yv8VulkanTiles *self)
{
  if (!self)
    return;
  g_array_unref (self->records);
  g_free (self->path);
  g_free (self);
}

const Yv8VulkanTile *
yv8_vulkan_tiles_find (const Yv8VulkanTiles *self, const char *key)
{
  for (guint i = 0; i < self->records->len; i++) {
    const Record *record = &g_array_index (self->records, Record, i);
    if (strcmp (record->key, key) == 0)
      return known_tile (&record->tile);
  }
  return NULL;
}

void
yv8_vulkan_tiles_add (Yv8VulkanTiles *self, const char *key, const Yv8VulkanTile *tile)
{
  Record record = { .tile = *tile };

  g_strlcpy (record.key, key, sizeof record.key);
  g_array_append_val (self->records, record);
}

void
yv8_vulkan_tiles_save (Yv8VulkanTiles *self)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  if (!self->path)
    return;
  merge_file (self);
  g_byte_array_append (data, self->shaders, SHA256_SIZE);
  g_byte_array_append (
      data, (const guint8 *) self->records->data, self->records->len * (guint) sizeof (Record));
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (g_steal_pointer (&data));
  if (!yv8_vulkan_cache_save (
          YV8_VULKAN_CACHE_TILES, self->path, &self->device->properties, bytes, &error))
    g_message ("tiles are not kept: %s", error->message);
}

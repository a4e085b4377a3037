/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Layout of a file, and the checks. */
#include "vulkan/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION  1
#define MAX_SIZE ((gsize) 64 << 20)

static const struct {
  char magic[8];
  const char *suffix;
  GLogLevelFlags
      level; /* of a message that a file is not good: pipelines come back by themselves */
} KINDS[] = {
  [YV8_VULKAN_CACHE_PIPELINES] = { "YV8VKPC", "cache", G_LOG_LEVEL_DEBUG },
  [YV8_VULKAN_CACHE_TILES] = { "YV8VKTL", "tiles", G_LOG_LEVEL_MESSAGE },
};

/* Host byte order: a file is of one machine. */
typedef struct {
  char magic[8];
  guint32 version;
  guint32 vendor, device, driver;
  guint8 uuid[VK_UUID_SIZE];
  guint64 size;
  guint8 sha256[32];
} Header;

G_STATIC_ASSERT (sizeof (Header) == 80);

static void
header_init (Header *self, Yv8VulkanCache cache, const VkPhysicalDeviceProperties *device,
    gconstpointer data, gsize size)
{
  gsize length = sizeof self->sha256;

  memset (self, 0, sizeof *self);
  memcpy (self->magic, KINDS[cache].magic, sizeof self->magic);
  self->version = VERSION;
  self->vendor = device->vendorID;
  self->device = device->deviceID;
  self->driver = device->driverVersion;
  memcpy (self->uuid, device->pipelineCacheUUID, VK_UUID_SIZE);
  self->size = size;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (checksum, data, (gssize) size);
  g_checksum_get_digest (checksum, self->sha256, &length);
}

char *
yv8_vulkan_cache_path (Yv8VulkanCache cache, const VkPhysicalDeviceProperties *device)
{
  const char *dir = g_getenv ("YV8_CACHE_DIR");

  if (dir && !*dir)
    return NULL;
  g_autofree char *name = g_strdup_printf (
      "vulkan-%04x-%04x.%s", device->vendorID, device->deviceID, KINDS[cache].suffix);
  return dir ? g_build_filename (dir, name, NULL)
             : g_build_filename (g_get_user_cache_dir (), "gst-yolov8", name, NULL);
}

/* Returns: (nullable): the file's bytes, if it is a regular file of a sane size. */
static GBytes *
read_file (const char *path)
{
  gint fd = g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
  struct stat status;

  if (fd < 0)
    return NULL;
  gboolean sane = fstat (fd, &status) == 0 && S_ISREG (status.st_mode) &&
                  status.st_size >= (goffset) sizeof (Header) && (gsize) status.st_size <= MAX_SIZE;
  gsize size = sane ? (gsize) status.st_size : 0;
  g_autofree guint8 *bytes = sane ? g_try_malloc (size) : NULL;
  gsize done = 0;
  gssize n = 1;
  while (bytes && done < size && n > 0) {
    n = read (fd, bytes + done, size - done);
    done += n > 0 ? (gsize) n : 0;
  }
  g_close (fd, NULL);
  return bytes && done == size ? g_bytes_new_take (g_steal_pointer (&bytes), size) : NULL;
}

GBytes *
yv8_vulkan_cache_load (
    Yv8VulkanCache cache, const char *path, const VkPhysicalDeviceProperties *device)
{
  g_autoptr (GBytes) file = path ? read_file (path) : NULL;
  gsize size;
  Header expected;

  if (!file) {
    if (path && g_file_test (path, G_FILE_TEST_EXISTS))
      g_log (G_LOG_DOMAIN, KINDS[cache].level, "%s is no file of ours: ignored", path);
    return NULL;
  }
  const guint8 *bytes = g_bytes_get_data (file, &size);
  size -= sizeof expected;
  header_init (&expected, cache, device, bytes + sizeof expected, size);
  if (memcmp (bytes, &expected, sizeof expected) != 0) {
    g_log (G_LOG_DOMAIN, KINDS[cache].level,
        "%s is damaged, or of another device or driver: ignored", path);
    return NULL;
  }
  return g_bytes_new_from_bytes (file, sizeof expected, size);
}

gboolean
yv8_vulkan_cache_save (Yv8VulkanCache cache, const char *path,
    const VkPhysicalDeviceProperties *device, GBytes *data, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);
  g_autoptr (GByteArray) file = g_byte_array_new ();
  gsize size;
  gconstpointer bytes = g_bytes_get_data (data, &size);
  Header header;

  if (size > MAX_SIZE - sizeof header)
    return TRUE;
  if (g_mkdir_with_parents (dir, 0700) != 0) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_READ, "%s: %s", dir, g_strerror (errno));
    return FALSE;
  }
  header_init (&header, cache, device, bytes, size);
  g_byte_array_append (file, (const guint8 *) &header, sizeof header);
  g_byte_array_append (file, bytes, (guint) size);
  return g_file_set_contents_full (
      path, (const char *) file->data, file->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Intermediate results on disk. */
#include "compress/checkpoint.h"

#include <glib/gstdio.h>
#include <string.h>

#define SUFFIX   ".checkpoint"
#define MAGIC    "yv8 checkpoint"
#define MAX_SIZE ((gint64) 1 << 31)
#define MAX_HEAD 256

struct _Yv8Checkpoint {
  char *folder;        /* NULL: in memory */
  GHashTable *results; /* (element-type utf8 GBytes) */
};

Yv8Checkpoint *
yv8_checkpoint_new (const char *folder, GError **error)
{
  g_autoptr (Yv8Checkpoint) self = g_new0 (Yv8Checkpoint, 1);

  self->folder = g_strdup (folder);
  self->results =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  if (folder && g_mkdir_with_parents (folder, 0777) != 0) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_READ, "the folder '%s' cannot be made", folder);
    return NULL;
  }
  return g_steal_pointer (&self);
}

void
yv8_checkpoint_free (Yv8Checkpoint *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->results);
  g_free (self->folder);
  g_free (self);
}

gboolean
yv8_checkpoint_on_disk (const Yv8Checkpoint *self)
{
  return self->folder != NULL;
}

char *
yv8_checkpoint_key (const char *first, ...)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  va_list arguments;

  va_start (arguments, first);
  for (const char *text = first; text; text = va_arg (arguments, const char *))
    g_checksum_update (checksum, (const guchar *) text, (gssize) strlen (text) + 1);
  va_end (arguments);
  return g_strdup (g_checksum_get_string (checksum));
}

static char *
path_of (const Yv8Checkpoint *self, const char *key)
{
  return g_strdup_printf ("%s/%s" SUFFIX, self->folder, key);
}

/* The line at the beginning of the file. */
static char *
make_head (const char *key, const guint8 *bytes, gsize size)
{
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, size);

  return g_strdup_printf (MAGIC " %s %s\n", key, sum);
}

static GBytes *
read_result (const char *path, const char *key)
{
  g_autofree char *contents = NULL;
  GStatBuf status;
  gsize size;

  if (g_stat (path, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size > MAX_SIZE ||
      !g_file_get_contents (path, &contents, &size, NULL))
    return NULL;
  const char *end = memchr (contents, '\n', MIN (size, MAX_HEAD));
  if (!end)
    return NULL;
  gsize length = (gsize) (end - contents) + 1;
  g_autofree char *head = make_head (key, (const guint8 *) contents + length, size - length);
  if (strlen (head) != length || memcmp (head, contents, length) != 0)
    return NULL;
  return g_bytes_new (contents + length, size - length);
}

GBytes *
yv8_checkpoint_load (const Yv8Checkpoint *self, const char *key)
{
  GBytes *bytes = g_hash_table_lookup (self->results, key);

  if (bytes)
    return g_bytes_ref (bytes);
  g_autofree char *path = self->folder ? path_of (self, key) : NULL;
  if (!path || !g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;
  bytes = read_result (path, key);
  if (!bytes)
    g_message ("'%s' is not what was saved; it is made again", path);
  return bytes;
}

void
yv8_checkpoint_save (Yv8Checkpoint *self, const char *key, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (!self->folder) {
    g_hash_table_insert (self->results, g_strdup (key), g_bytes_ref (bytes));
    return;
  }
  if (size > MAX_SIZE / 2)
    return;
  g_autofree char *path = path_of (self, key), *head = make_head (key, data, size);
  g_autoptr (GByteArray) file = g_byte_array_sized_new ((guint) (strlen (head) + size));
  g_byte_array_append (file, (const guint8 *) head, (guint) strlen (head));
  g_byte_array_append (file, data, (guint) size);
  if (!g_file_set_contents_full (path, (const char *) file->data, (gssize) file->len,
          G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666, &error))
    g_message ("no checkpoint: %s", error->message);
}

/* Also what a killed process left of one that it was writing. */
static gboolean
is_result (const char *name)
{
  gsize digits = strspn (name, "0123456789abcdef");

  return digits == 64 && g_str_has_prefix (name + digits, SUFFIX);
}

void
yv8_checkpoint_clear (Yv8Checkpoint *self)
{
  g_autoptr (GDir) dir = self->folder ? g_dir_open (self->folder, 0, NULL) : NULL;
  const char *name;

  g_hash_table_remove_all (self->results);
  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *path = is_result (name) ? g_build_filename (self->folder, name, NULL) : NULL;
    if (path)
      g_remove (path);
  }
  if (dir)
    g_rmdir (self->folder);
}

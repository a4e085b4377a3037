/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What all tests share, on top of GLib's g_test. */
#pragma once

#include <glib.h>
#include <gio/gio.h>

/* Under a sanitizer freed memory is kept, and all takes its time. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_SANITIZED TRUE
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define TEST_SANITIZED TRUE
#endif
#ifndef TEST_SANITIZED
#define TEST_SANITIZED FALSE
#endif

/**
 * test_data_path:
 *
 * Returns: (transfer full) (nullable): path of @name in YV8_TEST_DATA or in ../shared/data beside
 * the source; %NULL, with the running test marked as skipped and the reason said, where it is
 * absent
 */
static inline char *
test_data_path (const char *name)
{
  const char *data = g_getenv ("YV8_TEST_DATA");
  const char *source = g_getenv ("YV8_SOURCE_DIR");
  g_autofree char *path =
      data ? g_build_filename (data, name, NULL)
           : g_build_filename (source ? source : ".", "..", "shared", "data", name, NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);
  g_autofree char *why = g_strdup_printf ("no test data: %s", path);
  g_test_skip (why);
  return NULL;
}

/**
 * test_rand_new:
 *
 * Returns: (transfer full): a generator seeded by g_test (option --seed, printed by every run)
 */
static inline GRand *
test_rand_new (void)
{
  return g_rand_new_with_seed ((guint32) g_test_rand_int ());
}

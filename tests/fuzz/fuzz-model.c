/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as a model file: for libFuzzer, and, by replay.c, for a directory of files. */
#include "fuzz.h"
#include "model/file.h"

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Network) network = yv8_file_read (bytes, size, &error);

  g_assert_true ((network != NULL) != (error != NULL));
  if (!network)
    return 0;

  /* What is accepted is written, and read back as the same. */
  g_autoptr (GBytes) first = yv8_file_write (network, &error);
  g_assert_no_error (error);
  g_autoptr (Yv8Network) back =
      yv8_file_read (g_bytes_get_data (first, NULL), g_bytes_get_size (first), &error);
  g_assert_no_error (error);
  g_autoptr (GBytes) second = yv8_file_write (back, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (first, second));
  return 0;
}

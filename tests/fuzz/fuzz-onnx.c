/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as an ONNX file: for libFuzzer, and, by replay.c, for a directory of files. */
#include "fuzz.h"
#include "onnx/import.h"

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Network) import = yv8_onnx_import (bytes, size, &error);

  g_assert_true ((import != NULL) != (error != NULL));
  if (!import)
    return 0;

  /* What is accepted can be run, as far as checks and shapes can tell. */
  g_autofree Yv8Shape *shapes =
      yv8_graph_infer (import->graph, import->width, import->height, &error);
  g_assert_no_error (error);
  g_assert_nonnull (shapes);
  g_assert_true (yv8_graph_check (import->graph, &error));
  g_assert_nonnull (yv8_graph_detect (import->graph));
  return 0;
}

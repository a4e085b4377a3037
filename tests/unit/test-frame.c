/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of pixel formats; packed frames; what the check of a frame turns down. */
#include "detect/formats.h"

#include "testing.h"

static void
test_names (void)
{
  for (guint i = 0; i < YV8_N_FORMATS; i++) {
    Yv8Format format = YV8_N_FORMATS;
    g_assert_true (yv8_format_from_name (yv8_format_name (i), &format));
    g_assert_cmpuint (format, ==, i);
  }
  g_assert_cmpstr (yv8_format_name (YV8_FORMAT_BGRX), ==, "BGRx");
  g_assert_null (yv8_format_name (YV8_N_FORMATS));
  g_assert_cmpuint (yv8_format_n_planes (YV8_N_FORMATS), ==, 0);
  Yv8Format format;
  g_assert_false (yv8_format_from_name ("nv12", &format));
  g_assert_false (yv8_format_from_name (NULL, &format));
}

static void
test_packed_sizes (void)
{
  static const struct {
    Yv8Format format;
    guint width, height;
    gsize size;
    guint n_planes;
  } cases[] = {
    { YV8_FORMAT_NV12, 1, 1, 3, 2 },
    { YV8_FORMAT_NV12, 5, 3, 15 + 2 * 6, 2 },
    { YV8_FORMAT_I420, 5, 3, 15 + 2 * 6, 3 },
    { YV8_FORMAT_YV12, 4, 2, 8 + 2 * 2, 3 },
    { YV8_FORMAT_YUY2, 5, 3, 3 * 12, 1 },
    { YV8_FORMAT_UYVY, 4, 3, 3 * 8, 1 },
    { YV8_FORMAT_RGB, 5, 3, 45, 1 },
    { YV8_FORMAT_XBGR, 5, 3, 60, 1 },
    { YV8_FORMAT_GRAY8, 5, 3, 15, 1 },
  };
  guint8 bytes[64] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Yv8Frame frame;
    g_assert_true (yv8_frame_init_packed (
        &frame, cases[i].format, cases[i].width, cases[i].height, bytes, cases[i].size));
    g_assert_false (yv8_frame_init_packed (
        &frame, cases[i].format, cases[i].width, cases[i].height, bytes, cases[i].size - 1));
    g_assert_cmpuint (yv8_format_n_planes (cases[i].format), ==, cases[i].n_planes);
  }
}

static void
test_packed_planes (void)
{
  guint8 bytes[27] = { 0 };
  Yv8Frame frame;
  g_autoptr (GError) error = NULL;

  g_assert_true (yv8_frame_init_packed (&frame, YV8_FORMAT_I420, 5, 3, bytes, sizeof bytes));
  g_assert_true (frame.data[0] == bytes && frame.data[1] == bytes + 15);
  g_assert_true (frame.data[2] == bytes + 21);
  g_assert_cmpint (frame.stride[0], ==, 5);
  g_assert_cmpint (frame.stride[1], ==, 3);
  g_assert_cmpint (frame.stride[2], ==, 3);
  g_assert_cmpuint (frame.matrix, ==, YV8_MATRIX_BT601);
  g_assert_false (frame.full_range);
  g_assert_true (yv8_frame_check (&frame, &error));
  g_assert_no_error (error);
}

static void
test_packed_bad (void)
{
  guint8 byte = 0;
  Yv8Frame frame;

  g_assert_false (yv8_frame_init_packed (&frame, YV8_FORMAT_GRAY8, 0, 1, &byte, 1));
  g_assert_false (yv8_frame_init_packed (&frame, YV8_FORMAT_GRAY8, 1, 0, &byte, 1));
  g_assert_false (
      yv8_frame_init_packed (&frame, YV8_FORMAT_GRAY8, YV8_FRAME_MAX_SIDE + 1, 1, &byte, 40000));
  g_assert_false (yv8_frame_init_packed (&frame, YV8_FORMAT_RGBA, 32768, 32768, &byte, 0));
  g_assert_false (yv8_frame_init_packed (&frame, YV8_N_FORMATS, 1, 1, &byte, 1));
}

static void
assert_bad (const Yv8Frame *frame, const char *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (yv8_frame_check (frame, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, part));
}

static void
test_check (void)
{
  guint8 bytes[64] = { 0 };
  Yv8Frame good, bad;

  g_assert_true (yv8_frame_init_packed (&good, YV8_FORMAT_NV12, 5, 3, bytes, sizeof bytes));
  bad = good;
  bad.stride[1] = -6;
  g_assert_true (yv8_frame_check (&bad, NULL));
  bad.stride[1] = -5;
  assert_bad (&bad, "plane 1 of NV12 has a stride of -5");
  bad.stride[1] = G_MININT;
  g_assert_true (yv8_frame_check (&bad, NULL));
  bad = good;
  bad.stride[0] = 4;
  assert_bad (&bad, "plane 0");
  bad = good;
  bad.data[1] = NULL;
  assert_bad (&bad, "NULL");
  bad = good;
  bad.width = 0;
  assert_bad (&bad, "0x3");
  bad.width = YV8_FRAME_MAX_SIDE + 1;
  assert_bad (&bad, "sides");
  bad = good;
  bad.format = YV8_N_FORMATS;
  assert_bad (&bad, "format");
  bad = good;
  bad.matrix = YV8_MATRIX_BT2020 + 1;
  assert_bad (&bad, "matrix");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/names", test_names);
  g_test_add_func ("/frame/packed/sizes", test_packed_sizes);
  g_test_add_func ("/frame/packed/planes", test_packed_planes);
  g_test_add_func ("/frame/packed/bad", test_packed_bad);
  g_test_add_func ("/frame/check", test_check);
  return g_test_run ();
}

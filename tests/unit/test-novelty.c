/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames that differ are told from those that do not. */
#include <string.h>
#include <yv8/calibrator.h>

#include "testing.h"

#define WIDTH  320
#define HEIGHT 240

static Yv8Frame
make_frame (GRand *rand, Yv8Format format, guint8 *data, guint8 level, guint noise)
{
  Yv8Frame frame;

  for (guint i = 0; i < 4 * WIDTH * HEIGHT; i++)
    data[i] = (guint8) (level + (noise ? (guint) g_rand_int_range (rand, 0, (gint) noise) : 0));
  g_assert_true (yv8_frame_init_packed (&frame, format, WIDTH, HEIGHT, data, 4 * WIDTH * HEIGHT));
  return frame;
}

static void
test_still (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autofree guint8 *data = g_malloc (4 * WIDTH * HEIGHT);

  for (guint format = 0; format < YV8_N_FORMATS; format++) {
    g_autoptr (Yv8Novelty) novelty = yv8_novelty_new (3);
    Yv8Frame frame = make_frame (rand, (Yv8Format) format, data, 100, 20);
    g_assert_true (yv8_novelty_take (novelty, &frame));
    for (guint i = 0; i < 5; i++) {
      frame = make_frame (rand, (Yv8Format) format, data, 100, 20);
      g_assert_false (yv8_novelty_take (novelty, &frame));
    }
    frame = make_frame (rand, (Yv8Format) format, data, 110, 20);
    g_assert_true (yv8_novelty_take (novelty, &frame));
    frame = make_frame (rand, (Yv8Format) format, data, 100, 20);
    g_assert_false (yv8_novelty_take (novelty, &frame));
  }
}

/* An object that moves is new where it was not before. */
static void
test_move (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autofree guint8 *data = g_malloc (4 * WIDTH * HEIGHT);
  g_autoptr (Yv8Novelty) novelty = yv8_novelty_new (2);

  for (guint pass = 0; pass < 2; pass++)
    for (guint x = 0; x + 80 <= WIDTH; x += 80) {
      Yv8Frame frame = make_frame (rand, YV8_FORMAT_GRAY8, data, 50, 0);
      for (guint y = 60; y < 180; y++)
        memset (data + y * WIDTH + x, 200, 80);
      g_assert_cmpint (yv8_novelty_take (novelty, &frame), ==, pass == 0);
    }
}

/* Frames smaller than the grid, and bad ones. */
static void
test_odd (void)
{
  guint8 data[] = { 10, 200, 30, 90, 40, 60 };
  g_autoptr (Yv8Novelty) novelty = yv8_novelty_new (1);
  Yv8Frame frame;

  g_assert_true (yv8_frame_init_packed (&frame, YV8_FORMAT_GRAY8, 3, 2, data, sizeof data));
  g_assert_true (yv8_novelty_take (novelty, &frame));
  g_assert_false (yv8_novelty_take (novelty, &frame));
  frame.data[0] = NULL;
  g_assert_false (yv8_novelty_take (novelty, &frame));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/novelty/still", test_still);
  g_test_add_func ("/novelty/move", test_move);
  g_test_add_func ("/novelty/odd", test_odd);
  return g_test_run ();
}

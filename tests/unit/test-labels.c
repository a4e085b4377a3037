/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Labels from metadata, well-formed and not. */
#include "api/labels.h"
#include "testing.h"

static const struct {
  const char *names;
  const char *expected; /* of three classes, joined by '|' */
} CASES[] = {
  { "{0: 'person', 1: 'bicycle', 2: 'car'}", "person|bicycle|car" },
  { "{2: 'c', 0: \"driver's cab\", 1: 'b'}", "driver's cab|b|c" },
  { "{0: 'driver\\'s cab', 1: 'x: 1', 2: 'y'}", "driver's cab|x: 1|y" },
  { "{\"0\": \"a\", \"1\": \"b\", \"2\": \"c\"}", "a|b|c" },
  { "['a', 'b', 'c', 'd']", "a|b|c" },
  { "{0: 'a', 7: 'b', 99999999999999999999: 'c'}", "a|class 1|class 2" },
  { "{0: 'a\nb', 1: '', 2: 'unclosed", "a b|class 1|unclosed" },
  { "{0: '\xff', 1", "\xef\xbf\xbd|class 1|class 2" },
  { "", "class 0|class 1|class 2" },
  { NULL, "class 0|class 1|class 2" },
};

static void
test_cases (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (CASES); i++) {
    g_auto (GStrv) labels = yv8_labels_parse (CASES[i].names, 3);
    g_autofree char *joined = g_strjoinv ("|", labels);
    g_assert_cmpstr (joined, ==, CASES[i].expected);
  }
}

/* Any bytes give as many valid labels as were asked for. */
static void
test_random (void)
{
  static const char alphabet[] = "{}[]:,'\"\\0123 ab\n\xc3\xff";
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint run = 0; run < 2000; run++) {
    char text[64] = "";
    for (guint i = 0; i < sizeof text - 1; i++)
      text[i] = alphabet[g_rand_int_range (rand, 0, sizeof alphabet)];
    g_auto (GStrv) labels = yv8_labels_parse (text, 5);
    g_assert_cmpuint (g_strv_length (labels), ==, 5);
    for (guint i = 0; i < 5; i++)
      g_assert_true (labels[i][0] && g_utf8_validate (labels[i], -1, NULL));
  }
}

static void
test_subset (void)
{
  static const char *const labels[] = { "person", "driver's cab", "a\\b", "car", NULL };
  static const guint classes[] = { 2, 0, 1 };
  g_autofree char *names = yv8_labels_subset (labels, classes, G_N_ELEMENTS (classes));
  g_auto (GStrv) parsed = yv8_labels_parse (names, 3);
  g_autofree char *joined = g_strjoinv ("|", parsed);

  g_assert_cmpstr (joined, ==, "person|driver's cab|a\\b");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/labels/cases", test_cases);
  g_test_add_func ("/labels/random", test_random);
  g_test_add_func ("/labels/subset", test_subset);
  return g_test_run ();
}

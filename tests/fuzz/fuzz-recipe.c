/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as a recipe: for libFuzzer, and, by replay.c, for a directory of files. */
#include "compress/recipe.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Recipe) recipe = yv8_recipe_parse ((const char *) bytes, (gssize) size, &error);

  g_assert_true ((recipe != NULL) != (error != NULL));
  if (!recipe)
    return 0;

  /* What is accepted has a canonical text, which is its own. */
  g_autoptr (Yv8Recipe) back = yv8_recipe_parse (yv8_recipe_text (recipe), -1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (yv8_recipe_text (recipe), ==, yv8_recipe_text (back));
  g_assert_cmpuint (yv8_recipe_n_steps (recipe), ==, yv8_recipe_n_steps (back));
  for (guint i = 0; i < yv8_recipe_n_steps (recipe); i++) {
    g_autofree char *one = yv8_step_text (yv8_recipe_get (recipe, i));
    g_autofree char *two = yv8_step_text (yv8_recipe_get (back, i));
    g_assert_cmpstr (one, ==, two);
  }
  g_autoptr (Yv8Recipe) more = yv8_recipe_adjust (recipe, 1.5, 32, 0, 0.1);
  g_autoptr (Yv8Recipe) again = yv8_recipe_parse (yv8_recipe_text (more), -1, &error);
  g_assert_no_error (error);
  g_assert_nonnull (again);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Recipes: what is read, what is refused, and the canonical text. */
#include <glib/gstdio.h>
#include <string.h>

#include "compress/recipe.h"
#include "testing.h"

static Yv8Recipe *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  Yv8Recipe *recipe = yv8_recipe_parse (text, -1, &error);

  g_assert_no_error (error);
  return recipe;
}

static const char EVERYTHING[] = "# A comment\n"
                                 "[recipe]\n"
                                 "description=Some of everything\n"
                                 "\n"
                                 "[classes]\n"
                                 "keep = person,car\n"
                                 "[resize]\n"
                                 "size=416x320\n"
                                 "[prune channels]\n"
                                 "unit=channels\n"
                                 "share=0.10\n"
                                 "layers=*cv3*\n"
                                 "correct=variance\n"
                                 "[prune the rest]\n"
                                 "share=.2\n"
                                 "unit=blocks\n"
                                 "criterion=l1\n"
                                 "[prune 2:4]\n"
                                 "unit=2:4\n"
                                 "[quantize]\n"
                                 "max-drop=1e-2\n"
                                 "[palette]\n"
                                 "centroids=64\n"
                                 "bytes=2300000\n";

static void
test_parse (void)
{
  g_autoptr (Yv8Recipe) recipe = parse (EVERYTHING);

  g_assert_cmpstr (yv8_recipe_description (recipe), ==, "Some of everything");
  g_assert_cmpuint (yv8_recipe_n_steps (recipe), ==, 7);
  g_assert_cmpstr (yv8_recipe_step (recipe, 3), ==, "prune the rest");
  g_assert_cmpstr (yv8_recipe_get (recipe, 0)->keep, ==, "person,car");
  g_assert_cmpuint (yv8_recipe_get (recipe, 1)->size[0], ==, 416);
  g_assert_cmpuint (yv8_recipe_get (recipe, 1)->size[1], ==, 320);
  g_assert_cmpint (yv8_recipe_get (recipe, 2)->unit, ==, YV8_PRUNE_CHANNELS);
  g_assert_cmpstr (yv8_recipe_get (recipe, 2)->layers, ==, "*cv3*");
  g_assert_cmpint (yv8_recipe_get (recipe, 2)->correct, ==, YV8_CORRECT_VARIANCE);
  g_assert_cmpint (yv8_recipe_get (recipe, 3)->unit, ==, YV8_PRUNE_BLOCKS);
  g_assert_cmpfloat (yv8_recipe_get (recipe, 3)->share, ==, 0.2);
  g_assert_cmpint (yv8_recipe_get (recipe, 3)->criterion, ==, YV8_CRITERION_L1);
  g_assert_cmpint (yv8_recipe_get (recipe, 4)->unit, ==, YV8_PRUNE_2_4);
  g_assert_cmpfloat (yv8_recipe_get (recipe, 5)->max_drop, ==, 0.01);
  g_assert_cmpstr (yv8_recipe_get (recipe, 5)->keep_float, ==, "");
  g_assert_cmpint (yv8_recipe_get (recipe, 5)->method, ==, YV8_METHOD_MSE);
  g_assert_cmpuint (yv8_recipe_get (recipe, 6)->palette, ==, 2);
  g_assert_cmpfloat (yv8_recipe_get (recipe, 6)->bytes, ==, 2.3e6);
  g_autofree char *settings = yv8_recipe_step_text (recipe, 3);
  g_assert_cmpstr (settings, ==, "unit=blocks share=0.2 criterion=l1");
}

static void
test_canonical (void)
{
  g_autoptr (Yv8Recipe) recipe = parse (EVERYTHING);
  g_autoptr (Yv8Recipe) again = parse (yv8_recipe_text (recipe));
  g_autoptr (Yv8Recipe) other = parse ("[prune]\nunit=blocks\nshare=0.2\n");
  g_autoptr (Yv8Recipe) same = parse ("[prune b]\ncriterion=obs\nshare=2e-1\nunit=blocks\n");

  g_assert_cmpstr (yv8_recipe_text (recipe), ==, yv8_recipe_text (again));
  g_assert_null (strstr (yv8_recipe_text (recipe), "comment"));
  g_autofree char *one = yv8_step_text (yv8_recipe_get (other, 0));
  g_autofree char *two = yv8_step_text (yv8_recipe_get (same, 0));
  g_assert_cmpstr (one, ==, "prune unit=blocks share=0.2 criterion=obs");
  g_assert_cmpstr (one, ==, two);
}

static void
test_adjust (void)
{
  g_autoptr (Yv8Recipe) recipe = parse (EVERYTHING);
  g_autoptr (Yv8Recipe) half = yv8_recipe_adjust (recipe, 1.0 / 3, 64, 0, 0.5);
  g_autoptr (Yv8Recipe) most = yv8_recipe_adjust (recipe, 100, 0, 0, 0);
  g_autoptr (Yv8Recipe) again = parse (yv8_recipe_text (half));

  g_assert_cmpfloat (yv8_recipe_get (half, 2)->share, ==, 0.0333);
  g_assert_cmpfloat (yv8_recipe_get (half, 3)->share, ==, 0.0667);
  g_assert_cmpuint (yv8_recipe_get (half, 1)->size[0], ==, 64);
  g_assert_cmpuint (yv8_recipe_get (half, 1)->size[1], ==, 320);
  g_assert_cmpfloat (yv8_recipe_get (half, 5)->max_drop, ==, 0.01);
  g_assert_cmpfloat (yv8_recipe_get (most, 3)->share, ==, YV8_STEP_MAX_SHARE);
  g_assert_cmpstr (yv8_recipe_text (again), ==, yv8_recipe_text (half));
}

static void
test_refused (void)
{
  static const struct {
    const char *text, *message;
  } cases[] = {
    { "", "has no steps" },
    { "[recipe]\ndescription=nothing\n", "has no steps" },
    { "share=1\n", "recipe: " },
    { "[prune\n", "recipe: " },
    { "[squeeze]\n", "[squeeze]: there is no such step" },
    { "[pruned]\n", "[pruned]: there is no such step" },
    { "[ prune]\n", "there is no such step" },
    { "[quantize]\n[recipe]\n", "[recipe]: there is no such step" },
    { "[recipe]\nname=x\n[quantize]\n", "[recipe]: there is no key 'name'" },
    { "[quantize]\nmethods=mse\n", "[quantize]: there is no key 'methods'" },
    { "[quantize]\nmethod[de]=mse\n", "[quantize]: there is no key 'method[de]'" },
    { "[quantize]\nmethod=best\n", "[quantize]: method is none of mse, minmax, percentile, kl" },
    { "[quantize]\nmax-drop=nan\n", "[quantize]: max-drop must be a number from 0 to 1" },
    { "[quantize]\nmax-drop=0,5\n", "[quantize]: max-drop must be" },
    { "[quantize]\nmax-drop=0x\n", "[quantize]: max-drop must be" },
    { "[quantize]\nkeep-float=a\\qb\n", "[quantize]: keep-float: " },
    { "[prune]\nshare=0.1\n", "[prune]: unit is missing" },
    { "[prune]\nunit=blocks\n", "[prune]: share is missing" },
    { "[prune]\nunit=blocks\nshare=\n", "[prune]: share is empty" },
    { "[prune]\nunit=blocks\nshare=0.91\n", "[prune]: share must be a number from 0 to 0.9" },
    { "[prune]\nunit=2:4\nshare=0.5\n", "[prune]: share means nothing with unit=2:4" },
    { "[prune]\nunit=channels\nshare=0.1\ncorrect=both\n", "none of mean, variance" },
    { "[prune]\nunit=blocks\nshare=0.1\ncorrect=mean\n", "[prune]: correct means nothing" },
    { "[prune]\nunit=blocks\nshare=0.1\nlayers=*\n", "[prune]: layers means nothing" },
    { "[prune]\nunit=blocks\nshare=0.1\nshare=0.2\n", "[prune]: share occurs twice" },
    { "[prune]\nunit=2:4\n[prune]\nunit=2:4\n", "[prune] occurs twice" },
    { "[prune]\nunit=2:4\ncriterion=energy\n", "criterion=energy is for channels alone" },
    { "[resize]\nsize=416\n", "[resize]: size must be WIDTHxHEIGHT" },
    { "[resize]\nsize=416x400\n", "[resize]: size must be" },
    { "[resize]\nsize=0x32\n", "[resize]: size must be" },
    { "[resize]\nsize=32x-32\n", "[resize]: size must be" },
    { "[resize]\nsize=32x32x32\n", "[resize]: size must be" },
    { "[resize a]\nsize=32x32\n[resize b]\nsize=32x32\n", "[resize b]: there is [resize a]" },
    { "[classes]\n", "[classes]: keep is missing" },
    { "[quantize]\n[prune]\nunit=2:4\n", "[prune]: must stand before [quantize]" },
    { "[prune]\nunit=2:4\n[classes]\nkeep=a\n", "[classes]: must stand before [prune]" },
    { "[palette]\n", "[palette]: needs [quantize] before it" },
    { "[quantize]\n[palette]\ncentroids=20\n", "[palette]: centroids is none of 16, 32, 64" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    if (yv8_recipe_parse (cases[i].text, -1, &error))
      g_error ("'%s' is taken", cases[i].text);
    g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
    if (!strstr (error->message, cases[i].message))
      g_error ("'%s': %s", cases[i].text, error->message);
  }
}

static void
test_sizes (void)
{
  g_autofree char *large = g_strnfill (YV8_RECIPE_MAX_SIZE + 1, '#');
  g_autofree char *word = g_strnfill (5000, 'a');
  g_autofree char *value = g_strdup_printf ("[classes]\nkeep=%s\n", word);
  g_autoptr (GString) many = g_string_new (NULL);
  const struct {
    const char *text;
    gssize size;
  } cases[] = { { large, -1 }, { value, -1 }, { "[quantize]\n\0", 12 }, { "\xff", 1 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (yv8_recipe_parse (cases[i].text, cases[i].size, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  }
  for (guint i = 0; i < YV8_RECIPE_MAX_STEPS; i++)
    g_string_append_printf (many, "[prune %u]\nunit=2:4\n", i);
  g_autoptr (Yv8Recipe) most = parse (many->str);
  g_assert_cmpuint (yv8_recipe_n_steps (most), ==, YV8_RECIPE_MAX_STEPS);
  g_string_append (many, "[prune more]\nunit=2:4\n");
  g_assert_null (yv8_recipe_parse (many->str, -1, NULL));
}

/* All that are installed are good, and say what they are. */
static void
test_installed (void)
{
  static const char *const wanted[] = { "balanced", "fast", "scene", "small", NULL };
  g_auto (GStrv) names = yv8_recipe_list ();
  g_autoptr (GError) error = NULL;

  g_assert_true (g_strv_equal ((const char *const *) names, wanted));
  for (char **name = names; *name; name++) {
    g_autoptr (Yv8Recipe) recipe = yv8_recipe_load (*name, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (strlen (yv8_recipe_description (recipe)), >, 10);
  }
  g_assert_null (yv8_recipe_load ("smal", &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "balanced, fast, scene, small"));
  g_clear_error (&error);
  g_assert_null (yv8_recipe_load ("./none.recipe", &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (yv8_recipe_load ("/", &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_READ);
}

static void
test_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  int file = g_file_open_tmp ("XXXXXX.recipe", &path, &error);

  g_assert_no_error (error);
  g_close (file, NULL);
  g_assert_true (g_file_set_contents (path, "[quantize]\nmethod=kl\n", -1, NULL));
  g_autoptr (Yv8Recipe) recipe = yv8_recipe_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (yv8_recipe_get (recipe, 0)->method, ==, YV8_METHOD_KL);
  g_assert_true (g_file_set_contents (path, "[quantize]\nmethod=k\n", -1, NULL));
  g_assert_null (yv8_recipe_load (path, &error));
  g_assert_nonnull (strstr (error->message, path));
  g_remove (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recipe/parse", test_parse);
  g_test_add_func ("/recipe/canonical", test_canonical);
  g_test_add_func ("/recipe/adjust", test_adjust);
  g_test_add_func ("/recipe/refused", test_refused);
  g_test_add_func ("/recipe/sizes", test_sizes);
  g_test_add_func ("/recipe/installed", test_installed);
  g_test_add_func ("/recipe/file", test_file);
  return g_test_run ();
}

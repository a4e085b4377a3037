/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a compressor is to do, as a small text that people write.
 *
 * A recipe is a key file: a group for each step, in the order in which they are done. The group's
 * name is the kind of step, with a blank and a label of one's own behind it where a kind occurs
 * twice.
 *
 *     [recipe]
 *     description=A quarter of the products of a model for people and cars
 *
 *     [classes]
 *     keep=person,car
 *
 *     [prune]
 *     unit=blocks
 *     share=0.25
 *
 *     [quantize]
 *
 * docs/compression.md lists kinds and keys, with ranges and defaults. */
#pragma once

#include <glib.h>
#include <yv8/error.h>
#include <yv8/export.h>

G_BEGIN_DECLS

/**
 * Yv8Recipe: immutable and reference-counted, so any number of threads may share one
 */
typedef struct _Yv8Recipe Yv8Recipe;

/* Of a text, in bytes and in steps. */
#define YV8_RECIPE_MAX_SIZE  65536
#define YV8_RECIPE_MAX_STEPS 16

/**
 * yv8_recipe_load:
 * @name: of an installed recipe ("small"), or a path, which has a '/' or ends in ".recipe"
 *
 * Returns: (transfer full): %NULL with @error set: NOT_FOUND (the message lists what is installed),
 *   READ, and as yv8_recipe_parse()
 */
YV8_API Yv8Recipe *yv8_recipe_load (const char *name, GError **error);

/**
 * yv8_recipe_parse:
 * @text: (array length=size): need not be terminated; may be hostile
 * @size: bytes; -1 if @text ends with a NUL
 *
 * Returns: (transfer full): %NULL with @error set, which names group and key: FORMAT (no key file;
 *   a kind or key that there is not, a value out of range, a key that is missing, steps in an order
 *   that cannot be)
 */
YV8_API Yv8Recipe *yv8_recipe_parse (const char *text, gssize size, GError **error);

YV8_API Yv8Recipe *yv8_recipe_ref (Yv8Recipe *recipe);
YV8_API void yv8_recipe_unref (Yv8Recipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Recipe, yv8_recipe_unref)

/**
 * yv8_recipe_text: Returns: (transfer none): the canonical text: no comments, every key in order
 * with its value, also where that is the default. Two recipes that do the same have the same, but
 * for description and labels; yv8_recipe_parse() takes it
 */
YV8_API const char *yv8_recipe_text (const Yv8Recipe *recipe);

/**
 * yv8_recipe_description: Returns: (transfer none): one line for people; may be empty
 */
YV8_API const char *yv8_recipe_description (const Yv8Recipe *recipe);

/**
 * yv8_recipe_n_steps: Returns: at least 1
 */
YV8_API guint yv8_recipe_n_steps (const Yv8Recipe *recipe);

/**
 * yv8_recipe_step: Returns: (transfer none): the name of step @index, its group's: "prune blocks"
 */
YV8_API const char *yv8_recipe_step (const Yv8Recipe *recipe, guint index);

/**
 * yv8_recipe_step_text: Returns: (transfer full): the settings of step @index in one line for
 * people, without those that are the default: "unit=blocks share=0.25"
 */
YV8_API char *yv8_recipe_step_text (const Yv8Recipe *recipe, guint index);

/**
 * yv8_recipe_list: Returns: (transfer full) (array zero-terminated=1): names of the installed
 * recipes, sorted; of those in the folder that the environment variable YV8_RECIPE_DIR names, where
 *   it is set
 */
YV8_API char **yv8_recipe_list (void);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Recipes: kinds of steps and their keys as tables, and texts read and written by them. */
#include <math.h>
#include <string.h>

#include "compress/recipe.h"
#include "graph/graph.h"

#define MAX_VALUE   4096 /* bytes */
#define SHARE_STEPS 1e4
#define HEAD        "recipe"
#define DESCRIPTION "description"

typedef enum { TEXT, CHOICE, NUMBER, SIZE } Type;

/* A key of a kind of step, whose value lies at @offset of Yv8Step. */
typedef struct {
  Yv8StepKind kind;
  const char *name;
  Type type;
  gsize offset;
  const char *initial; /* NULL: the key must be there */
  double least, most;
  const char *(*choose) (guint index);       /* the choices, up to NULL */
  gboolean (*applies) (const Yv8Step *step); /* by the keys before; NULL: always */
} Key;

/* Steps stand in the order of their ranks. */
static const struct {
  const char *name;
  guint rank;
  gboolean once;
} KINDS[YV8_N_STEP_KINDS] = {
  [YV8_STEP_CLASSES] = { "classes", 0, TRUE },
  [YV8_STEP_RESIZE] = { "resize", 0, TRUE },
  [YV8_STEP_PRUNE] = { "prune", 1, FALSE },
  [YV8_STEP_QUANTIZE] = { "quantize", 2, TRUE },
  [YV8_STEP_PALETTE] = { "palette", 3, TRUE },
};

static const char *
choose_unit (guint index)
{
  static const char *const names[YV8_N_PRUNE_UNITS] = { "blocks", "channels", "weights", "2:4" };

  return index < YV8_N_PRUNE_UNITS ? names[index] : NULL;
}

static const char *
choose_criterion (guint index)
{
  return index < YV8_N_CRITERIA ? yv8_criterion_name ((Yv8Criterion) index) : NULL;
}

static const char *
choose_method (guint index)
{
  return index < YV8_N_METHODS ? yv8_method_name ((Yv8Method) index) : NULL;
}

static const char *
choose_palette (guint index)
{
  static const char *const names[] = { "16", "32", "64" };

  return index < G_N_ELEMENTS (names) ? names[index] : NULL;
}

static const char *
choose_correct (guint index)
{
  static const char *const names[] = {
    [YV8_CORRECT_MEAN] = "mean",
    [YV8_CORRECT_VARIANCE] = "variance",
  };

  return index < G_N_ELEMENTS (names) ? names[index] : NULL;
}

static gboolean
has_share (const Yv8Step *step)
{
  return step->unit != YV8_PRUNE_2_4;
}

static gboolean
is_channels (const Yv8Step *step)
{
  return step->unit == YV8_PRUNE_CHANNELS;
}

#define AT(field) G_STRUCT_OFFSET (Yv8Step, field)

static const Key KEYS[] = {
  { YV8_STEP_CLASSES, "keep", TEXT, AT (keep), NULL },
  { YV8_STEP_RESIZE, "size", SIZE, AT (size), NULL },
  { YV8_STEP_PRUNE, "unit", CHOICE, AT (unit), NULL, .choose = choose_unit },
  { YV8_STEP_PRUNE, "share", NUMBER, AT (share), NULL, 0, YV8_STEP_MAX_SHARE,
      .applies = has_share },
  { YV8_STEP_PRUNE, "criterion", CHOICE, AT (criterion), "obs", .choose = choose_criterion },
  { YV8_STEP_PRUNE, "layers", TEXT, AT (layers), "*", .applies = is_channels },
  { YV8_STEP_PRUNE, "correct", CHOICE, AT (correct), "mean", .choose = choose_correct,
      .applies = is_channels },
  { YV8_STEP_QUANTIZE, "method", CHOICE, AT (method), "mse", .choose = choose_method },
  { YV8_STEP_QUANTIZE, "keep-float", TEXT, AT (keep_float), "" },
  { YV8_STEP_QUANTIZE, "max-drop", NUMBER, AT (max_drop), "0", 0, 1 },
  { YV8_STEP_PALETTE, "centroids", CHOICE, AT (palette), "32", .choose = choose_palette },
  { YV8_STEP_PALETTE, "bytes", NUMBER, AT (bytes), "0", 0, 1e12 },
};

#define FIELD(step, key, type) ((type *) (gpointer) ((char *) (step) + (key)->offset))

static gboolean G_GNUC_PRINTF (2, 3) fail (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  GError *reason = g_error_new_valist (YV8_ERROR, YV8_ERROR_FORMAT, format, arguments);
  va_end (arguments);
  g_prefix_error (&reason, "recipe: ");
  g_propagate_error (error, reason);
  return FALSE;
}

static void
step_clear (gpointer data)
{
  Yv8Step *step = data;

  g_free (step->name);
  g_free (step->keep);
  g_free (step->layers);
  g_free (step->keep_float);
}

static char *
value_text (const Yv8Step *step, const Key *key)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  const guint *size = FIELD (step, key, guint);

  switch (key->type) {
  case TEXT:
    return g_strdup (*FIELD (step, key, char *));
  case CHOICE:
    return g_strdup (key->choose (*FIELD (step, key, guint)));
  case NUMBER:
    g_ascii_formatd (number, sizeof number, "%.12g", *FIELD (step, key, double));
    return g_strdup (number);
  case SIZE:
    break;
  }
  return g_strdup_printf ("%ux%u", size[0], size[1]);
}

static gboolean
has_key (const Yv8Step *step, const Key *key)
{
  return key->kind == step->kind && (!key->applies || key->applies (step));
}

static gboolean
read_choice (Yv8Step *step, const Key *key, const char *text, GError **error)
{
  g_autoptr (GString) choices = g_string_new (NULL);

  for (guint i = 0; key->choose (i); i++) {
    if (g_str_equal (text, key->choose (i))) {
      *FIELD (step, key, guint) = i;
      return TRUE;
    }
    g_string_append_printf (choices, "%s%s", i ? ", " : "", key->choose (i));
  }
  return fail (error, "[%s]: %s is none of %s", step->name, key->name, choices->str);
}

/* The value is that of the canonical text. */
static gboolean
read_number (Yv8Step *step, const Key *key, const char *text, GError **error)
{
  char *end, digits[G_ASCII_DTOSTR_BUF_SIZE];
  double value = g_ascii_strtod (text, &end);

  if (end == text || *end || !(value >= key->least && value <= key->most))
    return fail (error, "[%s]: %s must be a number from %g to %g", step->name, key->name,
        key->least, key->most);
  g_ascii_formatd (digits, sizeof digits, "%.12g", value);
  *FIELD (step, key, double) = g_ascii_strtod (digits, NULL);
  return TRUE;
}

static gboolean
read_size (Yv8Step *step, const Key *key, const char *text, GError **error)
{
  g_auto (GStrv) sides = g_strsplit (text, "x", 3);
  guint *size = FIELD (step, key, guint);
  guint64 side;

  for (guint i = 0; i < 2; i++) {
    if (g_strv_length (sides) != 2 ||
        !g_ascii_string_to_unsigned (sides[i], 10, 32, YV8_GRAPH_MAX_SIDE, &side, NULL) ||
        side % 32 != 0)
      return fail (error, "[%s]: %s must be WIDTHxHEIGHT, multiples of 32 up to %u", step->name,
          key->name, YV8_GRAPH_MAX_SIDE);
    size[i] = (guint) side;
  }
  return TRUE;
}

static gboolean
read_value (Yv8Step *step, const Key *key, const char *text, GError **error)
{
  if (strlen (text) > MAX_VALUE)
    return fail (error, "[%s]: %s has more than %u bytes", step->name, key->name, MAX_VALUE);
  if (!key->initial && !*text)
    return fail (error, "[%s]: %s is empty", step->name, key->name);
  if (key->type == CHOICE)
    return read_choice (step, key, text, error);
  if (key->type == NUMBER)
    return read_number (step, key, text, error);
  if (key->type == SIZE)
    return read_size (step, key, text, error);
  *FIELD (step, key, char *) = g_strdup (text);
  return TRUE;
}

static gboolean
read_key (Yv8Step *step, const Key *key, GKeyFile *file, GError **error)
{
  gboolean given = g_key_file_has_key (file, step->name, key->name, NULL);
  g_autoptr (GError) reason = NULL;

  if (!has_key (step, key))
    return !given || fail (error, "[%s]: %s means nothing with unit=%s", step->name, key->name,
                         choose_unit (step->unit));
  if (!given && !key->initial)
    return fail (error, "[%s]: %s is missing", step->name, key->name);
  g_autofree char *text = given ? g_key_file_get_string (file, step->name, key->name, &reason)
                                : g_strdup (key->initial);
  if (reason)
    return fail (error, "[%s]: %s: %s", step->name, key->name, reason->message);
  return read_value (step, key, g_strstrip (text), error);
}

static gboolean
knows (const Yv8Step *step, const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (KEYS); i++)
    if (KEYS[i].kind == step->kind && g_str_equal (KEYS[i].name, name))
      return TRUE;
  return FALSE;
}

static gboolean
read_keys (Yv8Step *step, GKeyFile *file, GError **error)
{
  g_auto (GStrv) names = g_key_file_get_keys (file, step->name, NULL, NULL);

  for (char **name = names; name && *name; name++)
    if (!knows (step, *name))
      return fail (error, "[%s]: there is no key '%s'", step->name, *name);
  for (gsize i = 0; i < G_N_ELEMENTS (KEYS); i++)
    if (KEYS[i].kind == step->kind && !read_key (step, &KEYS[i], file, error))
      return FALSE;
  return TRUE;
}

static gboolean
find_kind (Yv8Step *step, GError **error)
{
  gsize length = strcspn (step->name, " ");

  for (guint kind = 0; kind < YV8_N_STEP_KINDS; kind++)
    if (strlen (KINDS[kind].name) == length && !strncmp (KINDS[kind].name, step->name, length)) {
      step->kind = (Yv8StepKind) kind;
      return TRUE;
    }
  return fail (error,
      "[%s]: there is no such step; there are classes, resize, prune, quantize and palette",
      step->name);
}

static gboolean
check_order (const Yv8Recipe *self, const Yv8Step *step, GError **error)
{
  const Yv8Step *last = self->steps->len ? yv8_recipe_get (self, self->steps->len - 1) : NULL;

  for (guint i = 0; i < self->steps->len; i++) {
    const Yv8Step *other = yv8_recipe_get (self, i);
    if (other->kind == step->kind && KINDS[step->kind].once)
      return fail (error, "[%s]: there is [%s] already", step->name, other->name);
    if (KINDS[other->kind].rank > KINDS[step->kind].rank)
      return fail (error, "[%s]: must stand before [%s]", step->name, other->name);
  }
  if (step->kind == YV8_STEP_PALETTE && !(last && last->kind == YV8_STEP_QUANTIZE))
    return fail (error, "[%s]: needs [quantize] before it", step->name);
  if (self->steps->len == YV8_RECIPE_MAX_STEPS)
    return fail (error, "[%s]: there are more than %u steps", step->name, YV8_RECIPE_MAX_STEPS);
  return TRUE;
}

static gboolean
check_step (const Yv8Step *step, GError **error)
{
  gboolean blocks = step->kind == YV8_STEP_PRUNE && step->unit != YV8_PRUNE_CHANNELS;

  return !blocks || yv8_criterion_for_blocks (step->criterion) ||
         fail (error, "[%s]: criterion=%s is for channels alone", step->name,
             yv8_criterion_name (step->criterion));
}

static gboolean
add_step (Yv8Recipe *self, GKeyFile *file, const char *group, GError **error)
{
  Yv8Step step = { .name = g_strdup (group) };
  gboolean good = find_kind (&step, error) && check_order (self, &step, error) &&
                  read_keys (&step, file, error) && check_step (&step, error);

  if (good)
    g_array_append_val (self->steps, step);
  else
    step_clear (&step);
  return good;
}

static gboolean
read_head (Yv8Recipe *self, GKeyFile *file, GError **error)
{
  g_auto (GStrv) names = g_key_file_get_keys (file, HEAD, NULL, NULL);
  g_autoptr (GError) reason = NULL;

  for (char **name = names; name && *name; name++)
    if (!g_str_equal (*name, DESCRIPTION))
      return fail (error, "[" HEAD "]: there is no key '%s'", *name);
  if (!g_key_file_has_key (file, HEAD, DESCRIPTION, NULL))
    return TRUE;
  g_autofree char *text = g_key_file_get_string (file, HEAD, DESCRIPTION, &reason);
  if (reason)
    return fail (error, "[" HEAD "]: " DESCRIPTION ": %s", reason->message);
  if (strlen (text) > MAX_VALUE)
    return fail (error, "[" HEAD "]: " DESCRIPTION " has more than %u bytes", MAX_VALUE);
  g_free (self->description);
  self->description = g_steal_pointer (&text);
  return TRUE;
}

/* GLib merges groups of the same name and takes the last of keys. */
static gboolean
check_repeats (const char *text, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  const char *group = "";

  for (char **line = lines; *line; line++) {
    g_strstrip (*line);
    if (!**line || **line == '#')
      continue;
    gboolean opens = **line == '[';
    if (opens)
      group = *line;
    int length = (int) strcspn (*line, opens ? "" : "= \t");
    if (!g_hash_table_add (
            seen, opens ? g_strdup (group) : g_strdup_printf ("%s: %.*s", group, length, *line)))
      return opens ? fail (error, "%s occurs twice; a label makes them two: [prune 2]", group)
                   : fail (error, "%s: %.*s occurs twice", group, length, *line);
  }
  return TRUE;
}

static void
write_text (Yv8Recipe *self)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  g_free (self->text);
  if (*self->description)
    g_key_file_set_string (file, HEAD, DESCRIPTION, self->description);
  for (guint i = 0; i < self->steps->len; i++) {
    const Yv8Step *step = yv8_recipe_get (self, i);
    for (gsize k = 0; k < G_N_ELEMENTS (KEYS); k++) {
      if (!has_key (step, &KEYS[k]))
        continue;
      g_autofree char *value = value_text (step, &KEYS[k]);
      g_key_file_set_string (file, step->name, KEYS[k].name, value);
    }
  }
  self->text = g_key_file_to_data (file, NULL, NULL);
}

static Yv8Recipe *
recipe_new (void)
{
  Yv8Recipe *self = g_new0 (Yv8Recipe, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->description = g_strdup ("");
  self->steps = g_array_new (FALSE, TRUE, sizeof (Yv8Step));
  g_array_set_clear_func (self->steps, step_clear);
  return self;
}

Yv8Recipe *
yv8_recipe_parse (const char *text, gssize size, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (Yv8Recipe) self = recipe_new ();
  g_autoptr (GError) reason = NULL;
  const char *end;

  g_return_val_if_fail (text, NULL);

  gsize length = size < 0 ? strlen (text) : (gsize) size;
  if (length > YV8_RECIPE_MAX_SIZE || !g_utf8_validate_len (text, length, &end)) {
    fail (error, "is no UTF-8 text of at most %u bytes", YV8_RECIPE_MAX_SIZE);
    return NULL;
  }
  g_autofree char *copy = g_strndup (text, length);
  if (!g_key_file_load_from_data (file, copy, length, G_KEY_FILE_KEEP_TRANSLATIONS, &reason)) {
    fail (error, "%s", reason->message);
    return NULL;
  }
  if (!check_repeats (copy, error))
    return NULL;
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i]; i++) {
    gboolean head = i == 0 && g_str_equal (groups[i], HEAD);
    if (!(head ? read_head (self, file, error) : add_step (self, file, groups[i], error)))
      return NULL;
  }
  if (self->steps->len == 0) {
    fail (error, "has no steps");
    return NULL;
  }
  write_text (self);
  return g_steal_pointer (&self);
}

Yv8Recipe *
yv8_recipe_ref (Yv8Recipe *self)
{
  g_return_val_if_fail (self, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
yv8_recipe_unref (Yv8Recipe *self)
{
  if (!self || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->description);
  g_free (self->text);
  g_array_unref (self->steps);
  g_free (self);
}

const char *
yv8_recipe_text (const Yv8Recipe *self)
{
  g_return_val_if_fail (self, NULL);
  return self->text;
}

const char *
yv8_recipe_description (const Yv8Recipe *self)
{
  g_return_val_if_fail (self, NULL);
  return self->description;
}

guint
yv8_recipe_n_steps (const Yv8Recipe *self)
{
  g_return_val_if_fail (self, 0);
  return self->steps->len;
}

const Yv8Step *
yv8_recipe_get (const Yv8Recipe *self, guint index)
{
  return &g_array_index (self->steps, Yv8Step, index);
}

const char *
yv8_recipe_step (const Yv8Recipe *self, guint index)
{
  g_return_val_if_fail (self && index < self->steps->len, NULL);
  return yv8_recipe_get (self, index)->name;
}

static char *
join_settings (const Yv8Step *step, gboolean all)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (KEYS); i++) {
    const Key *key = &KEYS[i];
    if (!has_key (step, key))
      continue;
    g_autofree char *value = value_text (step, key);
    if (all || !key->initial || !g_str_equal (value, key->initial))
      g_string_append_printf (text, "%s%s=%s", text->len ? " " : "", key->name, value);
  }
  return g_string_free (text, FALSE);
}

char *
yv8_recipe_step_text (const Yv8Recipe *self, guint index)
{
  g_return_val_if_fail (self && index < self->steps->len, NULL);
  return join_settings (yv8_recipe_get (self, index), FALSE);
}

char *
yv8_step_text (const Yv8Step *step)
{
  g_autofree char *settings = join_settings (step, TRUE);

  return g_strdup_printf ("%s %s", KINDS[step->kind].name, settings);
}

static double
scale_share (double share, double factor)
{
  double scaled = round (share * factor * SHARE_STEPS) / SHARE_STEPS;

  return factor == 1 ? share : MIN (scaled, YV8_STEP_MAX_SHARE);
}

Yv8Recipe *
yv8_recipe_adjust (const Yv8Recipe *self, double factor, guint width, guint height, double max_drop)
{
  Yv8Recipe *adjusted = yv8_recipe_parse (self->text, -1, NULL);

  for (guint i = 0; i < adjusted->steps->len; i++) {
    Yv8Step *step = &g_array_index (adjusted->steps, Yv8Step, i);
    step->share = scale_share (step->share, factor);
    if (step->kind == YV8_STEP_RESIZE && width > 0)
      step->size[0] = width;
    if (step->kind == YV8_STEP_RESIZE && height > 0)
      step->size[1] = height;
    if (step->kind == YV8_STEP_QUANTIZE && step->max_drop <= 0)
      step->max_drop = max_drop;
  }
  write_text (adjusted);
  return adjusted;
}

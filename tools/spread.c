/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames chosen evenly from pictures and clips. */
#include "spread.h"
#include "files.h"
#include "source.h"

#define DIFFERENT 2.0 /* levels of luma: above the noise of a camera */

typedef struct {
  char *path;
  guint64 first, n_frames; /* that are taken */
  gboolean picture;
} Input;

struct _Yv8Spread {
  GArray *inputs;
  guint64 total; /* frames of all inputs */
  guint n;       /* stretches */
};

static void
input_clear (gpointer data)
{
  g_free (((Input *) data)->path);
}

void
yv8_spread_free (Yv8Spread *self)
{
  g_array_unref (self->inputs);
  g_free (self);
}

static gboolean
count (const char *path, guint64 *n_frames, GError **error)
{
  g_autoptr (GError) reason = NULL;

  *n_frames = 1;
  if (yv8_files_is_picture (path))
    return TRUE;
  g_autoptr (Yv8Source) source = yv8_source_new (path, error);
  if (!source)
    return FALSE;
  gboolean any = yv8_source_next (source, &reason) != NULL;
  *n_frames = any ? yv8_source_n_frames (source) : 0;
  if (any && *n_frames == 0)
    do
      ++*n_frames;
    while (yv8_source_next (source, &reason));
  if (!any && !reason)
    g_set_error (&reason, YV8_ERROR, YV8_ERROR_FORMAT, "%s: holds no frame", path);
  if (!reason)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

char *
yv8_spread_split (const char *input, double part[2])
{
  g_autoptr (GMatchInfo) match = NULL;
  g_autoptr (GRegex) regex =
      g_regex_new ("^(.+)#([0-9]+(?:\\.[0-9]+)?)-([0-9]+(?:\\.[0-9]+)?)%$", G_REGEX_RAW, 0, NULL);

  part[0] = 0;
  part[1] = 100;
  if (g_file_test (input, G_FILE_TEST_EXISTS) || !g_regex_match (regex, input, 0, &match))
    return g_strdup (input);
  for (int i = 0; i < 2; i++) {
    g_autofree char *number = g_match_info_fetch (match, i + 2);
    part[i] = g_ascii_strtod (number, NULL);
  }
  return g_match_info_fetch (match, 1);
}

/* The index of the first of @n frames behind the percentage @part. */
static guint64
cut (double part, guint64 n)
{
  return (guint64) (MIN (part, 100) / 100 * (double) n);
}

static gboolean
add_file (Yv8Spread *self, const char *path, const double part[2], GError **error)
{
  Input input = { .picture = yv8_files_is_picture (path) };
  guint64 n;

  if (!count (path, &n, error))
    return FALSE;
  input.first = cut (part[0], n);
  input.n_frames = cut (part[1], n) - input.first;
  if (input.n_frames == 0)
    return TRUE;
  input.path = g_strdup (path);
  self->total += input.n_frames;
  g_array_append_val (self->inputs, input);
  return TRUE;
}

static gboolean
add_folder (Yv8Spread *self, const char *path, const double part[2], GError **error)
{
  static const double whole[2] = { 0, 100 };
  g_autoptr (GPtrArray) names = yv8_files_list_pictures (path, error);

  for (guint64 i = names ? cut (part[0], names->len) : 0; names && i < cut (part[1], names->len);
       i++) {
    g_autofree char *file = g_build_filename (path, names->pdata[i], NULL);
    if (!add_file (self, file, whole, error))
      return FALSE;
  }
  return names != NULL;
}

static gboolean
add (Yv8Spread *self, const char *input, GError **error)
{
  double part[2];
  g_autofree char *path = yv8_spread_split (input, part);
  guint64 before = self->total;

  if (!(part[0] < part[1] && part[1] <= 100)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "%s: a part of a clip is like #0-50%%, within 0 and 100", input);
    return FALSE;
  }
  gboolean good = g_file_test (path, G_FILE_TEST_IS_DIR) ? add_folder (self, path, part, error)
                                                         : add_file (self, path, part, error);
  if (good && self->total == before)
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "%s: no frame is in this part", input);
  return good && self->total > before;
}

Yv8Spread *
yv8_spread_new (char *const *inputs, guint n, GError **error)
{
  g_autoptr (Yv8Spread) self = g_new0 (Yv8Spread, 1);

  self->inputs = g_array_new (FALSE, FALSE, sizeof (Input));
  g_array_set_clear_func (self->inputs, input_clear);
  for (; *inputs; inputs++)
    if (!add (self, *inputs, error))
      return NULL;
  self->n = (guint) MIN (n, self->total);
  return g_steal_pointer (&self);
}

guint
yv8_spread_n_frames (const Yv8Spread *self)
{
  return self->n;
}

typedef struct {
  const Yv8Spread *spread;
  Yv8Novelty *novelty;
  Yv8SpreadFunc func;
  gpointer data;
  guint64 next; /* stretch that lacks a frame */
} Walk;

static guint64
stretch (const Yv8Spread *self, guint64 index)
{
  return index * self->n / self->total;
}

static gboolean
take (const Walk *walk, const Input *input, const Yv8Frame *frame, guint64 number, GError **error)
{
  g_autofree char *base = g_filename_display_basename (input->path);
  g_autofree char *name =
      input->picture ? g_strdup (base) : g_strdup_printf ("%s %" G_GUINT64_FORMAT, base, number);

  return walk->func (frame, name, walk->data, error);
}

/* @begin: index of the first frame of @input among all */
static gboolean
walk_input (Walk *walk, const Input *input, guint64 begin, GError **error)
{
  guint64 end = begin + input->n_frames, last = stretch (walk->spread, end - 1);
  if (last < walk->next)
    return TRUE;
  g_autoptr (GError) reason = NULL;
  g_autoptr (Yv8Source) source = yv8_source_new (input->path, error);
  if (!source)
    return FALSE;
  for (guint64 i = 0; i < input->first && yv8_source_next (source, &reason); i++)
    ;
  for (guint64 i = begin; i < end && walk->next <= last; i++) {
    const Yv8Frame *frame = reason ? NULL : yv8_source_next (source, &reason);
    if (!frame && i == begin && !reason)
      g_set_error (&reason, YV8_ERROR, YV8_ERROR_FORMAT, "%s: holds no frame", input->path);
    if (reason) {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
    if (!frame)
      break;
    guint64 own = stretch (walk->spread, i);
    if (own < walk->next)
      continue;
    gboolean different = yv8_novelty_take (walk->novelty, frame);
    if (!different && !input->picture && own == stretch (walk->spread, i + 1))
      continue;
    if (!take (walk, input, frame, input->first + i - begin, error))
      return FALSE;
    walk->next = own + 1;
  }
  return TRUE;
}

gboolean
yv8_spread_run (const Yv8Spread *self, Yv8SpreadFunc func, gpointer data, GError **error)
{
  g_autoptr (Yv8Novelty) novelty = yv8_novelty_new (DIFFERENT);
  Walk walk = { self, novelty, func, data, 0 };
  guint64 begin = 0;

  for (guint i = 0; i < self->inputs->len; i++) {
    const Input *input = &g_array_index (self->inputs, Input, i);
    if (!walk_input (&walk, input, begin, error))
      return FALSE;
    begin += input->n_frames;
  }
  return TRUE;
}

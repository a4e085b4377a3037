/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compression of models on devices: the work. */
#include "config.h"

#include <gio/gio.h>
#include <math.h>
#include <stdlib.h>

#include "api/compressor.h"
#include "api/provenance.h"
#include "compress/live.h"
#include "compress/mixed.h"
#include "compress/search.h"

#define CHECKPOINT_VERSION "1"

/* Pictures that a network is timed on, after some that warm it up. */
#define N_TIMED     20
#define N_WARMUP    3

#define STEPS       0.9  /* of the work of a trial; the rest is judging */
#define MOST_FACTOR 4.0  /* of a recipe's shares */
#define LEAST_SHARE 0.01 /* an interval of shares in which it is no use to search */

gboolean
yv8_compressor_show (const char *stage, double fraction, gpointer data)
{
  Yv8Compressor *self = data;

  self->at = MAX (self->at, self->from + self->span * CLAMP (fraction, 0, 1));
  if (!self->progress)
    return TRUE;
  g_autofree char *text = g_str_equal (stage, self->stage)
                              ? g_strdup (stage)
                              : g_strdup_printf ("%s: %s", self->stage, stage);
  return self->progress (text, MIN (self->at, 1), self->data);
}

static void
begin (Yv8Compressor *self, const char *stage, double span)
{
  self->from += self->span;
  self->stage = stage;
  self->span = span;
}

gboolean
yv8_compressor_judge (
    Yv8Compressor *self, const Yv8Model *model, Yv8Agreement *agreement, GError **error)
{
  const Yv8Target *target = &self->workspace.target;
  const Yv8Album *album = self->albums[YV8_FRAME_VALIDATE];
  const Yv8Graph *truth = self->reference->graph;
  guint n_classes = self->reference->n_classes;

  if (model->n_classes != n_classes) {
    *agreement = (Yv8Agreement){ .ap = NAN, .ap50 = NAN };
    return TRUE;
  }
  if (!self->truth) {
    g_autoptr (GPtrArray) boxes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
    if (!yv8_agreement_detect (truth, target, album, YV8_AGREEMENT_TRUTH, boxes, error))
      return FALSE;
    self->truth = g_steal_pointer (&boxes);
  }
  const Yv8Judge judge = { target, album, self->truth, n_classes };
  return yv8_judge (&judge, model->graph, agreement, error);
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

gboolean
yv8_compressor_time (Yv8Compressor *self, const Yv8Model *model, double *ms, GError **error)
{
  const Yv8Target *target = &self->workspace.target;
  const Yv8Album *album = self->albums[YV8_FRAME_CALIBRATE];
  g_autoptr (Yv8Executor) executor = yv8_target_open (target, model->graph, 0, error);
  double times[N_WARMUP + N_TIMED];

  for (guint i = 0; executor && i < G_N_ELEMENTS (times); i++) {
    gint64 start = g_get_monotonic_time ();
    if (!yv8_target_run (target, executor, yv8_album_get (album, i % yv8_album_n (album)), error))
      return FALSE;
    times[i] = (double) (g_get_monotonic_time () - start) / 1e3;
  }
  if (!executor)
    return FALSE;
  qsort (times + N_WARMUP, N_TIMED, sizeof times[0], compare_doubles);
  *ms = times[N_WARMUP + N_TIMED / 2];
  return TRUE;
}

guint64
yv8_compressor_macs (const Yv8Compressor *self, const Yv8Model *model)
{
  const Yv8Target *target = &self->workspace.target;
  g_autofree Yv8Shape *shapes = yv8_graph_infer (model->graph, target->width, target->height, NULL);

  return shapes ? yv8_live_macs (model->graph, shapes) : 0;
}

/* Steps that are the first of the last run too, and so need not be done again. */
static Yv8Model *
find_done (const Yv8Compressor *self, const Yv8CompressorRun *run, guint index)
{
  const Yv8CompressorRun *last = &self->run;

  if (!last->models || last->models->len <= index + 1 ||
      last->models->pdata[index] != run->models->pdata[index])
    return NULL;
  g_autofree char *one = yv8_step_text (yv8_recipe_get (last->recipe, index));
  g_autofree char *two = yv8_step_text (yv8_recipe_get (run->recipe, index));
  return g_str_equal (one, two) ? yv8_model_ref (last->models->pdata[index + 1]) : NULL;
}

static void
set_reference (Yv8Compressor *self, Yv8Model *model)
{
  yv8_model_ref (model);
  g_clear_pointer (&self->reference, yv8_model_unref);
  self->reference = model;
  self->workspace.truth = model->graph;
}

static gboolean
run_steps (Yv8Compressor *self, Yv8CompressorRun *run, guint n, double span, GError **error)
{
  double sum = 0;

  for (guint i = 0; i < n; i++)
    sum += yv8_step_weight (yv8_recipe_get (run->recipe, i));
  for (guint i = 0; i < n; i++) {
    const Yv8Step *step = yv8_recipe_get (run->recipe, i);
    Yv8Model *made = find_done (self, run, i);
    begin (self, step->name, span * yv8_step_weight (step) / sum);
    if (!made)
      made = yv8_step_run (step, run->models, &self->workspace, error);
    if (!made) {
      g_prefix_error (error, "[%s]: ", step->name);
      return FALSE;
    }
    g_ptr_array_add (run->models, made);
    if (step->kind == YV8_STEP_CLASSES)
      set_reference (self, made);
  }
  return TRUE;
}

static Yv8CompressorRun
run_new (const Yv8Compressor *self, double factor)
{
  Yv8CompressorRun run = { yv8_recipe_adjust (self->recipe, factor, 0, 0, 0),
    g_ptr_array_new_with_free_func ((GDestroyNotify) yv8_model_unref) };

  g_ptr_array_add (run.models, yv8_model_ref (self->source));
  return run;
}

static const Yv8Model *
last_model (const Yv8CompressorRun *run)
{
  return run->models->pdata[run->models->len - 1];
}

static void
keep_run (Yv8Compressor *self, Yv8CompressorRun *run)
{
  yv8_compressor_run_clear (&self->run);
  self->run = *run;
  *run = (Yv8CompressorRun){ 0 };
  for (guint i = 0; i < self->trials->len; i++)
    g_array_index (self->trials, Yv8CompressorTrial, i).kept = i + 1 == self->trials->len;
}

typedef struct {
  Yv8Compressor *compressor;
  guint n;                   /* trials planned */
  gboolean by_drop, by_time; /* what makes a trial good */
  gboolean any;              /* was good */
} Search;

static gboolean
is_good (const Search *search, const Yv8CompressorTrial *trial)
{
  const Yv8CompressorOptions *options = &search->compressor->options;

  if (search->by_drop && !yv8_agreement_check (&trial->agreement, options->max_drop, NULL))
    return FALSE;
  return !search->by_time || trial->ms <= options->target_ms;
}

static gboolean
measure_trial (Yv8Compressor *self, const Yv8CompressorRun *run, Yv8CompressorTrial *trial,
    double span, GError **error)
{
  const Yv8Model *model = last_model (run);
  gboolean timed = self->options.measure || self->options.target_ms > 0;

  begin (self, "comparing boxes", span);
  trial->macs = yv8_compressor_macs (self, model);
  trial->bytes = model->size;
  return yv8_compressor_judge (self, model, &trial->agreement, error) &&
         (!timed || yv8_compressor_time (self, model, &trial->ms, error));
}

/* A recipe's own gate that is not passed is a trial that is not good, too. */
static gboolean
try_factor (double factor, gboolean *good, gpointer data, GError **error)
{
  Search *search = data;
  Yv8Compressor *self = search->compressor;
  Yv8CompressorRun run = run_new (self, factor);
  Yv8CompressorTrial trial = {
    .factor = factor, .agreement = { .ap = NAN, .ap50 = NAN }, .ms = NAN
  };
  double span = 1.0 / search->n;
  g_autoptr (GError) reason = NULL;

  gboolean done = run_steps (self, &run, yv8_recipe_n_steps (run.recipe), STEPS * span, &reason) &&
                  measure_trial (self, &run, &trial, (1 - STEPS) / 2 * span, &reason);
  *good = done && is_good (search, &trial);
  if (done || (search->by_drop && g_error_matches (reason, YV8_ERROR, YV8_ERROR_ACCURACY))) {
    g_array_append_val (self->trials, trial);
    g_clear_error (&reason);
  }
  if (done && (*good || !search->any))
    keep_run (self, &run);
  search->any |= *good;
  yv8_compressor_run_clear (&run);
  if (reason)
    g_propagate_error (error, g_steal_pointer (&reason));
  else
    g_debug ("factor %g: %s", factor, *good ? "good" : "not good");
  self->from = (double) self->trials->len * span;
  self->span = 0;
  return !reason && (done || search->by_drop);
}

/* Shares of prune steps, up to those of @last. */
static GArray *
list_shares (const Yv8Recipe *recipe, Yv8PruneUnit last)
{
  GArray *shares = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < yv8_recipe_n_steps (recipe); i++) {
    const Yv8Step *step = yv8_recipe_get (recipe, i);
    if (step->kind == YV8_STEP_PRUNE && step->unit <= last)
      g_array_append_val (shares, step->share);
  }
  return shares;
}

static double
greatest_share (const Yv8Recipe *recipe)
{
  g_autoptr (GArray) shares = list_shares (recipe, YV8_PRUNE_WEIGHTS);
  double greatest = 0;

  for (guint i = 0; i < shares->len; i++)
    greatest = MAX (greatest, g_array_index (shares, double, i));
  return greatest;
}

/* By what the steps before the first prune leave. */
static gboolean
find_macs (Yv8Compressor *self, double *factor, GError **error)
{
  g_autoptr (GArray) shares = list_shares (self->recipe, YV8_PRUNE_CHANNELS);
  Yv8CompressorRun run = run_new (self, 1);
  double wanted = self->options.target_macs * (double) yv8_compressor_macs (self, self->source);
  guint n = 0;

  while (yv8_recipe_get (run.recipe, n)->kind < YV8_STEP_PRUNE)
    n++;
  gboolean good = run_steps (self, &run, n, 0, error);
  if (good)
    *factor = yv8_search_macs ((const double *) (gpointer) shares->data, shares->len,
        YV8_STEP_MAX_SHARE, wanted / (double) yv8_compressor_macs (self, last_model (&run)));
  yv8_compressor_run_clear (&run);
  if (good && !isfinite (*factor)) {
    good = FALSE;
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "the recipe's steps cannot leave as little as %g of the multiply-accumulates",
        self->options.target_macs);
  }
  return good;
}

/* Whether a target that nothing was searched for is met, too. */
static gboolean
check_targets (const Yv8Compressor *self, GError **error)
{
  const Yv8CompressorOptions *options = &self->options;
  const Yv8CompressorTrial *kept = NULL;

  for (guint i = 0; i < self->trials->len; i++)
    if (g_array_index (self->trials, Yv8CompressorTrial, i).kept)
      kept = &g_array_index (self->trials, Yv8CompressorTrial, i);
  if (!kept)
    g_set_error (error, YV8_ERROR, YV8_ERROR_ACCURACY,
        "in %u trials no model passed the recipe's max-drop", self->trials->len);
  else if (options->target_ms > 0 && !(kept->ms <= options->target_ms))
    g_set_error (error, YV8_ERROR, YV8_ERROR_ACCURACY,
        "the model takes %.2f ms with the recipe's shares times %.3g; allowed are %g", kept->ms,
        kept->factor, options->target_ms);
  else if (!yv8_agreement_check (&kept->agreement, options->max_drop, error))
    g_prefix_error (error, "with the recipe's shares times %.3g: ", kept->factor);
  else
    return TRUE;
  return FALSE;
}

static gboolean
search (Yv8Compressor *self, GError **error)
{
  const Yv8CompressorOptions *options = &self->options;
  double greatest = greatest_share (self->recipe), factor = 1;
  Search work = { self, 1 };
  gboolean good;

  work.by_time = options->target_ms > 0 && options->target_macs <= 0;
  work.by_drop = options->max_drop > 0 && options->target_macs <= 0 && !work.by_time;
  if (options->target_macs > 0 && !find_macs (self, &factor, error))
    return FALSE;
  if (greatest > 0 && (work.by_time || work.by_drop)) {
    work.n = YV8_COMPRESSOR_TRIALS;
    factor = yv8_search_factor (work.by_drop, MIN (MOST_FACTOR, YV8_STEP_MAX_SHARE / greatest),
        LEAST_SHARE / greatest, work.n, try_factor, &work, error);
  } else if (!try_factor (factor, &good, &work, error)) {
    return FALSE;
  }
  return !isnan (factor) && check_targets (self, error);
}

static gboolean
add_points (Yv8Compressor *self, GError **error)
{
  guint n = self->run.models->len;

  self->from = self->at;
  self->span = 0;
  begin (self, "comparing boxes", 1 - self->at);
  for (guint i = 0; i < n; i++) {
    const Yv8Model *model = self->run.models->pdata[i];
    Yv8CompressorPoint point = { i ? yv8_recipe_step (self->run.recipe, i - 1) : "source", model,
      yv8_compressor_macs (self, model), yv8_live_parameters (model->graph), model->size };
    point.ms = NAN;
    if (!yv8_compressor_judge (self, model, &point.agreement, error) ||
        (self->options.measure && !yv8_compressor_time (self, model, &point.ms, error)))
      return FALSE;
    g_array_append_val (self->points, point);
  }
  return TRUE;
}

/* The last model, with what it is made of and how it was judged. */
static Yv8Model *
finish_model (Yv8Compressor *self, GError **error)
{
  const Yv8Target *target = &self->workspace.target;
  const Yv8Model *last = last_model (&self->run);
  Yv8CompressorPoint *point =
      &g_array_index (self->points, Yv8CompressorPoint, self->points->len - 1);
  GHashTable *metadata = yv8_model_derive_metadata (last);

  yv8_provenance_put (metadata, "yv8.recipe", g_strdup (yv8_recipe_text (self->run.recipe)));
  yv8_provenance_put (
      metadata, "yv8.frames", g_strdup_printf ("%u", self->names[YV8_FRAME_CALIBRATE]->len));
  yv8_provenance_put_agreement (metadata, &point->agreement);
  Yv8Model *model = yv8_model_make (yv8_graph_copy (last->graph, yv8_graph_n_ops (last->graph)),
      metadata, target->width, target->height, error);
  if (!model)
    return NULL;
  g_ptr_array_remove_index (self->run.models, self->run.models->len - 1);
  g_ptr_array_add (self->run.models, yv8_model_ref (model));
  point->model = model;
  point->bytes = model->size;
  return model;
}

static char *
hash_albums (const Yv8Compressor *self)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const Yv8Target *target = &self->workspace.target;
  gssize size = (gssize) target->width * target->height * (gssize) sizeof (guint32);

  for (guint use = 0; use < G_N_ELEMENTS (self->albums); use++)
    for (guint i = 0; i < yv8_album_n (self->albums[use]); i++)
      g_checksum_update (checksum, (const guchar *) yv8_album_get (self->albums[use], i), size);
  return g_strdup (g_checksum_get_string (checksum));
}

/* All that the results of steps depend on but model and settings. */
static char *
make_work (const Yv8Compressor *self)
{
  const Yv8Device *device = self->opener.device;
  g_autofree char *pictures = hash_albums (self);
  g_autofree char *counts = g_strdup_printf ("%ux%u, %u and %u", self->workspace.target.width,
      self->workspace.target.height, yv8_album_n (self->albums[0]), yv8_album_n (self->albums[1]));

  return yv8_checkpoint_key (CHECKPOINT_VERSION, YV8_VERSION, self->source->sha256, device->id,
      device->name, device->driver, counts, pictures, NULL);
}

static void
start (Yv8Compressor *self, Yv8ProgressFunc progress, gpointer data)
{
  self->progress = progress;
  self->data = data;
  self->stage = "";
  self->at = self->from = self->span = 0;
  g_array_set_size (self->points, 0);
  g_array_set_size (self->trials, 0);
  yv8_compressor_run_clear (&self->run);
  g_clear_pointer (&self->truth, g_ptr_array_unref);
  g_free (self->work);
  self->workspace.work = self->work = make_work (self);
  set_reference (self, self->source);
  self->workspace.progress = yv8_compressor_show;
  self->workspace.data = self;
}

static gboolean
check_frames (const Yv8Compressor *self, GError **error)
{
  const char *message = NULL;

  if (yv8_album_n (self->albums[YV8_FRAME_CALIBRATE]) == 0)
    message = "no frames were added to compress by";
  else if (self->options.max_drop > 0 && yv8_album_n (self->albums[YV8_FRAME_VALIDATE]) == 0)
    message = "a loss of agreement cannot be kept without frames that are held out";
  if (message)
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_ARGUMENT, message);
  return !message;
}

Yv8Model *
yv8_compressor_finish (Yv8Compressor *self, Yv8ProgressFunc progress, gpointer data, GError **error)
{
  g_autoptr (GError) reason = NULL;

  g_return_val_if_fail (self, NULL);

  if (!check_frames (self, error))
    return NULL;
  start (self, progress, data);
  gboolean found = search (self, &reason);
  gboolean judged = found || g_error_matches (reason, YV8_ERROR, YV8_ERROR_ACCURACY);
  Yv8Model *model = NULL;
  if (judged && self->run.models && add_points (self, reason ? NULL : &reason) && found)
    model = finish_model (self, &reason);
  if (model && progress)
    progress ("done", 1, data);
  if (reason)
    g_propagate_error (error, g_steal_pointer (&reason));
  return model;
}

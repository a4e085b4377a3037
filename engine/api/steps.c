/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The steps of a recipe. */
#include "api/steps.h"

#include <gio/gio.h>

#include "api/labels.h"
#include "api/provenance.h"
#include "compress/calibration.h"
#include "compress/channels.h"
#include "compress/palette.h"
#include "compress/prune.h"
#include "compress/single.h"
#include "compress/subset.h"
#include "model/file.h"

#define FRAMES 0.2 /* of quantize, as progress */

typedef struct {
  const Yv8Step *step;
  const Yv8Model *model;
  const Yv8Model *before; /* what that was made of; NULL for the source */
  const Yv8Workspace *workspace;
  GHashTable *metadata; /* of the result */
  guint width, height;  /* likewise */
} Job;

typedef Yv8Graph *(*RunFunc) (Job *job, GError **error);

static gboolean
add_class (GArray *classes, const Yv8Model *model, const char *name, GError **error)
{
  guint64 number = G_MAXUINT64;

  for (guint i = 0; i < model->n_classes && number == G_MAXUINT64; i++)
    if (g_str_equal (model->labels[i], name))
      number = i;
  if (number == G_MAXUINT64 &&
      !g_ascii_string_to_unsigned (name, 10, 0, model->n_classes - 1, &number, NULL)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "the model has no class '%s' to keep", name);
    return FALSE;
  }
  guint class_id = (guint) number;
  g_array_append_val (classes, class_id);
  return TRUE;
}

static GArray *
find_classes (const Yv8Step *step, const Yv8Model *model, GError **error)
{
  g_autoptr (GArray) classes = g_array_new (FALSE, FALSE, sizeof (guint));
  g_auto (GStrv) names = g_strsplit (step->keep, ",", -1);

  for (char **name = names; *name; name++)
    if (!add_class (classes, model, g_strstrip (*name), error))
      return NULL;
  return g_steal_pointer (&classes);
}

static Yv8Graph *
keep_classes (Job *job, GError **error)
{
  const Yv8Model *model = job->model;
  g_autoptr (GArray) classes = find_classes (job->step, model, error);

  if (!classes)
    return NULL;
  const guint *numbers = (const guint *) (gpointer) classes->data;
  yv8_provenance_put (job->metadata, "names",
      yv8_labels_subset ((const char *const *) model->labels, numbers, classes->len));
  return yv8_subset_classes (model->graph, numbers, classes->len, error);
}

static Yv8Graph *
resize (Job *job, GError **error)
{
  job->width = job->workspace->target.width;
  job->height = job->workspace->target.height;
  return yv8_graph_copy (job->model->graph, yv8_graph_n_ops (job->model->graph));
}

static GBytes *
measure_blocks (Job *job, GError **error)
{
  const Yv8Workspace *space = job->workspace;

  return yv8_prune_costs (job->model->graph, job->step->criterion, &space->target,
      space->albums[YV8_FRAME_CALIBRATE], space->progress, space->data, error);
}

static Yv8Graph *
prune_blocks (Job *job, GBytes *costs, GError **error)
{
  const Yv8Workspace *space = job->workspace;
  const Yv8PruneOptions options = { job->step->criterion, job->step->share, costs };

  return yv8_prune (job->model->graph, &options, &space->target, space->albums[YV8_FRAME_CALIBRATE],
      space->progress, space->data, error);
}

static Yv8ChannelOptions
channel_options (const Job *job, GBytes *costs)
{
  const Yv8Step *step = job->step;

  return (Yv8ChannelOptions){ .criterion = step->criterion,
    .share = step->share,
    .layers = step->layers,
    .match_variance = step->correct == YV8_CORRECT_VARIANCE,
    .costs = costs };
}

static GBytes *
measure_channels (Job *job, GError **error)
{
  const Yv8Workspace *space = job->workspace;
  const Yv8ChannelOptions options = channel_options (job, NULL);

  return yv8_prune_channels_costs (job->model->graph, &options, &space->target,
      space->albums[YV8_FRAME_CALIBRATE], space->progress, space->data, error);
}

static Yv8Graph *
prune_channels (Job *job, GBytes *costs, GError **error)
{
  const Yv8Workspace *space = job->workspace;
  const Yv8ChannelOptions options = channel_options (job, costs);

  return yv8_prune_channels (job->model->graph, &options, &space->target,
      space->albums[YV8_FRAME_CALIBRATE], space->progress, space->data, error);
}

static Yv8Graph *
prune_single (Job *job, GBytes *costs, GError **error)
{
  const Yv8Workspace *space = job->workspace;
  const Yv8SingleOptions options = { job->step->criterion, job->step->share,
    job->step->unit == YV8_PRUNE_2_4 };

  return yv8_prune_single (job->model->graph, &options, &space->target,
      space->albums[YV8_FRAME_CALIBRATE], space->progress, space->data, error);
}

/* Costs depend on no share, so trials with others need not measure them again. */
static const struct {
  GBytes *(*measure) (Job *job, GError **error);
  Yv8Graph *(*prune) (Job *job, GBytes *costs, GError **error);
} UNITS[YV8_N_PRUNE_UNITS] = {
  [YV8_PRUNE_BLOCKS] = { measure_blocks, prune_blocks },
  [YV8_PRUNE_CHANNELS] = { measure_channels, prune_channels },
  [YV8_PRUNE_WEIGHTS] = { NULL, prune_single },
  [YV8_PRUNE_2_4] = { NULL, prune_single },
};

static char *
costs_key (const Job *job)
{
  const Yv8Step *step = job->step;
  g_autofree char *unit = g_strdup_printf ("costs %u", step->unit);

  return yv8_checkpoint_key (job->workspace->work, job->model->sha256, unit,
      yv8_criterion_name (step->criterion), step->layers ? step->layers : "", NULL);
}

static Yv8Graph *
measure_and_prune (Job *job, const char *key, GError **error)
{
  g_autoptr (GBytes) costs = UNITS[job->step->unit].measure (job, error);

  if (!costs)
    return NULL;
  yv8_checkpoint_save (job->workspace->checkpoint, key, costs);
  return UNITS[job->step->unit].prune (job, costs, error);
}

static Yv8Graph *
prune (Job *job, GError **error)
{
  if (!UNITS[job->step->unit].measure)
    return UNITS[job->step->unit].prune (job, NULL, error);
  g_autofree char *key = costs_key (job);
  g_autoptr (GBytes) costs = yv8_checkpoint_load (job->workspace->checkpoint, key);
  g_autoptr (GError) reason = NULL;

  if (!costs)
    return measure_and_prune (job, key, error);
  Yv8Graph *graph = UNITS[job->step->unit].prune (job, costs, &reason);
  if (g_error_matches (reason, YV8_ERROR, YV8_ERROR_FORMAT)) {
    g_message ("checkpoint of [%s]: %s; it is made again", job->step->name, reason->message);
    return measure_and_prune (job, key, error);
  }
  if (reason)
    g_propagate_error (error, g_steal_pointer (&reason));
  return graph;
}

static gboolean
add_pictures (Yv8Calibration *calibration, const Job *job, Yv8FrameUse use, GError **error)
{
  const Yv8Workspace *space = job->workspace;
  const Yv8Target *target = &space->target;
  const Yv8Album *album = space->albums[use];

  for (guint i = 0; i < yv8_album_n (album); i++) {
    Yv8Frame frame = {
      .format = YV8_FORMAT_RGBX, .width = target->width, .height = target->height
    };
    frame.data[0] = (const guint8 *) yv8_album_get (album, i);
    frame.stride[0] = (gint) (4 * target->width);
    if (!space->progress ("gathering ranges", FRAMES * i / yv8_album_n (album), space->data)) {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped");
      return FALSE;
    }
    if (!yv8_calibration_add (calibration, &frame, NULL, use, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
show_calibration (const char *stage, double fraction, gpointer data)
{
  const Yv8Workspace *space = ((const Job *) data)->workspace;

  return space->progress (stage, FRAMES + (1 - FRAMES) * fraction, space->data);
}

static Yv8Graph *
quantize (Job *job, GError **error)
{
  const Yv8Step *step = job->step;
  const Yv8Workspace *space = job->workspace;
  g_autoptr (Yv8Calibration) calibration = yv8_calibration_new (
      job->model->graph, &space->target, step->method, step->keep_float, step->max_drop, error);

  if (!calibration || !add_pictures (calibration, job, YV8_FRAME_CALIBRATE, error))
    return NULL;
  if (step->max_drop > 0 && !add_pictures (calibration, job, YV8_FRAME_VALIDATE, error))
    return NULL;
  if (space->truth)
    calibration->truth = space->truth;
  calibration->brief = TRUE;
  g_autoptr (Yv8Graph) graph = yv8_calibration_finish (calibration, show_calibration, job, error);
  if (graph)
    yv8_provenance_put_quantization (job->metadata, step->method, calibration->scheme);
  return g_steal_pointer (&graph);
}

/* Of the int8 network, with the float one that it was made of. */
static Yv8Graph *
palettize (Job *job, GError **error)
{
  const Yv8Workspace *space = job->workspace;
  const Yv8PaletteOptions options = { .centroids = 16u << job->step->palette,
    .bytes = job->step->bytes,
    .size = (double) job->model->size };

  return yv8_palettize (job->model->graph, job->before->graph, &options, &space->target,
      space->albums[YV8_FRAME_CALIBRATE], space->progress, space->data, error);
}

/* Those that take long are worth a checkpoint. */
static const struct {
  RunFunc run;
  double weight;
  gboolean is_long;
} KINDS[YV8_N_STEP_KINDS] = {
  [YV8_STEP_CLASSES] = { keep_classes, 0.01, FALSE },
  [YV8_STEP_RESIZE] = { resize, 0.01, FALSE },
  [YV8_STEP_PRUNE] = { prune, 10, TRUE },
  [YV8_STEP_QUANTIZE] = { quantize, 3, TRUE },
  [YV8_STEP_PALETTE] = { palettize, 5, TRUE },
};

gboolean
yv8_step_check (const Yv8Step *step, const Yv8Model *model, GError **error)
{
  gboolean prunes = step->kind == YV8_STEP_PRUNE;

  if (!(prunes ? UNITS[step->unit].prune != NULL : KINDS[step->kind].run != NULL)) {
    g_set_error (
        error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "[%s]: this version cannot do that", step->name);
    return FALSE;
  }
  if (step->kind != YV8_STEP_CLASSES)
    return TRUE;
  g_autoptr (GArray) classes = find_classes (step, model, error);
  return classes != NULL;
}

double
yv8_step_weight (const Yv8Step *step)
{
  return KINDS[step->kind].weight;
}

static Yv8Model *
load_result (const Job *job, const char *key)
{
  g_autoptr (GBytes) bytes = yv8_checkpoint_load (job->workspace->checkpoint, key);
  g_autoptr (GError) error = NULL;
  gsize size = 0;
  const guint8 *data = bytes ? g_bytes_get_data (bytes, &size) : NULL;
  Yv8Network *network = data ? yv8_file_read (data, size, &error) : NULL;

  if (data && !network)
    g_message ("checkpoint of [%s]: %s; it is made again", job->step->name, error->message);
  return network ? yv8_model_new (network, data, size) : NULL;
}

static void
save_result (const Job *job, const char *key, const Yv8Model *model)
{
  const Yv8Network network = { model->graph, model->metadata, model->width, model->height };
  g_autoptr (GBytes) bytes = yv8_file_write (&network, NULL);

  if (bytes)
    yv8_checkpoint_save (job->workspace->checkpoint, key, bytes);
}

Yv8Model *
yv8_step_run (
    const Yv8Step *step, const GPtrArray *models, const Yv8Workspace *space, GError **error)
{
  const Yv8Model *model = models->pdata[models->len - 1];
  const Yv8Model *before = models->len > 1 ? models->pdata[models->len - 2] : NULL;
  Job job = { step, model, before, space, NULL, model->width, model->height };
  gboolean kept = KINDS[step->kind].is_long && yv8_checkpoint_on_disk (space->checkpoint);
  g_autofree char *settings = yv8_step_text (step);
  g_autofree char *key =
      yv8_checkpoint_key (space->work, before ? before->sha256 : "", model->sha256, settings, NULL);
  Yv8Model *result = kept ? load_result (&job, key) : NULL;

  if (result)
    return result;
  g_autoptr (GHashTable) metadata = job.metadata = yv8_model_derive_metadata (model);
  Yv8Graph *graph = KINDS[step->kind].run (&job, error);
  if (!graph)
    return NULL;
  result = yv8_model_make (graph, g_steal_pointer (&metadata), job.width, job.height, error);
  if (result && kept)
    save_result (&job, key, result);
  return result;
}

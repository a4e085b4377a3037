/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calibration beside a stream: a thread with a queue of four frames. */
#include <glib/gstdio.h>

#include "error.h"
#include "frame.h"
#include "maker.h"
#include "priority.h"
#include "worker.h"

GST_DEBUG_CATEGORY_EXTERN (yolov8calibrate_debug);
#define GST_CAT_DEFAULT yolov8calibrate_debug

#define N_SLOTS         4
#define NOVELTY         1.0 /* levels of 0..255; sensor noise is less */
#define CODE            "calibrate"
#define PERCENTS        100

/* A copy of a picture. */
typedef struct {
  GstVideoInfo info;
  GstBuffer *buffer; /* kept for the next picture of the same kind */
  Yv8FrameUse use;
} Slot;

struct _Yv8Worker {
  GstElement *element;
  char *output;
  guint frames, min_frames, interval;
  GThread *thread;
  gint cancelled; /* atomic */

  /* Of the streaming thread. */
  Yv8Novelty *novelty;

  /* Of the worker's thread. */
  Yv8Maker *maker;
  guint percent; /* told last */

  /* Under the lock. Slots first_slot and on, n_slots of them, are full and the worker's. */
  GMutex lock;
  GCond changed;
  Slot slots[N_SLOTS];
  guint first_slot, n_slots;
  Yv8WorkerState state;
  gboolean interrupted, ended, warned;
  guint64 seen, similar, busy;
  guint taken, held_out;
  double progress;
  gboolean judged;
  Yv8Agreement agreement;
};

static const char *const state_names[] = {
  [YV8_WORKER_GATHERING] = "gathering",
  [YV8_WORKER_FINISHING] = "finishing",
  [YV8_WORKER_DONE] = "done",
  [YV8_WORKER_FAILED] = "failed",
  [YV8_WORKER_STOPPED] = "stopped",
};

static void
post_progress (Yv8Worker *self, GstProgressType type, const char *text)
{
  GstMessage *message = gst_message_new_progress (GST_OBJECT (self->element), type, CODE, text);

  if (type == GST_PROGRESS_TYPE_CONTINUE)
    gst_structure_set (gst_message_writable_structure (message), "percent", G_TYPE_INT,
        (gint) self->percent, NULL);
  gst_element_post_message (self->element, message);
}

static void
warn (Yv8Worker *self, GQuark domain, gint code, const char *text)
{
  gst_element_message_full (self->element, GST_MESSAGE_WARNING, domain, code, g_strdup (text), NULL,
      __FILE__, G_STRFUNC, __LINE__);
}

static gboolean
is_cancelled (Yv8Worker *self)
{
  return g_atomic_int_get (&self->cancelled);
}

/* Under the lock. */
static gboolean
is_enough (const Yv8Worker *self)
{
  return self->taken >= (self->ended ? self->min_frames : self->frames);
}

/* Under the lock: there is something to wait for. */
static gboolean
is_working (const Yv8Worker *self)
{
  return self->state == YV8_WORKER_FINISHING ||
         (self->state == YV8_WORKER_GATHERING && (self->n_slots > 0 || is_enough (self)));
}

static void
set_state (Yv8Worker *self, Yv8WorkerState state)
{
  g_mutex_lock (&self->lock);
  self->state = state;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* (transfer full) @error */
static void
fail (Yv8Worker *self, GError *error)
{
  static const char what[] = "Calibration failed and nothing was written";

  GST_WARNING_OBJECT (self->element, "%s", error->message);
  if (is_cancelled (self)) {
    post_progress (self, GST_PROGRESS_TYPE_CANCELED, "Calibration was stopped");
    g_error_free (error);
    set_state (self, YV8_WORKER_STOPPED);
    return;
  }
  post_progress (self, GST_PROGRESS_TYPE_ERROR, error->message);
  if (g_error_matches (error, YV8_ERROR, YV8_ERROR_READ)) {
    g_autofree char *text = g_strdup_printf (
        "%s: %s. Set property output=... to a file that may be written.", what, error->message);

    warn (self, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, text);
    g_error_free (error);
  } else {
    yv8_element_warning (self->element, what, error);
  }
  set_state (self, YV8_WORKER_FAILED);
}

static void
succeed (Yv8Worker *self)
{
  const Yv8Agreement *agreement = &self->agreement;
  GStatBuf file = { 0 };

  if (g_stat (self->output, &file) != 0)
    GST_INFO_OBJECT (self->element, "%s is gone already", self->output);
  GstStructure *structure = gst_structure_new ("yolov8-calibrated", "path", G_TYPE_STRING,
      self->output, "frames", G_TYPE_UINT, self->taken - self->held_out, "held-out", G_TYPE_UINT,
      self->held_out, "agreement", G_TYPE_DOUBLE, agreement->ap, "agreement-50", G_TYPE_DOUBLE,
      agreement->ap50, "agreement-by-box", G_TYPE_DOUBLE, agreement->by_box, "score-shift",
      G_TYPE_DOUBLE, agreement->score_shift, "boxes", G_TYPE_UINT, agreement->n_boxes, "size",
      G_TYPE_UINT64, (guint64) file.st_size, NULL);
  GST_INFO_OBJECT (self->element, "%" GST_PTR_FORMAT, structure);
  gst_element_post_message (
      self->element, gst_message_new_element (GST_OBJECT (self->element), structure));
  g_autofree char *text = g_strdup_printf ("%s is written", self->output);
  post_progress (self, GST_PROGRESS_TYPE_COMPLETE, text);
  g_mutex_lock (&self->lock);
  self->progress = 1.;
  g_mutex_unlock (&self->lock);
  set_state (self, YV8_WORKER_DONE);
}

static gboolean
follow (const char *stage, double fraction, gpointer data)
{
  Yv8Worker *self = data;
  guint percent = (guint) (fraction * PERCENTS);

  g_mutex_lock (&self->lock);
  self->progress = 0.5 + 0.5 * fraction;
  g_mutex_unlock (&self->lock);
  if (percent != self->percent) {
    g_autofree char *text = g_strdup_printf ("%u %%: %s", percent, stage);

    self->percent = percent;
    post_progress (self, GST_PROGRESS_TYPE_CONTINUE, text);
  }
  return !is_cancelled (self);
}

static void
finish (Yv8Worker *self)
{
  GError *error = NULL;
  g_autofree char *text =
      g_strdup_printf ("Calibrating on %u frames", self->taken - self->held_out);

  self->percent = 0;
  post_progress (self, GST_PROGRESS_TYPE_START, text);
  g_autoptr (Yv8Model) model = yv8_maker_finish (self->maker, follow, self, &error);
  if (model || g_error_matches (error, YV8_ERROR, YV8_ERROR_ACCURACY)) {
    g_mutex_lock (&self->lock);
    self->judged = TRUE;
    yv8_maker_agreement (self->maker, &self->agreement);
    g_mutex_unlock (&self->lock);
  }
  if (model && yv8_model_save (model, self->output, &error))
    succeed (self);
  else
    fail (self, error);
}

static gboolean
add (Yv8Worker *self, const Slot *slot, GError **error)
{
  GstVideoFrame video;
  Yv8Frame frame;

  if (!gst_video_frame_map (&video, &slot->info, slot->buffer, GST_MAP_READ)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY, "A copied frame cannot be mapped");
    return FALSE;
  }
  yv8_frame_from_video (&frame, &video);
  gboolean added = yv8_maker_add (self->maker, &frame, slot->use, error);
  gst_video_frame_unmap (&video);
  return added;
}

/* Waits for work. Returns: (nullable): the slot to work on, left in the queue */
static const Slot *
wait_for_frame (Yv8Worker *self)
{
  g_mutex_lock (&self->lock);
  while (!is_cancelled (self) && !is_working (self))
    g_cond_wait (&self->changed, &self->lock);
  const Slot *slot = self->n_slots > 0 ? &self->slots[self->first_slot] : NULL;
  if (!slot && !is_cancelled (self))
    self->state = YV8_WORKER_FINISHING;
  g_mutex_unlock (&self->lock);
  return slot;
}

static void
release_slot (Yv8Worker *self)
{
  g_mutex_lock (&self->lock);
  self->first_slot = (self->first_slot + 1) % N_SLOTS;
  self->n_slots--;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* Half of the processors are left to the stream. */
static Yv8Maker *
open_maker (const Yv8WorkerOptions *options, GError **error)
{
  Yv8CalibratorOptions calibrator = options->calibrator;

  calibrator.threads = MAX (g_get_num_processors () / 2, 1);
  return yv8_maker_new (options->model, options->recipe, &calibrator, error);
}

/* What the thread is given by the one that waits until it is open. */
typedef struct {
  Yv8Worker *worker;
  const Yv8WorkerOptions *options;
  gboolean opened;
  GError *error;
} Opening;

/* In the worker's thread, since the maker makes threads, which inherit the priority. */
static gboolean
open_here (Opening *opening)
{
  Yv8Worker *self = opening->worker;

  yv8_thread_lower_priority ();
  Yv8Maker *maker = open_maker (opening->options, &opening->error);
  g_mutex_lock (&self->lock);
  self->maker = maker;
  opening->opened = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return maker != NULL;
}

static gpointer
work (gpointer data)
{
  Yv8Worker *self = ((Opening *) data)->worker;
  GError *error = NULL;
  const Slot *slot;

  if (!open_here (data))
    return NULL;
  while (!error && (slot = wait_for_frame (self)) && !is_cancelled (self)) {
    add (self, slot, &error);
    release_slot (self);
  }
  if (is_cancelled (self))
    g_clear_error (&error);
  else if (error)
    fail (self, error);
  else
    finish (self);
  return NULL;
}

Yv8Worker *
yv8_worker_new (GstElement *element, const Yv8WorkerOptions *options, GError **error)
{
  Yv8Worker *self = g_new0 (Yv8Worker, 1);
  Opening opening = { .worker = self, .options = options };

  self->element = element;
  self->output = g_strdup (options->output);
  self->frames = options->frames;
  self->min_frames = MIN (options->min_frames, options->frames);
  self->interval = options->interval;
  self->novelty = yv8_novelty_new (NOVELTY);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->thread = g_thread_new ("yv8-calibrate", work, &opening);
  g_mutex_lock (&self->lock);
  while (!opening.opened)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
  if (!opening.error)
    return self;
  g_thread_join (self->thread);
  yv8_worker_free (self);
  g_propagate_error (error, opening.error);
  return NULL;
}

void
yv8_worker_free (Yv8Worker *self)
{
  if (!self)
    return;
  for (guint i = 0; i < N_SLOTS; i++)
    gst_clear_buffer (&self->slots[i].buffer);
  yv8_novelty_free (self->novelty);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self->output);
  g_free (self);
}

static gboolean
slot_copy (Slot *slot, const GstVideoFrame *video, const GstVideoInfo *info)
{
  GstVideoFrame copy;

  /* A buffer's own metadata may say otherwise than the caps. */
  if (video->info.width != info->width || video->info.height != info->height ||
      video->info.finfo != info->finfo)
    return FALSE;
  if (!slot->buffer || !gst_video_info_is_equal (&slot->info, info)) {
    guint8 *data = g_try_malloc (info->size);

    gst_clear_buffer (&slot->buffer);
    if (!data)
      return FALSE;
    slot->buffer = gst_buffer_new_wrapped (data, info->size);
    slot->info = *info;
  }
  if (!gst_video_frame_map (&copy, &slot->info, slot->buffer, GST_MAP_WRITE))
    return FALSE;
  gboolean copied = gst_video_frame_copy (&copy, video);
  gst_video_frame_unmap (&copy);
  return copied;
}

/* (nullable): the slot to fill for the frame that is seen now */
static Slot *
reserve_slot (Yv8Worker *self)
{
  Slot *slot = NULL;

  g_mutex_lock (&self->lock);
  gboolean due = self->seen++ % self->interval == 0;
  if (due && self->state == YV8_WORKER_GATHERING && self->taken < self->frames) {
    if (self->n_slots < N_SLOTS)
      slot = &self->slots[(self->first_slot + self->n_slots) % N_SLOTS];
    else
      self->busy++;
  }
  g_mutex_unlock (&self->lock);
  return slot;
}

/* Under the lock. */
static void
take_slot (Yv8Worker *self, Slot *slot)
{
  gboolean held_out = self->taken % YV8_WORKER_HOLD_OUT == YV8_WORKER_HOLD_OUT - 1;

  slot->use = held_out ? YV8_FRAME_VALIDATE : YV8_FRAME_CALIBRATE;
  self->taken++;
  self->held_out += held_out;
  self->n_slots++;
  self->warned = FALSE;
  self->progress = 0.5 * self->taken / self->frames;
  g_cond_broadcast (&self->changed);
}

void
yv8_worker_offer (Yv8Worker *self, GstBuffer *buffer, const GstVideoInfo *info)
{
  GstVideoFrame video;
  Yv8Frame frame;
  Slot *slot = reserve_slot (self);

  if (!slot)
    return;
  if (!gst_video_frame_map (&video, info, buffer, GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    GST_WARNING_OBJECT (self->element, "%" GST_PTR_FORMAT " cannot be mapped", buffer);
    return;
  }
  gboolean novel =
      yv8_frame_from_video (&frame, &video) && yv8_novelty_take (self->novelty, &frame);
  gboolean copied = novel && slot_copy (slot, &video, info);
  gst_video_frame_unmap (&video);
  if (novel && !copied)
    GST_WARNING_OBJECT (self->element, "%" GST_PTR_FORMAT " cannot be copied", buffer);

  g_mutex_lock (&self->lock);
  if (copied)
    take_slot (self, slot);
  self->similar += !novel;
  g_mutex_unlock (&self->lock);
}

/* Under the lock. Returns: (transfer full): why there is no model */
static char *
describe_shortage (const Yv8Worker *self, const char *end)
{
  if (self->state != YV8_WORKER_GATHERING || is_enough (self))
    return g_strdup_printf ("%s while the model was being made, and nothing was written. Play "
                            "until the message yolov8-calibrated, or to the end of the stream.",
        end);
  return g_strdup_printf (
      "%s after %u of %u frames (%u are enough at the end of the stream), and nothing was written: "
      "of %" G_GUINT64_FORMAT " frames %" G_GUINT64_FORMAT
      " were too similar to those taken and %" G_GUINT64_FORMAT
      " came while the calibration was busy. Play more of a scene that changes; play a clip at its "
      "own pace (identity sync=true); or set min-frames, frames or interval lower.",
      end, self->taken, self->frames, self->min_frames, self->seen, self->similar, self->busy);
}

/* Once, until another frame is taken. */
static void
warn_of_shortage (Yv8Worker *self, const char *end)
{
  g_autofree char *text = NULL;

  g_mutex_lock (&self->lock);
  if (self->seen > 0 && !self->warned && self->state != YV8_WORKER_DONE &&
      self->state != YV8_WORKER_FAILED)
    text = describe_shortage (self, end);
  self->warned = TRUE;
  g_mutex_unlock (&self->lock);
  if (text)
    warn (self, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, text);
}

gboolean
yv8_worker_drain (Yv8Worker *self)
{
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_cond_broadcast (&self->changed);
  while (!self->interrupted && !is_cancelled (self) && is_working (self))
    g_cond_wait (&self->changed, &self->lock);
  gboolean drained = !self->interrupted && !is_cancelled (self);
  g_mutex_unlock (&self->lock);
  if (drained)
    warn_of_shortage (self, "The stream ended");
  return drained;
}

void
yv8_worker_interrupt (Yv8Worker *self, gboolean interrupted)
{
  g_mutex_lock (&self->lock);
  self->interrupted = interrupted;
  if (!interrupted)
    self->ended = FALSE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
yv8_worker_cancel (Yv8Worker *self)
{
  g_mutex_lock (&self->lock);
  g_atomic_int_set (&self->cancelled, TRUE);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
yv8_worker_stop (Yv8Worker *self)
{
  yv8_worker_cancel (self);
  g_thread_join (g_steal_pointer (&self->thread));
  g_clear_pointer (&self->maker, yv8_maker_free);
  warn_of_shortage (self, "Calibration was stopped");
  g_mutex_lock (&self->lock);
  if (self->state <= YV8_WORKER_FINISHING)
    self->state = YV8_WORKER_STOPPED;
  g_mutex_unlock (&self->lock);
}

double
yv8_worker_progress (Yv8Worker *self)
{
  g_mutex_lock (&self->lock);
  double progress = self->progress;
  g_mutex_unlock (&self->lock);
  return progress;
}

void
yv8_worker_stats (Yv8Worker *self, GstStructure *structure)
{
  g_mutex_lock (&self->lock);
  gst_structure_set (structure, "state", G_TYPE_STRING, state_names[self->state], "seen",
      G_TYPE_UINT64, self->seen, "taken", G_TYPE_UINT, self->taken, "held-out", G_TYPE_UINT,
      self->held_out, "similar", G_TYPE_UINT64, self->similar, "busy", G_TYPE_UINT64, self->busy,
      "progress", G_TYPE_DOUBLE, self->progress, NULL);
  if (self->judged)
    gst_structure_set (structure, "agreement", G_TYPE_DOUBLE, self->agreement.ap, "agreement-50",
        G_TYPE_DOUBLE, self->agreement.ap50, "agreement-by-box", G_TYPE_DOUBLE,
        self->agreement.by_box, "score-shift", G_TYPE_DOUBLE, self->agreement.score_shift, NULL);
  g_mutex_unlock (&self->lock);
}

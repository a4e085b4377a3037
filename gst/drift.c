/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compares the running model with a shadow model on single frames. The shadow runs in one thread of
 * the CPU, so that it takes nothing from a GPU and little from the rest. */
#include <string.h>

#include "drift.h"
#include "error.h"
#include "frame.h"
#include "priority.h"

#define MIN_IOU 0.5f

typedef struct {
  guint pairs, running, shadow; /* boxes */
} Comparison;

/* A frame and what the running model saw in it. The thread's while busy, else the stream's. */
typedef struct {
  GstVideoInfo info;
  GstBuffer *buffer;
  Yv8DetectParams params;
  GByteArray *classes;
  GArray *detections; /* of Yv8Detection */
  guint n_classes, width, height;
  double floor;
  guint number; /* of the models compared */
} Job;

struct _Yv8Drift {
  GstElement *element;
  GThread *thread;
  GMutex lock;
  GCond changed;

  /* Under the lock. */
  char *path;
  guint number;     /* counts the changes of either model */
  gboolean renewed; /* path has been set and not been loaded since */
  gboolean broken, busy, stopping;
  Comparison window[YV8_DRIFT_WINDOW]; /* a ring */
  guint n_compared;
  gboolean drifted;

  Job job;

  /* Of the thread. */
  Yv8Model *model;
  Yv8Detector *detector;
};

static Comparison
compare (const Yv8Detection *a, guint n_a, const Yv8Detection *b, guint n_b)
{
  g_autofree gboolean *taken = g_new0 (gboolean, n_b + 1);
  Comparison result = { .running = n_a, .shadow = n_b };

  for (guint i = 0; i < n_a; i++) {
    float best = MIN_IOU;
    guint pair = n_b;

    for (guint j = 0; j < n_b; j++) {
      if (taken[j] || a[i].class_id != b[j].class_id)
        continue;
      float iou = yv8_detection_iou (&a[i], &b[j]);
      if (iou >= best) {
        best = iou;
        pair = j;
      }
    }
    result.pairs += pair < n_b;
    taken[pair] = TRUE;
  }
  return result;
}

static double
agreement (const Yv8Drift *self, guint *n_frames, guint *n_boxes)
{
  Comparison sum = { 0 };

  *n_frames = MIN (self->n_compared, YV8_DRIFT_WINDOW);
  for (guint i = 0; i < *n_frames; i++) {
    sum.pairs += self->window[i].pairs;
    sum.running += self->window[i].running;
    sum.shadow += self->window[i].shadow;
  }
  *n_boxes = sum.shadow;
  return sum.running + sum.shadow > 0 ? 2. * sum.pairs / (sum.running + sum.shadow) : 1.;
}

static void
post (Yv8Drift *self, GstStructure *structure)
{
  gst_element_post_message (
      self->element, gst_message_new_element (GST_OBJECT (self->element), structure));
}

static void
account (Yv8Drift *self, const Comparison *comparison)
{
  double floor = self->job.floor;
  guint n_frames, n_boxes;

  g_mutex_lock (&self->lock);
  gboolean current = self->number == self->job.number;
  if (current)
    self->window[self->n_compared++ % YV8_DRIFT_WINDOW] = *comparison;
  double value = agreement (self, &n_frames, &n_boxes);
  gboolean below = n_frames == YV8_DRIFT_WINDOW && value < floor;
  gboolean told = self->drifted;
  if (current)
    self->drifted = below;
  g_mutex_unlock (&self->lock);
  if (!current)
    return;
  post (self, gst_structure_new ("yolov8-agreement", "agreement", G_TYPE_DOUBLE, value, "frames",
                  G_TYPE_UINT, n_frames, "boxes", G_TYPE_UINT, n_boxes, NULL));
  if (below && !told)
    post (self, gst_structure_new ("yolov8-drift", "agreement", G_TYPE_DOUBLE, value, "floor",
                    G_TYPE_DOUBLE, floor, "frames", G_TYPE_UINT, n_frames, NULL));
}

static void
unload (Yv8Drift *self)
{
  g_clear_pointer (&self->detector, yv8_detector_free);
  g_clear_pointer (&self->model, yv8_model_unref);
}

/* The detector for the job: the wished model at the running one's input size. */
static gboolean
prepare (Yv8Drift *self, const char *path, GError **error)
{
  const Job *job = &self->job;
  const Yv8DetectorOptions options = {
    .device = "cpu", .width = job->width, .height = job->height, .threads = 1
  };
  guint width = 0, height = 0;

  if (!self->model) {
    self->model = yv8_model_load (path, error);
    if (!self->model)
      return FALSE;
  }
  if (yv8_model_n_classes (self->model) != job->n_classes) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
        "%s has %u classes and the running model has %u", path, yv8_model_n_classes (self->model),
        job->n_classes);
    return FALSE;
  }
  if (self->detector)
    yv8_detector_input_size (self->detector, &width, &height);
  if (width == job->width && height == job->height)
    return TRUE;
  g_clear_pointer (&self->detector, yv8_detector_free);
  self->detector = yv8_detector_new (self->model, &options, error);
  return self->detector != NULL;
}

static gboolean
work (Yv8Drift *self, const char *path, GError **error)
{
  Job *job = &self->job;
  const Yv8Detection *detections;
  GstVideoFrame video;
  Yv8Frame frame;
  guint n;

  if (!prepare (self, path, error))
    return FALSE;
  if (!gst_video_frame_map (&video, &job->info, job->buffer, GST_MAP_READ))
    return TRUE;
  yv8_frame_from_video (&frame, &video);
  gboolean good =
      yv8_detector_detect (self->detector, &frame, &job->params, &detections, &n, error);
  gst_video_frame_unmap (&video);
  if (!good)
    return FALSE;
  Comparison result = compare (
      (const Yv8Detection *) (gpointer) job->detections->data, job->detections->len, detections, n);
  account (self, &result);
  return TRUE;
}

/* Tells of a failure, unless the shadow model has been set anew since. */
static void
fail (Yv8Drift *self, const char *path, GError *error)
{
  g_autofree char *what = g_strdup_printf ("Shadow model %s is not used", path);

  unload (self);
  g_mutex_lock (&self->lock);
  gboolean current = self->number == self->job.number;
  self->broken |= current;
  g_mutex_unlock (&self->lock);
  if (current)
    yv8_element_warning (self->element, what, error);
  else
    g_error_free (error);
}

static gpointer
run (gpointer data)
{
  Yv8Drift *self = data;

  yv8_thread_lower_priority ();
  g_mutex_lock (&self->lock);
  while (!self->stopping) {
    if (!self->busy) {
      g_cond_wait (&self->changed, &self->lock);
      continue;
    }
    g_autofree char *path = g_strdup (self->path);
    gboolean renewed = self->renewed;
    GError *error = NULL;

    self->renewed = FALSE;
    g_mutex_unlock (&self->lock);
    if (renewed)
      unload (self);
    if (path && !work (self, path, &error))
      fail (self, path, error);
    g_mutex_lock (&self->lock);
    self->busy = FALSE;
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}

Yv8Drift *
yv8_drift_new (GstElement *element)
{
  Yv8Drift *self = g_new0 (Yv8Drift, 1);

  self->element = element;
  self->job.classes = g_byte_array_new ();
  self->job.detections = g_array_new (FALSE, FALSE, sizeof (Yv8Detection));
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  return self;
}

void
yv8_drift_free (Yv8Drift *self)
{
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&self->thread, g_thread_join);
  unload (self);
  gst_clear_buffer (&self->job.buffer);
  g_byte_array_unref (self->job.classes);
  g_array_unref (self->job.detections);
  g_free (self->path);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

static void
forget (Yv8Drift *self)
{
  self->number++;
  self->n_compared = 0;
  self->drifted = FALSE;
}

void
yv8_drift_set_model (Yv8Drift *self, const char *path)
{
  g_mutex_lock (&self->lock);
  forget (self);
  self->broken = FALSE;
  self->renewed = TRUE;
  g_free (self->path);
  self->path = path && *path ? g_strdup (path) : NULL;
  g_mutex_unlock (&self->lock);
}

void
yv8_drift_reset (Yv8Drift *self)
{
  g_mutex_lock (&self->lock);
  forget (self);
  g_mutex_unlock (&self->lock);
}

static gboolean
picture_copy (Job *job, const GstVideoFrame *video)
{
  GstVideoFrame copy;
  GstVideoInfo info;

  gst_video_info_set_format (&info, GST_VIDEO_FRAME_FORMAT (video),
      (guint) GST_VIDEO_FRAME_WIDTH (video), (guint) GST_VIDEO_FRAME_HEIGHT (video));
  info.colorimetry = video->info.colorimetry;
  if (!job->buffer || gst_buffer_get_size (job->buffer) != info.size) {
    guint8 *pixels = g_try_malloc (info.size);

    gst_clear_buffer (&job->buffer);
    if (!pixels)
      return FALSE;
    job->buffer = gst_buffer_new_wrapped (pixels, info.size);
  }
  job->info = info;
  if (!gst_video_frame_map (&copy, &info, job->buffer, GST_MAP_WRITE))
    return FALSE;
  gboolean good = gst_video_frame_copy (&copy, video);
  gst_video_frame_unmap (&copy);
  return good;
}

static gboolean
job_fill (Job *job, const Yv8DriftFrame *frame)
{
  if (!picture_copy (job, frame->video))
    return FALSE;
  job->params = *frame->params;
  if (job->params.classes) {
    g_byte_array_set_size (job->classes, 0);
    g_byte_array_append (job->classes, job->params.classes, frame->n_classes);
    job->params.classes = job->classes->data;
  }
  g_array_set_size (job->detections, 0);
  if (frame->n_detections > 0)
    g_array_append_vals (job->detections, frame->detections, frame->n_detections);
  job->n_classes = frame->n_classes;
  job->width = frame->width;
  job->height = frame->height;
  job->floor = frame->floor;
  return TRUE;
}

gboolean
yv8_drift_offer (Yv8Drift *self, const Yv8DriftFrame *frame)
{
  g_mutex_lock (&self->lock);
  gboolean wanted = self->path && !self->broken && !self->busy;
  guint number = self->number;
  g_mutex_unlock (&self->lock);
  if (!wanted || !job_fill (&self->job, frame))
    return FALSE;
  if (!self->thread)
    self->thread = g_thread_try_new ("yv8-shadow", run, self, NULL);
  g_mutex_lock (&self->lock);
  self->job.number = number;
  self->busy = self->thread != NULL;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  return self->thread != NULL;
}

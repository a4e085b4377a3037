/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loads models aside, in a thread of its own. Files are watched by asking for their state, which
 * works on every file system and needs no main loop. */
#include <glib/gstdio.h>
#include <math.h>

#include "classes.h"
#include "error.h"
#include "loader.h"
#include "size.h"

#define POLL       (G_TIME_SPAN_SECOND / 4)
#define BLANK_SIDE 64

/* What tells one state of a file from another. Zeroed: there is no file. */
typedef struct {
  gint64 seconds, nanoseconds, size;
  guint64 device, inode;
} Signature;

struct _Yv8Loader {
  GstElement *element;
  GThread *thread;
  GMutex lock;
  GCond changed;

  /* Under the lock. */
  Yv8Wish wish;
  guint requested, answered; /* numbers of requests */
  gboolean stopping;
  Yv8Loaded *ready, *retired;

  /* Of the thread. */
  Signature tried; /* the file when it was loaded last */
  Signature found; /* when it was looked at last */
};

static gboolean
is_set (const char *text)
{
  return text && *text;
}

void
yv8_wish_clear (Yv8Wish *wish)
{
  g_free (wish->model);
  g_free (wish->fallback_model);
  g_free (wish->device);
  g_free (wish->input_size);
  g_free (wish->classes);
  *wish = (Yv8Wish){ 0 };
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Yv8Wish, yv8_wish_clear)

static void
wish_copy (Yv8Wish *to, const Yv8Wish *from)
{
  yv8_wish_clear (to);
  *to = (Yv8Wish){
    .model = g_strdup (from->model),
    .fallback_model = g_strdup (from->fallback_model),
    .device = g_strdup (from->device),
    .input_size = g_strdup (from->input_size),
    .classes = g_strdup (from->classes),
    .watch = from->watch,
  };
}

void
yv8_loaded_free (Yv8Loaded *loaded)
{
  g_clear_pointer (&loaded->detector, yv8_detector_free);
  g_clear_pointer (&loaded->model, yv8_model_unref);
  g_free (loaded->path);
  g_free (loaded);
}

/* With no threshold every finite network finds something, even where nothing is. */
static gboolean
check (const Yv8Loaded *loaded, GError **error)
{
  static const guint8 blank[BLANK_SIDE * BLANK_SIDE];
  const Yv8DetectParams params = { .iou_threshold = 1.f, .max_detections = 1 };
  const Yv8Detection *found;
  Yv8Frame frame;
  guint n = 0;

  if (!yv8_frame_init_packed (
          &frame, YV8_FORMAT_GRAY8, BLANK_SIDE, BLANK_SIDE, blank, sizeof blank) ||
      !yv8_detector_detect (loaded->detector, &frame, &params, &found, &n, error))
    return FALSE;
  if (n > 0 && isfinite (found->score) && isfinite (found->x) && isfinite (found->y) &&
      isfinite (found->width) && isfinite (found->height))
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_FORMAT,
      "%s: the network gives numbers that are not finite", loaded->path);
  return FALSE;
}

static Yv8Loaded *
load (const char *path, const Yv8Wish *wish, GError **error)
{
  g_autoptr (Yv8Loaded) loaded = g_new0 (Yv8Loaded, 1);
  g_autofree guint8 *classes = NULL;
  Yv8DetectorOptions options = { .device = is_set (wish->device) ? wish->device : NULL };

  if (!is_set (path)) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND, "No model");
    return NULL;
  }
  loaded->path = g_strdup (path);
  if (!yv8_input_size_parse (wish->input_size, &options.width, &options.height, error))
    return NULL;
  loaded->model = yv8_model_load (path, error);
  if (!loaded->model)
    return NULL;
  if (!yv8_classes_parse (loaded->model, wish->classes, &classes, error)) {
    g_prefix_error (error, "Property classes: ");
    return NULL;
  }
  loaded->detector = yv8_detector_new (loaded->model, &options, error);
  if (!loaded->detector || !check (loaded, error))
    return NULL;
  return g_steal_pointer (&loaded);
}

static Signature
look (const char *path)
{
  GStatBuf now;

  if (!is_set (path) || g_stat (path, &now) != 0)
    return (Signature){ 0 };
  return (Signature){ .seconds = now.st_mtim.tv_sec,
    .nanoseconds = now.st_mtim.tv_nsec,
    .size = now.st_size,
    .device = now.st_dev,
    .inode = now.st_ino };
}

static gboolean
is_same (const Signature *a, const Signature *b)
{
  return a->seconds == b->seconds && a->nanoseconds == b->nanoseconds && a->size == b->size &&
         a->device == b->device && a->inode == b->inode;
}

/* Whether the file is another one than was tried and has been still since it was looked at last. */
static gboolean
has_settled (Yv8Loader *self, const char *path)
{
  const Signature none = { 0 };
  Signature now = look (path);
  gboolean still = is_same (&now, &self->found);

  self->found = now;
  if (is_same (&now, &none))
    self->tried = none;
  return still && !is_same (&now, &self->tried);
}

/* Loads for the request @number. Called and left with the lock held. */
static void
answer (Yv8Loader *self, guint number)
{
  g_auto (Yv8Wish) wish = { 0 };
  GError *error = NULL;

  wish_copy (&wish, &self->wish);
  g_mutex_unlock (&self->lock);
  self->tried = self->found = look (wish.model);
  Yv8Loaded *loaded = load (wish.model, &wish, &error);
  g_mutex_lock (&self->lock);

  gboolean stale = self->stopping || self->requested != number;
  Yv8Loaded *unused = loaded;
  if (!stale) {
    self->answered = number;
    if (loaded) {
      unused = self->ready;
      self->ready = loaded;
    }
  }
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&unused, yv8_loaded_free);
  if (error && !stale) {
    g_autofree char *what = g_strdup_printf (
        "Model %s is not swapped in, the running one stays", wish.model ? wish.model : "(none)");
    yv8_element_warning (self->element, what, g_steal_pointer (&error));
  }
  g_clear_error (&error);
  g_mutex_lock (&self->lock);
}

/* Called and left with the lock held. */
static void
watch (Yv8Loader *self)
{
  g_autofree char *path = g_strdup (self->wish.model);
  guint number = self->requested;

  g_mutex_unlock (&self->lock);
  gboolean settled = has_settled (self, path);
  g_mutex_lock (&self->lock);
  if (settled && self->requested == number)
    self->requested++;
}

static gpointer
run (gpointer data)
{
  Yv8Loader *self = data;
  gint64 next = g_get_monotonic_time () + POLL;

  g_mutex_lock (&self->lock);
  while (!self->stopping) {
    if (self->retired) {
      Yv8Loaded *retired = g_steal_pointer (&self->retired);

      g_mutex_unlock (&self->lock);
      yv8_loaded_free (retired);
      g_mutex_lock (&self->lock);
    } else if (self->requested != self->answered) {
      answer (self, self->requested);
    } else if (!self->wish.watch) {
      g_cond_wait (&self->changed, &self->lock);
    } else if (!g_cond_wait_until (&self->changed, &self->lock, next)) {
      watch (self);
      next = g_get_monotonic_time () + POLL;
    }
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}

Yv8Loader *
yv8_loader_new (GstElement *element)
{
  Yv8Loader *self = g_new0 (Yv8Loader, 1);

  self->element = element;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  return self;
}

void
yv8_loader_free (Yv8Loader *self)
{
  yv8_wish_clear (&self->wish);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

static Yv8Loaded *
load_first (Yv8Loader *self, const Yv8Wish *wish, GError **error)
{
  GError *reason = NULL, *second = NULL;

  self->tried = self->found = look (wish->model);
  Yv8Loaded *loaded = load (wish->model, wish, &reason);
  if (loaded)
    return loaded;
  if (!is_set (wish->fallback_model)) {
    g_propagate_error (error, reason);
    return NULL;
  }
  loaded = load (wish->fallback_model, wish, &second);
  if (!loaded) {
    g_propagate_prefixed_error (error, second, "%s; and of fallback-model: ", reason->message);
  } else if (is_set (wish->model) && g_file_test (wish->model, G_FILE_TEST_EXISTS)) {
    g_autofree char *what = g_strdup_printf (
        "Model %s is not used, %s is in its place", wish->model, wish->fallback_model);
    yv8_element_warning (self->element, what, g_steal_pointer (&reason));
  }
  g_clear_error (&reason);
  return loaded;
}

Yv8Loaded *
yv8_loader_start (Yv8Loader *self, GError **error)
{
  g_auto (Yv8Wish) wish = { 0 };

  g_mutex_lock (&self->lock);
  wish_copy (&wish, &self->wish);
  self->answered = self->requested;
  g_mutex_unlock (&self->lock);
  g_autoptr (Yv8Loaded) loaded = load_first (self, &wish, error);
  if (!loaded)
    return NULL;
  self->stopping = FALSE;
  self->thread = g_thread_try_new ("yv8-loader", run, self, NULL);
  if (self->thread)
    return g_steal_pointer (&loaded);
  g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY, "No thread to load models in");
  return NULL;
}

void
yv8_loader_stop (Yv8Loader *self)
{
  if (!self->thread)
    return;
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&self->thread, g_thread_join);
  g_clear_pointer (&self->ready, yv8_loaded_free);
  g_clear_pointer (&self->retired, yv8_loaded_free);
}

void
yv8_loader_request (Yv8Loader *self, const Yv8Wish *wish, gboolean reload)
{
  g_mutex_lock (&self->lock);
  wish_copy (&self->wish, wish);
  if (reload)
    self->requested++;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

Yv8Loaded *
yv8_loader_swap (Yv8Loader *self, Yv8Loaded *running)
{
  Yv8Loaded *now = running;

  g_mutex_lock (&self->lock);
  if (self->ready && !self->retired && self->requested == self->answered) {
    now = g_steal_pointer (&self->ready);
    self->retired = running;
    g_cond_signal (&self->changed);
  }
  g_mutex_unlock (&self->lock);
  return now;
}

gboolean
yv8_loader_is_busy (Yv8Loader *self)
{
  g_mutex_lock (&self->lock);
  gboolean busy = self->requested != self->answered || self->ready;
  g_mutex_unlock (&self->lock);
  return busy;
}

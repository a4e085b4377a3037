/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yolov8detect changes its model while frames flow, and watches how a shadow model agrees. */
#include <glib/gstdio.h>
#include <string.h>

#include "elements.h"

#define PATIENCE (60 * G_TIME_SPAN_SECOND)
#define WIDTH    64
#define HEIGHT   48

/* A stream of one picture again and again through yolov8detect on the CPU. */
typedef struct {
  char *folder, *path; /* a folder of its own, and a file in it that a test may make */
  GstElement *element;
  GstBus *bus;
  GstHarness *harness;
  GstVideoInfo info;
  GBytes *picture;
  guint64 n_frames;
} Stream;

static const char *
toy_model (void)
{
  const char *path = g_getenv ("YV8_TEST_TOY");

  g_assert_nonnull (path);
  return path;
}

static Stream *
stream_new (void)
{
  Stream *self = g_new0 (Stream, 1);
  g_autoptr (GRand) rand = test_rand_new ();

  self->folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "model.bin", NULL);
  self->element = gst_object_ref_sink (gst_element_factory_make ("yolov8detect", NULL));
  self->bus = gst_bus_new ();
  gst_element_set_bus (self->element, self->bus);
  g_object_set (self->element, "device", "cpu", "model", test_model (), "overlay", FALSE,
      "threshold", 0.01f, NULL);
  test_video_info (&self->info, "RGB", WIDTH, HEIGHT);
  g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, self->info.size, NULL);
  for (gsize i = 0; i < self->info.size; i++) {
    guint8 byte = (guint8) g_rand_int (rand);
    gst_buffer_fill (buffer, i, &byte, 1);
  }
  self->picture = test_buffer_bytes (buffer);
  return self;
}

static void
stream_start (Stream *self)
{
  self->harness = gst_harness_new_with_element (self->element, "sink", "src");
  gst_harness_set_src_caps (self->harness, gst_video_info_to_caps (&self->info));
}

static void
stream_free (Stream *self)
{
  gst_element_set_bus (self->element, NULL);
  if (self->harness)
    gst_harness_teardown (self->harness);
  gst_bus_set_flushing (self->bus, TRUE);
  g_assert_cmpint (GST_OBJECT_REFCOUNT_VALUE (self->element), ==, 1);
  gst_object_unref (self->element);
  gst_object_unref (self->bus);
  g_bytes_unref (self->picture);
  g_unlink (self->path);
  g_rmdir (self->folder);
  g_free (self->path);
  g_free (self->folder);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Stream, stream_free)

/* The next frame comes out at once, its stamps as they were.
 * Returns: (transfer full): its boxes and scores as text. */
static char *
stream_push (Stream *self)
{
  GstBuffer *in = gst_buffer_new_wrapped_bytes (self->picture);
  GString *boxes = g_string_new (NULL);
  gpointer state = NULL;
  GstMeta *meta;
  guint64 n = self->n_frames++;

  GST_BUFFER_PTS (in) = n * 40 * GST_MSECOND;
  GST_BUFFER_DURATION (in) = 40 * GST_MSECOND;
  GST_BUFFER_OFFSET (in) = n;
  g_autoptr (GstBuffer) out = gst_harness_push_and_pull (self->harness, in);
  g_assert_nonnull (out);
  g_assert_cmpuint (gst_harness_buffers_in_queue (self->harness), ==, 0);
  g_assert_cmpuint (GST_BUFFER_PTS (out), ==, n * 40 * GST_MSECOND);
  g_assert_cmpuint (GST_BUFFER_DURATION (out), ==, 40 * GST_MSECOND);
  g_assert_cmpuint (GST_BUFFER_OFFSET (out), ==, n);
  test_regions (out, &self->info);
  while ((meta = gst_buffer_iterate_meta_filtered (
              out, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
    g_autoptr (GstStructure) param =
        gst_structure_copy (gst_video_region_of_interest_meta_get_param (
            (GstVideoRegionOfInterestMeta *) meta, "detection"));
    gst_structure_remove_field (param, "carried");
    g_autofree char *text = gst_structure_to_string (param);
    g_string_append (boxes, text);
  }
  return g_string_free (boxes, FALSE);
}

/* (transfer full) (nullable): the next element message @name that waits */
static GstStructure *
message_pop (Stream *self, const char *name)
{
  GstMessage *message;
  GstStructure *found = NULL;

  while (!found && (message = gst_bus_pop_filtered (self->bus, GST_MESSAGE_ELEMENT))) {
    if (gst_message_has_name (message, name))
      found = gst_structure_copy (gst_message_get_structure (message));
    gst_message_unref (message);
  }
  return found;
}

/* Frames flow until the element message @name comes. */
static GstStructure *
message_wait (Stream *self, const char *name)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;
  GstStructure *found;

  while (!(found = message_pop (self, name))) {
    g_free (stream_push (self));
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (1000);
  }
  return found;
}

static void
assert_loaded (Stream *self, const char *path, const char *precision)
{
  g_autoptr (GstStructure) message = message_wait (self, "yolov8-model-loaded");
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (Yv8Model) model = yv8_model_load (path, NULL);

  g_assert_cmpstr (gst_structure_get_string (message, "path"), ==, path);
  g_assert_cmpstr (gst_structure_get_string (message, "precision"), ==, precision);
  g_assert_cmpstr (gst_structure_get_string (message, "device"), ==, "cpu");
  g_assert_cmpstr (gst_structure_get_string (message, "sha256"), ==, yv8_model_sha256 (model));
  g_object_get (self->element, "stats", &stats, NULL);
  g_assert_cmpstr (gst_structure_get_string (stats, "model"), ==, path);
  g_assert_cmpstr (gst_structure_get_string (stats, "model-sha256"), ==, yv8_model_sha256 (model));
}

/* Frames flow until a warning comes; it names @path and a remedy. */
static void
assert_warned (Stream *self, const char *path)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;
  g_autoptr (GError) error = NULL;
  GstMessage *message;

  while (!(message = gst_bus_pop_filtered (self->bus, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR))) {
    g_free (stream_push (self));
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (1000);
  }
  g_assert_cmpstr (GST_MESSAGE_TYPE_NAME (message), ==, "warning");
  gst_message_parse_warning (message, &error, NULL);
  gst_message_unref (message);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_true (strstr (error->message, "xport") || strstr (error->message, "Set property") ||
                 strstr (error->message, "Correct the property"));
}

/* Frames flow for longer than the watch needs, and nothing is told. */
static void
assert_quiet (Stream *self)
{
  gint64 end = g_get_monotonic_time () + 800 * G_TIME_SPAN_MILLISECOND;

  while (g_get_monotonic_time () < end) {
    g_free (stream_push (self));
    g_usleep (5000);
  }
  g_assert_null (message_pop (self, "yolov8-model-loaded"));
  g_assert_cmpuint (
      test_messages (self->bus, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR, NULL), ==, 0);
}

static void
file_copy (const char *from, const char *to)
{
  g_autofree char *bytes = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (from, &bytes, &size, NULL));
  g_assert_true (g_file_set_contents (to, bytes, (gssize) size, NULL));
}

/* tiny.onnx in int8. */
static void
int8_save (Stream *self, const char *path)
{
  const Yv8CalibratorOptions options = { .device = "cpu" };
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = yv8_model_load (test_model (), &error);
  g_autoptr (Yv8Calibrator) calibrator = yv8_calibrator_new (model, &options, &error);
  Yv8Frame frame;

  g_assert_no_error (error);
  g_assert_true (yv8_frame_init_packed (&frame, YV8_FORMAT_RGB, WIDTH, HEIGHT,
      g_bytes_get_data (self->picture, NULL), g_bytes_get_size (self->picture)));
  yv8_calibrator_add (calibrator, &frame, NULL, YV8_FRAME_CALIBRATE, &error);
  g_assert_no_error (error);
  g_autoptr (Yv8Model) small = yv8_calibrator_finish (calibrator, NULL, NULL, &error);
  g_assert_no_error (error);
  yv8_model_save (small, path, &error);
  g_assert_no_error (error);
}

/* All frames before the swap have the boxes of the one model, all after it those of the other. */
static void
swap (Stream *self, const char *path, const char *precision)
{
  g_autofree char *before = stream_push (self), *after = NULL;
  gint64 end = g_get_monotonic_time () + PATIENCE;

  while (message_pop (self, "yolov8-model-loaded")) {
  }
  g_object_set (self->element, "model", path, NULL);
  while (!after) {
    g_autofree char *boxes = stream_push (self);
    if (!g_str_equal (boxes, before))
      after = g_steal_pointer (&boxes);
    g_assert_cmpint (g_get_monotonic_time (), <, end);
  }
  assert_loaded (self, path, precision);
  for (guint i = 0; i < 5; i++) {
    g_autofree char *boxes = stream_push (self);
    g_assert_cmpstr (boxes, ==, after);
  }
}

static void
test_set (void)
{
  g_autoptr (Stream) stream = stream_new ();

  int8_save (stream, stream->path);
  stream_start (stream);
  assert_loaded (stream, test_model (), "float");
  swap (stream, stream->path, "int8");
  swap (stream, toy_model (), "float");
  swap (stream, test_model (), "float");
  g_object_set (stream->element, "inference-interval", 1000u, NULL);
  swap (stream, stream->path, "int8");
  g_assert_cmpuint (gst_harness_buffers_received (stream->harness), ==, stream->n_frames);
}

/* Device and input size change as the model does. */
static void
test_settings (void)
{
  g_autoptr (Stream) stream = stream_new ();

  stream_start (stream);
  assert_loaded (stream, test_model (), "float");
  g_object_set (stream->element, "input-size", "96x32", NULL);
  assert_loaded (stream, test_model (), "float");
  g_object_set (stream->element, "device", "toaster", NULL);
  assert_warned (stream, "toaster");
  g_object_set (stream->element, "device", "cpu", "input-size", "77", NULL);
  assert_warned (stream, "77");
  g_object_set (stream->element, "input-size", "", "model", toy_model (), NULL);
  assert_loaded (stream, toy_model (), "float");
  assert_quiet (stream);
}

static void
test_watch (void)
{
  g_autoptr (Stream) stream = stream_new ();

  file_copy (test_model (), stream->path);
  g_object_set (stream->element, "model", stream->path, "watch", TRUE, NULL);
  stream_start (stream);
  assert_loaded (stream, stream->path, "float");
  assert_quiet (stream);
  file_copy (toy_model (), stream->path);
  assert_loaded (stream, stream->path, "float");
  int8_save (stream, stream->path);
  assert_loaded (stream, stream->path, "int8");
  g_unlink (stream->path);
  assert_quiet (stream);
  g_object_set (stream->element, "watch", FALSE, NULL);
  file_copy (toy_model (), stream->path);
  assert_quiet (stream);
}

/* Broken files: one warning each, the boxes stay, and the next good one is taken. */
static void
test_broken (void)
{
  g_autoptr (Stream) stream = stream_new ();
  g_autofree char *half = NULL;
  gsize size;

  file_copy (test_model (), stream->path);
  g_object_set (stream->element, "model", stream->path, "watch", TRUE, NULL);
  stream_start (stream);
  assert_loaded (stream, stream->path, "float");
  g_autofree char *before = stream_push (stream);
  g_assert_true (g_file_set_contents (stream->path, "Frobnicate", -1, NULL));
  assert_warned (stream, stream->path);
  assert_quiet (stream);
  g_assert_true (g_file_get_contents (test_model (), &half, &size, NULL));
  g_assert_true (g_file_set_contents (stream->path, half, (gssize) size / 2, NULL));
  assert_warned (stream, stream->path);
  g_object_set (stream->element, "model", "/nowhere/model.bin", NULL);
  assert_warned (stream, "/nowhere/model.bin");
  g_autofree char *now = stream_push (stream);
  g_assert_cmpstr (now, ==, before);
  g_object_set (stream->element, "model", toy_model (), NULL);
  assert_loaded (stream, toy_model (), "float");
}

static void
test_fallback (void)
{
  g_autoptr (Stream) stream = stream_new ();

  g_object_set (
      stream->element, "model", stream->path, "fallback-model", test_model (), "watch", TRUE, NULL);
  stream_start (stream);
  assert_loaded (stream, test_model (), "float");
  assert_quiet (stream);
  int8_save (stream, stream->path);
  assert_loaded (stream, stream->path, "int8");
}

/* A broken model at the start: a warning with a fallback, else one error. */
static void
test_fallback_broken (void)
{
  g_autoptr (Stream) stream = stream_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (stream->path, "Frobnicate", -1, NULL));
  g_object_set (
      stream->element, "model", stream->path, "fallback-model", "/nowhere/model.onnx", NULL);
  g_assert_cmpint (
      gst_element_set_state (stream->element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  g_assert_cmpuint (test_messages (stream->bus, GST_MESSAGE_ERROR, &error), ==, 1);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, stream->path));
  g_assert_nonnull (strstr (error->message, "/nowhere/model.onnx"));
  gst_element_set_state (stream->element, GST_STATE_NULL);
  g_object_set (stream->element, "fallback-model", test_model (), NULL);
  stream_start (stream);
  assert_warned (stream, stream->path);
  assert_loaded (stream, test_model (), "float");
}

static double
agreement_wait (Stream *self, guint n)
{
  double agreement = -1.;
  guint frames = 0;

  while (frames < n) {
    g_autoptr (GstStructure) message = message_wait (self, "yolov8-agreement");

    g_assert_true (gst_structure_get (
        message, "agreement", G_TYPE_DOUBLE, &agreement, "frames", G_TYPE_UINT, &frames, NULL));
  }
  return agreement;
}

/* A model agrees with itself; another one does not, which is told once. */
static void
test_drift (void)
{
  g_autoptr (Stream) stream = stream_new ();
  double agreement, floor;
  guint frames;

  /* A threshold amid the scores of the classes that depend on the weights. */
  g_object_set (stream->element, "shadow-model", test_model (), "shadow-interval", 2u, "threshold",
      0.0474f, "iou-threshold", 1.f, NULL);
  stream_start (stream);
  g_assert_cmpfloat (agreement_wait (stream, 8), ==, 1.);
  for (guint i = 0; i < 2; i++) {
    g_object_set (stream->element, "shadow-model", toy_model (), "drift-floor", 0.99, NULL);
    g_autoptr (GstStructure) message = message_wait (stream, "yolov8-drift");
    g_assert_true (gst_structure_get (message, "agreement", G_TYPE_DOUBLE, &agreement, "floor",
        G_TYPE_DOUBLE, &floor, "frames", G_TYPE_UINT, &frames, NULL));
    g_test_message ("agreement %f", agreement);
    g_assert_cmpfloat (agreement, <, 0.99);
    g_assert_cmpfloat (floor, ==, 0.99);
    g_assert_cmpuint (frames, ==, 8);
    for (guint j = 0; j < 100; j++)
      g_free (stream_push (stream));
    g_assert_null (message_pop (stream, "yolov8-drift"));
    g_object_set (stream->element, "shadow-model", test_model (), NULL);
    g_assert_cmpfloat (agreement_wait (stream, 8), ==, 1.);
  }
}

static void
test_shadow_broken (void)
{
  g_autoptr (Stream) stream = stream_new ();

  g_object_set (
      stream->element, "shadow-model", "/nowhere/model.onnx", "shadow-interval", 1u, NULL);
  stream_start (stream);
  assert_loaded (stream, test_model (), "float");
  assert_warned (stream, "/nowhere/model.onnx");
  assert_quiet (stream);
  g_object_set (stream->element, "shadow-model", test_model (), NULL);
  g_assert_cmpfloat (agreement_wait (stream, 1), ==, 1.);
}

/* The element is stopped at any moment of loading and comparing. */
static void
test_stop (void)
{
  enum { N = 15 };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Stream) stream = stream_new ();

  g_object_set (stream->element, "shadow-model", test_model (), "shadow-interval", 1u, NULL);
  stream_start (stream);
  for (guint i = 0; i < N; i++) {
    g_free (stream_push (stream));
    g_object_set (stream->element, "model", i % 2 ? test_model () : toy_model (), NULL);
    g_usleep ((gulong) g_rand_int_range (rand, 0, 20000));
    g_free (stream_push (stream));
    gst_element_set_state (stream->element, GST_STATE_READY);
    g_assert_cmpint (
        gst_element_set_state (stream->element, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_SUCCESS);
    gst_harness_play (stream->harness);
    GstSegment segment;
    g_autoptr (GstCaps) caps = gst_video_info_to_caps (&stream->info);
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_harness_push_event (stream->harness, gst_event_new_stream_start ("swap"));
    gst_harness_push_event (stream->harness, gst_event_new_caps (caps));
    gst_harness_push_event (stream->harness, gst_event_new_segment (&segment));
  }
}

typedef struct {
  Stream *stream;
  GRand *rand;
  gint stop;
} Storm;

static gpointer
storm_thread (gpointer data)
{
  static const char *const sizes[] = { "", "32x32", "64x96", "77" };
  static const char *const devices[] = { "cpu", "ref", "toaster" };
  Storm *storm = data;
  const char *const paths[] = { test_model (), toy_model (), "/nowhere", storm->stream->path };

  while (!g_atomic_int_get (&storm->stop)) {
    gint n = g_rand_int_range (storm->rand, 0, 10000);
    GstElement *element = storm->stream->element;
    g_autoptr (GstStructure) stats = NULL;

    g_object_set (element, "watch", n % 2, "shadow-interval", 1u + (guint) n % 3, "classes",
        n % 4 ? "" : "1,0", "drift-floor", n % 3 / 2., NULL);
    if (n % 7 == 0)
      g_object_set (element, "model", paths[n / 7 % 4], "device", devices[n / 28 % 3], NULL);
    if (n % 11 == 0)
      g_object_set (element, "input-size", sizes[n / 11 % 4], NULL);
    if (n % 13 == 0)
      g_object_set (
          element, "shadow-model", paths[n / 13 % 4], "fallback-model", paths[n / 52 % 4], NULL);
    if (n % 17 == 0)
      file_copy (paths[n / 17 % 2], storm->stream->path);
    g_object_get (element, "stats", &stats, NULL);
    g_assert_nonnull (stats);
    g_usleep (3000);
  }
  return NULL;
}

static void
test_storm (void)
{
  enum { N = 200 };
  g_autoptr (Stream) stream = stream_new ();
  Storm storm = { .stream = stream, .rand = test_rand_new () };

  stream_start (stream);
  GThread *thread = g_thread_new ("storm", storm_thread, &storm);
  for (guint i = 0; i < N; i++)
    g_free (stream_push (stream));
  g_atomic_int_set (&storm.stop, TRUE);
  g_thread_join (thread);
  g_rand_free (storm.rand);
  g_assert_cmpuint (test_messages (stream->bus, GST_MESSAGE_ERROR, NULL), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/swap/set", test_set);
  g_test_add_func ("/swap/settings", test_settings);
  g_test_add_func ("/swap/watch", test_watch);
  g_test_add_func ("/swap/broken", test_broken);
  g_test_add_func ("/swap/fallback", test_fallback);
  g_test_add_func ("/swap/fallback-broken", test_fallback_broken);
  g_test_add_func ("/swap/drift", test_drift);
  g_test_add_func ("/swap/shadow-broken", test_shadow_broken);
  g_test_add_func ("/swap/stop", test_stop);
  g_test_add_func ("/swap/storm", test_storm);
  return g_test_run ();
}

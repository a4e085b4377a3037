/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yolov8calibrate: buffers pass untouched, and the model appears when it should or not at all. */
#include <string.h>
#include <sys/resource.h>

#include "calibrate.h"

#define TIMEOUT (60 * GST_SECOND)

/* (transfer full): the next message of @type; that of progress is of @progress */
static GstMessage *
wait_for (Fixture *f, GstMessageType type, GstProgressType progress)
{
  for (;;) {
    GstMessage *message = gst_bus_timed_pop_filtered (f->bus, TIMEOUT, type);
    GstProgressType is = progress;

    g_assert_nonnull (message);
    if (type == GST_MESSAGE_PROGRESS)
      gst_message_parse_progress (message, &is, NULL, NULL);
    if (is == progress)
      return message;
    gst_message_unref (message);
  }
}

static void
assert_warning (Fixture *f, const char *word)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstMessage) message = gst_bus_pop_filtered (f->bus, GST_MESSAGE_WARNING);

  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, word));
  g_assert_nonnull (strstr (error->message, "othing was written"));
  g_assert_null (gst_bus_pop_filtered (f->bus, GST_MESSAGE_WARNING));
  g_assert_false (g_file_test (f->output, G_FILE_TEST_EXISTS));
}

/* It loads, and finds on a picture what the float model finds on each. */
static void
assert_model_works (const char *path)
{
  static const guint8 grey[64 * 64] = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = yv8_model_load (path, &error);
  const Yv8DetectorOptions options = { .device = "cpu" };
  const Yv8Detection *detections;
  Yv8Frame frame;
  guint n;

  g_assert_no_error (error);
  g_autoptr (Yv8Detector) detector = yv8_detector_new (model, &options, &error);
  g_assert_no_error (error);
  g_assert_true (yv8_frame_init_packed (&frame, YV8_FORMAT_GRAY8, 64, 64, grey, sizeof grey));
  yv8_detector_detect (detector, &frame, NULL, &detections, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, >, 0);
}

static void
assert_calibrated (Fixture *f, guint frames, guint held_out)
{
  g_autoptr (GstMessage) message = wait_for (f, GST_MESSAGE_ELEMENT, 0);
  const GstStructure *structure = gst_message_get_structure (message);
  guint n_frames, n_held_out;
  double agreement, agreement50, by_box, shift;
  guint64 size;
  GStatBuf file;

  g_assert_true (gst_structure_has_name (structure, "yolov8-calibrated"));
  g_assert_cmpstr (gst_structure_get_string (structure, "path"), ==, f->output);
  g_assert_true (gst_structure_get (structure, "frames", G_TYPE_UINT, &n_frames, "held-out",
      G_TYPE_UINT, &n_held_out, "agreement", G_TYPE_DOUBLE, &agreement, "agreement-50",
      G_TYPE_DOUBLE, &agreement50, "agreement-by-box", G_TYPE_DOUBLE, &by_box, "score-shift",
      G_TYPE_DOUBLE, &shift, "size", G_TYPE_UINT64, &size, NULL));
  g_assert_cmpuint (n_frames, ==, frames);
  g_assert_cmpuint (n_held_out, ==, held_out);
  g_assert_cmpfloat (agreement, >=, 0.9);
  g_assert_cmpfloat (agreement, <=, 1.);
  g_assert_cmpfloat (agreement50, >=, agreement);
  g_assert_cmpfloat (by_box, >=, 0.9);
  g_assert_cmpfloat (ABS (shift), <, 0.1);
  g_assert_cmpint (g_stat (f->output, &file), ==, 0);
  g_assert_cmpuint (size, ==, (guint64) file.st_size);
  assert_model_works (f->output);
  gst_message_unref (wait_for (f, GST_MESSAGE_PROGRESS, GST_PROGRESS_TYPE_COMPLETE));
}

static void
test_passthrough (void)
{
  enum { N = 200 };
  Fixture f;

  fixture_init (&f, 16, 8);
  fixture_play (&f);
  for (guint i = 0; i < N; i++) {
    GstBuffer *buffer = test_buffer_new (&f.info, f.rand);

    GST_BUFFER_PTS (buffer) = i * 33 * GST_MSECOND + (GstClockTime) g_test_rand_int_range (0, 9);
    GST_BUFFER_DTS (buffer) = i;
    GST_BUFFER_DURATION (buffer) = (GstClockTime) g_test_rand_int_range (1, 99);
    GST_BUFFER_OFFSET (buffer) = 7 * i;
    GST_BUFFER_FLAG_SET (buffer, i % 3 ? GST_BUFFER_FLAG_DISCONT : GST_BUFFER_FLAG_DELTA_UNIT);
    g_autoptr (GstBuffer) before = gst_buffer_copy_deep (buffer);
    g_autoptr (GBytes) bytes = test_buffer_bytes (buffer);
    g_assert_cmpint (gst_harness_push (f.harness, buffer), ==, GST_FLOW_OK);
    g_autoptr (GstBuffer) after = gst_harness_pull (f.harness);
    g_autoptr (GBytes) bytes_after = test_buffer_bytes (after);
    g_assert_true (after == buffer);
    g_assert_true (gst_buffer_is_writable (after));
    g_assert_true (g_bytes_equal (bytes, bytes_after));
    g_assert_cmpuint (GST_BUFFER_PTS (after), ==, GST_BUFFER_PTS (before));
    g_assert_cmpuint (GST_BUFFER_DTS (after), ==, GST_BUFFER_DTS (before));
    g_assert_cmpuint (GST_BUFFER_DURATION (after), ==, GST_BUFFER_DURATION (before));
    g_assert_cmpuint (GST_BUFFER_OFFSET (after), ==, GST_BUFFER_OFFSET (before));
    g_assert_cmpuint (GST_BUFFER_FLAGS (after), ==, GST_BUFFER_FLAGS (before));
  }
  g_assert_cmpuint (gst_harness_buffers_received (f.harness), ==, N);
  g_assert_cmpuint (stat_get (&f, "seen"), ==, N);
  g_assert_cmpuint (stat_get (&f, "taken"), >, 0);
  fixture_clear (&f);
}

/* At the quota the model is made; then the element idles. */
static void
test_quota (void)
{
  Fixture f;
  double progress;

  fixture_init (&f, 16, 8);
  fixture_play (&f);
  push_until_taken (&f, 16);
  gst_message_unref (wait_for (&f, GST_MESSAGE_PROGRESS, GST_PROGRESS_TYPE_START));
  gst_message_unref (wait_for (&f, GST_MESSAGE_PROGRESS, GST_PROGRESS_TYPE_CONTINUE));
  assert_calibrated (&f, 14, 2);
  for (guint i = 0; i < 10; i++)
    push (&f, test_buffer_new (&f.info, f.rand));
  g_assert_true (push_eos (&f));
  g_assert_cmpuint (stat_get (&f, "taken"), ==, 16);
  g_object_get (f.element, "progress", &progress, NULL);
  g_assert_cmpfloat (progress, ==, 1.);
  assert_state (&f, "done");
  g_assert_null (gst_bus_pop_filtered (f.bus, GST_MESSAGE_WARNING | GST_MESSAGE_PROGRESS));
  fixture_clear (&f);
}

/* With a recipe all of its steps are done, and the file says so. */
static void
test_recipe (void)
{
  Fixture f;
  g_autoptr (GError) error = NULL;

  fixture_init (&f, 16, 8);
  g_autofree char *path = g_build_filename (f.folder, "test.recipe", NULL);
  g_file_set_contents (
      path, "[prune]\nunit=blocks\nshare=0.1\n[quantize]\nmethod=minmax\n", -1, &error);
  g_assert_no_error (error);
  g_object_set (f.element, "recipe", path, "max-drop", 0., NULL);
  fixture_play (&f);
  push_until_taken (&f, 16);
  GstMessage *message = wait_for (&f, GST_MESSAGE_ELEMENT, 0);
  g_assert_true (gst_message_has_name (message, "yolov8-calibrated"));
  gst_message_unref (message); /* has a reference to the element */
  assert_model_works (f.output);
  g_autoptr (Yv8Model) model = yv8_model_load (f.output, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (yv8_model_metadata (model, "yv8.recipe"), "unit=blocks"));
  g_assert_cmpstr (yv8_model_metadata (model, "yv8.method"), ==, "minmax");
  fixture_clear (&f);
}

/* The end of the stream passes when the file is there, and min-frames are enough for that. */
static void
test_eos (void)
{
  Fixture f;

  fixture_init (&f, 100, 8);
  fixture_play (&f);
  push_until_taken (&f, 9);
  g_assert_true (push_eos (&f));
  g_assert_true (g_file_test (f.output, G_FILE_TEST_EXISTS));
  assert_state (&f, "done");
  assert_calibrated (&f, 8, 1);
  fixture_clear (&f);
}

static void
restart_stream (Fixture *f)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (gst_harness_push_event (f->harness, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (f->harness, gst_event_new_flush_stop (TRUE)));
  g_assert_true (gst_harness_push_event (f->harness, gst_event_new_segment (&segment)));
}

/* Too few frames: one warning. Those that are in count when the stream is played again. */
static void
test_too_few (void)
{
  Fixture f;

  fixture_init (&f, 100, 12);
  fixture_play (&f);
  push_until_taken (&f, 7);
  g_assert_true (push_eos (&f));
  assert_warning (&f, "7 of 100");
  restart_stream (&f);
  assert_state (&f, "gathering");
  push_until_taken (&f, 12);
  g_assert_true (push_eos (&f));
  assert_calibrated (&f, 11, 1);
  fixture_clear (&f);
}

static void
test_still (void)
{
  Fixture f;

  fixture_init (&f, 16, 8);
  fixture_play (&f);
  g_autoptr (GstBuffer) buffer = test_buffer_new (&f.info, f.rand);
  for (guint i = 0; i < 100; i++) {
    push (&f, gst_buffer_copy (buffer));
    g_usleep (100);
  }
  g_assert_true (push_eos (&f));
  assert_warning (&f, "too similar");
  g_assert_cmpuint (stat_get (&f, "taken"), ==, 1);
  g_assert_cmpuint (stat_get (&f, "similar") + stat_get (&f, "busy"), ==, 99);
  fixture_clear (&f);
}

static void
test_interval (void)
{
  Fixture f;

  fixture_init (&f, 100, 100);
  g_object_set (f.element, "interval", 5, NULL);
  fixture_play (&f);
  for (guint i = 0; i < 31; i++) {
    push (&f, test_buffer_new (&f.info, f.rand));
    g_usleep (500);
  }
  g_assert_cmpuint (stat_get (&f, "taken") + stat_get (&f, "busy"), ==, 7);
  fixture_clear (&f);
}

/* (transfer full): the file that @n pictures of @seed give, however often one comes while the
 * calibration is busy */
static GBytes *
calibrate_on (guint32 seed, guint n)
{
  Fixture f;
  char *data;
  gsize size;

  fixture_init (&f, n, 8);
  fixture_play (&f);
  g_rand_set_seed (f.rand, seed);
  for (guint i = 0; i < n; i++) {
    g_autoptr (GstBuffer) buffer = test_buffer_new (&f.info, f.rand);

    while (stat_get (&f, "taken") <= i)
      push (&f, gst_buffer_copy (buffer));
  }
  assert_calibrated (&f, n - n / 8, n / 8);
  g_assert_true (g_file_get_contents (f.output, &data, &size, NULL));
  fixture_clear (&f);
  return g_bytes_new_take (data, size);
}

/* The same frames, the same file. */
static void
test_same (void)
{
  const guint32 seed = (guint32) g_test_rand_int ();
  g_autoptr (GBytes) one = calibrate_on (seed, 16);
  g_autoptr (GBytes) same = calibrate_on (seed, 16);
  g_autoptr (GBytes) other = calibrate_on (seed + 1, 16);

  g_assert_true (g_bytes_equal (one, same));
  g_assert_false (g_bytes_equal (one, other));
}

/* A network of people finds none in noise: the loss is unknown, so nothing is promised. */
static void
test_max_drop (void)
{
  g_autofree char *model = test_data_path ("yolov8n.onnx");
  Fixture f;

  if (!model)
    return;
  fixture_init (&f, 8, 8);
  g_object_set (
      f.element, "model", model, "input-size", "64x64", "max-drop", 0.01, "method", 3, NULL);
  fixture_play (&f);
  push_until_taken (&f, 8);
  g_assert_true (push_eos (&f));
  gst_message_unref (wait_for (&f, GST_MESSAGE_PROGRESS, GST_PROGRESS_TYPE_ERROR));
  assert_warning (&f, "max-drop");
  assert_state (&f, "failed");
  fixture_clear (&f);
}

/* The folder vanishes before the model is made. */
static void
test_unwritable (void)
{
  Fixture f;

  fixture_init (&f, 8, 8);
  fixture_play (&f);
  push_until_taken (&f, 7);
  folder_remove (f.folder);
  push_until_taken (&f, 8);
  g_assert_true (push_eos (&f));
  assert_warning (&f, "output");
  assert_state (&f, "failed");
  g_assert_cmpint (g_mkdir (f.folder, 0700), ==, 0);
  fixture_clear (&f);
}

/* Small pictures, until @n are taken. */
static void
fixture_take (Fixture *f, guint frames, guint min_frames, guint n)
{
  fixture_init (f, frames, min_frames);
  g_object_set (f->element, "input-size", "320x320", NULL);
  fixture_play (f);
  push_until_taken (f, n);
}

/* READY in the midst of the work; then all begins anew. */
static void
test_stop (void)
{
  Fixture f;

  fixture_take (&f, 24, 8, 24);
  gst_message_unref (wait_for (&f, GST_MESSAGE_PROGRESS, GST_PROGRESS_TYPE_START));
  gst_element_set_state (f.element, GST_STATE_READY);
  gst_message_unref (wait_for (&f, GST_MESSAGE_PROGRESS, GST_PROGRESS_TYPE_CANCELED));
  assert_warning (&f, "stopped");
  assert_state (&f, "stopped");
  g_clear_pointer (&f.harness, gst_harness_teardown);

  g_object_set (f.element, "input-size", "", "frames", 8, NULL);
  fixture_play (&f);
  g_assert_cmpuint (stat_get (&f, "taken"), ==, 0);
  push_until_taken (&f, 8);
  assert_calibrated (&f, 7, 1);
  fixture_clear (&f);
}

/* PAUSED in the midst of the work, which goes on. */
static void
test_pause (void)
{
  Fixture f;

  fixture_take (&f, 16, 8, 16);
  gst_message_unref (wait_for (&f, GST_MESSAGE_PROGRESS, GST_PROGRESS_TYPE_START));
  g_assert_cmpint (
      gst_element_set_state (f.element, GST_STATE_PAUSED), !=, GST_STATE_CHANGE_FAILURE);
  assert_calibrated (&f, 14, 2);
  g_assert_cmpint (
      gst_element_set_state (f.element, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
  push (&f, test_buffer_new (&f.info, f.rand));
  g_assert_true (push_eos (&f));
  assert_state (&f, "done");
  fixture_clear (&f);
}

static gpointer
push_eos_thread (gpointer data)
{
  return GINT_TO_POINTER (push_eos (data));
}

/* A flush ends the wait at the end of the stream, but not the work. */
static void
test_flush (void)
{
  Fixture f;

  fixture_take (&f, 100, 16, 16);
  GThread *thread = g_thread_new ("eos", push_eos_thread, &f);
  gst_message_unref (wait_for (&f, GST_MESSAGE_PROGRESS, GST_PROGRESS_TYPE_START));
  restart_stream (&f);
  g_assert_false (GPOINTER_TO_INT (g_thread_join (thread)));
  push (&f, test_buffer_new (&f.info, f.rand));
  g_assert_true (push_eos (&f));
  assert_calibrated (&f, 14, 2);
  fixture_clear (&f);
}

/* READY while the end of the stream is waited with. */
static void
test_stop_at_eos (void)
{
  Fixture f;

  fixture_take (&f, 100, 24, 24);
  GThread *thread = g_thread_new ("eos", push_eos_thread, &f);
  gst_message_unref (wait_for (&f, GST_MESSAGE_PROGRESS, GST_PROGRESS_TYPE_START));
  gst_element_set_state (f.element, GST_STATE_NULL);
  g_assert_false (GPOINTER_TO_INT (g_thread_join (thread)));
  g_assert_false (g_file_test (f.output, G_FILE_TEST_EXISTS));
  fixture_clear (&f);
}

static void
test_caps_change (void)
{
  static const char *const formats[] = { "BGRx", "YUY2", "GRAY8", "I420" };
  Fixture f;

  fixture_init (&f, 10, 8);
  fixture_play (&f);
  push_until_taken (&f, 2);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    fixture_set_caps (&f, formats[i], 33 + 16 * i, 130 - 9 * i);
    push_until_taken (&f, 4 + 2 * i);
  }
  assert_calibrated (&f, 9, 1);
  fixture_clear (&f);
}

static GstElement *
pipeline_new (const char *output)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strdup_printf (
      "videotestsrc is-live=true pattern=snow ! "
      "video/x-raw,format=NV12,width=64,height=48,framerate=60/1 ! "
      "yolov8calibrate model=\"%s\" output=\"%s\" device=cpu frames=8 min-frames=8 ! "
      "fakesink sync=false",
      test_model (), output);
  GstElement *pipeline = gst_parse_launch (text, &error);

  g_assert_no_error (error);
  return pipeline;
}

static void
wait_for_message (GstElement *pipeline, GstMessageType type)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, TIMEOUT, type | GST_MESSAGE_ERROR);

  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, type);
}

/* The work is done in threads that stand behind those of the stream. */
static void
test_priority (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *task;
  guint n = 0;
  Fixture f;

  if (!dir) {
    g_test_skip ("no /proc/self/task");
    return;
  }
  fixture_init (&f, 8, 8);
  fixture_play (&f);
  g_dir_rewind (dir);
  while ((task = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename ("/proc/self/task", task, "comm", NULL);
    g_autofree char *name = NULL;

    if (!g_file_get_contents (path, &name, NULL, NULL) || !g_str_equal (name, "yv8-calibrate\n"))
      continue;
    n++;
    g_assert_cmpint (getpriority (PRIO_PROCESS, (id_t) g_ascii_strtoull (task, NULL, 10)), ==,
        MIN (getpriority (PRIO_PROCESS, 0) + 10, 19));
  }
  g_assert_cmpuint (n, ==, 1);
  fixture_clear (&f);
}

/* Two pipelines of one process, whose state changes back and forth before they end well. */
static void
test_pipelines (void)
{
  static const GstState states[] = { GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING,
    GST_STATE_READY, GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_NULL, GST_STATE_PLAYING,
    GST_STATE_NULL, GST_STATE_PLAYING };
  g_autofree char *folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  GstElement *pipelines[2];
  char *outputs[2];

  for (guint i = 0; i < 2; i++) {
    outputs[i] = g_strdup_printf ("%s/%u.bin", folder, i);
    pipelines[i] = pipeline_new (outputs[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (states); i++) {
    for (guint j = 0; j < 2; j++)
      g_assert_cmpint (
          gst_element_set_state (pipelines[j], states[i]), !=, GST_STATE_CHANGE_FAILURE);
    g_usleep ((gulong) g_test_rand_int_range (0, 50000));
  }
  for (guint i = 0; i < 2; i++) {
    wait_for_message (pipelines[i], GST_MESSAGE_ELEMENT);
    gst_element_send_event (pipelines[i], gst_event_new_eos ());
    wait_for_message (pipelines[i], GST_MESSAGE_EOS);
    gst_element_set_state (pipelines[i], GST_STATE_NULL);
    g_assert_cmpint (GST_OBJECT_REFCOUNT_VALUE (pipelines[i]), ==, 1);
    gst_object_unref (pipelines[i]);
    assert_model_works (outputs[i]);
    g_free (outputs[i]);
  }
  folder_remove (folder);
}

static void
test_bad_settings (void)
{
  static const struct {
    const char *property, *value;
    GQuark (*domain) (void);
    gint code;
  } bad[] = {
    { "model", NULL, gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND },
    { "model", "/nowhere/yolov8n.onnx", gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND },
    { "model", "/proc/self/exe", gst_stream_error_quark, GST_STREAM_ERROR_FORMAT },
    { "output", NULL, gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND },
    { "output", "/nowhere/int8.bin", gst_resource_error_quark, GST_RESOURCE_ERROR_OPEN_WRITE },
    { "output", "/", gst_resource_error_quark, GST_RESOURCE_ERROR_OPEN_WRITE },
    { "recipe", "/nowhere/scene.recipe", gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND },
    { "device", "toaster", gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND },
    { "input-size", "640", gst_library_error_quark, GST_LIBRARY_ERROR_SETTINGS },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    Fixture f;
    g_autoptr (GError) error = NULL;

    fixture_init (&f, 8, 8);
    g_object_set (f.element, bad[i].property, bad[i].value, NULL);
    g_assert_cmpint (
        gst_element_set_state (f.element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    g_assert_cmpuint (test_messages (f.bus, GST_MESSAGE_ERROR, &error), ==, 1);
    g_test_message ("%s", error->message);
    g_assert_error (error, bad[i].domain (), bad[i].code);
    g_assert_true (strstr (error->message, "propert") || strstr (error->message, "export"));
    fixture_clear (&f);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/calibrate/passthrough", test_passthrough);
  g_test_add_func ("/calibrate/quota", test_quota);
  g_test_add_func ("/calibrate/recipe", test_recipe);
  g_test_add_func ("/calibrate/eos", test_eos);
  g_test_add_func ("/calibrate/too-few", test_too_few);
  g_test_add_func ("/calibrate/still", test_still);
  g_test_add_func ("/calibrate/interval", test_interval);
  g_test_add_func ("/calibrate/same", test_same);
  g_test_add_func ("/calibrate/max-drop", test_max_drop);
  g_test_add_func ("/calibrate/unwritable", test_unwritable);
  g_test_add_func ("/calibrate/stop", test_stop);
  g_test_add_func ("/calibrate/pause", test_pause);
  g_test_add_func ("/calibrate/flush", test_flush);
  g_test_add_func ("/calibrate/stop-at-eos", test_stop_at_eos);
  g_test_add_func ("/calibrate/caps-change", test_caps_change);
  g_test_add_func ("/calibrate/priority", test_priority);
  g_test_add_func ("/calibrate/pipelines", test_pipelines);
  g_test_add_func ("/calibrate/bad-settings", test_bad_settings);
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yolov8detect through changes of state: bad models, many cycles, several pipelines. */
#include <glib/gstdio.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "elements.h"

#define TIMEOUT (60 * GST_SECOND)

static GstElement *
pipeline_new (const char *device, const char *model, guint n_frames, const char *caps)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strdup_printf (
      "videotestsrc name=source num-buffers=%u ! %s ! yolov8detect name=detect device=%s ! "
      "fakesink name=sink",
      n_frames, caps, device);
  GstElement *pipeline = gst_parse_launch (text, &error);

  g_assert_no_error (error);
  g_autoptr (GstElement) detect = gst_bin_get_by_name (GST_BIN (pipeline), "detect");
  g_object_set (detect, "model", model, NULL);
  return pipeline;
}

static void
pipeline_set_model (GstElement *pipeline, const char *model)
{
  g_autoptr (GstElement) detect = gst_bin_get_by_name (GST_BIN (pipeline), "detect");

  g_object_set (detect, "model", model, NULL);
}

/* Nothing holds the pipeline any more, or not for long: a thread of the bin may be at its end. */
static void
pipeline_free (GstElement *pipeline)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) (TIMEOUT / GST_USECOND);

  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
  g_object_add_weak_pointer (G_OBJECT (pipeline), (gpointer *) &pipeline);
  gst_object_unref (pipeline);
  while (g_atomic_pointer_get (&pipeline) && g_get_monotonic_time () < deadline)
    g_usleep (1000);
  g_assert_null (g_atomic_pointer_get (&pipeline));
}

static void
wait_for_eos (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, TIMEOUT, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  g_assert_nonnull (message);
  g_assert_cmpstr (GST_MESSAGE_TYPE_NAME (message), ==, "eos");
}

static void
play_to_end (GstElement *pipeline)
{
  g_assert_cmpint (
      gst_element_set_state (pipeline, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
  wait_for_eos (pipeline);
}

/* An ONNX file of one node whose operator nobody knows: ir_version 8; graph { node { input "images"
 * output "output0" op_type "Frobnicate" }, name "g", input, output }; opset 17. */
static const char unknown_operator[] =
    "\x08\x08"
    ":c"
    "\x0a\x1d\x0a\x06images\x12\x07output0\x22\x0a\x46robnicate"
    "\x12\x01g"
    "Z \x0a\x06images\x12\x16\x0a\x14\x08\x01\x12\x10\x0a\x02\x08\x01\x0a\x02\x08\x03\x0a\x02\x08@\x0a\x02\x08@"
    "b\x1d\x0a\x07output0\x12\x12\x0a\x10\x08\x01\x12\x0c\x0a\x02\x08\x01\x0a\x02\x08\x07\x0a\x02\x08T"
    "B\x02\x10\x11";

typedef struct {
  const char *name;
  GQuark (*domain) (void);
  gint code;
} BadModel;

static const BadModel bad_models[] = {
  { "none", gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND },
  { "missing", gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND },
  { "folder", gst_resource_error_quark, GST_RESOURCE_ERROR_READ },
  { "empty", gst_stream_error_quark, GST_STREAM_ERROR_FORMAT },
  { "noise", gst_stream_error_quark, GST_STREAM_ERROR_FORMAT },
  { "truncated", gst_stream_error_quark, GST_STREAM_ERROR_FORMAT },
  { "operator", gst_stream_error_quark, GST_STREAM_ERROR_NOT_IMPLEMENTED },
};

/* (transfer full) (nullable): path of the bad model in @folder */
static char *
bad_model_write (const BadModel *bad, const char *folder)
{
  g_autofree char *path = g_build_filename (folder, bad->name, NULL);
  g_autofree char *bytes = NULL;
  gsize size = 0;

  if (g_str_equal (bad->name, "none"))
    return NULL;
  if (g_str_equal (bad->name, "missing"))
    return g_steal_pointer (&path);
  if (g_str_equal (bad->name, "folder"))
    return g_strdup (folder);
  if (g_str_equal (bad->name, "operator")) {
    size = sizeof unknown_operator - 1;
    bytes = g_memdup2 (unknown_operator, size);
  } else if (g_str_equal (bad->name, "noise")) {
    size = 1000;
    bytes = g_malloc (size);
    for (gsize i = 0; i < size; i++)
      bytes[i] = (char) g_test_rand_int ();
  } else if (g_str_equal (bad->name, "truncated")) {
    g_assert_true (g_file_get_contents (test_model (), &bytes, &size, NULL));
    size /= 2;
  }
  g_assert_true (g_file_set_contents (path, bytes ? bytes : "", (gssize) size, NULL));
  return g_steal_pointer (&path);
}

/* One error with a remedy; no state beyond READY; then all is well with a good model. */
static void
test_bad_model (gconstpointer data)
{
  const BadModel *bad = data;
  g_autofree char *folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  g_autofree char *path = bad_model_write (bad, folder);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = pipeline_new ("cpu", path, 3, "video/x-raw,format=NV12");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (
        gst_element_set_state (pipeline, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
    g_assert_cmpuint (test_messages (bus, GST_MESSAGE_ERROR, &error), ==, 1);
    g_test_message ("%s", error->message);
    g_assert_error (error, bad->domain (), bad->code);
    g_assert_true (strstr (error->message, "xport") || strstr (error->message, "Set property"));
    gst_element_set_state (pipeline, GST_STATE_NULL);
  }
  pipeline_set_model (pipeline, test_model ());
  play_to_end (pipeline);
  pipeline_free (pipeline);
  if (path && !g_str_equal (path, folder))
    g_unlink (path);
  g_rmdir (folder);
}

static void
test_bad_settings (void)
{
  static const struct {
    const char *property, *value;
    gboolean is_device;
  } bad[] = {
    { "device", "toaster", TRUE },
    { "device", "vulkan:9999", TRUE },
    { "input-size", "640" },
    { "input-size", "640x100" },
    { "input-size", "0x0" },
    { "input-size", "-32x32" },
    { "input-size", "64x64x64" },
    { "input-size", "99968x99968" },
    { "classes", "nobody" },
    { "classes", "-1" },
    { "classes", "3" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    GstElement *pipeline = pipeline_new ("cpu", test_model (), 3, "video/x-raw,format=NV12");
    g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
    g_autoptr (GstElement) detect = gst_bin_get_by_name (GST_BIN (pipeline), "detect");
    g_autoptr (GError) error = NULL;

    g_test_message ("%s=%s", bad[i].property, bad[i].value);
    g_object_set (detect, bad[i].property, bad[i].value, NULL);
    g_assert_cmpint (
        gst_element_set_state (pipeline, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    g_assert_cmpuint (test_messages (bus, GST_MESSAGE_ERROR, &error), ==, 1);
    g_test_message ("%s", error->message);
    if (bad[i].is_device)
      g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
    else
      g_assert_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS);
    g_object_set (
        detect, bad[i].property, g_str_equal (bad[i].property, "device") ? "cpu" : "", NULL);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    play_to_end (pipeline);
    g_clear_object (&detect);
    pipeline_free (pipeline);
  }
}

/* A bad model set while playing: one warning, and the stream goes on to its end. */
static void
test_bad_change (void)
{
  GstElement *pipeline = pipeline_new ("cpu", test_model (), 0, "video/x-raw,format=NV12");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  g_autoptr (GError) error = NULL;

  g_object_set (source, "num-buffers", -1, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_assert_cmpint (
      gst_element_get_state (pipeline, NULL, NULL, TIMEOUT), ==, GST_STATE_CHANGE_SUCCESS);
  pipeline_set_model (pipeline, "/nowhere/model.onnx");
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, TIMEOUT, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpstr (GST_MESSAGE_TYPE_NAME (message), ==, "warning");
  gst_message_parse_warning (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  gst_element_send_event (pipeline, gst_event_new_eos ());
  wait_for_eos (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  pipeline_set_model (pipeline, test_model ());
  g_object_set (source, "num-buffers", 3, NULL);
  play_to_end (pipeline);
  g_clear_object (&source);
  pipeline_free (pipeline);
}

/* Every pair of states, back and forth; on the way down also before the way up has ended. */
static void
test_cycles (gconstpointer data)
{
  static const GstState states[] = { GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_READY,
    GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_NULL, GST_STATE_PAUSED,
    GST_STATE_NULL, GST_STATE_PLAYING };
  g_autofree char *device = test_device (data);

  if (!device)
    return;
  GstElement *pipeline = pipeline_new (device, test_model (), 100000, "video/x-raw,format=YUY2");
  for (guint i = 0; i < 2 * G_N_ELEMENTS (states); i++) {
    g_assert_cmpint (gst_element_set_state (pipeline, states[i % G_N_ELEMENTS (states)]), !=,
        GST_STATE_CHANGE_FAILURE);
    /* GstBin forgets to commit PAUSED if that is asked for again while it goes on to PLAYING. */
    if (i % 3 || states[(i + 1) % G_N_ELEMENTS (states)] >= GST_STATE_PAUSED)
      g_assert_cmpint (
          gst_element_get_state (pipeline, NULL, NULL, TIMEOUT), ==, GST_STATE_CHANGE_SUCCESS);
  }
  pipeline_free (pipeline);
}

static gint64
resident_bytes (void)
{
  g_autofree char *text = NULL;
  long pages = 0;

  malloc_trim (0); /* what is free counts for nothing */
  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%*d %ld", &pages), ==, 1);
  return (gint64) pages * sysconf (_SC_PAGESIZE);
}

/* Resident memory must not grow by one model in all the cycles after the first few. A sanitizer has
 * a check of its own, for which fewer do where lavapipe compiles its shaders in each. */
static void
test_leak (gconstpointer data)
{
  enum { WARM = 20 };
  gboolean is_short = TEST_SANITIZED && g_str_equal (data, "vulkan") && !g_getenv ("YV8_TEST_LONG");
  const guint n_cycles = is_short ? 0 : 100;
  g_autofree char *device = test_device (data);
  gint64 warm = 0;

  if (!device)
    return;
  for (guint i = 0; i < WARM + n_cycles; i++) {
    GstElement *pipeline = pipeline_new (device, test_model (), 1, "video/x-raw,format=NV12");

    play_to_end (pipeline);
    pipeline_free (pipeline);
    if (i == WARM - 1)
      warm = resident_bytes ();
  }
  gint64 growth = resident_bytes () - warm;
  g_test_message ("%" G_GINT64_FORMAT " bytes more after %u cycles", growth, n_cycles);
  if (!TEST_SANITIZED)
    g_assert_cmpint (growth, <, 4 << 20);
}

/* Two pipelines of different formats and sizes at once in one process. */
static void
test_two (gconstpointer data)
{
  g_autofree char *device = test_device (data);

  if (!device)
    return;
  GstElement *one =
      pipeline_new (device, test_model (), 30, "video/x-raw,format=NV12,width=640,height=480");
  GstElement *other =
      pipeline_new (device, test_model (), 30, "video/x-raw,format=BGRx,width=33,height=47");
  gst_element_set_state (one, GST_STATE_PLAYING);
  gst_element_set_state (other, GST_STATE_PLAYING);
  wait_for_eos (one);
  wait_for_eos (other);
  pipeline_free (one);
  pipeline_free (other);
}

int
main (int argc, char **argv)
{
  static const char *const devices[] = { "cpu", "vulkan" };
  static const struct {
    const char *name;
    void (*run) (gconstpointer device);
  } tests[] = { { "cycles", test_cycles }, { "two", test_two }, { "leak", test_leak } };

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (bad_models); i++) {
    g_autofree char *path = g_strdup_printf ("/states/bad-model/%s", bad_models[i].name);

    g_test_add_data_func (path, &bad_models[i], test_bad_model);
  }
  g_test_add_func ("/states/bad-settings", test_bad_settings);
  g_test_add_func ("/states/bad-change", test_bad_change);
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    for (guint j = 0; j < G_N_ELEMENTS (tests); j++) {
      g_autofree char *path = g_strdup_printf ("/states/%s/%s", devices[i], tests[j].name);

      g_test_add_data_func (path, devices[i], tests[j].run);
    }
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Memory of a running int8 detector at 640 on the CPU: a process that plays a pipeline with it
 * against one that plays the same without. */
#include "program.h"

#include <gst/gst.h>

#define PLAY  "--play"
#define N     30
#define LIMIT (60 * 1000 * 1000)
#define SOURCE                                                                                     \
  "videotestsrc num-buffers=" G_STRINGIFY (N) " ! "                                                \
                                              "video/x-raw,format=NV12,width=1280,height=720 ! "
#define SINK "fakesink sync=false"

static gint64
resident (void)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  const char *line = strstr (text, "VmRSS:");
  g_assert_nonnull (line);
  return 1024 * g_ascii_strtoll (line + strlen ("VmRSS:"), NULL, 10);
}

/* What the other process does: prints its memory while the pipeline still stands. */
static int
play (const char *description)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (description, &error);

  g_assert_no_error (error);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_print ("%" G_GINT64_FORMAT "\n", resident ());
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return 0;
}

static gint64
measure (const char *description)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *out = NULL;
  g_autofree char *program = g_file_read_link ("/proc/self/exe", &error);

  g_assert_no_error (error);
  g_autoptr (GSubprocess) process =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, PLAY, description, NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, &out, NULL, &error));
  g_assert_true (g_subprocess_get_successful (process));
  return g_ascii_strtoll (out, NULL, 10);
}

static void
test_int8 (void)
{
  g_autofree char *model = test_data_path ("yolov8n.onnx");
  g_autofree char *picture = test_data_path ("bus.jpg");

  if (!model || !picture || !g_file_test ("/proc/self/status", G_FILE_TEST_EXISTS)) {
    g_test_skip ("no model, or no /proc");
    return;
  }
  char *folder = program_enter_folder ();
  g_autofree char *calibrate =
      g_strdup_printf ("calibrate --model %s --input %s --frames 1 --validate 0 --size 64x64 "
                       "--method minmax --output int8.bin",
          model, picture);
  g_auto (Program) calibrated = program_run_good (calibrate);
  g_assert_cmpint (calibrated.status, ==, 0);

  gint64 empty = measure (SOURCE SINK);
  gint64 full = measure (SOURCE "yolov8detect model=int8.bin device=cpu input-size=640x640 "
                                "threshold=0.1 ! " SINK);
  g_test_message ("%.1f MB without, %.1f MB with the detector: %.1f MB more", (double) empty / 1e6,
      (double) full / 1e6, (double) (full - empty) / 1e6);
  g_assert_cmpint (full, >, empty);
  g_assert_cmpint (full - empty, <=, LIMIT);
  program_leave_folder (folder);
}

int
main (int argc, char **argv)
{
  gst_init (NULL, NULL);
  if (argc == 3 && g_str_equal (argv[1], PLAY))
    return play (argv[2]);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/memory/int8", test_int8);
  return g_test_run ();
}

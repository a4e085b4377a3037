/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A paced clip is calibrated on and detected in at once: the detector starts with the float model
 * and takes the int8 model as soon as it is made. Counted is what arrives, and when. As much of the
 * clip as that takes, at a small input size; all of it at the model's own where YV8_TEST_LONG is
 * set. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "elements.h"

#define CLIP        "vtest.avi"
#define MODEL       "yolov8n.onnx"
#define N_FRAMES    795
#define N_LEAST     150
#define N_AFTER     30
#define PERIOD      (100 * GST_MSECOND)
#define TIMEOUT     (300 * GST_SECOND)
#define MAX_LATE    0.1        /* of the frames may be late by a period or more */
#define MAX_FOREIGN 0.5        /* processors that others may have for the rate to be judged */
#define MAX_DELAY   GST_SECOND /* of the last frame */

/* What must not change on the way. */
typedef struct {
  GstClockTime pts, dts, duration;
  guint64 offset;
  GstBufferFlags flags;
  guint hash; /* of the pixels */
} Arrival;

typedef struct {
  guint n_least; /* frames, and N_AFTER after the swap, end the run before the clip does */
  gboolean ended;
  GArray *arrivals;   /* of Arrival */
  GArray *lateness;   /* of GstClockTimeDiff: of a frame, after the time that it is due */
  guint n_boxes[2];   /* before and after the swap */
  gint n_arrived;     /* atomic */
  gint swapped_at;    /* atomic: frames that had arrived; -1 before */
  gint calibrated_at; /* likewise */
} Run;

static void
run_init (Run *run, guint n_least)
{
  *run = (Run){ .n_least = n_least, .swapped_at = -1, .calibrated_at = -1 };
  run->arrivals = g_array_new (FALSE, FALSE, sizeof (Arrival));
  run->lateness = g_array_new (FALSE, FALSE, sizeof (GstClockTimeDiff));
}

static void
run_clear (Run *run)
{
  g_array_unref (run->arrivals);
  g_array_unref (run->lateness);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static guint
count_boxes (GstBuffer *buffer)
{
  gpointer state = NULL;
  guint n = 0;

  while (
      gst_buffer_iterate_meta_filtered (buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))
    n++;
  return n;
}

/* After the swap: how many frames are enough. */
static guint
least (Run *run)
{
  return MIN (MAX (run->n_least, (guint) g_atomic_int_get (&run->swapped_at) + N_AFTER), N_FRAMES);
}

/* One more frame has reached the sink; the last one that is wanted ends the run. */
static void
collect (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  Run *run = data;
  g_autoptr (GBytes) bytes = test_buffer_bytes (buffer);
  g_autoptr (GstClock) clock = gst_element_get_clock (sink);
  const Arrival arrival = { GST_BUFFER_PTS (buffer), GST_BUFFER_DTS (buffer),
    GST_BUFFER_DURATION (buffer), GST_BUFFER_OFFSET (buffer), GST_BUFFER_FLAGS (buffer),
    g_bytes_hash (bytes) };
  GstClockTimeDiff late =
      GST_CLOCK_DIFF (gst_element_get_base_time (sink) + arrival.pts, gst_clock_get_time (clock));

  gint swapped_at = g_atomic_int_get (&run->swapped_at);

  if (run->ended)
    return;
  run->n_boxes[swapped_at >= 0] += count_boxes (buffer);
  g_array_append_val (run->arrivals, arrival);
  g_array_append_val (run->lateness, late);
  g_atomic_int_inc (&run->n_arrived);
  run->ended = swapped_at >= 0 && run->arrivals->len >= least (run);
  if (run->ended)
    gst_element_post_message (
        sink, gst_message_new_application (GST_OBJECT (sink), gst_structure_new_empty ("done")));
}

/* In the thread that posts: a swap is told before the first frame of the new model goes on. */
static GstBusSyncReply
listen (GstBus *bus, GstMessage *message, gpointer data)
{
  Run *run = data;
  const GstStructure *structure = gst_message_get_structure (message);
  gint n_arrived = g_atomic_int_get (&run->n_arrived);

  if (gst_message_has_name (message, "yolov8-calibrated")) {
    g_autofree char *text = gst_structure_to_string (structure);

    g_test_message ("%s", text);
    g_assert_cmpint (g_atomic_int_get (&run->calibrated_at), ==, -1);
    g_atomic_int_set (&run->calibrated_at, n_arrived);
  } else if (gst_message_has_name (message, "yolov8-model-loaded")) {
    gboolean small = g_str_equal (gst_structure_get_string (structure, "precision"), "int8");

    g_assert_cmpint (g_atomic_int_get (&run->swapped_at), ==, -1);
    if (small)
      g_atomic_int_set (&run->swapped_at, n_arrived);
    else
      g_assert_cmpint (n_arrived, ==, 0);
  }
  return GST_BUS_PASS;
}

/* Plays the clip through @elements, to its end or until enough frames have arrived. */
static GstElement *
play (Run *run, const char *clip, gboolean paced, const char *elements)
{
  g_autofree char *text =
      g_strdup_printf ("filesrc location=\"%s\" ! decodebin ! identity sync=%s ! videoconvert ! "
                       "video/x-raw,format=I420 ! %s "
                       "fakesink name=sink signal-handoffs=true sync=false",
          clip, paced ? "true" : "false", elements);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);

  g_assert_no_error (error);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_signal_connect (sink, "handoff", G_CALLBACK (collect), run);
  gst_bus_set_sync_handler (bus, listen, run, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, TIMEOUT,
      GST_MESSAGE_EOS | GST_MESSAGE_APPLICATION | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  if (gst_message_get_structure (message)) {
    g_autofree char *what = gst_structure_to_string (gst_message_get_structure (message));

    g_test_message ("%s", what);
  }
  g_assert_true (GST_MESSAGE_TYPE (message) & (GST_MESSAGE_APPLICATION | GST_MESSAGE_EOS));
  return pipeline;
}

static void
pipeline_free (GstElement *pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

/* As far as @a goes, nothing is lost, added, reordered or changed. */
static void
assert_same (const Run *a, const Run *b)
{
  g_assert_cmpuint (a->arrivals->len, <=, b->arrivals->len);
  for (guint i = 0; i < a->arrivals->len; i++) {
    const Arrival *one = &g_array_index (a->arrivals, Arrival, i);
    const Arrival *other = &g_array_index (b->arrivals, Arrival, i);

    g_assert_cmpuint (one->pts, ==, other->pts);
    g_assert_cmpuint (one->dts, ==, other->dts);
    g_assert_cmpuint (one->duration, ==, other->duration);
    g_assert_cmpuint (one->offset, ==, other->offset);
    g_assert_cmpuint (one->flags, ==, other->flags);
    g_assert_cmpuint (one->hash, ==, other->hash);
  }
}

static gint
compare_lateness (gconstpointer a, gconstpointer b)
{
  const GstClockTimeDiff *one = a, *other = b;

  return (*one > *other) - (*one < *other);
}

/* Seconds that the processors have worked since the start, for anybody. */
static double
busy_seconds (void)
{
  g_autofree char *text = NULL;
  double user, nice, system;

  g_assert_true (g_file_get_contents ("/proc/stat", &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "cpu %lf %lf %lf", &user, &nice, &system), ==, 3);
  return (user + nice + system) / (double) sysconf (_SC_CLK_TCK);
}

/* Seconds that others than this process have. */
static double
foreign_seconds (void)
{
  return busy_seconds () - (double) clock () / CLOCKS_PER_SEC;
}

/* A frame is on time if it has arrived before the next one is due. */
static void
assert_rate (Run *run, double foreign)
{
  guint n = run->lateness->len, n_late = 0;
  const GstClockTimeDiff *lateness = (const GstClockTimeDiff *) (gpointer) run->lateness->data;
  GstClockTimeDiff last = lateness[n - 1];

  g_array_sort (run->lateness, compare_lateness);
  while (n_late < n && lateness[n - 1 - n_late] >= (GstClockTimeDiff) PERIOD)
    n_late++;
  g_test_message ("%u frames, arriving %.1f ms after they are due (median), %.1f ms (95 %%), %.1f "
                  "ms (most); %u late by a frame; the last one %.1f ms",
      n, lateness[n / 2] / 1e6, lateness[n * 95 / 100] / 1e6, lateness[n - 1] / 1e6, n_late,
      last / 1e6);
  if (TEST_SANITIZED || foreign > MAX_FOREIGN) {
    g_test_message ("the rate is not judged: a sanitizer, or others took %.0f %% of a processor",
        100. * foreign);
    return;
  }
  g_assert_cmpfloat (n_late, <=, MAX_LATE * n);
  g_assert_cmpint (last, <=, (gint64) MAX_DELAY);
}

static void
test_live (void)
{
  gboolean whole = g_getenv ("YV8_TEST_LONG") != NULL;
  const char *size = whole ? "" : "320x320";
  g_autofree char *clip = test_data_path (CLIP);
  g_autofree char *model = clip ? test_data_path (MODEL) : NULL;
  g_autoptr (GstElementFactory) decoder = gst_element_factory_find ("avdec_msmpeg4");
  g_auto (Run) plain, run;

  run_init (&plain, N_FRAMES);
  run_init (&run, whole ? N_FRAMES : N_LEAST);
  if (!model)
    return;
  if (!decoder) {
    g_test_skip ("no decoder: gstreamer1.0-libav");
    return;
  }
  pipeline_free (play (&plain, clip, FALSE, ""));
  g_assert_cmpuint (plain.arrivals->len, ==, N_FRAMES);

  g_autofree char *folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  g_autofree char *output = g_build_filename (folder, "int8.bin", NULL);
  g_autofree char *elements = g_strdup_printf (
      "yolov8calibrate name=calibrate model=\"%s\" output=\"%s\" device=cpu input-size=\"%s\" "
      "frames=%u ! yolov8detect name=detect model=\"%s\" fallback-model=\"%s\" watch=true "
      "device=cpu input-size=\"%s\" overlay=false !",
      model, output, size, whole ? 128 : 32, output, model, size);
  gint64 begin = g_get_monotonic_time ();
  double foreign = foreign_seconds ();
  GstElement *pipeline = play (&run, clip, TRUE, elements);
  foreign = (foreign_seconds () - foreign) * 1e6 / (double) (g_get_monotonic_time () - begin);
  g_autoptr (GstElement) calibrate = gst_bin_get_by_name (GST_BIN (pipeline), "calibrate");
  g_autoptr (GstElement) detect = gst_bin_get_by_name (GST_BIN (pipeline), "detect");
  g_autoptr (GstStructure) calibrate_stats = NULL, detect_stats = NULL;
  g_object_get (calibrate, "stats", &calibrate_stats, NULL);
  g_object_get (detect, "stats", &detect_stats, NULL);
  g_autofree char *text = gst_structure_to_string (calibrate_stats);
  g_test_message ("%s", text);
  g_test_message ("calibrated when %d frames were through, swapped in when %d were",
      run.calibrated_at, run.swapped_at);

  assert_same (&run, &plain);
  g_assert_cmpint (run.calibrated_at, >, 0);
  g_assert_cmpint (run.swapped_at, >=, run.calibrated_at);
  g_assert_cmpuint (run.arrivals->len, ==, least (&run));
  g_assert_cmpstr (gst_structure_get_string (detect_stats, "model"), ==, output);
  g_assert_cmpuint (run.n_boxes[0], >, (guint) run.swapped_at);
  g_assert_cmpuint (run.n_boxes[1], >, run.arrivals->len - (guint) run.swapped_at);
  assert_rate (&run, foreign);
  pipeline_free (pipeline);
  g_unlink (output);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/live/calibrate-and-swap", test_live);
  return g_test_run ();
}

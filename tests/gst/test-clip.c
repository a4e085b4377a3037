/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The main job on a real clip: people on a campus path, found in every format, and how many of
 * those that are there. All frames of all formats and devices only where YV8_TEST_LONG is set. */
#include <stdio.h>

#include "elements.h"

#define CLIP       "vtest.avi"
#define TRUTH      "vtest-gt-mot.txt"
#define MODEL      "yolov8n.onnx"
#define N_FRAMES   795
#define EVERY      10 /* frames that are compared with the truth */
#define PERSON     0
#define MIN_IOU    0.5f
#define MIN_RECALL 0.80

typedef struct {
  guint n_frames, n_wanted;
  GArray *boxes[N_FRAMES]; /* of Yv8Detection: people */
} Boxes;

static Boxes *
boxes_new (guint n_wanted)
{
  Boxes *boxes = g_new0 (Boxes, 1);

  boxes->n_wanted = n_wanted;
  for (guint i = 0; i < N_FRAMES; i++)
    boxes->boxes[i] = g_array_new (FALSE, FALSE, sizeof (Yv8Detection));
  return boxes;
}

static void
boxes_free (Boxes *boxes)
{
  for (guint i = 0; i < N_FRAMES; i++)
    g_array_unref (boxes->boxes[i]);
  g_free (boxes);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Boxes, boxes_free)

/* MOTChallenge: frame (the first is 1), id, left, top, width, height, ... */
static Boxes *
truth_read (const char *path)
{
  g_autofree char *text = NULL;
  Boxes *boxes = boxes_new (N_FRAMES);

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line && **line; line++) {
    Yv8Detection box = { .class_id = PERSON };
    guint frame;

    g_assert_cmpint (
        sscanf (*line, "%u,%*d,%f,%f,%f,%f", &frame, &box.x, &box.y, &box.width, &box.height), ==,
        5);
    g_assert_cmpuint (frame, >=, 1);
    g_assert_cmpuint (frame, <=, N_FRAMES);
    g_array_append_val (boxes->boxes[frame - 1], box);
  }
  return boxes;
}

/* One more frame has reached the sink; the last one that is wanted ends the run. */
static void
collect (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  Boxes *boxes = data;
  gpointer state = NULL;
  GstMeta *meta;

  if (boxes->n_frames == boxes->n_wanted && boxes->n_wanted < N_FRAMES)
    return;
  g_assert_cmpuint (boxes->n_frames, <, N_FRAMES);
  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
    GstVideoRegionOfInterestMeta *region = (GstVideoRegionOfInterestMeta *) meta;
    GstStructure *param = gst_video_region_of_interest_meta_get_param (region, "detection");
    double confidence, x, y, width, height;
    gint label_id;

    g_assert_true (gst_structure_get (param, "confidence", G_TYPE_DOUBLE, &confidence, "label_id",
        G_TYPE_INT, &label_id, "x", G_TYPE_DOUBLE, &x, "y", G_TYPE_DOUBLE, &y, "width",
        G_TYPE_DOUBLE, &width, "height", G_TYPE_DOUBLE, &height, NULL));
    Yv8Detection box = { (guint) label_id, (float) confidence, (float) x, (float) y, (float) width,
      (float) height };
    if (label_id == PERSON)
      g_array_append_val (boxes->boxes[boxes->n_frames], box);
  }
  boxes->n_frames++;
  if (boxes->n_frames == boxes->n_wanted && boxes->n_wanted < N_FRAMES)
    gst_element_post_message (
        sink, gst_message_new_application (GST_OBJECT (sink), gst_structure_new_empty ("done")));
}

typedef struct {
  const char *device, *format, *size;
  guint interval;
  guint n_frames; /* as many are played */
} Run;

/* (transfer full) (nullable): what the pipeline finds; else the test is skipped */
static Boxes *
clip_play (const Run *run)
{
  g_autofree char *clip = test_data_path (CLIP);
  g_autofree char *model = clip ? test_data_path (MODEL) : NULL;
  g_autofree char *device = model ? test_device (run->device) : NULL;
  g_autoptr (GstElementFactory) decoder = gst_element_factory_find ("avdec_msmpeg4");
  g_autoptr (GError) error = NULL;

  if (!device)
    return NULL;
  if (!decoder) {
    g_test_skip ("no decoder: gstreamer1.0-libav");
    return NULL;
  }
  g_autofree char *text = g_strdup_printf (
      "filesrc location=\"%s\" ! decodebin ! videoconvert ! video/x-raw,format=%s ! "
      "yolov8detect model=\"%s\" device=%s input-size=\"%s\" "
      "inference-interval=%u ! fakesink name=sink signal-handoffs=true sync=false",
      clip, run->format, model, device, run->size, run->interval);
  GstElement *pipeline = gst_parse_launch (text, &error);
  g_assert_no_error (error);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  Boxes *boxes = boxes_new (run->n_frames);
  g_signal_connect (sink, "handoff", G_CALLBACK (collect), boxes);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
      bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_APPLICATION | GST_MESSAGE_ERROR);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), !=, GST_MESSAGE_ERROR);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return boxes;
}

static gboolean
is_long (void)
{
  return g_getenv ("YV8_TEST_LONG") != NULL;
}

/* All frames of the clip arrive, in every format, with people in them. */
static void
test_formats_of_clip (gconstpointer data)
{
  Run run = *(const Run *) data;

  if (is_long ())
    run.n_frames = N_FRAMES;
  g_autoptr (Boxes) boxes = clip_play (&run);
  guint n = 0;

  if (!boxes)
    return;
  g_assert_cmpuint (boxes->n_frames, ==, run.n_frames);
  for (guint i = 0; i < boxes->n_frames; i++)
    n += boxes->boxes[i]->len;
  g_test_message ("%s %s %s: %.2f people a frame in %u frames", run.device, run.size, run.format,
      (double) n / boxes->n_frames, boxes->n_frames);
  g_assert_cmpuint (n, >=, boxes->n_frames);
}

/* How many of @found, best first, each meet one of @truth. */
static guint
count_matches (const GArray *truth, const GArray *found)
{
  g_autofree gboolean *taken = g_new0 (gboolean, truth->len + 1);
  guint n = 0;

  for (guint i = 0; i < found->len; i++) {
    float best = MIN_IOU;
    guint match = truth->len;

    for (guint j = 0; j < truth->len; j++) {
      float iou = yv8_detection_iou (
          &g_array_index (found, Yv8Detection, i), &g_array_index (truth, Yv8Detection, j));

      if (!taken[j] && iou >= best) {
        best = iou;
        match = j;
      }
    }
    n += match < truth->len;
    taken[match] = TRUE;
  }
  return n;
}

static void
test_recall (gconstpointer data)
{
  const char *size = data;
  const Run run = { "cpu", "NV12", size, EVERY, N_FRAMES };
  g_autofree char *path = test_data_path (TRUTH);
  g_autoptr (Boxes) boxes = path ? clip_play (&run) : NULL;
  guint n_matches = 0, n_truth = 0, n_found = 0;

  if (!boxes)
    return;
  g_autoptr (Boxes) truth = truth_read (path);
  g_assert_cmpuint (boxes->n_frames, ==, N_FRAMES);
  for (guint i = 0; i < N_FRAMES; i += EVERY) {
    n_matches += count_matches (truth->boxes[i], boxes->boxes[i]);
    n_truth += truth->boxes[i]->len;
    n_found += boxes->boxes[i]->len;
  }
  double recall = (double) n_matches / n_truth;
  g_test_message ("input %s: recall %.3f (%u of %u), precision %.3f (%u of %u)",
      *size ? size : "of the model", recall, n_matches, n_truth, (double) n_matches / n_found,
      n_matches, n_found);
  if (!*size)
    g_assert_cmpfloat (recall, >=, MIN_RECALL);
}

int
main (int argc, char **argv)
{
  static const Run runs[] = {
    { "cpu", "NV12", "160x160", 1, N_FRAMES },
    { "cpu", "NV12", "320x320", 1, 20 },
    { "cpu", "I420", "320x320", 1, 20 },
    { "cpu", "YUY2", "320x320", 1, 20 },
    { "cpu", "BGRx", "320x320", 1, 20 },
    { "cpu", "GRAY8", "320x320", 1, 20 },
    { "vulkan", "NV12", "320x320", 1, 2 },
    { "vulkan", "I420", "320x320", 1, 2 },
    { "vulkan", "YUY2", "320x320", 1, 2 },
    { "vulkan", "BGRx", "320x320", 1, 2 },
    { "vulkan", "GRAY8", "320x320", 1, 2 },
  };

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (runs); i++) {
    g_autofree char *path =
        g_strdup_printf ("/clip/%s/%s/%s", runs[i].device, runs[i].size, runs[i].format);

    g_test_add_data_func (path, &runs[i], test_formats_of_clip);
  }
  g_test_add_data_func ("/clip/recall/default", "", test_recall);
  g_test_add_data_func ("/clip/recall/320x320", "320x320", test_recall);
  return g_test_run ();
}

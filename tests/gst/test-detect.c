/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What yolov8detect does to the frames of a stream, on each device. */
#include "elements.h"

static GstHarness *
harness_new (const char *device)
{
  GstElement *element = gst_element_factory_make ("yolov8detect", NULL);

  g_assert_nonnull (element);
  g_object_set (element, "model", test_model (), "device", device, NULL);
  GstHarness *harness = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  return harness;
}

static void
harness_set_info (GstHarness *harness, const GstVideoInfo *info)
{
  gst_harness_set_src_caps (harness, gst_video_info_to_caps (info));
}

static GstHarness *
harness_new_nv12 (const char *device, GstVideoInfo *info)
{
  GstHarness *harness = harness_new (device);

  test_video_info (info, "NV12", 64, 48);
  harness_set_info (harness, info);
  return harness;
}

static void
stamp (GstBuffer *buffer, guint64 n)
{
  GST_BUFFER_PTS (buffer) = n * 40 * GST_MSECOND;
  GST_BUFFER_DTS (buffer) = n * 40 * GST_MSECOND + 1;
  GST_BUFFER_DURATION (buffer) = 40 * GST_MSECOND;
  GST_BUFFER_OFFSET (buffer) = n + 7;
  GST_BUFFER_OFFSET_END (buffer) = n + 8;
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_MARKER | GST_BUFFER_FLAG_DROPPABLE);
}

static void
assert_stamped (GstBuffer *buffer, guint64 n)
{
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, n * 40 * GST_MSECOND);
  g_assert_cmpuint (GST_BUFFER_DTS (buffer), ==, n * 40 * GST_MSECOND + 1);
  g_assert_cmpuint (GST_BUFFER_DURATION (buffer), ==, 40 * GST_MSECOND);
  g_assert_cmpuint (GST_BUFFER_OFFSET (buffer), ==, n + 7);
  g_assert_cmpuint (GST_BUFFER_OFFSET_END (buffer), ==, n + 8);
  g_assert_true (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_MARKER));
  g_assert_true (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DROPPABLE));
  g_assert_false (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
}

/* Each format and size: the same buffer comes out, detections on it, drawn on or not. */
static void
test_frames (gconstpointer data)
{
  static const guint sizes[][2] = { { 1, 1 }, { 3, 5 }, { 64, 48 }, { 641, 479 } };
  g_autofree char *device = test_device (data);
  g_autoptr (GRand) rand = test_rand_new ();

  if (!device)
    return;
  GstHarness *harness = harness_new (device);
  for (guint i = 0; i < YV8_N_FORMATS * G_N_ELEMENTS (sizes) * 2; i++) {
    const guint *size = sizes[i % G_N_ELEMENTS (sizes)];
    gboolean overlay = i >= YV8_N_FORMATS * G_N_ELEMENTS (sizes);
    GstVideoInfo info;

    g_object_set (harness->element, "overlay", overlay, NULL);
    test_video_info (
        &info, test_formats[i / G_N_ELEMENTS (sizes) % YV8_N_FORMATS], size[0], size[1]);
    harness_set_info (harness, &info);
    GstBuffer *in = test_buffer_new (&info, rand);
    g_autoptr (GBytes) before = test_buffer_bytes (in);
    stamp (in, i);
    g_autoptr (GstBuffer) out = gst_harness_push_and_pull (harness, in);
    g_assert_true (out == in);
    g_assert_cmpuint (test_regions (out, &info), >, 0);
    gsize n_changed = test_assert_gaps_untouched (out, &info, before);
    g_assert_true (overlay ? n_changed > 0 : n_changed == 0);
    assert_stamped (out, i);
  }
  gst_harness_teardown (harness);
}

/* A buffer that others hold is copied, not drawn on. */
static void
test_shared (gconstpointer data)
{
  g_autofree char *device = test_device (data);
  g_autoptr (GRand) rand = test_rand_new ();
  GstVideoInfo info;

  if (!device)
    return;
  GstHarness *harness = harness_new_nv12 (device, &info);
  g_autoptr (GstBuffer) in = test_buffer_new (&info, rand);
  g_autoptr (GBytes) before = test_buffer_bytes (in);
  stamp (in, 3);
  g_autoptr (GstBuffer) out = gst_harness_push_and_pull (harness, gst_buffer_ref (in));
  g_assert_true (out != in);
  g_autoptr (GBytes) after = test_buffer_bytes (in);
  g_assert_true (g_bytes_equal (before, after));
  g_assert_cmpuint (test_regions (in, &info), ==, 0);
  g_assert_cmpuint (test_regions (out, &info), >, 0);
  g_assert_cmpuint (test_assert_gaps_untouched (out, &info, before), >, 0);
  assert_stamped (out, 3);
  gst_harness_teardown (harness);
}

static guint
regions_of_frame (GstHarness *harness, const GstVideoInfo *info, GRand *rand)
{
  g_autoptr (GstBuffer) out = gst_harness_push_and_pull (harness, test_buffer_new (info, rand));

  return test_regions (out, info);
}

/* Properties take effect at the next frame. */
static void
test_properties (gconstpointer data)
{
  g_autofree char *device = test_device (data);
  g_autoptr (GRand) rand = test_rand_new ();
  GstVideoInfo info;

  if (!device)
    return;
  GstHarness *harness = harness_new_nv12 (device, &info);
  g_object_set (harness->element, "threshold", 0.f, "iou-threshold", 1.f, NULL);
  guint n = regions_of_frame (harness, &info, rand);
  g_assert_cmpuint (n, >, 4);
  g_object_set (harness->element, "max-detections", 2u, NULL);
  g_assert_cmpuint (regions_of_frame (harness, &info, rand), ==, 2);
  g_object_set (harness->element, "max-detections", 300u, "threshold", 1.f, NULL);
  g_assert_cmpuint (regions_of_frame (harness, &info, rand), ==, 0);
  g_object_set (harness->element, "threshold", 0.f, "iou-threshold", 0.f, NULL);
  g_assert_cmpuint (regions_of_frame (harness, &info, rand), <, n);
  g_object_set (harness->element, "input-size", "96x32", "device", "ref", NULL);
  g_assert_cmpuint (regions_of_frame (harness, &info, rand), >, 0);
  g_object_set (harness->element, "input-size", "", "model", test_model (), NULL);
  g_assert_cmpuint (regions_of_frame (harness, &info, rand), >, 0);
  gst_harness_teardown (harness);
}

static gint
label_id_of (GstMeta *meta)
{
  gint label_id = -1;

  gst_structure_get_int (gst_video_region_of_interest_meta_get_param (
                             (GstVideoRegionOfInterestMeta *) meta, "detection"),
      "label_id", &label_id);
  return label_id;
}

static void
test_classes (gconstpointer data)
{
  g_autofree char *device = test_device (data);
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = yv8_model_load (test_model (), &error);
  GstVideoInfo info;

  g_assert_no_error (error);
  if (!device)
    return;
  g_autofree char *by_label = g_strdup_printf (" , %s,", yv8_model_label (model, 1));
  const char *const lists[] = { "1", by_label };
  GstHarness *harness = harness_new_nv12 (device, &info);
  g_object_set (harness->element, "threshold", 0.f, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++) {
    gpointer state = NULL;
    GstMeta *meta;

    g_object_set (harness->element, "classes", lists[i], NULL);
    g_autoptr (GstBuffer) out = gst_harness_push_and_pull (harness, test_buffer_new (&info, rand));
    g_assert_cmpuint (test_regions (out, &info), >, 0);
    while ((meta = gst_buffer_iterate_meta_filtered (
                out, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)))
      g_assert_cmpint (label_id_of (meta), ==, 1);
  }

  g_autoptr (GstBus) bus = gst_bus_new ();
  gst_element_set_bus (harness->element, bus);
  g_object_set (harness->element, "classes", "0,no such thing", NULL);
  g_assert_cmpint (gst_harness_push (harness, test_buffer_new (&info, rand)), ==, GST_FLOW_ERROR);
  g_assert_cmpuint (test_messages (bus, GST_MESSAGE_ERROR, &error), ==, 1);
  g_assert_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, yv8_model_label (model, 0)));
  gst_element_set_bus (harness->element, NULL);
  gst_harness_teardown (harness);
}

static gboolean
is_carried (GstBuffer *buffer)
{
  GstVideoRegionOfInterestMeta *region =
      gst_buffer_get_video_region_of_interest_meta_id (buffer, 0);
  gboolean carried = FALSE;

  g_assert_nonnull (region);
  gst_structure_get_boolean (
      gst_video_region_of_interest_meta_get_param (region, "detection"), "carried", &carried);
  return carried;
}

/* Every third frame is inferred; a flush and new caps begin anew. */
static void
test_interval (gconstpointer data)
{
  static const gboolean expected[] = { FALSE, TRUE, TRUE, FALSE, TRUE };
  g_autofree char *device = test_device (data);
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GstStructure) stats = NULL;
  GstVideoInfo info;
  guint64 frames, inferred;

  if (!device)
    return;
  GstHarness *harness = harness_new_nv12 (device, &info);
  g_object_set (harness->element, "inference-interval", 3u, NULL);
  for (guint round = 0; round < 3; round++) {
    for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
      g_autoptr (GstBuffer) out =
          gst_harness_push_and_pull (harness, test_buffer_new (&info, rand));
      g_assert_cmpuint (test_regions (out, &info), >, 0);
      g_assert_cmpint (is_carried (out), ==, expected[i]);
    }
    if (round == 0) {
      gst_harness_push_event (harness, gst_event_new_flush_start ());
      gst_harness_push_event (harness, gst_event_new_flush_stop (TRUE));
      GstSegment segment;
      gst_segment_init (&segment, GST_FORMAT_TIME);
      gst_harness_push_event (harness, gst_event_new_segment (&segment));
    } else {
      test_video_info (&info, "BGRx", 33, 21);
      harness_set_info (harness, &info);
    }
  }
  g_object_get (harness->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get (
      stats, "frames", G_TYPE_UINT64, &frames, "inferred", G_TYPE_UINT64, &inferred, NULL));
  g_assert_cmpuint (frames, ==, 3 * G_N_ELEMENTS (expected));
  g_assert_cmpuint (inferred, ==, 3 * 2);
  g_assert_cmpstr (gst_structure_get_string (stats, "device"), ==, device);
  gst_harness_teardown (harness);
}

/* All frames that went in come out before EOS, and the latency is told. */
static void
test_eos (gconstpointer data)
{
  enum { N = 5 };
  g_autofree char *device = test_device (data);
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GstBus) bus = gst_bus_new ();
  GstVideoInfo info;

  if (!device)
    return;
  GstHarness *harness = harness_new_nv12 (device, &info);
  gst_element_set_bus (harness->element, bus);
  g_assert_cmpuint (gst_harness_query_latency (harness), ==, 0);
  for (guint i = 0; i < N; i++)
    g_assert_cmpint (gst_harness_push (harness, test_buffer_new (&info, rand)), ==, GST_FLOW_OK);
  g_assert_true (gst_harness_push_event (harness, gst_event_new_eos ()));
  g_assert_cmpuint (gst_harness_buffers_received (harness), ==, N);
  g_assert_cmpuint (test_messages (bus, GST_MESSAGE_LATENCY, NULL), >, 0);
  g_assert_cmpuint (gst_harness_query_latency (harness), >, 0);
  gst_element_set_bus (harness->element, NULL);
  gst_harness_teardown (harness);
}

/* A buffer that is too small for its caps is one error, and not the end. */
static void
test_bad_buffer (gconstpointer data)
{
  g_autofree char *device = test_device (data);
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GError) error = NULL;
  GstVideoInfo info;

  if (!device)
    return;
  GstHarness *harness = harness_new_nv12 (device, &info);
  gst_element_set_bus (harness->element, bus);
  g_assert_cmpint (gst_harness_push (harness, gst_buffer_new_allocate (NULL, info.size - 1, NULL)),
      ==, GST_FLOW_ERROR);
  g_assert_cmpuint (test_messages (bus, GST_MESSAGE_ERROR, &error), ==, 1);
  g_assert_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  g_assert_cmpuint (regions_of_frame (harness, &info, rand), >, 0);
  gst_element_set_bus (harness->element, NULL);
  gst_harness_teardown (harness);
}

/* What downstream answers to ALLOCATION reaches upstream: buffers pass through. */
static void
test_allocation (gconstpointer data)
{
  g_autofree char *device = test_device (data);
  GstVideoInfo info;

  if (!device)
    return;
  for (gboolean offered = FALSE; offered <= TRUE; offered++) {
    GstHarness *harness = harness_new_nv12 (device, &info);
    g_autoptr (GstCaps) caps = gst_video_info_to_caps (&info);

    if (offered)
      gst_harness_add_propose_allocation_meta (harness, GST_VIDEO_META_API_TYPE, NULL);
    g_autoptr (GstQuery) query = gst_query_new_allocation (caps, TRUE);
    gst_pad_peer_query (harness->srcpad, query);
    g_assert_cmpint (
        gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL), ==, offered);
    gst_harness_teardown (harness);
  }
}

typedef struct {
  GstElement *element;
  GRand *rand;
  gint stop;
} Storm;

static gpointer
storm_thread (gpointer data)
{
  static const char *const sizes[] = { "", "32x32", "64x96" };
  Storm *storm = data;

  while (!g_atomic_int_get (&storm->stop)) {
    gint n = g_rand_int_range (storm->rand, 0, 1000);
    g_autoptr (GstStructure) stats = NULL;

    g_object_set (storm->element, "threshold", (float) (n % 7) / 8.f, "iou-threshold",
        (float) (n % 5) / 5.f, "overlay", n % 2, "max-detections", (guint) n % 9,
        "inference-interval", 1u + (guint) n % 3, "classes", n % 4 ? "" : "1,0", NULL);
    if (n % 50 == 0)
      g_object_set (storm->element, "input-size", sizes[n / 50 % 3], NULL);
    if (n % 100 == 1)
      g_object_set (storm->element, "model", test_model (), NULL);
    g_object_get (storm->element, "stats", &stats, NULL);
    g_assert_nonnull (stats);
    g_usleep (100);
  }
  return NULL;
}

static void
test_storm (gconstpointer data)
{
  enum { N = 60 };
  g_autofree char *device = test_device (data);
  g_autoptr (GRand) rand = test_rand_new ();
  GstVideoInfo info;

  if (!device)
    return;
  GstHarness *harness = harness_new_nv12 (device, &info);
  Storm storm = { .element = harness->element, .rand = test_rand_new () };
  GThread *thread = g_thread_new ("storm", storm_thread, &storm);
  for (guint i = 0; i < N; i++)
    regions_of_frame (harness, &info, rand);
  g_atomic_int_set (&storm.stop, TRUE);
  g_thread_join (thread);
  g_rand_free (storm.rand);
  gst_harness_teardown (harness);
}

int
main (int argc, char **argv)
{
  static const char *const devices[] = { "cpu", "vulkan" };
  static const struct {
    const char *name;
    void (*run) (gconstpointer device);
  } tests[] = {
    { "frames", test_frames },
    { "shared", test_shared },
    { "properties", test_properties },
    { "classes", test_classes },
    { "interval", test_interval },
    { "eos", test_eos },
    { "bad-buffer", test_bad_buffer },
    { "allocation", test_allocation },
    { "storm", test_storm },
  };

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    for (guint j = 0; j < G_N_ELEMENTS (tests); j++) {
      g_autofree char *path = g_strdup_printf ("/detect/%s/%s", devices[i], tests[j].name);

      g_test_add_data_func (path, devices[i], tests[j].run);
    }
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The overlay: every format, size and gap between planes; colours; where it draws and where not. */
#include "elements.h"
#include "overlay.h"

#include <math.h>

/* GStreamer's fast 8-bit conversion is off by up to 6; a wrong matrix or range by 20 and more. */
#define COLOUR_TOLERANCE 8

static Yv8Model *model;
static Yv8Overlay *overlay;

static void
draw (GstBuffer *buffer, const GstVideoInfo *info, const Yv8Detection *detections, guint n)
{
  GstVideoFrame frame;

  g_assert_true (gst_video_frame_map (&frame, info, buffer, GST_MAP_READWRITE));
  yv8_overlay_draw (overlay, &frame, model, detections, n);
  gst_video_frame_unmap (&frame);
}

static Yv8Detection
random_detection (GRand *rand, const GstVideoInfo *info)
{
  Yv8Detection box = { .class_id = (guint) g_rand_int_range (rand, 0, 1000),
    .score = (float) g_rand_double (rand) };
  float width = (float) GST_VIDEO_INFO_WIDTH (info), height = (float) GST_VIDEO_INFO_HEIGHT (info);

  box.class_id %= yv8_model_n_classes (model);
  box.x = (float) g_rand_double (rand) * width;
  box.y = (float) g_rand_double (rand) * height;
  box.width = (float) g_rand_double (rand) * (width - box.x);
  box.height = (float) g_rand_double (rand) * (height - box.y);
  return box;
}

static void
test_sizes (gconstpointer data)
{
  static const guint sizes[][2] = { { 1, 1 }, { 3, 5 }, { 2, 300 }, { 300, 2 }, { 641, 479 } };
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstVideoInfo info;
    Yv8Detection boxes[8];

    test_video_info (&info, data, sizes[i][0], sizes[i][1]);
    for (guint j = 0; j < G_N_ELEMENTS (boxes); j++)
      boxes[j] = random_detection (rand, &info);
    boxes[0] = (Yv8Detection){ .width = sizes[i][0], .height = sizes[i][1] };
    boxes[1] = (Yv8Detection){ .x = sizes[i][0], .y = sizes[i][1] };
    g_autoptr (GstBuffer) buffer = test_buffer_new (&info, rand);
    g_autoptr (GBytes) before = test_buffer_bytes (buffer);
    draw (buffer, &info, boxes, G_N_ELEMENTS (boxes));
    g_assert_cmpuint (test_assert_gaps_untouched (buffer, &info, before), >, 0);
  }
}

/* @buffer as RGBA. */
static GstBuffer *
convert (GstBuffer *buffer, const GstVideoInfo *from, const GstVideoInfo *to)
{
  GstBuffer *converted = gst_buffer_new_allocate (NULL, to->size, NULL);
  GstVideoConverter *converter = gst_video_converter_new (from, to, NULL);
  GstVideoFrame in, out;

  g_assert_true (gst_video_frame_map (&in, from, buffer, GST_MAP_READ));
  g_assert_true (gst_video_frame_map (&out, to, converted, GST_MAP_WRITE));
  gst_video_converter_frame (converter, &in, &out);
  gst_video_frame_unmap (&in);
  gst_video_frame_unmap (&out);
  gst_video_converter_free (converter);
  return converted;
}

/* What a box of full lines looks like after GStreamer's own conversion from @info's colours. */
static void
outline_colour (const GstVideoInfo *info, guint class_id, guint8 rgb[3])
{
  const Yv8Detection box = { .class_id = class_id, .x = 8, .y = 200, .width = 48, .height = 200 };
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GstBuffer) buffer = test_buffer_new (info, rand);
  GstVideoInfo rgba;
  GstMapInfo map;

  test_video_info (&rgba, "RGBA", (guint) info->width, (guint) info->height);
  draw (buffer, info, &box, 1);
  g_autoptr (GstBuffer) converted = convert (buffer, info, &rgba);
  g_assert_true (gst_buffer_map (converted, &map, GST_MAP_READ));
  memcpy (rgb, map.data + 4 * (300 * (gsize) info->width + 10), 3);
  gst_buffer_unmap (converted, &map);
}

static void
test_colours (gconstpointer data)
{
  static const char *const colorimetries[] = { GST_VIDEO_COLORIMETRY_BT601,
    GST_VIDEO_COLORIMETRY_BT709, GST_VIDEO_COLORIMETRY_BT2020, "1:4:0:0" };
  guint8 expected[3], found[3];
  GstVideoInfo info;

  for (guint class_id = 0; class_id < yv8_model_n_classes (model); class_id++) {
    test_video_info (&info, "RGBA", 64, 1500);
    outline_colour (&info, class_id, expected);
    for (guint i = 0; i < G_N_ELEMENTS (colorimetries); i++) {
      test_video_info (&info, data, 64, 1500);
      if (GST_VIDEO_INFO_IS_YUV (&info))
        g_assert_true (gst_video_colorimetry_from_string (&info.colorimetry, colorimetries[i]));
      outline_colour (&info, class_id, found);
      if (GST_VIDEO_INFO_IS_GRAY (&info)) {
        g_assert_cmpint (found[0], ==, found[1]);
        continue;
      }
      for (guint j = 0; j < 3; j++)
        g_assert_cmpint (ABS (found[j] - expected[j]), <=, COLOUR_TOLERANCE);
    }
  }
}

/* Only the lines of the box and the rows of its label change; the label is there. */
static void
test_place (void)
{
  enum { WIDTH = 640, HEIGHT = 480, LINE = 1, LABEL = 24 };
  const Yv8Detection boxes[] = {
    { .score = 0.5f, .x = 300, .y = 200, .width = 200, .height = 150 }, /* label above */
    { .score = 0.5f, .x = 300, .y = 4, .width = 200, .height = 150 },   /* no room above */
  };
  GstVideoInfo info;

  test_video_info (&info, "GRAY8", WIDTH, HEIGHT);
  for (guint i = 0; i < G_N_ELEMENTS (boxes); i++) {
    g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
    gint left = (gint) boxes[i].x, top = (gint) boxes[i].y;
    gint right = left + (gint) boxes[i].width - 1, bottom = top + (gint) boxes[i].height - 1;
    guint n_label = 0;
    GstMapInfo map;

    gst_buffer_memset (buffer, 0, 7, info.size);
    draw (buffer, &info, &boxes[i], 1);
    g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
    for (gint y = 0; y < HEIGHT; y++)
      for (gint x = 0; x < WIDTH; x++) {
        gboolean changed = map.data[y * info.stride[0] + x] != 7;
        gboolean across = x >= left && x <= right, down = y >= top && y <= bottom;
        gboolean on_line =
            (across && (y == top || y == bottom)) || (down && (x == left || x == right));
        gboolean near_label = across && ABS (y - top) <= LABEL;

        if (on_line)
          g_assert_true (changed);
        else if (!near_label)
          g_assert_false (changed);
        else
          n_label += changed;
      }
    gst_buffer_unmap (buffer, &map);
    g_assert_cmpuint (n_label, >, 400);
  }
}

static guint8
sample_at (GstVideoFrame *frame, guint component, gint x, gint y)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  gint column = x >> format->w_sub[component], row = y >> format->h_sub[component];

  return ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (
      frame, component))[row * GST_VIDEO_FRAME_COMP_STRIDE (frame, component) +
                         column * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component)];
}

/* How much text there is in a chroma sample, by its own value and by the luma of its pixels. */
static guint
assert_chroma (GstVideoFrame *frame, gint x, gint y, const guint8 ground[3], gboolean dark)
{
  gint h_sub = (gint) frame->info.finfo->h_sub[1];
  double ink = dark ? 16 : 235, luma = 0;

  for (gint row = 0; row <= h_sub; row++)
    for (gint column = 0; column < 2; column++)
      luma += sample_at (frame, 0, x + column, y + row);
  luma /= 2 * (1 + h_sub);
  for (guint i = 1; i < 3; i++) {
    double mask = (luma - ground[0]) / (ink - ground[0]);
    double expected = ground[i] + (128 - ground[i]) * mask;
    g_assert_cmpfloat (fabs (sample_at (frame, i, x, y) - expected), <, 4);
  }
  return luma != ground[0];
}

/* A label's chroma is of the same text as its luma, wherever it lies. */
static void
test_chroma (gconstpointer format)
{
  enum { WIDTH = 300, HEIGHT = 1080, BOX = 200, ROWS = 16 };
  g_autoptr (GRand) rand = test_rand_new ();
  GstVideoInfo info;

  test_video_info (&info, format, WIDTH, HEIGHT);
  for (gint i = 0; i < 24; i++) {
    gint x = g_rand_int_range (rand, 0, 100), y = 100 + i;
    const Yv8Detection box = { (guint) i % yv8_model_n_classes (model), 0.88f, (float) x, (float) y,
      BOX, BOX };
    g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
    GstVideoFrame frame;
    guint8 ground[3];
    guint n_text = 0;

    draw (buffer, &info, &box, 1);
    g_assert_true (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READ));
    for (guint j = 0; j < 3; j++)
      ground[j] = sample_at (&frame, j, x + 2, y - 3);
    /* The text is the darker where the ground is light. */
    gboolean dark = ground[0] > 125;
    for (gint row = (y - ROWS - 4) & ~1; row < y - 4; row += 2)
      for (gint column = (x + 3) & ~1; column < x + 60; column += 2)
        n_text += assert_chroma (&frame, column, row, ground, dark);
    g_assert_cmpuint (n_text, >, 40);
    gst_video_frame_unmap (&frame);
  }
}

static void
test_nothing (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  GstVideoInfo info;

  test_video_info (&info, "NV12", 64, 64);
  g_autoptr (GstBuffer) buffer = test_buffer_new (&info, rand);
  g_autoptr (GBytes) before = test_buffer_bytes (buffer);
  draw (buffer, &info, NULL, 0);
  g_assert_cmpuint (test_assert_gaps_untouched (buffer, &info, before), ==, 0);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  model = yv8_model_load (test_model (), &error);
  g_assert_no_error (error);
  overlay = yv8_overlay_new ();
  for (guint i = 0; i < YV8_N_FORMATS; i++) {
    g_autofree char *sizes = g_strdup_printf ("/overlay/sizes/%s", test_formats[i]);
    g_autofree char *colours = g_strdup_printf ("/overlay/colours/%s", test_formats[i]);

    g_test_add_data_func (sizes, test_formats[i], test_sizes);
    g_test_add_data_func (colours, test_formats[i], test_colours);
  }
  g_test_add_data_func ("/overlay/chroma/NV12", "NV12", test_chroma);
  g_test_add_data_func ("/overlay/chroma/I420", "I420", test_chroma);
  g_test_add_data_func ("/overlay/chroma/UYVY", "UYVY", test_chroma);
  g_test_add_func ("/overlay/place", test_place);
  g_test_add_func ("/overlay/nothing", test_nothing);
  int status = g_test_run ();
  yv8_overlay_free (overlay);
  yv8_model_unref (model);
  return status;
}

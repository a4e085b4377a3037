/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the tests of the elements share: the model, devices, pictures with padding, metadata. */
#pragma once

#include "config.h"

#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#ifdef HAVE_GST_ANALYTICS
#include <gst/analytics/analytics.h>
#endif
#include <yv8/yv8.h>

#include "devices.h"
#include "testing.h"

static const char *const test_formats[YV8_N_FORMATS] = { "NV12", "I420", "YV12", "YUY2", "UYVY",
  "RGB", "BGR", "RGBA", "BGRA", "RGBx", "BGRx", "xRGB", "xBGR", "ARGB", "ABGR", "GRAY8" };

/* Path of a small model that finds its class 0 in every picture. */
static inline const char *
test_model (void)
{
  const char *path = g_getenv ("YV8_TEST_MODEL");

  g_assert_nonnull (path);
  return path;
}

static inline void
test_video_info (GstVideoInfo *info, const char *format, guint width, guint height)
{
  g_assert_true (
      gst_video_info_set_format (info, gst_video_format_from_string (format), width, height));
}

/* A picture of noise whose planes have random gaps before, between and beside them. */
static inline GstBuffer *
test_buffer_new (const GstVideoInfo *info, GRand *rand)
{
  const GstVideoFormatInfo *format = info->finfo;
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0 }, size = 0;
  gint stride[GST_VIDEO_MAX_PLANES] = { 0 };

  for (guint plane = 0; plane < format->n_planes; plane++) {
    gint rows = 0;

    for (guint i = 0; i < format->n_components; i++) {
      if (format->plane[i] != plane)
        continue;
      rows = GST_VIDEO_INFO_COMP_HEIGHT (info, i);
      stride[plane] =
          MAX (stride[plane], GST_VIDEO_INFO_COMP_WIDTH (info, i) * (gint) format->pixel_stride[i]);
    }
    stride[plane] += g_rand_int_range (rand, 0, 9);
    offset[plane] = size + (gsize) g_rand_int_range (rand, 0, 9);
    size = offset[plane] + (gsize) (stride[plane] * rows);
  }

  g_autofree guint8 *noise = g_malloc (size);
  for (gsize i = 0; i < size; i++)
    noise[i] = (guint8) g_rand_int (rand);
  GstBuffer *buffer = gst_buffer_new_wrapped (g_steal_pointer (&noise), size);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT (info),
      GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info), GST_VIDEO_INFO_N_PLANES (info),
      offset, stride);
  return buffer;
}

static inline GBytes *
test_buffer_bytes (GstBuffer *buffer)
{
  gsize size = 0;
  gpointer data = NULL;

  gst_buffer_extract_dup (buffer, 0, gst_buffer_get_size (buffer), &data, &size);
  return g_bytes_new_take (data, size);
}

/*
 * test_assert_gaps_untouched:
 * @before: the bytes of @buffer before it was drawn on
 *
 * Bytes that are no sample of the picture are as they were.
 *
 * Returns: how many samples differ
 */
static inline gsize
test_assert_gaps_untouched (GstBuffer *buffer, const GstVideoInfo *info, GBytes *before)
{
  g_autoptr (GBytes) bytes = test_buffer_bytes (buffer);
  gsize size, n_changed = 0;
  const guint8 *now = g_bytes_get_data (bytes, &size), *then = g_bytes_get_data (before, NULL);
  g_autofree guint8 *is_sample = g_malloc0 (size);
  const GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);
  const GstVideoFormatInfo *format = info->finfo;

  g_assert_cmpuint (size, ==, g_bytes_get_size (before));
  for (guint i = 0; i < format->n_components; i++)
    for (gint y = 0; y < GST_VIDEO_INFO_COMP_HEIGHT (info, i); y++)
      for (gint x = 0; x < GST_VIDEO_INFO_COMP_WIDTH (info, i); x++)
        is_sample[meta->offset[format->plane[i]] + (gsize) (y * meta->stride[format->plane[i]]) +
                  (gsize) (format->poffset[i] + x * format->pixel_stride[i])] = TRUE;
  for (gsize i = 0; i < size; i++) {
    n_changed += now[i] != then[i];
    if (!is_sample[i])
      g_assert_cmpint (now[i], ==, then[i]);
  }
  return n_changed;
}

/* Where GStreamer has it, the same @n objects are there for its own analytics. */
static inline void
test_analytics (GstBuffer *buffer, guint n)
{
#ifdef HAVE_GST_ANALYTICS
  GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta (buffer);

  g_assert_cmpuint (relations ? gst_analytics_relation_get_length (relations) : 0, ==, n);
  for (guint i = 0; i < n; i++) {
    GstVideoRegionOfInterestMeta *region =
        gst_buffer_get_video_region_of_interest_meta_id (buffer, (gint) i);
    GstAnalyticsODMtd object;
    gint x, y, width, height;
    gfloat confidence;

    g_assert_true (gst_analytics_relation_meta_get_od_mtd (relations, i, &object));
    g_assert_true (
        gst_analytics_od_mtd_get_location (&object, &x, &y, &width, &height, &confidence));
    g_assert_cmpuint (gst_analytics_od_mtd_get_obj_type (&object), ==, region->roi_type);
    g_assert_cmpint (x, ==, (gint) region->x);
    g_assert_cmpint (y, ==, (gint) region->y);
    g_assert_cmpint (width, ==, (gint) region->w);
    g_assert_cmpint (height, ==, (gint) region->h);
  }
#endif
}

/*
 * test_regions:
 *
 * Every detection of @buffer is checked: box inside the frame, params there and in agreement.
 *
 * Returns: how many there are
 */
static inline guint
test_regions (GstBuffer *buffer, const GstVideoInfo *info)
{
  gpointer state = NULL;
  GstMeta *meta;
  guint n = 0;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
    GstVideoRegionOfInterestMeta *region = (GstVideoRegionOfInterestMeta *) meta;
    GstStructure *param = gst_video_region_of_interest_meta_get_param (region, "detection");
    double confidence, x, y, width, height;
    gint label_id;
    gboolean carried;

    g_assert_nonnull (param);
    g_assert_true (
        gst_structure_get (param, "confidence", G_TYPE_DOUBLE, &confidence, "label_id", G_TYPE_INT,
            &label_id, "x", G_TYPE_DOUBLE, &x, "y", G_TYPE_DOUBLE, &y, "width", G_TYPE_DOUBLE,
            &width, "height", G_TYPE_DOUBLE, &height, "carried", G_TYPE_BOOLEAN, &carried, NULL));
    g_assert_cmpstr (
        gst_structure_get_string (param, "label"), ==, g_quark_to_string (region->roi_type));
    g_assert_cmpint (region->id, ==, (gint) n);
    g_assert_cmpfloat (confidence, >=, 0.);
    g_assert_cmpfloat (confidence, <=, 1.);
    g_assert_cmpint (label_id, >=, 0);
    g_assert_cmpuint (region->w, >, 0);
    g_assert_cmpuint (region->h, >, 0);
    g_assert_cmpuint (region->x + region->w, <=, (guint) GST_VIDEO_INFO_WIDTH (info));
    g_assert_cmpuint (region->y + region->h, <=, (guint) GST_VIDEO_INFO_HEIGHT (info));
    g_assert_cmpfloat (ABS (x - region->x), <=, 1.);
    g_assert_cmpfloat (ABS (y - region->y), <=, 1.);
    g_assert_cmpfloat (ABS (x + width - region->x - region->w), <=, 1.);
    g_assert_cmpfloat (ABS (y + height - region->y - region->h), <=, 1.);
    n++;
  }
  test_analytics (buffer, n);
  return n;
}

/* Messages of @type that wait on @bus; the text of the last is put into @text. */
static inline guint
test_messages (GstBus *bus, GstMessageType type, GError **last)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop_filtered (bus, type))) {
    if (last) {
      g_clear_error (last);
      gst_message_parse_error (message, last, NULL);
    }
    gst_message_unref (message);
    n++;
  }
  return n;
}

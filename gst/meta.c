/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Detections as metadata of a buffer. */
#include "config.h"

#include "frame.h"
#include "meta.h"
#ifdef HAVE_GST_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

static void
attach_region (GstBuffer *buffer, const GstVideoRectangle *box, const char *label, guint id,
    const Yv8Detection *detection, gboolean carried)
{
  GstVideoRegionOfInterestMeta *meta = gst_buffer_add_video_region_of_interest_meta_id (buffer,
      g_quark_from_string (label), (guint) box->x, (guint) box->y, (guint) box->w, (guint) box->h);

  meta->id = (gint) id;
  gst_video_region_of_interest_meta_add_param (meta,
      gst_structure_new ("detection", "confidence", G_TYPE_DOUBLE, (double) detection->score,
          "label", G_TYPE_STRING, label, "label_id", G_TYPE_INT, (gint) detection->class_id, "x",
          G_TYPE_DOUBLE, (double) detection->x, "y", G_TYPE_DOUBLE, (double) detection->y, "width",
          G_TYPE_DOUBLE, (double) detection->width, "height", G_TYPE_DOUBLE,
          (double) detection->height, "carried", G_TYPE_BOOLEAN, carried, NULL));
}

#ifdef HAVE_GST_ANALYTICS
static void
attach_analytics (GstBuffer *buffer, const GstVideoRectangle *box, const char *label,
    const Yv8Detection *detection)
{
  GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsODMtd object;

  if (!relations)
    relations = gst_buffer_add_analytics_relation_meta (buffer);
  gst_analytics_relation_meta_add_od_mtd (relations, g_quark_from_string (label), box->x, box->y,
      box->w, box->h, detection->score, &object);
}
#endif

void
yv8_meta_attach (GstBuffer *buffer, guint width, guint height, const Yv8Model *model,
    const Yv8Detection *detections, guint n_detections, gboolean carried)
{
  for (guint i = 0; i < n_detections; i++) {
    const char *label = yv8_model_label (model, detections[i].class_id);
    GstVideoRectangle box;

    yv8_detection_rectangle (&detections[i], width, height, &box);
    attach_region (buffer, &box, label, i, &detections[i], carried);
#ifdef HAVE_GST_ANALYTICS
    attach_analytics (buffer, &box, label, &detections[i]);
#endif
  }
}

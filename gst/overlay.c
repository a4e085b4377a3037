/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Draws boxes and labels into a video frame. Each format is its components: where their samples
 * lie and how they are subsampled; so one fill and one blend serve all formats. */
#include <string.h>

#include "frame.h"
#include "label.h"
#include "overlay.h"

#define LINES_PER_FRAME 300 /* thickness: height / this */
#define FONTS_PER_FRAME 45  /* font size: height / this */
#define MIN_FONT        11
#define MAX_FONT        96
#define CHUNK           256 /* samples of a label's row that are painted at once */

/* 0xRRGGBB, one a class; neighbours differ in hue and in lightness. */
static const guint32 palette[] = {
  0xff3838,
  0x18c0f0,
  0xffd21f,
  0x2f6bff,
  0x48e060,
  0xd030e0,
  0xff8a1e,
  0x00857a,
  0xff9ecb,
  0x7a4dff,
  0xb8f000,
  0xa01050,
  0x90e0ff,
  0x9a5a20,
  0x20f0c0,
  0x1a3a9c,
  0xffc8a0,
  0x3a8a18,
  0xc8a8ff,
  0x808000,
};

typedef struct {
  guint8 *data;
  gint stride, pstride;
  gint w_sub, h_sub; /* log2 of pixels a sample; 0 or 1, and h_sub only with w_sub */
} Component;

typedef struct {
  Component components[GST_VIDEO_MAX_COMPONENTS];
  guint n_components;
  gint width, height;
  const GstVideoInfo *info;
} Canvas;

typedef guint8 Colour[GST_VIDEO_MAX_COMPONENTS];

struct _Yv8Overlay {
  Yv8LabelCache *labels;
};

Yv8Overlay *
yv8_overlay_new (void)
{
  Yv8Overlay *overlay = g_new0 (Yv8Overlay, 1);

  overlay->labels = yv8_label_cache_new ();
  return overlay;
}

void
yv8_overlay_free (Yv8Overlay *overlay)
{
  yv8_label_cache_free (overlay->labels);
  g_free (overlay);
}

static void
canvas_init (Canvas *canvas, GstVideoFrame *frame)
{
  canvas->info = &frame->info;
  canvas->width = GST_VIDEO_FRAME_WIDTH (frame);
  canvas->height = GST_VIDEO_FRAME_HEIGHT (frame);
  canvas->n_components = GST_VIDEO_FRAME_N_COMPONENTS (frame);
  for (guint i = 0; i < canvas->n_components; i++)
    canvas->components[i] = (Component){
      .data = GST_VIDEO_FRAME_COMP_DATA (frame, i),
      .stride = GST_VIDEO_FRAME_COMP_STRIDE (frame, i),
      .pstride = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, i),
      .w_sub = (gint) frame->info.finfo->w_sub[i],
      .h_sub = (gint) frame->info.finfo->h_sub[i],
    };
}

/* R'G'B' to the samples of the frame: ITU-R BT.601-7 section 2.5 with the matrix of the frame. */
static void
colour_convert (const Canvas *canvas, guint32 rgb, Colour colour)
{
  const GstVideoFormatInfo *format = canvas->info->finfo;
  double v[GST_VIDEO_MAX_COMPONENTS] = { (rgb >> 16) / 255., (rgb >> 8 & 255) / 255.,
    (rgb & 255) / 255., 1. };
  gint offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];

  if (!GST_VIDEO_FORMAT_INFO_IS_RGB (format)) {
    double kr, kb, red = v[0], blue = v[2];

    if (!gst_video_color_matrix_get_Kr_Kb (canvas->info->colorimetry.matrix, &kr, &kb))
      gst_video_color_matrix_get_Kr_Kb (GST_VIDEO_COLOR_MATRIX_BT601, &kr, &kb);
    v[0] = kr * red + (1. - kr - kb) * v[1] + kb * blue;
    v[1] = (blue - v[0]) / (2. * (1. - kb));
    v[2] = (red - v[0]) / (2. * (1. - kr));
  }
  gst_video_color_range_offsets (canvas->info->colorimetry.range, format, offset, scale);
  offset[GST_VIDEO_COMP_A] = 0;
  scale[GST_VIDEO_COMP_A] = 255;
  for (guint i = 0; i < canvas->n_components; i++)
    colour[i] = (guint8) CLAMP (offset[i] + scale[i] * v[i] + 0.5, 0., 255.);
}

static guint32
colour_of_class (guint class_id)
{
  return palette[class_id % G_N_ELEMENTS (palette)];
}

/* Black or white, whichever is read more easily on @rgb: luma by BT.709. */
static guint32
colour_of_text (guint32 rgb)
{
  guint luma = (54 * (rgb >> 16) + 183 * (rgb >> 8 & 255) + 18 * (rgb & 255)) / 255;

  return luma > 128 ? 0x000000 : 0xffffff;
}

/* The samples of @component that @area touches, in samples. */
static GstVideoRectangle
component_area (const Component *component, const GstVideoRectangle *area)
{
  gint x = area->x >> component->w_sub, y = area->y >> component->h_sub;

  return (GstVideoRectangle){
    .x = x,
    .y = y,
    .w = ((area->x + area->w - 1) >> component->w_sub) + 1 - x,
    .h = ((area->y + area->h - 1) >> component->h_sub) + 1 - y,
  };
}

static guint8 *
component_row (const Component *component, gint x, gint y)
{
  return component->data + (gssize) y * component->stride + (gssize) x * component->pstride;
}

static void
canvas_fill (const Canvas *canvas, gint x, gint y, gint w, gint h, const Colour colour)
{
  for (guint i = 0; i < canvas->n_components; i++) {
    const Component *component = &canvas->components[i];
    GstVideoRectangle area = component_area (component, &(GstVideoRectangle){ x, y, w, h });

    for (gint row = 0; row < area.h; row++) {
      guint8 *out = component_row (component, area.x, area.y + row);

      if (component->pstride == 1)
        memset (out, colour[i], (gsize) area.w);
      else
        for (gint column = 0; column < area.w; column++)
          out[column * component->pstride] = colour[i];
    }
  }
}

static inline guint8
mix (guint8 from, guint8 to, gint alpha)
{
  return (guint8) ((from * (255 - alpha) + to * alpha + 127) / 255);
}

/* Mean of the mask over the pixels of the sample (x, y) that lie in @area. */
static guint8
mask_mean (const Yv8Label *label, const GstVideoRectangle *area, const Component *component, gint x,
    gint y)
{
  gint left = MAX (x << component->w_sub, area->x) - area->x;
  gint top = MAX (y << component->h_sub, area->y) - area->y;
  gint right = MIN (((x + 1) << component->w_sub) - area->x, area->w);
  gint bottom = MIN (((y + 1) << component->h_sub) - area->y, area->h);
  gint sum = 0;

  for (gint row = top; row < bottom; row++)
    for (gint column = left; column < right; column++)
      sum += label->mask[row * label->stride + column];
  return (guint8) (sum / ((right - left) * (bottom - top)));
}

/* mask_mean() of @n samples from (x, y) on, where pixels are paired along the row. */
static void
mask_means (const Yv8Label *label, const GstVideoRectangle *area, const Component *component,
    gint x, gint y, gint n, guint8 *means)
{
  gint top = MAX (y << component->h_sub, area->y) - area->y;
  gint bottom = MIN (((y + 1) << component->h_sub) - area->y, area->h) - 1;
  gint first = 2 * x<area->x, end = 2 * (x + n)> area->x + area->w ? n - 1 : n;
  const guint8 *upper = label->mask + top * label->stride + 2 * x - area->x;
  const guint8 *lower = upper + (bottom - top) * label->stride;

  for (gint i = first; i < end; i++)
    means[i] = (guint8) ((upper[2 * i] + upper[2 * i + 1] + lower[2 * i] + lower[2 * i + 1]) / 4);
  if (first)
    means[0] = mask_mean (label, area, component, x, y);
  if (end < n)
    means[n - 1] = mask_mean (label, area, component, x + n - 1, y);
}

/* Paints @n samples from (x, y) on; @ramp: the sample for each value of the mask. */
static void
blend_row (const Component *component, const GstVideoRectangle *area, const Yv8Label *label, gint x,
    gint y, gint n, const guint8 *ramp)
{
  guint8 *out = component_row (component, x, y);
  guint8 means[CHUNK];
  const guint8 *mask = means;

  if (component->w_sub)
    mask_means (label, area, component, x, y, n, means);
  else
    mask = label->mask + (y - area->y) * label->stride + x - area->x;
  for (gint i = 0; i < n; i++)
    out[i * component->pstride] = ramp[mask[i]];
}

/* Paints @label from its top left corner, as much of it as @area has room for. */
static void
canvas_blend (const Canvas *canvas, const GstVideoRectangle *area, const Yv8Label *label,
    const Colour ground, const Colour text)
{
  for (guint i = 0; i < canvas->n_components; i++) {
    const Component *component = &canvas->components[i];
    GstVideoRectangle samples = component_area (component, area);
    guint8 ramp[256];

    for (gint mask = 0; mask < 256; mask++)
      ramp[mask] = mix (ground[i], text[i], mask);
    for (gint row = 0; row < samples.h; row++)
      for (gint first = 0; first < samples.w; first += CHUNK)
        blend_row (component, area, label, samples.x + first, samples.y + row,
            MIN (CHUNK, samples.w - first), ramp);
  }
}

static void
draw_box (const Canvas *canvas, const Yv8Detection *detection)
{
  gint line = MAX (1, canvas->height / LINES_PER_FRAME);
  GstVideoRectangle box;
  Colour colour;

  yv8_detection_rectangle (detection, (guint) canvas->width, (guint) canvas->height, &box);
  colour_convert (canvas, colour_of_class (detection->class_id), colour);
  gint across = MIN (line, box.w), down = MIN (line, box.h);
  canvas_fill (canvas, box.x, box.y, box.w, down, colour);
  canvas_fill (canvas, box.x, box.y + box.h - down, box.w, down, colour);
  canvas_fill (canvas, box.x, box.y, across, box.h, colour);
  canvas_fill (canvas, box.x + box.w - across, box.y, across, box.h, colour);
}

/* Name and score are bitmaps of their own, since there are few of each but many pairs. */
static void
draw_label (
    const Canvas *canvas, const Yv8Detection *detection, Yv8LabelCache *labels, const char *name)
{
  guint size = (guint) CLAMP (canvas->height / FONTS_PER_FRAME, MIN_FONT, MAX_FONT);
  guint32 rgb = colour_of_class (detection->class_id);
  Colour ground, ink;
  GstVideoRectangle box;
  char text[2][128];
  const Yv8Label *parts[2];
  gint width = 0;

  g_snprintf (text[0], sizeof text[0], "%.100s", name);
  g_snprintf (text[1], sizeof text[1], "%.0f %%", 100. * (double) detection->score);
  for (guint i = 0; i < 2; i++) {
    parts[i] = yv8_label_cache_get (labels, text[i], size);
    if (!parts[i])
      return;
    width += parts[i]->width;
  }
  yv8_detection_rectangle (detection, (guint) canvas->width, (guint) canvas->height, &box);
  colour_convert (canvas, rgb, ground);
  colour_convert (canvas, colour_of_text (rgb), ink);
  gint x = MAX (0, MIN (box.x, canvas->width - width));
  for (guint i = 0; i < 2; x += parts[i++]->width) {
    GstVideoRectangle area = { .x = x,
      .w = MIN (parts[i]->width, canvas->width - x),
      .h = MIN (parts[i]->height, canvas->height) };
    area.y = box.y >= area.h ? box.y - area.h : MIN (box.y, canvas->height - area.h);
    if (area.w > 0)
      canvas_blend (canvas, &area, parts[i], ground, ink);
  }
}

void
yv8_overlay_draw (Yv8Overlay *overlay, GstVideoFrame *frame, const Yv8Model *model,
    const Yv8Detection *detections, guint n_detections)
{
  Canvas canvas;

  canvas_init (&canvas, frame);
  for (guint i = n_detections; i-- > 0;)
    draw_box (&canvas, &detections[i]);
  for (guint i = n_detections; i-- > 0;)
    draw_label (
        &canvas, &detections[i], overlay->labels, yv8_model_label (model, detections[i].class_id));
}

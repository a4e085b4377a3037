/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The page of a compression: what each step cost and gained, layer by layer, and in boxes. */
#include <math.h>

#include "compress/block.h"
#include "compress/html.h"
#include "compress/live.h"
#include "compress/page.h"
#include "compress/png.h"

#define SMALL 400 /* pixels of a picture on the page, about */

static void
append_header (GString *html, const Yv8Page *page)
{
  yv8_html_append (html,
      "<h1>Compression</h1>\n<p>$s at $ux$u on $s. Licence of the source: $s. SHA-256 of the "
      "source: <code>$s</code></p>\n",
      page->model, (guint64) page->width, (guint64) page->height, page->device,
      page->license ? page->license : "not stated", page->sha256);
}

static void
append_tiles (GString *html, const Yv8Page *page)
{
  const Yv8CompressorPoint *first = &g_array_index (page->points, Yv8CompressorPoint, 0);
  const Yv8CompressorPoint *last =
      &g_array_index (page->points, Yv8CompressorPoint, page->points->len - 1);

  g_string_append (html, "<div class=tiles>\n");
  yv8_html_tile (html, "Agreement, AP 0.50:0.95", "$4", last->agreement.ap);
  yv8_html_tile (html, "Agreement, AP 0.50", "$4", last->agreement.ap50);
  yv8_html_tile (html, "Agreement by box", "$4", last->agreement.by_box);
  yv8_html_tile (html, "MACs, G", "$2", (double) last->macs / 1e9);
  yv8_html_tile (
      html, "of the source's", "$1 %", 100 * (double) last->macs / (double) MAX (first->macs, 1));
  yv8_html_tile (html, "File, MB", "$2", (double) last->bytes / 1e6);
  yv8_html_tile (
      html, "of the source's", "$1 %", 100 * (double) last->bytes / (double) MAX (first->bytes, 1));
  if (isfinite (last->ms)) {
    yv8_html_tile (html, "Network, ms", "$2", last->ms);
    yv8_html_tile (html, "times as fast", "$2", first->ms / last->ms);
  }
  yv8_html_append (html,
      "</div>\n<p>Agreement: average precision of the boxes, with the source's of at least 0.25 as "
      "the truth: $u boxes on $u frames that were held out; by box, classes count by their boxes. "
      "MACs are without those of blocks of weights that are 0.</p>\n",
      (guint64) last->agreement.n_boxes, (guint64) last->agreement.n_frames);
}

static double
x_of (gsize offset, const void *item)
{
  /* Of what a chart shows: two counts and a time. */
  if (offset == G_STRUCT_OFFSET (Yv8CompressorPoint, ms))
    return ((const Yv8CompressorPoint *) item)->ms;
  return (double) G_STRUCT_MEMBER (guint64, item, offset);
}

static void
append_tradeoff (GString *html, const Yv8Page *page, const char *title, gsize offset, double unit)
{
  g_autoptr (GArray) places = g_array_new (FALSE, TRUE, sizeof (Yv8Place));

  for (guint i = 0; i < page->points->len; i++) {
    const Yv8CompressorPoint *point = &g_array_index (page->points, Yv8CompressorPoint, i);
    Yv8Place place = { point->name, x_of (offset, point) / unit, point->agreement.ap };
    if (isfinite (place.x) && isfinite (place.y))
      g_array_append_val (places, place);
  }
  yv8_html_append (html, "<figure><figcaption>$s</figcaption>", title);
  yv8_html_scatter (html, (const Yv8Place *) (gpointer) places->data, places->len);
  g_string_append (html, "</figure>\n");
}

static void
append_steps (GString *html, const Yv8Page *page)
{
  g_string_append (html,
      "<section><h2>Trade-off</h2>\n<p>Agreement after each step, against what it leaves.</p>\n"
      "<div class=charts>\n");
  append_tradeoff (html, page, "GMAC", G_STRUCT_OFFSET (Yv8CompressorPoint, macs), 1e9);
  append_tradeoff (html, page, "MB", G_STRUCT_OFFSET (Yv8CompressorPoint, bytes), 1e6);
  append_tradeoff (html, page, "ms", G_STRUCT_OFFSET (Yv8CompressorPoint, ms), 1);
  g_string_append (html,
      "</div>\n<table><tr><th>#<th>step<th>GMAC<th>M weights<th>MB<th>AP50-95<th>AP50<th>score "
      "shift<th>ms</tr>\n");
  for (guint i = 0; i < page->points->len; i++) {
    const Yv8CompressorPoint *point = &g_array_index (page->points, Yv8CompressorPoint, i);
    g_autofree char *settings = i ? yv8_recipe_step_text (page->recipe, i - 1) : g_strdup ("");
    yv8_html_append (html, "<tr><td>$u<td>$s $s<td>$3<td>$3<td>$2<td>$4<td>$4<td>$4<td>$2</tr>\n",
        (guint64) i, point->name, settings, (double) point->macs / 1e9,
        (double) point->parameters / 1e6, (double) point->bytes / 1e6, point->agreement.ap,
        point->agreement.ap50, point->agreement.n_boxes ? point->agreement.score_shift : NAN,
        point->ms);
  }
  g_string_append (html, "</table></section>\n");
}

static void
append_trials (GString *html, const Yv8Page *page)
{
  if (page->trials->len < 2)
    return;
  g_string_append (html,
      "<section><h2>Trials</h2>\n<p>The curve that the search for the target walked: the recipe's "
      "shares, multiplied.</p>\n<table><tr><th>#<th>shares times<th>GMAC<th>MB<th>AP by box<th>ms"
      "<th>taken</tr>\n");
  for (guint i = 0; i < page->trials->len; i++) {
    const Yv8CompressorTrial *trial = &g_array_index (page->trials, Yv8CompressorTrial, i);
    yv8_html_append (html, "<tr><td>$u<td>$4<td>$3<td>$2<td>$4<td>$2<td>$s</tr>\n", (guint64) i + 1,
        trial->factor, (double) trial->macs / 1e9, (double) trial->bytes / 1e6,
        trial->agreement.by_box, trial->ms, trial->kept ? "yes" : "");
  }
  g_string_append (html, "</table></section>\n");
}

/* A convolution of the source, and what has become of it. */
typedef struct {
  const Yv8Op *before, *after;
  guint64 macs[2], live;
} Layer;

static GArray *
match_layers (const Yv8Page *page)
{
  GArray *layers = g_array_new (FALSE, TRUE, sizeof (Layer));
  g_autofree Yv8Shape *before = yv8_graph_infer (page->before, page->width, page->height, NULL);
  g_autofree Yv8Shape *after = yv8_graph_infer (page->after, page->width, page->height, NULL);
  g_autoptr (GHashTable) ops = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < yv8_graph_n_ops (page->after); i++)
    g_hash_table_insert (
        ops, yv8_graph_op (page->after, i)->name, (gpointer) yv8_graph_op (page->after, i));
  for (guint i = 0; before && after && i < yv8_graph_n_ops (page->before); i++) {
    Layer layer = { .before = yv8_graph_op (page->before, i) };
    layer.after = g_hash_table_lookup (ops, layer.before->name);
    if (layer.before->kind != YV8_OP_CONV || !layer.after)
      continue;
    layer.macs[0] = yv8_op_macs (layer.before, before);
    layer.macs[1] = yv8_op_macs (layer.after, after);
    layer.live = yv8_live_op_macs (page->after, layer.after, after);
    g_array_append_val (layers, layer);
  }
  return layers;
}

/* The most different values that the int8 weights of a group of output channels have. */
static guint
count_values (const Yv8Op *op)
{
  guint channels = op->out.channels, most = 0;
  gsize n = op->qweights ? (yv8_op_parameters (op) - channels) / channels : 0;

  for (guint first = 0; n > 0 && first < channels; first += YV8_BLOCK_OUT) {
    gboolean seen[256] = { FALSE };
    guint values = 0, end = MIN (first + YV8_BLOCK_OUT, channels);
    for (gsize k = first * n; k < end * n; k++)
      seen[(guint8) op->qweights[k]] = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
      values += seen[i];
    most = MAX (most, values);
  }
  return most;
}

static void
append_map (GString *html, const GArray *layers)
{
  g_autofree Yv8Point *points = g_new0 (Yv8Point, layers->len + 1);
  Yv8Chart chart = { .unit = " M", .bars = TRUE, .points = points, .n_points = layers->len };
  g_autoptr (GStringChunk) texts = g_string_chunk_new (4096);

  for (guint i = 0; i < layers->len; i++) {
    const Layer *layer = &g_array_index (layers, Layer, i);
    g_autoptr (GString) title = g_string_new (layer->before->name);
    points[i].values[0] = (double) layer->live / 1e6;
    points[i].values[1] = (double) layer->macs[0] / 1e6;
    yv8_html_append (title, ": $1 of $1 MMAC", points[i].values[0], points[i].values[1]);
    points[i].title = g_string_chunk_insert (texts, title->str);
    chart.max = MAX (chart.max, points[i].values[1]);
  }
  yv8_html_scale (&chart);
  g_string_append (html,
      "<section><h2>What was cut</h2>\n<p>Millions of multiply-accumulates of each layer, from the "
      "input on.<span class=key style=\"background:var(--grid)\"></span>before<span class=key "
      "style=\"background:var(--first)\"></span>left</p>\n");
  yv8_html_chart (html, &chart);
  g_string_append (html, "</section>\n");
}

static void
append_layers (GString *html, const GArray *layers)
{
  g_string_append (html,
      "<section><details><summary>Layers</summary>\n<p>Values: the most different weights that 16 "
      "output channels share.</p>\n<table><tr><th>#<th>layer<th>type<th>channels before<th>after"
      "<th>MMAC before<th>after<th>blocks left<th>values</tr>\n");
  for (guint i = 0; i < layers->len; i++) {
    const Layer *layer = &g_array_index (layers, Layer, i);
    guint values = count_values (layer->after);
    yv8_html_append (html, "<tr><td>$u<td>$s<td>$s<td>$u<td>$u<td>$1<td>$1<td>$1 %<td>$0</tr>\n",
        (guint64) i, layer->before->name, layer->after->qweights ? "int8" : "float32",
        (guint64) layer->before->out.channels, (guint64) layer->after->out.channels,
        (double) layer->macs[0] / 1e6, (double) layer->live / 1e6,
        100 * (double) layer->live / (double) MAX (layer->macs[1], 1), values ? values : NAN);
  }
  g_string_append (html, "</table></details></section>\n");
}

static void
append_boxes (GString *html, const Yv8Page *page, const GArray *boxes)
{
  for (guint i = 0; i < boxes->len; i++) {
    const Yv8Detection *box = &g_array_index (boxes, Yv8Detection, i);
    yv8_html_append (html,
        "<rect class=box x=$1 y=$1 width=$1 height=$1><title>$s $2</title></rect>"
        "<text class=name x=$1 y=$1>$s $2</text>",
        (double) box->x, (double) box->y, (double) box->width, (double) box->height,
        page->labels[box->class_id], (double) box->score, (double) box->x + 2,
        MAX ((double) box->y - 3, 12.0), page->labels[box->class_id], (double) box->score);
  }
}

static void
append_sample (GString *html, const Yv8Page *page, guint index)
{
  static const char *const sides[] = { "before", "after" };
  const Yv8PageFrame *frame = &g_array_index (page->samples, Yv8PageFrame, index);
  guint scale = MAX (MAX (page->width, page->height) / SMALL, 1);
  g_autoptr (GByteArray) png = yv8_png_encode (frame->picture, page->width, page->height, scale);
  g_autofree char *text = g_base64_encode (png->data, png->len);

  for (guint i = 0; i < G_N_ELEMENTS (sides); i++) {
    yv8_html_append (html, "<figure><svg viewBox=\"0 0 $u $u\" role=img>", (guint64) page->width,
        (guint64) page->height);
    if (i == 0)
      yv8_html_append (html,
          "<image id=\"p$u\" width=$u height=$u href=\"data:image/png;base64,$s\" />",
          (guint64) index, (guint64) page->width, (guint64) page->height, text);
    else
      yv8_html_append (html, "<use href=\"#p$u\" />", (guint64) index);
    append_boxes (html, page, frame->boxes[i]);
    yv8_html_append (html, "</svg><figcaption>$s: $s, $u boxes</figcaption></figure>\n",
        frame->name ? frame->name : "a frame", sides[i], (guint64) frame->boxes[i]->len);
  }
}

static void
append_samples (GString *html, const Yv8Page *page)
{
  if (page->samples->len == 0)
    return;
  g_string_append (html,
      "<section><h2>Boxes</h2>\n<p>With scores of at least 0.25, on frames that were held out.</p>\n"
      "<div class=pairs>\n");
  for (guint i = 0; i < page->samples->len; i++)
    append_sample (html, page, i);
  g_string_append (html, "</div></section>\n");
}

char *
yv8_page_html (const Yv8Page *page)
{
  GString *html = g_string_new (NULL);
  g_autoptr (GArray) layers = match_layers (page);

  yv8_html_begin (html, "Compression");
  append_header (html, page);
  append_tiles (html, page);
  append_steps (html, page);
  append_trials (html, page);
  append_map (html, layers);
  append_samples (html, page);
  append_layers (html, layers);
  yv8_html_append (html,
      "<section><details><summary>Recipe</summary><pre>$s</pre></details></section>\n",
      yv8_recipe_text (page->recipe));
  yv8_html_list (html, "Frames that it was decided on", page->frames[YV8_FRAME_CALIBRATE]);
  yv8_html_list (html, "Frames that were held out", page->frames[YV8_FRAME_VALIDATE]);
  yv8_html_end (html);
  return g_string_free (html, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compression of models on devices: the page about it. */
#include "api/compressor.h"
#include "compress/agreement.h"
#include "compress/page.h"

#define MAX_SAMPLES 4

static void
sample_clear (gpointer data)
{
  for (guint i = 0; i < 2; i++)
    g_array_unref ((GArray *) ((Yv8PageFrame *) data)->boxes[i]);
}

/* Boxes of the result on some of the held-out pictures, spread evenly. */
static gboolean
add_samples (Yv8Compressor *self, GArray *samples, GError **error)
{
  const Yv8Target *target = &self->workspace.target;
  const Yv8Album *album = self->albums[YV8_FRAME_VALIDATE];
  const Yv8Model *last = self->run.models->pdata[self->run.models->len - 1];
  const GPtrArray *names = self->names[YV8_FRAME_VALIDATE];
  guint all = yv8_album_n (album), n = self->truth ? MIN (all, MAX_SAMPLES) : 0;
  gsize size = (gsize) target->width * target->height * sizeof (guint32);
  g_autoptr (Yv8Album) some = yv8_album_new (MAX_SAMPLES + 1);
  g_autoptr (GPtrArray) boxes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  for (guint i = 0; i < n; i++)
    yv8_album_add (some, g_memdup2 (yv8_album_get (album, i * all / n), size));
  if (n > 0 && !yv8_agreement_detect (last->graph, target, some, YV8_AGREEMENT_TRUTH, boxes, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    guint index = i * all / n;
    const Yv8PageFrame sample = {
      .name = names->len == all ? names->pdata[index] : NULL,
      .picture = yv8_album_get (album, index),
      .boxes = { g_array_ref (self->truth->pdata[index]), g_array_ref (boxes->pdata[i]) },
    };
    g_array_append_val (samples, sample);
  }
  return TRUE;
}

char *
yv8_compressor_report (Yv8Compressor *self, GError **error)
{
  g_return_val_if_fail (self, NULL);

  if (self->points->len == 0) {
    g_set_error_literal (
        error, YV8_ERROR, YV8_ERROR_ARGUMENT, "there is nothing to report: no model was made");
    return NULL;
  }
  const char *description = yv8_model_metadata (self->source, "description");
  const Yv8Model *last = self->run.models->pdata[self->run.models->len - 1];
  g_autoptr (GArray) samples = g_array_new (FALSE, TRUE, sizeof (Yv8PageFrame));
  g_array_set_clear_func (samples, sample_clear);
  self->progress = NULL;
  if (!add_samples (self, samples, error))
    return NULL;
  const Yv8Page page = {
    .model = description ? description : "a model without a description",
    .license = yv8_model_metadata (self->source, "license"),
    .sha256 = self->source->sha256,
    .device = self->opener.device->name,
    .recipe = self->run.recipe,
    .width = self->workspace.target.width,
    .height = self->workspace.target.height,
    .labels = self->reference->labels,
    .points = self->points,
    .trials = self->trials,
    .before = self->source->graph,
    .after = last->graph,
    .samples = samples,
    .frames = { self->names[YV8_FRAME_CALIBRATE], self->names[YV8_FRAME_VALIDATE] },
  };
  return yv8_page_html (&page);
}

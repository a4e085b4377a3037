/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times of candidates, by timestamps where the device has them, else by the clock. */
#include "vulkan/tuner.h"

#include "vulkan/recorder.h"
#include "vulkan/tiles.h"

/* Of a candidate the fastest run counts. All candidates run in each round, since what else a
 * machine does comes and goes; the first run may compile. */
#define ROUNDS 3
#define RUNS   2
#define NOISE  1.05 /* what a candidate must be faster than the default by */

/* Its pipelines are its own: those that lose need not be kept on disk. */
struct _Yv8VulkanTuner {
  const Yv8VulkanDevice *device;
  Yv8VulkanTiles *tiles;
  Yv8VulkanPipelines *pipelines; /* NULL: nothing is measured */
  Yv8VulkanRecorder *recorder;
  guint n_measured;
};

typedef struct {
  const Yv8VulkanTile *tile;
  Yv8VulkanKernel kernel;
  double time; /* nanoseconds */
} Candidate;

Yv8VulkanTuner *
yv8_vulkan_tuner_new (const Yv8VulkanDevice *device, gboolean measure, GError **error)
{
  Yv8VulkanTuner *self = g_new0 (Yv8VulkanTuner, 1);

  self->device = device;
  self->tiles = yv8_vulkan_tiles_new (device);
  if (!measure)
    return self;
  self->pipelines = yv8_vulkan_pipelines_new (device, error);
  self->recorder = self->pipelines ? yv8_vulkan_recorder_new (device, RUNS, error) : NULL;
  if (self->recorder)
    return self;
  yv8_vulkan_tuner_free (self);
  return NULL;
}

void
yv8_vulkan_tuner_free (Yv8VulkanTuner *self)
{
  if (!self)
    return;
  if (self->n_measured > 0)
    yv8_vulkan_tiles_save (self->tiles);
  yv8_vulkan_recorder_free (self->recorder);
  yv8_vulkan_pipelines_free (self->pipelines);
  yv8_vulkan_tiles_free (self->tiles);
  g_free (self);
}

static gboolean
run_candidate (Yv8VulkanTuner *self, Candidate *candidate, VkDescriptorSet set, GError **error)
{
  static const Yv8VulkanRange all = { 0, G_MAXUINT64 };
  const Yv8VulkanKernel *kernel = &candidate->kernel;
  VkPipeline pipeline =
      yv8_vulkan_pipelines_get (self->pipelines, kernel->shader, &kernel->constants, error);

  if (!pipeline || !yv8_vulkan_recorder_begin (self->recorder, error))
    return FALSE;
  for (guint i = 0; i < RUNS; i++) {
    yv8_vulkan_recorder_dispatch (
        self->recorder, self->pipelines, pipeline, set, kernel, NULL, 0, &all, 1);
    yv8_vulkan_recorder_time (self->recorder);
  }
  gint64 start = g_get_monotonic_time ();
  if (!yv8_vulkan_recorder_end (self->recorder, error) ||
      !yv8_vulkan_recorder_submit (self->recorder, error))
    return FALSE;
  double mean = (double) (g_get_monotonic_time () - start) * 1e3 / RUNS;
  for (guint i = 0; i < RUNS; i++) {
    guint64 time = yv8_vulkan_recorder_nanoseconds (self->recorder, i);
    candidate->time = MIN (candidate->time, time ? (double) time : mean);
  }
  return TRUE;
}

static gboolean
is_same (const Candidate *candidate, const Yv8VulkanKernel *kernel)
{
  return memcmp (&candidate->kernel.constants, &kernel->constants, sizeof kernel->constants) == 0;
}

/* Of a small map many tiles become the same. Returns: (transfer full): the default one first */
static GArray *
list_candidates (const Yv8VulkanTuner *self, const Yv8Op *op, const Yv8VulkanKernel *kernel)
{
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  const Yv8VulkanTile *tile;

  for (guint i = 0; (tile = yv8_vulkan_tile_nth (i)); i++) {
    Candidate candidate = { tile, *kernel, G_MAXDOUBLE };
    gboolean known = !yv8_vulkan_tile_is_candidate (tile, self->device) ||
                     !yv8_vulkan_tile_fits (tile, self->device, op, kernel->sparse_runs > 0) ||
                     !yv8_vulkan_kernel_set_tile (&candidate.kernel, self->device, op, tile, NULL);
    for (guint k = 0; k < candidates->len && !known; k++)
      known = is_same (&g_array_index (candidates, Candidate, k), &candidate.kernel);
    if (known)
      continue;
    if (is_same (&candidate, kernel))
      g_array_prepend_val (candidates, candidate);
    else
      g_array_append_val (candidates, candidate);
  }
  return candidates;
}

/* Returns: (nullable): the fastest, or the default one if that is as fast but for noise; %NULL with
 * @error set, or if there is none */
static const Yv8VulkanTile *
measure (Yv8VulkanTuner *self, const Yv8Op *op, const Yv8VulkanKernel *kernel, VkDescriptorSet set,
    GError **error)
{
  g_autoptr (GArray) candidates = list_candidates (self, op, kernel);
  const Candidate *first = (const Candidate *) candidates->data, *best = first;

  for (guint i = 0; i < ROUNDS * candidates->len; i++)
    if (!run_candidate (
            self, &g_array_index (candidates, Candidate, i % candidates->len), set, error))
      return NULL;
  for (guint i = 1; i < candidates->len; i++) {
    const Candidate *candidate = &first[i];
    if (candidate->time < best->time && candidate->time * NOISE < first->time)
      best = candidate;
  }
  if (candidates->len == 0)
    return NULL;
  g_debug ("%s: %u lanes, %u pixels, %u groups, %u taps%s: %.0f us, the default %.0f", kernel->key,
      best->tile->lanes, best->tile->pixels, best->tile->groups, best->tile->taps,
      best->tile->family == YV8_VULKAN_GEMM ? ", shared" : "", best->time / 1e3, first->time / 1e3);
  return best->tile;
}

gboolean
yv8_vulkan_tuner_choose (Yv8VulkanTuner *self, const Yv8Op *op, Yv8VulkanKernel *kernel,
    VkDescriptorSet set, GError **error)
{
  const Yv8VulkanTile *tile = yv8_vulkan_tiles_find (self->tiles, kernel->key);

  if (!tile && self->pipelines) {
    g_autoptr (GError) reason = NULL;
    tile = measure (self, op, kernel, set, &reason);
    if (reason) {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
    if (tile)
      yv8_vulkan_tiles_add (self->tiles, kernel->key, tile);
    self->n_measured++;
  }
  return !tile || !yv8_vulkan_tile_fits (tile, self->device, op, kernel->sparse_runs > 0) ||
         yv8_vulkan_kernel_set_tile (kernel, self->device, op, tile, error);
}

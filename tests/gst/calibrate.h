/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yolov8calibrate in a harness: what its tests share. */
#pragma once

#include <glib/gstdio.h>

#include "elements.h"

typedef struct {
  char *folder, *output;
  GstElement *element;
  GstBus *bus;
  GstHarness *harness;
  GstVideoInfo info;
  GRand *rand;
} Fixture;

/* Looks at every frame. */
static inline GstElement *
element_new (const char *model, const char *output, guint frames, guint min_frames)
{
  GstElement *element = gst_element_factory_make ("yolov8calibrate", NULL);

  g_assert_nonnull (element);
  g_object_set (element, "model", model, "output", output, "device", "cpu", "frames", frames,
      "min-frames", min_frames, "interval", 1, NULL);
  return gst_object_ref_sink (element);
}

static inline void
fixture_set_caps (Fixture *f, const char *format, guint width, guint height)
{
  test_video_info (&f->info, format, width, height);
  gst_harness_set_src_caps (f->harness, gst_video_info_to_caps (&f->info));
}

/* Starts the element. */
static inline void
fixture_play (Fixture *f)
{
  f->harness = gst_harness_new_with_element (f->element, "sink", "src");
  fixture_set_caps (f, "NV12", 96, 80);
}

static inline void
fixture_init (Fixture *f, guint frames, guint min_frames)
{
  f->folder = g_dir_make_tmp ("yv8-XXXXXX", NULL);
  f->output = g_build_filename (f->folder, "int8.bin", NULL);
  f->element = element_new (test_model (), f->output, frames, min_frames);
  f->harness = NULL;
  f->bus = gst_bus_new ();
  gst_element_set_bus (f->element, f->bus);
  f->rand = test_rand_new ();
}

static inline void
folder_remove (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_assert_cmpint (g_unlink (path), ==, 0);
  }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static inline void
fixture_clear (Fixture *f)
{
  g_clear_pointer (&f->harness, gst_harness_teardown);
  gst_element_set_state (f->element, GST_STATE_NULL);
  gst_element_set_bus (f->element, NULL);
  gst_bus_set_flushing (f->bus, TRUE); /* messages refer to the element */
  g_assert_cmpint (GST_OBJECT_REFCOUNT_VALUE (f->element), ==, 1);
  gst_object_unref (f->element);
  gst_object_unref (f->bus);
  g_rand_free (f->rand);
  folder_remove (f->folder);
  g_free (f->folder);
  g_free (f->output);
}

static inline guint64
stat_get (Fixture *f, const char *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 number = 0;
  guint small = 0;

  g_object_get (f->element, "stats", &stats, NULL);
  if (!gst_structure_get_uint64 (stats, name, &number)) {
    g_assert_true (gst_structure_get_uint (stats, name, &small));
    number = small;
  }
  return number;
}

static inline void
assert_state (Fixture *f, const char *state)
{
  g_autoptr (GstStructure) stats = NULL;

  g_object_get (f->element, "stats", &stats, NULL);
  g_assert_cmpstr (gst_structure_get_string (stats, "state"), ==, state);
}

static inline void
push (Fixture *f, GstBuffer *buffer)
{
  g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
  gst_buffer_unref (gst_harness_pull (f->harness));
}

/* Pushes noise, of which each picture is new, until @n frames are taken. */
static inline void
push_until_taken (Fixture *f, guint n)
{
  while (stat_get (f, "taken") < n) {
    push (f, test_buffer_new (&f->info, f->rand));
    g_usleep (500);
  }
}

static inline gboolean
push_eos (Fixture *f)
{
  return gst_harness_push_event (f->harness, gst_event_new_eos ());
}

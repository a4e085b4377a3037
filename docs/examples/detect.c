/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <yv8/yv8.h>

int
main (int argc, char **argv)
{
  static guint8 pixels[640 * 480 * 3]; /* a picture in memory, here a black one */
  const Yv8Detection *found;
  guint n = 0;
  Yv8Frame frame;
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Model) model = yv8_model_load (argc > 1 ? argv[1] : "yolov8n.onnx", &error);
  g_autoptr (Yv8Detector) detector = model ? yv8_detector_new (model, NULL, &error) : NULL;

  yv8_frame_init_packed (&frame, YV8_FORMAT_RGB, 640, 480, pixels, sizeof pixels);
  if (!detector || !yv8_detector_detect (detector, &frame, NULL, &found, &n, &error))
    g_error ("%s", error->message);
  for (guint i = 0; i < n; i++)
    g_print ("%s %.2f at %.0f,%.0f %.0fx%.0f\n", yv8_model_label (model, found[i].class_id),
        found[i].score, found[i].x, found[i].y, found[i].width, found[i].height);
  return 0;
}

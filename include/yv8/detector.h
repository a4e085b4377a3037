/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finds objects in frames: a model, on a device, at an input size. */
#pragma once

#include <glib.h>
#include <yv8/device.h>
#include <yv8/frame.h>
#include <yv8/model.h>

G_BEGIN_DECLS

/**
 * Yv8Detection:
 * @class_id: 0 to yv8_model_n_classes() - 1
 * @score: confidence, 0 to 1
 * @x: left edge in pixels of the frame, from the left edge of its first pixel
 * @y: top edge, likewise
 * @width: pixels; @x and @x + @width are within 0..frame width
 * @height: likewise
 *
 * Boxes are clipped to the frame and never dropped for touching its edge.
 */
typedef struct {
  guint class_id;
  float score;
  float x, y, width, height;
} Yv8Detection;

/**
 * Yv8DetectorOptions:
 * @device: "auto", "cpu", "ref", "vulkan", "vulkan:INDEX" or "vulkan:NAME" (NAME is a part of the
 *   device's name, in any case); %NULL is "auto": the first GPU that Vulkan offers, else the CPU
 * @width: input width in pixels, a multiple of 32 up to 8192; 0 for the model's own
 * @height: likewise
 * @threads: CPU threads; 0 for as many as the process may use
 * @profile: time each op; see yv8_detector_op_time()
 * @tune: on Vulkan, measure which way of computing each convolution is the fastest on the device,
 *   and keep that for later detectors, beside the compiled pipelines. It takes some seconds on a
 *   GPU, once for each model, size and driver. The detections are the same
 *
 * Zeroed it is all defaults.
 */
typedef struct {
  const char *device;
  guint width, height;
  guint threads;
  gboolean profile;
  gboolean tune;
} Yv8DetectorOptions;

/**
 * Yv8DetectParams:
 * @threshold: least score, 0 to 1
 * @iou_threshold: of two boxes of one class that overlap by more than this, only the better is kept
 * @max_detections: the best so many are kept; 0 for no limit but the engine's own
 * @classes: (nullable): yv8_model_n_classes() bytes, non-zero where the class is wanted; %NULL: all
 */
typedef struct {
  float threshold;
  float iou_threshold;
  guint max_detections;
  const guint8 *classes;
} Yv8DetectParams;

#define YV8_DEFAULT_THRESHOLD      0.25f
#define YV8_DEFAULT_IOU_THRESHOLD  0.7f
#define YV8_DEFAULT_MAX_DETECTIONS 300

/* Frames that a detector may have begun and not finished. */
#define YV8_DETECTOR_IN_FLIGHT 2

/**
 * Yv8Timing:
 *
 * Microseconds spent on the last frame: letterbox; network; decode and NMS. What a device does of
 * the first and of the last in the same run as the network counts as the network's. Of a frame that
 * was begun, only what the caller waited for the network counts.
 */
typedef struct {
  double preprocess, inference, postprocess;
} Yv8Timing;

/**
 * Yv8OpTime:
 * @name: the op's name in the model
 * @kernel: the kernel that ran it
 * @shape: output shape, "64x80x80"
 * @macs: multiply-accumulates
 * @bytes: of the maps that it reads and writes and of its weights, each once
 * @integer: whether its products are of int8
 * @microseconds: spent in the last frame
 */
typedef struct {
  const char *name;
  const char *kernel;
  const char *shape;
  guint64 macs;
  guint64 bytes;
  gboolean integer;
  double microseconds;
} Yv8OpTime;

/**
 * Yv8Peak: what a device can do at most, by measurement
 * @integer_macs: multiply-accumulates of int8 a second
 * @float_macs: of float32
 * @bytes: read and written a second, over as much memory as the maps take
 */
typedef struct {
  double integer_macs, float_macs, bytes;
} Yv8Peak;

/**
 * Yv8Detector:
 *
 * Not thread-safe: one thread at a time. Different detectors are independent, also on one device.
 */
typedef struct _Yv8Detector Yv8Detector;

/**
 * yv8_detector_new:
 * @model: (transfer none): the detector takes its own reference
 * @options: (nullable): %NULL for all defaults
 *
 * Chooses the device, plans memory, packs weights, builds pipelines. Blocks.
 *
 * Returns: (transfer full): the detector; %NULL with @error set. A device that is not there is
 *   NOT_FOUND with a message that lists those that are
 */
YV8_API Yv8Detector *yv8_detector_new (
    Yv8Model *model, const Yv8DetectorOptions *options, GError **error);

YV8_API void yv8_detector_free (Yv8Detector *detector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Yv8Detector, yv8_detector_free)

/**
 * yv8_detector_detect:
 * @params: (nullable): %NULL for the YV8_DEFAULT_ values
 * @detections: (out) (transfer none) (array length=n_detections): best first; the detector's own,
 *   valid until its next call
 *
 * Allocates nothing once frames of this size and format have been seen.
 *
 * Returns: %FALSE with @error set (ARGUMENT for a bad frame, or while frames are begun and not
 *   finished; DEVICE when the device was lost)
 */
YV8_API gboolean yv8_detector_detect (Yv8Detector *detector, const Yv8Frame *frame,
    const Yv8DetectParams *params, const Yv8Detection **detections, guint *n_detections,
    GError **error);

/**
 * yv8_detector_begin:
 * @frame: its memory may be reused when this returns
 * @params: (nullable): as for yv8_detector_detect(); likewise
 *
 * The first half of yv8_detector_detect(): takes the frame in, and has the device start. A GPU then
 * computes while the caller does something else, such as to begin the next frame: at most
 * YV8_DETECTOR_IN_FLIGHT may be begun and not finished. On "cpu" and "ref" all is done when this
 * returns, so that the same program works on every device. The detections are the same, to the bit,
 * as those of yv8_detector_detect().
 *
 * Frames of which more than 1024 boxes reach the threshold are better detected one at a time: on a
 * GPU some of them have to be computed twice, if another is begun before they are finished.
 *
 * Returns: %FALSE with @error set as for yv8_detector_detect(), and the frame is not begun;
 * ARGUMENT also if there are too many
 */
YV8_API gboolean yv8_detector_begin (
    Yv8Detector *detector, const Yv8Frame *frame, const Yv8DetectParams *params, GError **error);

/**
 * yv8_detector_finish:
 * @detections: (out) (transfer none) (array length=n_detections): as for yv8_detector_detect()
 *
 * Waits for the frame that was begun first.
 *
 * Returns: %FALSE with @error set: ARGUMENT if none was begun; else the frame is over without
 *   detections (DEVICE when the device was lost)
 */
YV8_API gboolean yv8_detector_finish (
    Yv8Detector *detector, const Yv8Detection **detections, guint *n_detections, GError **error);

/**
 * yv8_detector_device:
 *
 * Returns: (transfer none): the device it runs on
 */
YV8_API const Yv8Device *yv8_detector_device (const Yv8Detector *detector);

YV8_API void yv8_detector_input_size (const Yv8Detector *detector, guint *width, guint *height);

YV8_API void yv8_detector_timing (const Yv8Detector *detector, Yv8Timing *timing);

/**
 * yv8_detector_n_ops:
 *
 * Returns: how many ops yv8_detector_op_time() knows; 0 unless the option profile was set
 */
YV8_API guint yv8_detector_n_ops (const Yv8Detector *detector);

/**
 * yv8_detector_op_time:
 * @index: 0 to yv8_detector_n_ops() - 1, in the order of execution
 * @time: (out): its strings are the detector's own
 */
YV8_API void yv8_detector_op_time (const Yv8Detector *detector, guint index, Yv8OpTime *time);

/**
 * yv8_detector_peak:
 * @peak: (out)
 *
 * Measures, in a fraction of a second, the loops of its kernels on data that the processor has at
 * hand, and the copying of memory.
 *
 * Returns: %FALSE on devices that do not know how, all but the CPU, or for want of memory
 */
YV8_API gboolean yv8_detector_peak (Yv8Detector *detector, Yv8Peak *peak);

G_END_DECLS

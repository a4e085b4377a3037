/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Letterbox: the geometry against floating point; the resampler, for all formats, against a naive
 * evaluation of its formula and against bilinear interpolation in floating point. */
#include "cpu/letterbox.h"

#include <math.h>

#include "noise.h"
#include "testing.h"

static void
assert_geometry (guint frame_width, guint frame_height, guint width, guint height)
{
  Yv8Letterbox l;
  double ratio = MIN ((double) width / frame_width, (double) height / frame_height);
  double exact[2] = { frame_width * ratio, frame_height * ratio };
  guint side[2];

  yv8_letterbox_init (&l, frame_width, frame_height, width, height);
  side[0] = l.picture_width;
  side[1] = l.picture_height;
  for (guint i = 0; i < 2; i++) {
    double expected = MAX (rint (exact[i]), 1);
    gboolean tie = fabs (fabs (exact[i] - rint (exact[i])) - 0.5) < 1e-9;
    if (side[i] != expected && !(tie && fabs (side[i] - exact[i]) < 0.6))
      g_error ("%ux%u in %ux%u: side %u is %u, not %g", frame_width, frame_height, width, height, i,
          side[i], expected);
  }
  g_assert_cmpuint (l.left, ==, rint ((width - l.picture_width) / 2.0 - 0.1));
  g_assert_cmpuint (l.top, ==, rint ((height - l.picture_height) / 2.0 - 0.1));
  g_assert_true (l.picture_width == width || l.picture_height == height);
  g_assert_cmpuint (l.left + l.picture_width, <=, width);
  g_assert_cmpuint (l.top + l.picture_height, <=, height);
}

static void
test_geometry (void)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint width = 1; width < 2000; width += 7)
    for (guint height = 1; height < 2000; height += 13)
      assert_geometry (width, height, 640, 640);
  for (guint i = 0; i < 20000; i++)
    assert_geometry ((guint) g_rand_int_range (rand, 1, YV8_FRAME_MAX_SIDE + 1),
        (guint) g_rand_int_range (rand, 1, YV8_FRAME_MAX_SIDE + 1),
        32 * (guint) g_rand_int_range (rand, 1, 257), 32 * (guint) g_rand_int_range (rand, 1, 257));
  /* Ties go to the even side, as Python's round() has it. */
  Yv8Letterbox l;
  yv8_letterbox_init (&l, 1280, 721, 640, 640);
  g_assert_cmpuint (l.picture_height, ==, 360);
  yv8_letterbox_init (&l, 1280, 723, 640, 640);
  g_assert_cmpuint (l.picture_height, ==, 362);
}

static void
test_to_frame (void)
{
  Yv8Letterbox l;
  Yv8Detection d = { 0, 0, 100, 240, 200, 160 };

  yv8_letterbox_init (&l, 1280, 720, 640, 640); /* 640x360 at row 140 */
  yv8_letterbox_to_frame (&l, &d);
  g_assert_cmpfloat (d.x, ==, 200);
  g_assert_cmpfloat (d.y, ==, 200);
  g_assert_cmpfloat (d.width, ==, 400);
  g_assert_cmpfloat (d.height, ==, 320);
  /* Past all edges: clipped. In the padding: empty, but there. */
  d = (Yv8Detection){ 0, 0, -10, -10, 800, 800 };
  yv8_letterbox_to_frame (&l, &d);
  g_assert_true (d.x == 0 && d.y == 0 && d.width == 1280 && d.height == 720);
  d = (Yv8Detection){ 0, 0, 10, 10, 50, 50 };
  yv8_letterbox_to_frame (&l, &d);
  g_assert_true (d.x == 20 && d.y == 0 && d.width == 100 && d.height == 0);
  d = (Yv8Detection){ 0, 0, NAN, INFINITY, NAN, -INFINITY };
  yv8_letterbox_to_frame (&l, &d);
  g_assert_true (d.x >= 0 && d.y >= 0 && d.width >= 0 && d.height >= 0);
}

static void
test_to_frame_bounds (void)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint i = 0; i < 100000; i++) {
    Yv8Letterbox l;
    guint width = (guint) g_rand_int_range (rand, 1, 5000);
    guint height = (guint) g_rand_int_range (rand, 1, 5000);
    yv8_letterbox_init (&l, width, height, 640, 384);
    Yv8Detection d = { 0, 0, (float) g_rand_double_range (rand, -100, 640),
      (float) g_rand_double_range (rand, -100, 384), (float) g_rand_double_range (rand, 0, 700),
      (float) g_rand_double_range (rand, 0, 700) };
    yv8_letterbox_to_frame (&l, &d);
    g_assert_true (d.x >= 0 && d.y >= 0 && d.width >= 0 && d.height >= 0);
    g_assert_true ((double) d.x + d.width <= width && (double) d.y + d.height <= height);
    g_assert_true (d.x + d.width <= width && d.y + d.height <= height);
  }
}

/* A component as a function of its sample: GStreamer's description of the formats, once more. */
static int
get_sample (const Yv8Frame *f, guint component, guint x, guint y)
{
  static const char *const rgb[] = {
    [YV8_FORMAT_RGB] = "RGB",
    [YV8_FORMAT_BGR] = "BGR",
    [YV8_FORMAT_RGBA] = "RGBA",
    [YV8_FORMAT_BGRA] = "BGRA",
    [YV8_FORMAT_RGBX] = "RGBX",
    [YV8_FORMAT_BGRX] = "BGRX",
    [YV8_FORMAT_XRGB] = "XRGB",
    [YV8_FORMAT_XBGR] = "XBGR",
    [YV8_FORMAT_ARGB] = "ARGB",
    [YV8_FORMAT_ABGR] = "ABGR",
    [YV8_FORMAT_GRAY8] = NULL,
  };
  const guint8 *row[3];
  const char *order;

  for (guint i = 0; i < 3; i++)
    row[i] = f->data[i] ? f->data[i] + (gssize) y * f->stride[i] : NULL;
  switch (f->format) {
  case YV8_FORMAT_NV12:
    return component == 0 ? row[0][x] : row[1][2 * x + component - 1];
  case YV8_FORMAT_I420:
    return row[component][x];
  case YV8_FORMAT_YV12:
    return row[(3 - component) % 3][x];
  case YV8_FORMAT_YUY2:
    return component == 0 ? row[0][2 * x] : row[0][4 * x + 2 * component - 1];
  case YV8_FORMAT_UYVY:
    return component == 0 ? row[0][2 * x + 1] : row[0][4 * x + 2 * component - 2];
  case YV8_FORMAT_GRAY8:
    return component == 0 ? row[0][x] : 128;
  default:
    order = rgb[f->format];
    return row[0][x * strlen (order) + (gsize) (strchr (order, "RGB"[component]) - order)];
  }
}

static gboolean
is_rgb (const Yv8Frame *f)
{
  return f->format >= YV8_FORMAT_RGB && f->format <= YV8_FORMAT_ABGR;
}

/* Subsampling of a component: 1 or 2. */
static guint
get_subsampling (const Yv8Frame *f, guint component, gboolean vertical)
{
  if (component == 0 || is_rgb (f) || f->format == YV8_FORMAT_GRAY8)
    return 1;
  return vertical && (f->format == YV8_FORMAT_YUY2 || f->format == YV8_FORMAT_UYVY) ? 1 : 2;
}

typedef struct {
  guint i, j, w;
} Tap;

static Tap
get_tap (guint d, guint F, guint P, guint s)
{
  gint64 n = (F + s - 1) / s;
  gint64 p = (gint64) (2 * d + 1) * F * 256 + (gint64) s * P;

  p = p / (2 * (gint64) s * P) - 128;
  p = CLAMP (p, 0, 256 * (n - 1));
  return (Tap){ (guint) (p / 256), (guint) MIN (p / 256 + 1, n - 1), (guint) (p % 256) };
}

static int
resample (const Yv8Frame *f, const Yv8Letterbox *l, guint component, guint x, guint y)
{
  Tap c = get_tap (x, f->width, l->picture_width, get_subsampling (f, component, FALSE));
  Tap r = get_tap (y, f->height, l->picture_height, get_subsampling (f, component, TRUE));
  int v = (int) r.w, w = (int) c.w;
  int a = get_sample (f, component, c.i, r.i) * (256 - v) + get_sample (f, component, c.i, r.j) * v;
  int b = get_sample (f, component, c.j, r.i) * (256 - v) + get_sample (f, component, c.j, r.j) * v;

  return (a * (256 - w) + b * w + 32768) >> 16;
}

static guint32
pack (const int *rgb)
{
  return (guint32) CLAMP (rgb[0], 0, 255) | (guint32) CLAMP (rgb[1], 0, 255) << 8 |
         (guint32) CLAMP (rgb[2], 0, 255) << 16;
}

static void
get_colour (const Yv8Frame *f, const int *yuv, double *rgb)
{
  static const double k[3][2] = { { 0.299, 0.114 }, { 0.2126, 0.0722 }, { 0.2627, 0.0593 } };
  double kr = k[f->matrix][0], kb = k[f->matrix][1], kg = 1 - kr - kb;
  double y = f->full_range ? yuv[0] : (yuv[0] - 16) * 255 / 219.0;
  double c = f->full_range ? 1 : 255 / 224.0;
  double u = (yuv[1] - 128) * c, v = (yuv[2] - 128) * c;

  rgb[0] = y + 2 * (1 - kr) * v;
  rgb[1] = y - 2 * (1 - kb) * kb / kg * u - 2 * (1 - kr) * kr / kg * v;
  rgb[2] = y + 2 * (1 - kb) * u;
}

static guint32
expected_pixel (const Yv8Frame *f, const Yv8Letterbox *l, guint x, guint y)
{
  int in[3], out[3];
  double rgb[3];

  if (x < l->left || x - l->left >= l->picture_width || y < l->top ||
      y - l->top >= l->picture_height)
    return 0x727272;
  for (guint i = 0; i < 3; i++)
    in[i] = resample (f, l, i, x - l->left, y - l->top);
  if (is_rgb (f))
    return pack (in);

  double zero[3], unit[3][3];
  int o = f->full_range ? 0 : 16;
  get_colour (f, (int[]){ o, 128, 128 }, zero);
  for (guint i = 0; i < 3; i++) {
    int yuv[3] = { o, 128, 128 };
    yuv[i]++;
    get_colour (f, yuv, unit[i]);
  }
  for (guint i = 0; i < 3; i++) {
    int sum = 4096;
    g_assert_cmpfloat_with_epsilon (zero[i], 0, 1e-9);
    for (guint j = 0; j < 3; j++)
      sum += (int) lround (unit[j][i] * 8192) * (in[j] - (j == 0 ? o : 128));
    out[i] = sum >> 13;
    /* The factors are near enough to the exact ones. */
    get_colour (f, in, rgb);
    g_assert_cmpfloat_with_epsilon (out[i], rgb[i], 0.55);
  }
  return pack (out);
}

/* By the specification, or by the loops of an instruction set. */
static void
run (const Yv8CpuKernels *kernels, const Yv8Resampler *resampler, const Yv8Frame *frame,
    guint32 *picture, guint first_row, guint n_rows)
{
  if (kernels)
    yv8_cpu_letterbox (kernels, resampler, frame, picture, first_row, n_rows);
  else
    yv8_resampler_run (resampler, frame, picture, first_row, n_rows);
}

static void
assert_resampled (GRand *rand, const Yv8CpuKernels *kernels, Yv8Format format, guint width,
    guint height, guint in_width, guint in_height)
{
  g_auto (Noise) noise;
  Yv8Letterbox l;
  gsize n = (gsize) in_width * in_height;
  g_autofree guint32 *picture = g_new (guint32, n);
  guint split = (guint) g_rand_int_range (rand, 0, (gint32) in_height + 1);

  noise_init (&noise, rand, format, width, height);
  g_assert_true (yv8_frame_check (&noise.frame, NULL));
  yv8_letterbox_init (&l, width, height, in_width, in_height);
  g_autoptr (Yv8Resampler) resampler = yv8_resampler_new (&l, &noise.frame);
  g_assert_true (yv8_resampler_fits (resampler, &l, &noise.frame));
  memset (picture, 0xff, n * sizeof *picture);
  run (kernels, resampler, &noise.frame, picture, split, in_height - split);
  for (gsize i = 0; i < (gsize) split * in_width; i++)
    g_assert_cmphex (picture[i], ==, 0xffffffff);
  run (kernels, resampler, &noise.frame, picture, 0, split);
  for (guint y = 0; y < in_height; y++)
    for (guint x = 0; x < in_width; x++) {
      guint32 expected = expected_pixel (&noise.frame, &l, x, y);
      if (picture[(gsize) y * in_width + x] != expected)
        g_error ("%s, %s %ux%u in %ux%u, pixel %u, %u: %06x, not %06x",
            kernels ? kernels->isa : "specification", yv8_format_name (format), width, height,
            in_width, in_height, x, y, picture[(gsize) y * in_width + x], expected);
    }
}

static void
assert_format (GRand *rand, const Yv8CpuKernels *kernels, Yv8Format format)
{
  static const guint sizes[][2] = { { 1, 1 }, { 1, 2 }, { 2, 1 }, { 3, 3 }, { 1, 57 }, { 57, 1 },
    { 64, 64 }, { 32, 32 }, { 127, 35 }, { 640, 3 }, { 300, 301 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    assert_resampled (rand, kernels, format, sizes[i][0], sizes[i][1], 64, 64);
  assert_resampled (rand, kernels, format, 33, 17, 320, 64);
  assert_resampled (rand, kernels, format, 70, 3, 640, 32);
  assert_resampled (rand, kernels, format, YV8_FRAME_MAX_SIDE, 2, 32, 32);
  assert_resampled (rand, kernels, format, 2, YV8_FRAME_MAX_SIDE, 32, 32);
  for (guint i = 0; i < 20; i++)
    assert_resampled (rand, kernels, format, (guint) g_rand_int_range (rand, 1, 200),
        (guint) g_rand_int_range (rand, 1, 200), 32 * (guint) g_rand_int_range (rand, 1, 4),
        32 * (guint) g_rand_int_range (rand, 1, 4));
}

static void
test_formula (gconstpointer data)
{
  Yv8Format format = (Yv8Format) GPOINTER_TO_UINT (data);
  g_autoptr (GRand) rand = test_rand_new ();
  const Yv8CpuKernels *kernels;

  assert_format (rand, NULL, format);
  for (guint i = 0; (kernels = yv8_cpu_kernels_nth (i)); i++)
    assert_format (rand, kernels, format);
}

static void
test_same_size (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_auto (Noise) noise;
  guint32 picture[32 * 64];
  Yv8Letterbox l;

  noise_init (&noise, rand, YV8_FORMAT_BGR, 64, 32);
  yv8_letterbox_init (&l, 64, 32, 64, 32);
  g_autoptr (Yv8Resampler) resampler = yv8_resampler_new (&l, &noise.frame);
  yv8_resampler_run (resampler, &noise.frame, picture, 0, 32);
  for (guint y = 0; y < 32; y++)
    for (guint x = 0; x < 64; x++) {
      const guint8 *bgr = noise.frame.data[0] + (gssize) y * noise.frame.stride[0] + 3 * x;
      g_assert_cmphex (picture[y * 64 + x], ==, (guint32) (bgr[2] | bgr[1] << 8 | bgr[0] << 16));
    }
}

/* Bilinear interpolation of a gray ramp with noise in floating point: the fixed point costs less
 * than half a level on average, less than two anywhere. */
static void
test_precision (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  enum { WIDTH = 250, HEIGHT = 131 };
  g_auto (Noise) noise;
  g_autofree guint32 *picture = g_new (guint32, 640 * 640);
  Yv8Letterbox l;
  double sum = 0, max = 0;

  noise_init (&noise, rand, YV8_FORMAT_GRAY8, WIDTH, HEIGHT);
  noise.frame.full_range = TRUE;
  yv8_letterbox_init (&l, WIDTH, HEIGHT, 640, 640);
  g_autoptr (Yv8Resampler) resampler = yv8_resampler_new (&l, &noise.frame);
  yv8_resampler_run (resampler, &noise.frame, picture, 0, 640);
  for (guint y = 0; y < l.picture_height; y++)
    for (guint x = 0; x < l.picture_width; x++) {
      double sx = (x + 0.5) * WIDTH / l.picture_width - 0.5;
      double sy = (y + 0.5) * HEIGHT / l.picture_height - 0.5;
      sx = CLAMP (sx, 0, WIDTH - 1);
      sy = CLAMP (sy, 0, HEIGHT - 1);
      guint i = MIN ((guint) sx, WIDTH - 2), k = MIN ((guint) sy, HEIGHT - 2);
      double fx = sx - i, fy = sy - k;
      double value = (get_sample (&noise.frame, 0, i, k) * (1 - fx) +
                         get_sample (&noise.frame, 0, i + 1, k) * fx) *
                         (1 - fy) +
                     (get_sample (&noise.frame, 0, i, k + 1) * (1 - fx) +
                         get_sample (&noise.frame, 0, i + 1, k + 1) * fx) *
                         fy;
      double error = fabs (value - (picture[(y + l.top) * 640 + x + l.left] & 255));
      sum += error;
      max = MAX (max, error);
    }
  sum /= l.picture_width * l.picture_height;
  g_test_message ("mean absolute error %.3f, maximum %.3f", sum, max);
  g_assert_cmpfloat (sum, <, 0.5);
  g_assert_cmpfloat (max, <, 2);
}

static void
test_fits (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_auto (Noise) noise;
  Yv8Letterbox l;

  noise_init (&noise, rand, YV8_FORMAT_NV12, 20, 10);
  yv8_letterbox_init (&l, 20, 10, 64, 64);
  g_autoptr (Yv8Resampler) resampler = yv8_resampler_new (&l, &noise.frame);
  Yv8Frame other = noise.frame;
  other.stride[0]++;
  g_assert_true (yv8_resampler_fits (resampler, &l, &other));
  other.format = YV8_FORMAT_I420;
  g_assert_false (yv8_resampler_fits (resampler, &l, &other));
  other = noise.frame;
  other.full_range = !other.full_range;
  g_assert_false (yv8_resampler_fits (resampler, &l, &other));
  other = noise.frame;
  other.matrix = (other.matrix + 1) % 3;
  g_assert_false (yv8_resampler_fits (resampler, &l, &other));
  yv8_letterbox_init (&l, 20, 11, 64, 64);
  g_assert_false (yv8_resampler_fits (resampler, &l, &noise.frame));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/letterbox/geometry", test_geometry);
  g_test_add_func ("/letterbox/to-frame", test_to_frame);
  g_test_add_func ("/letterbox/to-frame/bounds", test_to_frame_bounds);
  for (guint i = 0; i < YV8_N_FORMATS; i++) {
    g_autofree char *path = g_strdup_printf ("/letterbox/formula/%s", yv8_format_name (i));
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_formula);
  }
  g_test_add_func ("/letterbox/same-size", test_same_size);
  g_test_add_func ("/letterbox/precision", test_precision);
  g_test_add_func ("/letterbox/fits", test_fits);
  return g_test_run ();
}

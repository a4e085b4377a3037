/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The real network in int8: yv8 eval writes the same bytes on every device, by every instruction
 * set and by every variant of the shaders. */
#include "devices.h"
#include "tools/program.h"

#include <yv8/yv8.h>

#define N_IMAGES   8
#define N_FRAMES   4 /* to calibrate on: any scales will do here */
#define SIDE       "320x320"
#define SIDE_LONG  "640x640"
#define LEAST_SIZE 10000 /* bytes of results of any use */

/**
 * Variant: a device, and what is set in the environment for it, as "NAME=VALUE NAME=VALUE".
 */
typedef struct {
  const char *name, *device, *environment;
} Variant;

static const Variant VARIANTS[] = {
  { "cpu/default", "cpu", "" },
  { "cpu/ref", "cpu", "YV8_CPU=ref" },
  { "cpu/sse41", "cpu", "YV8_CPU=sse41" },
  { "cpu/avx2", "cpu", "YV8_CPU=avx2" },
  { "cpu/avxvnni", "cpu", "YV8_CPU=avxvnni" },
  { "cpu/avx512", "cpu", "YV8_CPU=avx512" },
  { "cpu/avx512vnni", "cpu", "YV8_CPU=avx512vnni" },
  { "vulkan/signed-ssbo", "vulkan", "YV8_VULKAN_DOT=signed YV8_VULKAN_ACCESS=ssbo" },
  { "vulkan/signed-texel", "vulkan", "YV8_VULKAN_DOT=signed YV8_VULKAN_ACCESS=texel" },
  { "vulkan/mixed-ssbo", "vulkan", "YV8_VULKAN_DOT=mixed YV8_VULKAN_ACCESS=ssbo" },
  { "vulkan/mixed-texel", "vulkan", "YV8_VULKAN_DOT=mixed YV8_VULKAN_ACCESS=texel" },
  { "vulkan/none-ssbo", "vulkan", "YV8_VULKAN_DOT=none YV8_VULKAN_ACCESS=ssbo" },
  { "vulkan/none-texel", "vulkan", "YV8_VULKAN_DOT=none YV8_VULKAN_ACCESS=texel" },
  { "vulkan/detect-host", "vulkan", "YV8_VULKAN_DETECT=host" },
  { "vulkan/letterbox-ssbo", "vulkan", "YV8_VULKAN_LETTERBOX=device YV8_VULKAN_ACCESS=ssbo" },
  { "vulkan/letterbox-texel", "vulkan", "YV8_VULKAN_LETTERBOX=device YV8_VULKAN_ACCESS=texel" },
};

static char *data;     /* (nullable): the folder of test data */
static char *expected; /* (nullable): what ref finds */

static Program
run_eval (const char *device)
{
  g_autofree char *line = g_strdup_printf (
      "eval --model int8.bin --images %s/coco-val64/images --limit %u --size %s --device %s "
      "--results found.json",
      data, N_IMAGES, g_getenv ("YV8_TEST_LONG") ? SIDE_LONG : SIDE, device);

  return program_run (line);
}

static char *
read_results (void)
{
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents ("found.json", &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static void
test_ref (void)
{
  g_free (data);
  data = test_data_path ("");
  if (!data)
    return;
  g_autofree char *calibrate =
      g_strdup_printf ("calibrate --model %s/yolov8n.onnx --input %s/coco-train128/images "
                       "--frames %u --validate 0 --size %s --output int8.bin",
          data, data, N_FRAMES, SIDE);
  g_auto (Program) calibrated = program_run_good (calibrate);
  g_assert_cmpint (calibrated.status, ==, 0);
  g_auto (Program) program = run_eval ("ref");
  g_assert_cmpint (program.status, ==, 0);
  expected = read_results ();
  g_assert_cmpuint (strlen (expected), >, LEAST_SIZE);
}

static void
test_variant (gconstpointer user_data)
{
  const Variant *variant = user_data;
  g_auto (GStrv) settings = g_strsplit (variant->environment, " ", 0);
  g_autofree char *device = test_device (variant->device);

  if (!device)
    return;
  if (!expected) {
    g_test_skip ("nothing to compare with");
    return;
  }
  for (char **setting = settings; *setting; setting++) {
    char *value = strchr (*setting, '=');
    *value = 0;
    g_setenv (*setting, value + 1, TRUE);
  }
  g_auto (Program) program = run_eval (variant->device);
  for (char **setting = settings; *setting; setting++)
    g_unsetenv (*setting);
  if (strstr (program.err, "not an instruction set") || strstr (program.err, "cannot do")) {
    g_test_skip (program.err);
    return;
  }
  g_assert_cmpstr (program.err, ==, "");
  g_assert_cmpint (program.status, ==, 0);
  g_autofree char *results = read_results ();
  g_assert_true (g_str_equal (results, expected));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  char *folder = program_enter_folder ();

  g_test_add_func ("/golden/exact/ref", test_ref);
  for (gsize i = 0; i < G_N_ELEMENTS (VARIANTS); i++) {
    g_autofree char *path = g_strconcat ("/golden/exact/", VARIANTS[i].name, NULL);
    g_test_add_data_func (path, &VARIANTS[i], test_variant);
  }
  int status = g_test_run ();
  program_leave_folder (folder);
  g_free (data);
  g_free (expected);
  return status;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Help, exit status and messages of the program. */
#include "config.h"

#include "program.h"

static const char *const commands[] = { "detect", "eval", "calibrate", "compress", "bench",
  "inspect", "devices" };

static void
test_help (void)
{
  g_auto (Program) all = program_run_good ("--help");
  g_auto (Program) version = program_run_good ("--version");

  g_assert_cmpstr (version.out, ==, "yv8 " YV8_VERSION "\n");
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    g_autofree char *arguments = g_strconcat (commands[i], " --help", NULL);
    g_autofree char *example = g_strconcat ("  yv8 ", commands[i], NULL);
    g_auto (Program) help = program_run_good (arguments);
    g_assert_nonnull (strstr (all.out, commands[i]));
    const char *examples = strstr (help.out, "Examples:\n");
    g_assert_nonnull (examples);
    g_assert_nonnull (strstr (examples, example));
    g_assert_nonnull (strstr (help.out, "--json"));
  }
}

static void
test_wrong_usage (void)
{
  static const struct {
    const char *arguments, *message, *hint;
  } cases[] = {
    { NULL, "no command", "yv8 --help" },
    { "frobnicate", "unknown command 'frobnicate'", "yv8 --help" },
    { "--frobnicate", "unknown option '--frobnicate'", "yv8 --help" },
    { "detect --frobnicate", "--frobnicate", "yv8 detect --help" },
    { "detect --model m.onnx", "missing argument INPUT", "yv8 detect --help" },
    { "detect a.png", "missing option --model", "yv8 detect --help" },
    { "detect --model", "--model", "yv8 detect --help" },
    { "detect --model m --threshold 1.5 a.png", "--threshold 1.5", "yv8 detect --help" },
    { "detect --model m --threshold nan a.png", "--threshold nan", "yv8 detect --help" },
    { "detect --model m --threshold x a.png", "x", "yv8 detect --help" },
    { "detect --model m --iou -1 a.png", "--iou -1", "yv8 detect --help" },
    { "detect --model m --max-detections -1 a.png", "--max-detections -1", "yv8 detect --help" },
    { "detect --model m --threads -1 a.png", "--threads -1", "yv8 detect --help" },
    { "detect --model m --size 640 a.png", "--size 640", "yv8 detect --help" },
    { "detect --model m --size 0x32 a.png", "--size 0x32", "yv8 detect --help" },
    { "detect --model m --size 33x32 a.png", "multiples of 32", "yv8 detect --help" },
    { "detect --model m --size 8224x32 a.png", "8192", "yv8 detect --help" },
    { "eval --model m", "missing option --images", "yv8 eval --help" },
    { "eval --model m --images . extra", "unexpected argument 'extra'", "yv8 eval --help" },
    { "calibrate --model m --output a.bin", "missing argument INPUT", "yv8 calibrate --help" },
    { "calibrate --output a.bin a.png", "missing option --model", "yv8 calibrate --help" },
    { "bench --model m --frames 0", "--frames", "yv8 bench --help" },
    { "bench --model m --frame 10", "--frame 10", "yv8 bench --help" },
    { "inspect", "missing argument MODEL", "yv8 inspect --help" },
    { "inspect a b", "unexpected argument 'b'", "yv8 inspect --help" },
    { "devices extra", "unexpected argument 'extra'", "yv8 devices --help" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Program) program = program_run (cases[i].arguments);
    g_assert_cmpint (program.status, ==, 2);
    g_assert_cmpstr (program.out, ==, "");
    g_assert_nonnull (strstr (program.err, cases[i].message));
    g_assert_nonnull (strstr (program.err, cases[i].hint));
  }
}

static void
test_missing_files (void)
{
  static const char *const lines[] = {
    "inspect no-such-model.onnx",
    "bench --model no-such-model.onnx",
    "detect --model no-such-model.onnx a.png",
    "eval --model no-such-model.onnx --images no-such-folder",
    "calibrate --model no-such-model.onnx --output int8.bin a.png",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_auto (Program) program = program_run (lines[i]);
    g_assert_cmpint (program.status, ==, 1);
    g_assert_cmpstr (program.out, ==, "");
    g_assert_nonnull (strstr (program.err, "no-such-"));
    g_assert_null (strstr (program.err, "--help"));
  }
}

static void
test_no_device (void)
{
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  g_autofree char *line = g_strdup_printf ("bench --model %s --device vulkan:no-such", model);
  g_auto (Program) program = program_run (line);

  g_assert_cmpint (program.status, ==, 1);
  g_assert_cmpstr (program.out, ==, "");
  g_assert_nonnull (strstr (program.err, "no-such"));
}

#ifndef HAVE_GST
static void
test_without_gst (void)
{
  g_autofree char *model = g_shell_quote (g_getenv ("YV8_TINY_ONNX"));
  g_autofree char *line = g_strdup_printf ("detect --model %s %s", model, model);
  g_auto (Program) program = program_run (line);

  g_assert_cmpint (program.status, ==, 1);
  g_assert_nonnull (strstr (program.err, "-Dgst=enabled"));
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/help", test_help);
  g_test_add_func ("/tools/wrong-usage", test_wrong_usage);
  g_test_add_func ("/tools/missing-files", test_missing_files);
  g_test_add_func ("/tools/no-device", test_no_device);
#ifndef HAVE_GST
  g_test_add_func ("/tools/without-gst", test_without_gst);
#endif
  return g_test_run ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every op of every backend against the backend "ref": odd shapes, random and worst-case values,
 * guard channels around each slice. */
#include <math.h>

#include "cases.h"
#include "cpu/cpu.h"
#include "mutants.h"
#include "ref/backend.h"
#include "ref/planar.h"
#include "testing.h"
#include "vulkan/backend.h"

/**
 * Subject: a backend under test.
 * @n_cases: of each op, by type; ref is slow, and so is a software device
 * @align: of slices
 * @variant: (nullable): an instruction set of yv8_cpu_kernels_nth(); precision, access and dot
 * product of yv8_vulkan_device_open()
 */
typedef struct {
  const char *name;
  Yv8Backend *(*create) (const char *variant, GError **error);
  guint n_cases[2];
  guint align;
  const char *variant;
} Subject;

static Yv8Backend *
create_ref (const char *variant, GError **error)
{
  return yv8_ref_backend_new ();
}

static Yv8Backend *
create_cpu (const char *variant, GError **error)
{
  for (guint i = 0; yv8_cpu_kernels_nth (i); i++)
    if (g_str_equal (yv8_cpu_kernels_nth (i)->isa, variant))
      return yv8_cpu_backend_new_for (yv8_cpu_kernels_nth (i), 2, error);
  g_set_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND, "no %s here", variant);
  return NULL;
}

static Yv8Backend *
create_vulkan (const char *variant, GError **error)
{
  g_auto (GStrv) words = g_strsplit (variant, " ", 3);

  g_setenv ("YV8_VULKAN_PRECISION", words[0], TRUE);
  g_setenv ("YV8_VULKAN_ACCESS", words[1], TRUE);
  g_setenv ("YV8_VULKAN_DOT", words[2], TRUE);
  return yv8_vulkan_backend_new (0, error);
}

/* Each with the next tile of the table, for convolutions. */
static Yv8Backend *
create_vulkan_tile (const char *variant, GError **error)
{
  static guint next;
  g_autofree char *index = g_strdup_printf ("%u", next++);
  g_autoptr (GError) reason = NULL;

  g_setenv ("YV8_VULKAN_TILE", index, TRUE);
  Yv8Backend *backend = create_vulkan (variant, &reason);
  g_unsetenv ("YV8_VULKAN_TILE");
  if (g_error_matches (reason, YV8_ERROR, YV8_ERROR_ARGUMENT) && next > 1) {
    next = 0;
    return create_vulkan_tile (variant, error);
  }
  if (reason)
    g_propagate_error (error, g_steal_pointer (&reason));
  return backend;
}

static const Subject SUBJECTS[] = {
  { "ref", create_ref, { 20, 20 }, 1, NULL },
  { "cpu/ref", create_cpu, { 100, 300 }, 1, "ref" },
  { "cpu/sse41", create_cpu, { 20, 300 }, 1, "sse41" },
  { "cpu/avx2", create_cpu, { 100, 300 }, 1, "avx2" },
  { "cpu/avxvnni", create_cpu, { 20, 300 }, 1, "avxvnni" },
  { "cpu/avx512", create_cpu, { 100, 300 }, 1, "avx512" },
  { "cpu/avx512vnni", create_cpu, { 20, 300 }, 1, "avx512vnni" },
  { "vulkan/f32-ssbo", create_vulkan, { 8, 0 }, 4, "f32 ssbo none" },
  { "vulkan/f32-texel", create_vulkan, { 8, 0 }, 4, "f32 texel none" },
  { "vulkan/f16-ssbo", create_vulkan, { 8, 0 }, 4, "f16 ssbo none" },
  { "vulkan/f16-texel", create_vulkan, { 8, 0 }, 4, "f16 texel none" },
  { "vulkan/signed-ssbo", create_vulkan, { 0, 8 }, 4, "f32 ssbo signed" },
  { "vulkan/signed-texel", create_vulkan, { 0, 8 }, 4, "f16 texel signed" },
  { "vulkan/mixed-ssbo", create_vulkan, { 0, 8 }, 4, "f16 ssbo mixed" },
  { "vulkan/mixed-texel", create_vulkan, { 0, 8 }, 4, "f32 texel mixed" },
  { "vulkan/none-ssbo", create_vulkan, { 0, 8 }, 4, "f32 ssbo none" },
  { "vulkan/none-texel", create_vulkan, { 0, 8 }, 4, "f32 texel none" },
  { "vulkan/tile-signed-ssbo", create_vulkan_tile, { 31, 31 }, 4, "f32 ssbo signed" },
  { "vulkan/tile-none-ssbo", create_vulkan_tile, { 0, 31 }, 4, "f32 ssbo none" },
  { "vulkan/tile-mixed-texel", create_vulkan_tile, { 0, 31 }, 4, "f32 texel mixed" },
};

static const struct {
  Yv8Type type;
  Yv8OpKind kind;
} OPS[] = {
  { YV8_TYPE_F32, YV8_OP_INPUT },
  { YV8_TYPE_F32, YV8_OP_CONV },
  { YV8_TYPE_F32, YV8_OP_MAXPOOL },
  { YV8_TYPE_F32, YV8_OP_UPSAMPLE },
  { YV8_TYPE_F32, YV8_OP_COPY },
  { YV8_TYPE_QS8, YV8_OP_INPUT },
  { YV8_TYPE_QS8, YV8_OP_CONV },
  { YV8_TYPE_QS8, YV8_OP_MAXPOOL },
  { YV8_TYPE_QS8, YV8_OP_UPSAMPLE },
  { YV8_TYPE_QS8, YV8_OP_COPY },
  { YV8_TYPE_QS8, YV8_OP_QUANTIZE },
  { YV8_TYPE_QS8, YV8_OP_DEQUANTIZE },
};

#define LONG_CASES   200 /* at least, with YV8_TEST_LONG */
#define MUTANT_CASES 1000

static const char *const TYPES[] = { "f32", "qs8" };

static char *
check (Yv8Backend *backend, Yv8Type type, const Case *test, guint align, GRand *rand)
{
  if (test->kind == YV8_OP_INPUT)
    return input_check (backend, type, rand);
  return type == YV8_TYPE_QS8 ? case_check_qs8 (test, backend, align, rand)
                              : case_check (test, backend, rand);
}

static void
test_op (const Subject *subject, Yv8Type type, Yv8OpKind kind)
{
  g_autoptr (GRand) rand = test_rand_new ();
  guint n = MAX (subject->n_cases[type], g_getenv ("YV8_TEST_LONG") ? LONG_CASES : 0);

  for (guint i = 0; i < n; i++) {
    g_autoptr (GError) error = NULL;
    Yv8Backend *backend = subject->create (subject->variant, &error);
    if (g_error_matches (error, YV8_ERROR, YV8_ERROR_NOT_FOUND)) {
      g_test_skip (error->message);
      return;
    }
    g_assert_no_error (error);
    Case test = case_random (kind, subject->align, rand);
    g_autofree char *wrong = check (backend, type, &test, subject->align, rand);
    g_assert_cmpstr (wrong, ==, NULL);
  }
}

static void
test_subject (gconstpointer data)
{
  guint index = GPOINTER_TO_UINT (data), op = index % G_N_ELEMENTS (OPS);

  test_op (&SUBJECTS[index / G_N_ELEMENTS (OPS)], OPS[op].type, OPS[op].kind);
}

/* A kernel that is wrong on purpose: the backend "ref", whose op leaves one value a little off. */
static struct {
  Yv8BackendClass klass;
  gboolean (*run_op) (Yv8Backend *backend, guint op, GError **error);
  guint channel; /* of the destination */
  float factor;
} fault;

/* An int8 by one; a float32 by a factor and a little. */
static void
spoil (Yv8Planar *planar, const Yv8Slice *slice)
{
  if (yv8_planar_shape (planar, slice).type == YV8_TYPE_QS8) {
    gint8 *q = yv8_planar_map_qs8 (planar, slice);
    *q = (gint8) (*q ^ 1);
  } else {
    float *value = yv8_planar_map (planar, slice);
    *value = *value * fault.factor + 1e-4f * fabsf (*value) + 1e-4f;
  }
}

static gboolean
run_op_wrong (Yv8Backend *backend, guint index, GError **error)
{
  Yv8Planar *planar = (Yv8Planar *) backend;
  const Yv8Graph *graph = planar->program.graph;
  Yv8Slice slice = yv8_graph_op (graph, index)->out;

  if (!fault.run_op (backend, index, error))
    return FALSE;
  if (index == yv8_graph_n_ops (graph) - 1) {
    slice.channel = fault.channel;
    spoil (planar, &slice);
  }
  return TRUE;
}

static Yv8Backend *
create_wrong (guint channel, float factor)
{
  Yv8Backend *backend = yv8_ref_backend_new ();

  fault.klass = *backend->klass;
  fault.run_op = backend->klass->run_op;
  fault.channel = channel;
  fault.factor = factor;
  fault.klass.name = "wrong";
  fault.klass.run_op = run_op_wrong;
  backend->klass = &fault.klass;
  return backend;
}

static void
test_wrong (void)
{
  static const float FACTORS[] = { 1, 1.01f, -1, NAN, INFINITY };
  g_autoptr (GRand) rand = test_rand_new ();
  Case test = {
    .kind = YV8_OP_CONV,
    .window = { 3, 3, 1, 1 },
    .in_channels = 8,
    .out_channels = 8,
    .before = 4,
    .after = 4,
    .width = 7,
    .height = 5,
  };

  for (guint i = 0; i < G_N_ELEMENTS (OPS); i++)
    for (guint j = 0; j < G_N_ELEMENTS (FACTORS); j++)
      for (guint channel = 0; channel < (OPS[i].kind == YV8_OP_INPUT ? 3 : 16); channel += 2) {
        test.kind = OPS[i].kind;
        g_autofree char *wrong =
            check (create_wrong (channel, FACTORS[j]), OPS[i].type, &test, 1, rand);
        g_assert_nonnull (wrong);
      }
}

/* Small random cases; NULL when none was found to be wrong. */
static char *
find_wrong (Mutant mutant, Yv8OpKind kind, GRand *rand, guint *n)
{
  char *wrong = NULL;

  for (*n = 0; *n < MUTANT_CASES && !wrong; ++*n) {
    Case test = case_random (kind, 1, rand);
    test.width = MIN (test.width, 14);
    test.height = MIN (test.height, 14);
    test.in_channels = MIN (test.in_channels, 24);
    test.levels = MIN (test.levels, YV8_OP_MAX_LEVELS); /* all in the last op */
    test.upsampled = FALSE;
    test.out_channels =
        kind == YV8_OP_CONV ? MIN (test.out_channels, 8) : test.in_channels * MAX (test.levels, 1);
    wrong = case_check_qs8 (&test, mutant_backend_new (mutant), 1, rand);
  }
  return wrong;
}

/* The cases are hard enough for every error that a kernel is likely to have. */
static void
test_mutants (void)
{
  static const struct {
    Mutant mutant;
    Yv8OpKind kind;
  } cases[] = {
    { MUTANT_NONE, YV8_OP_CONV },
    { MUTANT_ACCUMULATOR, YV8_OP_CONV },
    { MUTANT_SATURATION, YV8_OP_CONV },
    { MUTANT_BORDER, YV8_OP_CONV },
    { MUTANT_CONTRACTION, YV8_OP_CONV },
    { MUTANT_RESIDUAL, YV8_OP_CONV },
    { MUTANT_TIES, YV8_OP_CONV },
    { MUTANT_WRAP, YV8_OP_CONV },
    { MUTANT_NONE, YV8_OP_QUANTIZE },
    { MUTANT_QUANTIZE, YV8_OP_QUANTIZE },
    { MUTANT_NONE, YV8_OP_MAXPOOL },
    { MUTANT_LEVEL, YV8_OP_MAXPOOL },
    { MUTANT_REACH, YV8_OP_MAXPOOL },
    { MUTANT_OUTSIDE, YV8_OP_MAXPOOL },
  };
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint n;
    g_autofree char *wrong = find_wrong (cases[i].mutant, cases[i].kind, rand, &n);
    g_test_message ("mutant %u of %s, after %u cases: %s", cases[i].mutant,
        yv8_op_kind_name (cases[i].kind), n, wrong ? wrong : "nothing");
    g_assert_true ((wrong != NULL) == (cases[i].mutant != MUTANT_NONE));
  }
}

/* Arguments, if any, are the backends that are wanted. */
static gboolean
is_wanted (const char *name, char **backends)
{
  for (char **backend = backends; *backend; backend++)
    if (g_str_has_prefix (name, *backend))
      return TRUE;
  return !*backends;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (SUBJECTS) * G_N_ELEMENTS (OPS); i++) {
    const Subject *subject = &SUBJECTS[i / G_N_ELEMENTS (OPS)];
    guint op = i % G_N_ELEMENTS (OPS);
    g_autofree char *path = g_strdup_printf (
        "/ops/%s/%s/%s", subject->name, TYPES[OPS[op].type], yv8_op_kind_name (OPS[op].kind));
    gboolean tiled = subject->create == create_vulkan_tile;
    if (subject->n_cases[OPS[op].type] && is_wanted (subject->name, argv + 1) &&
        (!tiled || OPS[op].kind == YV8_OP_CONV))
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_subject);
  }
  g_test_add_func ("/ops/wrong", test_wrong);
  g_test_add_func ("/ops/mutants", test_mutants);
  return g_test_run ();
}

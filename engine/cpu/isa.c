/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Choice of the instruction set. */
#include "config.h"

#define G_LOG_DOMAIN "yv8"

#include "cpu/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

extern const Yv8CpuKernels yv8_cpu_kernels_ref;
#ifdef __x86_64__
extern const Yv8CpuKernels yv8_cpu_kernels_sse41;
extern const Yv8CpuKernels yv8_cpu_kernels_avx2;
extern const Yv8CpuKernels yv8_cpu_kernels_avxvnni;
extern const Yv8CpuKernels yv8_cpu_kernels_avx512;
extern const Yv8CpuKernels yv8_cpu_kernels_avx512vnni;
#elif defined(__aarch64__)
extern const Yv8CpuKernels yv8_cpu_kernels_neon;
#endif

static gboolean
has_ref (void)
{
  return TRUE;
}

#ifdef __x86_64__
static gboolean
has_sse41 (void)
{
  return __builtin_cpu_supports ("sse4.1");
}

static gboolean
has_avx2 (void)
{
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
}

/* Not among the names that __builtin_cpu_supports() of all compilers knows. */
static gboolean
has_avxvnni (void)
{
  guint a, b, c, d;

  return has_avx2 () && __get_cpuid_count (7, 1, &a, &b, &c, &d) && (a & 1u << 4);
}

static gboolean
has_avx512 (void)
{
  return has_avx2 () && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw") &&
         __builtin_cpu_supports ("avx512vl") && __builtin_cpu_supports ("avx512dq");
}

static gboolean
has_avx512vnni (void)
{
  return has_avx512 () && __builtin_cpu_supports ("avx512vnni");
}
#elif defined(__aarch64__)
static gboolean
has_neon (void)
{
  return (getauxval (AT_HWCAP) & HWCAP_ASIMDDP) != 0;
}
#endif

/* Slowest first. */
static const struct {
  const Yv8CpuKernels *kernels;
  gboolean (*available) (void);
} ISAS[] = {
  { &yv8_cpu_kernels_ref, has_ref },
#ifdef __x86_64__
  { &yv8_cpu_kernels_sse41, has_sse41 },
  { &yv8_cpu_kernels_avx2, has_avx2 },
  { &yv8_cpu_kernels_avxvnni, has_avxvnni },
  { &yv8_cpu_kernels_avx512, has_avx512 },
  { &yv8_cpu_kernels_avx512vnni, has_avx512vnni },
#elif defined(__aarch64__)
  { &yv8_cpu_kernels_neon, has_neon },
#endif
};

const Yv8CpuKernels *
yv8_cpu_kernels_nth (guint index)
{
  for (guint i = 0; i < G_N_ELEMENTS (ISAS); i++)
    if (ISAS[i].available () && index-- == 0)
      return ISAS[i].kernels;
  return NULL;
}

const Yv8CpuKernels *
yv8_cpu_kernels (void)
{
  const char *forced = g_getenv ("YV8_CPU");
  const Yv8CpuKernels *best = NULL, *kernels;

  for (guint i = 0; (kernels = yv8_cpu_kernels_nth (i)); i++) {
    if (g_strcmp0 (forced, kernels->isa) == 0)
      return kernels;
    best = kernels;
  }
  if (forced)
    g_warning ("YV8_CPU=%s: not an instruction set of this processor; using %s", forced, best->isa);
  return best;
}

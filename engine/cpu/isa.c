/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Choice of the instruction set. */
#include "config.h"

#define G_LOG_DOMAIN "yv8"

#include "cpu/isa.h"

extern const Yv8CpuKernels yv8_cpu_kernels_ref;
#ifdef __x86_64__
extern const Yv8CpuKernels yv8_cpu_kernels_avx2;
extern const Yv8CpuKernels yv8_cpu_kernels_avx512;
#endif

static gboolean
has_ref (void)
{
  return TRUE;
}

#ifdef __x86_64__
static gboolean
has_avx2 (void)
{
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
}

static gboolean
has_avx512 (void)
{
  return has_avx2 () && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw") &&
         __builtin_cpu_supports ("avx512vl") && __builtin_cpu_supports ("avx512dq");
}
#endif

/* Each includes those before it. */
static const struct {
  const Yv8CpuKernels *kernels;
  gboolean (*available) (void);
} ISAS[] = {
  { &yv8_cpu_kernels_ref, has_ref },
#ifdef __x86_64__
  { &yv8_cpu_kernels_avx2, has_avx2 },
  { &yv8_cpu_kernels_avx512, has_avx512 },
#endif
};

const Yv8CpuKernels *
yv8_cpu_kernels_nth (guint index)
{
  return index < G_N_ELEMENTS (ISAS) && ISAS[index].available () ? ISAS[index].kernels : NULL;
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

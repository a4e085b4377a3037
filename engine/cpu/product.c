/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix product of builds without oneDNN. */
#include "cpu/product.h"

#include "cpu/backend.h"

Yv8CpuStatus
yv8_cpu_product (const Yv8CpuKernels *kernels, float *y, gsize y_stride, const float *w,
    const float *x, gsize x_stride, gsize n_rows, gsize k, gsize n)
{
  kernels->product (y, y_stride, w, x, x_stride, n_rows, k, n);
  return YV8_CPU_DONE;
}

char *
yv8_cpu_driver (void)
{
  return g_strdup_printf ("plain C, built without oneDNN, %s", yv8_cpu_kernels ()->isa);
}

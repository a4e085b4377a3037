/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix product by oneDNN. */
#include <oneapi/dnnl/dnnl.h>

#include "cpu/backend.h"
#include "cpu/product.h"

Yv8CpuStatus
yv8_cpu_product (const Yv8CpuKernels *kernels, float *y, gsize y_stride, const float *w,
    const float *x, gsize x_stride, gsize n_rows, gsize k, gsize n)
{
  dnnl_status_t status = dnnl_sgemm ('N', 'N', n_rows, n, k, 1, w, k, x, x_stride, 0, y, y_stride);

  if (status == dnnl_success)
    return YV8_CPU_DONE;
  return status == dnnl_out_of_memory ? YV8_CPU_NO_MEMORY : YV8_CPU_FAILED;
}

char *
yv8_cpu_driver (void)
{
  const dnnl_version_t *version = dnnl_version ();

  return g_strdup_printf ("oneDNN %d.%d.%d, %s", version->major, version->minor, version->patch,
      yv8_cpu_kernels ()->isa);
}

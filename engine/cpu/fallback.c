/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backend "cpu" of a build without oneDNN: the backend "ref". */
#include "cpu/backend.h"
#include "ref/backend.h"

Yv8Backend *
yv8_cpu_backend_new (guint threads, GError **error)
{
  return yv8_ref_backend_new ();
}

char *
yv8_cpu_driver (void)
{
  return g_strdup ("plain C, built without oneDNN");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backend "cpu": float through oneDNN's dnnl_sgemm, or without the feature onednn through a
 * product of our own; int8 through kernels of our own; on all processors. */
#pragma once

#include "exec/backend.h"

G_BEGIN_DECLS

/**
 * yv8_cpu_backend_new:
 * @threads: 0 for as many as the process may use
 *
 * Returns: (transfer full): the backend; %NULL with @error set (ARGUMENT, MEMORY). Layout: planar
 * float32
 */
Yv8Backend *yv8_cpu_backend_new (guint threads, GError **error);

/**
 * yv8_cpu_name: Returns: (transfer full): the processor's name
 */
char *yv8_cpu_name (void);

/**
 * yv8_cpu_driver: Returns: (transfer full): the library that computes, and its version
 */
char *yv8_cpu_driver (void);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backend "ref": plain C, the specification of every op. Short, slow, always built. */
#pragma once

#include "exec/backend.h"

G_BEGIN_DECLS

/**
 * yv8_ref_backend_new: Returns: (transfer full): never fails. One thread. Layout: planar float32
 */
Yv8Backend *yv8_ref_backend_new (void);

G_END_DECLS

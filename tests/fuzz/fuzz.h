/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each fuzzer defines. */
#pragma once

#include <glib.h>

/**
 * LLVMFuzzerTestOneInput: Returns: 0
 */
int LLVMFuzzerTestOneInput (const guint8 *bytes, gsize size);

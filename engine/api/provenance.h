/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a model's metadata say of how it was made. Nothing that differs from run to run. */
#pragma once

#include <yv8/calibrator.h>

#include "compress/scheme.h"

G_BEGIN_DECLS

/**
 * yv8_provenance_put:
 * @value: (transfer full)
 */
void yv8_provenance_put (GHashTable *metadata, const char *key, char *value);

/**
 * yv8_provenance_put_quantization: yv8.quantization, yv8.method and yv8.float_layers
 */
void yv8_provenance_put_quantization (
    GHashTable *metadata, Yv8Method method, const Yv8Scheme *scheme);

/**
 * yv8_provenance_put_agreement: yv8.agreement_*
 */
void yv8_provenance_put_agreement (GHashTable *metadata, const Yv8Agreement *agreement);

G_END_DECLS

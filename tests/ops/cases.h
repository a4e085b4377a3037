/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Graphs of one op between guard channels, their values, and the comparison of a backend with the
 * backend "ref" on them. */
#pragma once

#include "exec/executor.h"

/**
 * CaseValues:
 * @VALUES_RANDOM: uniform in -1..1
 * @VALUES_EXTREME: inputs of +-64 with equal signs along the sums, so that they grow without
 *   cancelling and SiLU sees both of its ends
 * @VALUES_ZERO: inputs are 0, only the bias is left
 */
typedef enum {
  VALUES_RANDOM,
  VALUES_EXTREME,
  VALUES_ZERO,
} CaseValues;

#define N_CASE_VALUES (VALUES_ZERO + 1)

/**
 * Case:
 * @before: channels of the source and of the destination before the slices of the op
 * @after: likewise after them
 * @residual: of a CONV that keeps the size
 * @levels: of a MAXPOOL: so many ops, each of which pools what the one before wrote, into the
 *   channels behind it; 0 and 1 are one
 * @upsampled: of a CONV: the destination, in two slices, is upsampled into a map that a CONV reads
 */
typedef struct {
  Yv8OpKind kind;
  Yv8Window window;
  Yv8Activation activation;
  gboolean residual;
  guint levels;
  gboolean upsampled;
  guint in_channels, out_channels;
  guint before, after;
  guint width, height;
  CaseValues values;
} Case;

/**
 * case_random:
 * @align: slices begin and end at multiples of it; maps without guards may have any channel count
 *
 * Returns: a case of @kind with odd shapes
 */
Case case_random (Yv8OpKind kind, guint align, GRand *rand);

/**
 * case_check:
 * @backend: (transfer full): to be compared with "ref"
 *
 * Runs the op on both. The values within its slice must be within the tolerance of op and type, all
 * others of the source and the destination untouched.
 *
 * Returns: (transfer full) (nullable): what is wrong; %NULL if nothing
 */
char *case_check (const Case *test, Yv8Backend *backend, GRand *rand);

/**
 * case_check_qs8: the same of int8 maps, equal in every bit
 * @align: as given to case_random()
 */
char *case_check_qs8 (const Case *test, Yv8Backend *backend, guint align, GRand *rand);

/**
 * input_check:
 * @backend: (transfer full): to be compared with "ref"
 * @type: of buffer 0
 *
 * Runs frames of odd sizes and strides in a random format through load() and the INPUT op.
 *
 * Returns: as case_check()
 */
char *input_check (Yv8Backend *backend, Yv8Type type, GRand *rand);

/**
 * values_check:
 * @bound: what the tolerance is relative to, for each value
 * @tolerance: of a value, in units of @bound; 0 for exact
 *
 * Returns: (transfer full) (nullable): the first wrong value; %NULL if there is none
 */
char *values_check (
    const float *values, const float *want, const float *bound, float tolerance, gsize n);

/* What the graphs of both types have in common. */
void case_add_levels (Yv8Graph *graph, const Case *test);

/**
 * case_add_upsampled: adds the UPSAMPLE of @channels of @buffer from @channel on to the same
 * channels of the next buffer; nothing if the case has none
 */
void case_add_upsampled (
    Yv8Graph *graph, const Case *test, guint buffer, guint channel, guint channels);
guint case_source_channels (const Case *test);
guint case_residual_channel (const Case *test);

/**
 * case_run:
 * @backend: (transfer full)
 * @f16: (out) (optional): whether the last op computes in float16, as the backend runs it
 *
 * Returns: (transfer full) (nullable): the outputs of @graph; free with g_strfreev()
 */
float **case_run (const Yv8Graph *graph, const Case *test, Yv8Backend *backend, const float *values,
    gboolean *f16, GError **error);

/**
 * case_describe: Returns: (transfer full): the case, and what is wrong with it
 */
char *case_describe (const Case *test, const char *backend, const char *wrong);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names of criteria. */
#include "compress/criterion.h"

static const struct {
  const char *name;
  gboolean for_blocks;
} CRITERIA[YV8_N_CRITERIA] = {
  [YV8_CRITERION_OBS] = { "obs", TRUE },
  [YV8_CRITERION_L1] = { "l1", TRUE },
  [YV8_CRITERION_L2] = { "l2", TRUE },
  [YV8_CRITERION_ENERGY] = { "energy", FALSE },
  [YV8_CRITERION_RANDOM] = { "random", TRUE },
};

const char *
yv8_criterion_name (Yv8Criterion criterion)
{
  return (guint) criterion < YV8_N_CRITERIA ? CRITERIA[criterion].name : "unknown";
}

gboolean
yv8_criterion_for_blocks (Yv8Criterion criterion)
{
  return (guint) criterion < YV8_N_CRITERIA && CRITERIA[criterion].for_blocks;
}

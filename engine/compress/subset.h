/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A network that knows fewer classes. */
#pragma once

#include "graph/graph.h"

G_BEGIN_DECLS

/**
 * yv8_subset_classes:
 * @graph: checked, float or int8, with DETECT
 * @classes: (array length=n): that stay, 0 to n_classes - 1, in any order, each once
 *
 * What writes class logits keeps the rows of those classes alone; they are numbered anew, in the
 * order of the model. It is exact: boxes and scores of the classes that stay are as they were. The
 * towers before keep their size, and may then be pruned, see yv8_prune_channels().
 *
 * Returns: (transfer full): %NULL with @error set: ARGUMENT for classes that are none, out of range
 *   or told twice, or if class logits are read by others too
 */
Yv8Graph *yv8_subset_classes (const Yv8Graph *graph, const guint *classes, guint n, GError **error);

G_END_DECLS

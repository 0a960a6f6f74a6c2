/* SPDX-License-Identifier: MIT */
/* Upstream: which layers a layer's rows can depend on in sequential mode. Private to core/explore.
 *
 * Layer k is upstream of layer l where a path leads from a node of k to a node of l, or of a layer upstream
 * of l (a layer whose weights several nodes share is solved on the rows of all of them). A layer is not
 * upstream of itself: its rows are drawn before its nodes run. Layers on sibling branches are not upstream of
 * each other.
 *
 * Example (const Network *network, Message *message):
 *     Upstream *upstream;
 *     upstream_create(&upstream, network, message);
 *     if (upstream_of(upstream, 3, 1)) puts("layer 1 is upstream of layer 3");
 *     upstream_free(upstream);
 */
#ifndef EXPLORE_UPSTREAM_H
#define EXPLORE_UPSTREAM_H

#include "base/status.h"
#include "network/types.h"

typedef struct Upstream Upstream;

/* *upstream is NULL on failure (STATUS_MEMORY). */
Status upstream_create(Upstream **upstream, const Network *network, Message *message);
void upstream_free(Upstream *upstream); /* NULL is allowed */
/* Whether layer `other` is upstream of `layer`. */
bool upstream_of(const Upstream *upstream, size_t layer, size_t other);

#endif

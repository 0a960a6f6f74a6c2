/* Upstream: which layers a layer's rows can depend on in sequential mode. Private to core/explore.
 *
 * Layer k is upstream of layer l where a path leads from one of k's nodes to one of l's, or to one of a layer
 * upstream of l (a layer whose weights several nodes share is solved on the rows of all). A layer is not
 * upstream of itself: its rows are drawn before any of its nodes runs. Layers on sibling branches are not
 * upstream of each other.
 *
 *     upstream_create(&upstream, network, message);
 *     if (upstream_of(upstream, 3, 1)) ...           // layer 1 is upstream of layer 3
 */
#ifndef EXPLORE_UPSTREAM_H
#define EXPLORE_UPSTREAM_H

#include "base/status.h"
#include "network/types.h"

typedef struct Upstream Upstream;

Status upstream_create(Upstream **upstream, const Network *network, Message *message);
void upstream_free(Upstream *upstream);
bool upstream_of(const Upstream *upstream, size_t layer, size_t other);

#endif

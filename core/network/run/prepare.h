/* SPDX-License-Identifier: MIT */
/* Prepare a network for running: plans for all uses of layers, packed float weights, the order of steps, and
 * a place in the workspace for every value. Private to core/network. */
#ifndef NETWORK_PREPARE_H
#define NETWORK_PREPARE_H

#include "base/status.h"
#include "network/types.h"

/* Fills network->storage. Fails with STATUS_MEMORY if a workspace's values take more than `ceiling` bytes. */
Status network_prepare(Network *network, size_t ceiling, Message *message);

/* Frees what network_prepare() made, also after it failed. */
void network_release(Network *network);

#endif

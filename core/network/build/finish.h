/* SPDX-License-Identifier: MIT */
/* Finish: make a Network of what the builder holds. Private to core/network. */
#ifndef NETWORK_FINISH_H
#define NETWORK_FINISH_H

#include "network/build/builder.h"

/* Keeps the nodes that the output depends on, and copies everything the network needs into its arena. */
Status finish_network(Network *network, const Builder *builder, Message *message);

#endif

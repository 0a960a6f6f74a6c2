/* SPDX-License-Identifier: MIT */
#include "network/operators/kernel_rules.h"

void edge_move(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    *edge = edge_linear(1, 1);
}

void edge_slope_one(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    *edge = edge_slope(1);
}

void edge_layer(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    *edge = (NetworkEdge){.kind = EDGE_LAYER};
}

Sign sign_nonnegative(const Node *node)
{
    (void)node;
    return NONNEGATIVE;
}

Sign sign_of_inputs(const Node *node)
{
    (void)node;
    return NONNEGATIVE_IF_ALL;
}

/* SPDX-License-Identifier: MIT */
/* Kernel rules: answers for Kernel.edge and Kernel.sign that several operators share. Private to
 * core/network.
 */
#ifndef NETWORK_KERNEL_RULES_H
#define NETWORK_KERNEL_RULES_H

#include "network/operators/kernel.h"

/* An elementwise function whose largest slope is `slope`. */
static inline NetworkEdge edge_slope(double slope)
{
    return (NetworkEdge){.kind = EDGE_ELEMENTWISE, .slope = slope};
}

/* A fixed linear map a with the largest row and column sums of |a_ij|. */
static inline NetworkEdge edge_linear(double row_sum, double column_sum)
{
    return (NetworkEdge){.kind = EDGE_LINEAR, .row_sum = row_sum, .column_sum = column_sum};
}

/* The same elements in other places, each at most once: row and column sums of 1. */
void edge_move(NetworkEdge *edge, const Network *network, const Node *node, size_t input);

/* A slope of at most 1. */
void edge_slope_one(NetworkEdge *edge, const Network *network, const Node *node, size_t input);

/* The weights of the node's layer. */
void edge_layer(NetworkEdge *edge, const Network *network, const Node *node, size_t input);

Sign sign_nonnegative(const Node *node); /* NONNEGATIVE */
Sign sign_of_inputs(const Node *node);   /* NONNEGATIVE_IF_ALL */

#endif

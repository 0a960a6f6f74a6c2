/* SPDX-License-Identifier: MIT */
/* Geometry of a network's nodes: Lipschitz constants, signs, and the shape of convolutions, for error bounds
 * and quantization. All functions read the graph alone, except network_factor_norm(), which reads a value. */
#ifndef NETWORK_GEOMETRY_H
#define NETWORK_GEOMETRY_H

#include "base/status.h"
#include "network/types.h"

/* How `node` passes on a change of its input number `input`. */
void network_edge(NetworkEdge *edge, const Network *network, size_t node, size_t input);

/* Whether changes of different inputs reach different elements of the output, so that the squares of their
 * norms add up: Concat. */
bool network_joins(const Network *network, size_t node);

/* For an EDGE_PRODUCT: the largest l2 norm, over the elements of `input`, of the elements of the other factor
 * that one element of `input` is multiplied by; for a matrix product a bound on the other factor's spectral
 * norm. other: the other factor's values for one tile. Fails with STATUS_MEMORY only. */
Status network_factor_norm(double *norm, const Network *network, size_t node, size_t input,
                           const float *other, Message *message);

/* Sets nonnegative[value_count]: true if the value has no negative element for any image, as after a Relu. */
void network_find_nonnegative(bool *nonnegative, const Network *network);

/* The convolution that `node`, a use of a layer, computes. */
void network_convolution(ConvGeometry *geometry, const Network *network, size_t node);

#endif

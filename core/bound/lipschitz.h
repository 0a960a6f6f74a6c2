/* SPDX-License-Identifier: MIT */
/* Lipschitz: for every value, a Lipschitz constant lambda, in l2 over a whole batch, of the float rest of the
 * network as a function of that value.
 *
 * One backward pass over the graph:
 *     lambda(value) = [it is the output] + sum over edges (value -> node) of
 *                     (constant of the edge) * lambda(output of the node).
 *
 * A sum over paths adds up what two branches can change at most, which they cannot do both where their
 * outputs stand side by side: there the squares add up. For the outputs of layers, and the network's input, a
 * pass forward from the value therefore takes its place: with bound(value) = 1, bound(output of a node) = sum
 * over its inputs of (constant of the edge) * bound(input), the root of the sum of squares where the node
 * joins its inputs (Concat), and lambda(value) = bound(output). It is never larger than the sum over paths.
 *
 * The constant of an edge (network_edge()):
 *   - layer: its operator norm (LayerNorm);
 *   - fixed linear map without weights: sqrt(largest row sum * largest column sum of |a_ij|), counted at the
 *     true size (Schur's test); average pooling: its norm, bounded from above to about 1e-4;
 *   - max pooling: the square root of the most windows that cover one pixel;
 *   - elementwise function: its largest slope;
 *   - product of two activations: the largest l2 norm of the other factor over the axes that broadcast,
 * measured on the images (network_factor_norm()). Where no finite constant exists, lambda is INFINITY and
 * `culprit` is the node.
 */
#ifndef BOUND_LIPSCHITZ_H
#define BOUND_LIPSCHITZ_H

#include "bound/norm.h"

typedef struct Lipschitz {
    size_t value_count;
    double *frobenius;  /* [value_count], with LayerNorm.frobenius for layers */
    double *spectral;   /* [value_count], with LayerNorm.upper */
    size_t culprit;     /* a node without a finite constant that the output depends on, or NO_INDEX */
    const char *reason; /* "exp has no finite slope"; NULL without a culprit */
} Lipschitz;

/* norms: [node_count], from network_norms(). factor_norms: [node_count][2], for nodes that multiply two
 * activations the largest norm of the other factor for inputs 0 and 1; NULL where the network has no such
 * node. STATUS_MEMORY. */
Status lipschitz_create(Lipschitz *lipschitz, const Network *network, const LayerNorm *norms,
                        const double (*factor_norms)[2], Message *message);
void lipschitz_free(Lipschitz *lipschitz);
/* Whether the node multiplies two activations. */
bool lipschitz_needs_factors(const Network *network, size_t node);

#endif

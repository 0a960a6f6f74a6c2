/* Lipschitz: lambda of every value: a Lipschitz constant, in l2 over a whole batch, of the float rest of the
 * network as a function of that value.
 *
 * One pass backwards over the graph: lambda(value) = [it is an output] + sum over the edges that take it of
 * (the edge's constant) * lambda(the consumer's output). The edges' constants are network_edge()'s:
 * layers by LayerNorm; fixed linear maps without weights by Schur's test, sqrt(largest row sum
 * * largest column sum of |a_ij|), counted at the true size; max pooling by the square root of the most
 * windows that cover one pixel; elementwise functions by their largest slope; a product of two activations by
 * the largest l2 norm of the other factor over the axes that broadcast, which is measured on the images
 * (`factor_norms`, by network_factor_norm()). Where no finite constant exists, lambda is INFINITY and
 * `culprit` the node.
 */
#ifndef BOUND_LIPSCHITZ_H
#define BOUND_LIPSCHITZ_H

#include "bound/norm.h"

typedef struct Lipschitz {
    size_t value_count;
    double *frobenius;  /* [value_count], with LayerNorm.frobenius for layers */
    double *spectral;   /* [value_count], with LayerNorm.upper */
    size_t culprit;     /* a node without a finite constant upstream of whose output something matters, or
                           NO_INDEX */
    const char *reason; /* "exp has no finite slope"; NULL without a culprit */
} Lipschitz;

/* norms: [node_count], those of uses of layers filled in. factor_norms: [node_count][2], for nodes that
 * multiply two activations the largest norm of the other factor for input 0 and input 1; may be NULL where
 * the network has none (lipschitz_needs_factors()). */
Status lipschitz_create(Lipschitz *lipschitz, const Network *network, const LayerNorm *norms,
                        const double (*factor_norms)[2], Message *message);
void lipschitz_free(Lipschitz *lipschitz);
bool lipschitz_needs_factors(const Network *network, size_t node);

#endif

/* Factor: how large a factor of a product of two activations is. Private to core/bound.
 *
 * For z = u v with u repeated along some axes of z, |z - z'| = |u - u'| * max over u's elements of the l2
 * norm of v along those axes, at most. With u = 1 an element of z each, that is the largest |v|.
 */
#ifndef BOUND_FACTOR_H
#define BOUND_FACTOR_H

#include "network/network.h"

/* The constant of `node` for its input `side` (0 or 1), where its other input is `other`.
 * sums: room for as many as that input's elements. */
double factor_norm(double *sums, const Network *network, size_t node, size_t side, const float *other);

#endif

/* Activations that a layer's kernel may take over. Private to core/network. */
#ifndef NETWORK_ELEMENTWISE_H
#define NETWORK_ELEMENTWISE_H

#include "network/operator.h"

extern const Kernel kernel_relu; /* no parameters */
extern const Kernel kernel_clip; /* ClipParameters */

/* y = min(max(x, low), high); infinite where a bound is absent */
typedef struct ClipParameters {
    float low, high;
} ClipParameters;

/* Adds to sums[i] the squares of the elements of `other` that element i of input `input` of an arithmetic
 * node is multiplied by. */
void product_sums(double *sums, const Node *node, size_t input, const float *other);

#endif

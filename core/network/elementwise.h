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

#endif

/* SPDX-License-Identifier: MIT */
/* Kernel: how a node runs, and what is known of its output. Private to core/network.
 *
 * Each operator, or variant of one, has one constant Kernel next to its functions, and its nodes point to it.
 * All that the rest of core/network needs to know of an operator stands there.
 */
#ifndef NETWORK_KERNEL_H
#define NETWORK_KERNEL_H

#include "base/status.h"
#include "network/types.h"

typedef struct KernelRun {
    const Network *network; /* NULL while constants are folded */
    const Value *values;    /* indexed by Node.inputs and Node.output, also while constants are folded */
    const Node *node;
    const Weights *weights; /* the layer's, or NULL if the node has no layer */
    bool fused;             /* apply the activation that follows: kernels of layers only */
    void *scratch;          /* node->scratch bytes, 64-byte aligned */
} KernelRun;

/* When the output of a node has no negative element. */
typedef enum Sign {
    ANY_SIGN,           /* not known */
    NONNEGATIVE,        /* always */
    NONNEGATIVE_IF_ALL, /* if no input has one */
    NONNEGATIVE_IF_ANY  /* if one input has none */
} Sign;

/* y = min(max(x, low), high): Relu and Clip. Infinite where a bound is absent. */
typedef struct Clamp {
    float low, high;
} Clamp;

struct Kernel {
    const char *name;
    /* Writes the output; shapes as the values say. Output and inputs do not overlap. */
    Status (*run)(const KernelRun *run, void *output, const void *const *inputs, Message *message);
    /* network_edge() for an input that is not constant. NULL: no Lipschitz constant is known. */
    void (*edge)(NetworkEdge *edge, const Network *network, const Node *node, size_t input);
    /* NULL: ANY_SIGN. */
    Sign (*sign)(const Node *node);
    /* network_factor_norm(), for kernels whose edge is an EDGE_PRODUCT. */
    Status (*factor_norm)(double *norm, const Network *network, const Node *node, size_t input,
                          const float *other, Message *message);
    bool is_convolution; /* its parameters are a ConvGeometry */
    bool clamps;         /* y = min(max(x, low), high): its parameters are a Clamp */
    bool joins;          /* changes of different inputs reach different elements of the output */
    bool copies;         /* same elements in the same order: the output may share its input's memory */
};

#endif

/* SPDX-License-Identifier: MIT */
/* Emit: add nodes to the network that is being built. Private to core/network. */
#ifndef NETWORK_EMIT_H
#define NETWORK_EMIT_H

#include "network/build/call.h"
#include "network/operators/kernel.h"

typedef struct Emit {
    const Kernel *kernel;
    const void *parameters;    /* from call_allocate() */
    const char *operator_name; /* NULL: the call's */
    size_t input_count;
    const size_t *inputs; /* [input_count] values */
    ElementType type;     /* of the output */
    size_t rank;
    const size_t *shape; /* logical; dimensions of 0, overflows and too large values are refused */
    bool channels_last;
    size_t scratch; /* bytes of scratch memory for one run */
    size_t layer;   /* NO_INDEX except for nodes of layers */
} Emit;

/* Adds a node; *value is its output. If all its inputs are constant and it has no layer, the kernel runs at
 * once and *value is a constant: subgraphs that compute shapes are folded so. */
Status builder_emit(Call *call, const Emit *emit, size_t *value);

/* Adds a node, and binds its output to the call's first output. */
Status call_emit(Call *call, const Emit *emit);

/* The same for a kernel with one input, whose output has the input's shape and layout. */
Status call_emit_elementwise(Call *call, const Kernel *kernel, const void *parameters,
                             const char *operator_name, size_t input, ElementType type);

#endif

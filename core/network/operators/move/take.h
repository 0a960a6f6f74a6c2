/* SPDX-License-Identifier: MIT */
/* Take: a value whose elements along each axis are those of another at given indices: repeated, mirrored, or
 * in another order. Private to core/network. */
#ifndef NETWORK_TAKE_H
#define NETWORK_TAKE_H

#include "network/build/call.h"
#include "network/operators/kernel.h"

typedef struct TakeAxis {
    size_t count;
    const size_t
        *indices; /* [count], each below the input's size; memory that lives as long as the network */
} TakeAxis;

/* Emits the value with axes[axis] for every one of `rank` logical axes, and binds it to the call's output.
 * The input's shape is filled up on the left with ones. Images must not mix: fails if axis 0 of a computed
 * value changes. kernel: a Kernel of the operator, with run_take() and edge_take(). */
Status emit_take(Call *call, const Kernel *kernel, size_t input, const TakeAxis *axes, size_t rank);

/* Memory for the `count` indices of an axis, to be filled in; NULL when out of it. */
size_t *take_indices(Call *call, TakeAxis *axis, size_t count);

/* The functions of kernels whose nodes emit_take() emits. */
Status run_take(const KernelRun *run, void *output, const void *const *inputs, Message *message);
void edge_take(NetworkEdge *edge, const Network *network, const Node *node, size_t input);

#endif

/* SPDX-License-Identifier: MIT */
/* Broadcasting of up to three operands. Private to core/network. */
#ifndef NETWORK_BROADCAST_H
#define NETWORK_BROADCAST_H

#include "network/build/call.h"
#include "network/operators/kernel.h"
#include "network/operators/walk.h"

/* The output of operands that broadcast: its logical shape, its layout, and a walk over it and the operands.
 */
typedef struct Broadcast {
    size_t rank, shape[TENSOR_MAX_RANK];
    bool channels_last;
    Walk walk;
} Broadcast;

/* Fails if the shapes of the `count` inputs do not broadcast. */
Status broadcast(Call *call, Broadcast *result, const size_t *inputs, size_t count);

/* *value = the kernel's output on operands that broadcast. operator_name: NULL for the call's. */
Status emit_broadcast(Call *call, const Broadcast *shape, const Kernel *kernel, const void *parameters,
                      const char *operator_name, const size_t *inputs, size_t count, ElementType type,
                      size_t *value);

#endif

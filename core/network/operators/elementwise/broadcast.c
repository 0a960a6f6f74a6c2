/* SPDX-License-Identifier: MIT */
#include "network/operators/elementwise/broadcast.h"

#include "base/sizes.h"
#include "network/build/emit.h"

static size_t size_on(const BuildValue *operand, size_t rank, size_t axis)
{
    const size_t missing = rank - operand->rank;
    return axis < missing ? 1 : operand->shape[axis - missing];
}

/* The output's shape: the operands' shapes, filled up with ones on the left; an axis of 1 is repeated. An
 * operand of lower rank has its images on another axis than the output: refused for batches. */
static Status broadcast_shape(Call *call, size_t *rank, size_t *shape, const BuildValue *operands,
                              size_t count)
{
    *rank = 0;
    for (size_t k = 0; k < count; k++) *rank = size_max(*rank, operands[k].rank);
    for (size_t i = 0; i < *rank; i++) shape[i] = 1;
    for (size_t k = 0; k < count; k++) {
        Status status = STATUS_OK;
        if (operands[k].rank > 0 && operands[k].rank < *rank)
            status = call_keeps_images(call, &operands[k], "broadcasting to a higher rank");
        for (size_t i = 0; !status && i < *rank; i++) {
            const size_t size = size_on(&operands[k], *rank, i);
            if (size != shape[i] && size != 1 && shape[i] != 1)
                return call_fail(call, STATUS_INVALID,
                                 "its operands do not broadcast: '%s' has %zu on axis %zu, another %zu",
                                 operands[k].name, size, i, shape[i]);
            if (size != 1) shape[i] = size;
        }
        if (status) return status;
    }
    return STATUS_OK;
}

/* True if the output should be channels last: the layout of the largest computed operand of full rank, so
 * that most elements are read in order. */
static bool broadcast_layout(const BuildValue *operands, size_t count, size_t rank)
{
    const BuildValue *first = NULL;
    for (size_t k = 0; k < count; k++) {
        if (operands[k].constant || operands[k].rank != rank) continue;
        if (!first || operands[k].elements > first->elements) first = &operands[k];
    }
    return first && first->channels_last;
}

/* Sets the strides of operand k in a walk over the output, whose stored shape is walk->shape. */
static void broadcast_strides(Walk *walk, size_t k, const BuildValue *operand, bool channels_last)
{
    size_t strides[TENSOR_MAX_RANK];
    logical_strides(strides, operand->shape, operand->rank, operand->channels_last);
    const size_t missing = walk->rank - operand->rank;
    for (size_t i = 0; i < walk->rank; i++) {
        const size_t axis = stored_to_logical(channels_last, walk->rank, i);
        const bool repeated = axis < missing || operand->shape[axis - missing] == 1;
        walk->stride[k][i] = repeated ? 0 : (ptrdiff_t)strides[axis - missing];
    }
}

Status broadcast(Call *call, Broadcast *result, const size_t *inputs, size_t count)
{
    BuildValue operands[WALK_OPERANDS];
    for (size_t k = 0; k < count; k++) operands[k] = *builder_value(call->builder, inputs[k]);
    *result = (Broadcast){0};
    Status status = broadcast_shape(call, &result->rank, result->shape, operands, count);
    if (status) return status;
    result->channels_last = broadcast_layout(operands, count, result->rank);
    result->walk.rank = result->rank;
    stored_shape(result->walk.shape, result->shape, result->rank, result->channels_last);
    for (size_t k = 0; k < count; k++)
        broadcast_strides(&result->walk, k, &operands[k], result->channels_last);
    walk_simplify(&result->walk);
    return STATUS_OK;
}

Status emit_broadcast(Call *call, const Broadcast *shape, const Kernel *kernel, const void *parameters,
                      const char *operator_name, const size_t *inputs, size_t count, ElementType type,
                      size_t *value)
{
    return builder_emit(call,
                        &(Emit){.kernel = kernel,
                                .parameters = parameters,
                                .operator_name = operator_name,
                                .input_count = count,
                                .inputs = inputs,
                                .type = type,
                                .rank = shape->rank,
                                .shape = shape->shape,
                                .channels_last = shape->channels_last,
                                .layer = NO_INDEX},
                        value);
}

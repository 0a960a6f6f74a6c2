/* SPDX-License-Identifier: MIT */
/* Transpose: a permutation of the axes. */
#include "network/operators/move/copy_kernels.h"
#include "network/operators/operator.h"
#include "network/operators/walk.h"

static Status read_permutation(Call *call, size_t *order, size_t rank)
{
    const int64_t *given;
    bool seen[TENSOR_MAX_RANK] = {0};
    const size_t count = attribute_ints(call, "perm", &given);
    if (count && count != rank)
        return call_fail(call, STATUS_INVALID, "perm has %zu axes for a value of rank %zu", count, rank);
    for (size_t i = 0; i < rank; i++) {
        const int64_t axis = count ? given[i] : (int64_t)(rank - 1 - i);
        if (axis < 0 || axis >= (int64_t)rank || seen[axis])
            return call_fail(call, STATUS_INVALID, "perm is not a permutation of %zu axes", rank);
        seen[axis] = true;
        order[i] = (size_t)axis;
    }
    return STATUS_OK;
}

/* Sets perm[i] to the stored axis of x that becomes stored axis i of the output. Logical axis i of the output
 * is logical axis order[i] of x. */
static void stored_permutation(TransposeParameters *parameters, const BuildValue *x, const size_t *order,
                               bool channels_last)
{
    parameters->rank = x->rank;
    for (size_t i = 0; i < x->rank; i++)
        parameters->perm[i] = builder_axis(x, order[stored_to_logical(channels_last, x->rank, i)]);
}

/* True if the axes longer than 1 stay in order: no element moves. */
static bool keeps_order(const TransposeParameters *parameters, const BuildValue *x)
{
    size_t shape[TENSOR_MAX_RANK], next = 0;
    stored_shape(shape, x->shape, x->rank, x->channels_last);
    for (size_t i = 0; i < x->rank; i++) {
        if (shape[parameters->perm[i]] == 1) continue;
        if (parameters->perm[i] < next) return false;
        next = parameters->perm[i];
    }
    return true;
}

/* The output may have either layout: take the one in which no element moves, if there is one. */
static Status build_transpose(Call *call)
{
    const BuildValue x = *call_value(call, 0);
    size_t order[TENSOR_MAX_RANK], shape[TENSOR_MAX_RANK];
    TransposeParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    Status status = read_permutation(call, order, x.rank);
    if (!status && x.rank > 0 && order[0] != 0) status = call_keeps_images(call, &x, "moving axis 0");
    if (status) return status;
    for (size_t i = 0; i < x.rank; i++) shape[i] = x.shape[order[i]];
    bool channels_last = false;
    stored_permutation(parameters, &x, order, channels_last);
    if (!keeps_order(parameters, &x) && x.rank >= 3 && !x.constant) {
        stored_permutation(parameters, &x, order, true);
        channels_last = keeps_order(parameters, &x);
        if (!channels_last) stored_permutation(parameters, &x, order, false);
    }
    const bool moves = !keeps_order(parameters, &x);
    return call_emit(call, &(Emit){.kernel = moves ? &kernel_transpose : &kernel_copy,
                                   .parameters = parameters,
                                   .operator_name = moves ? "Transpose" : "Copy",
                                   .input_count = 1,
                                   .inputs = call->inputs,
                                   .type = x.type,
                                   .rank = x.rank,
                                   .shape = shape,
                                   .channels_last = channels_last,
                                   .layer = NO_INDEX});
}

const Operator operators_transpose[] = {
    {"Transpose", 7, 21, 1, 1, build_transpose},
    {0},
};

/* SPDX-License-Identifier: MIT */
#include "network/build/rearrange.h"

#include "network/build/emit.h"
#include "network/operators/move/copy_kernels.h"

/* --- layouts ---------------------------------------------------------------------------------------- */

/* *result = the value in the other layout. */
static Status change_layout(Call *call, size_t value, size_t *result)
{
    const BuildValue from = *builder_value(call->builder, value);
    *result = from.twin;
    if (from.twin != NO_INDEX) return STATUS_OK;
    TransposeParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    parameters->rank = from.rank;
    for (size_t i = 1; i < from.rank; i++)
        parameters->perm[i] =
            from.channels_last ? (i == 1 ? from.rank - 1 : i - 1) : (i == from.rank - 1 ? 1 : i + 1);
    /* One channel or one pixel: both layouts have the same order. */
    const bool same = from.shape[1] == 1 || from.elements == from.shape[0] * from.shape[1];
    Status status = builder_emit(call,
                                 &(Emit){.kernel = same ? &kernel_copy : &kernel_transpose,
                                         .parameters = parameters,
                                         .operator_name = same ? "Copy" : "Transpose",
                                         .input_count = 1,
                                         .inputs = &value,
                                         .type = from.type,
                                         .rank = from.rank,
                                         .shape = from.shape,
                                         .channels_last = !from.channels_last,
                                         .layer = NO_INDEX},
                                 result);
    if (status) return status;
    builder_value(call->builder, *result)->name = from.name;
    builder_value(call->builder, *result)->twin = value;
    builder_value(call->builder, value)->twin = *result;
    return STATUS_OK;
}

Status builder_plain(Call *call, size_t value, size_t *result)
{
    *result = value;
    return builder_value(call->builder, value)->channels_last ? change_layout(call, value, result)
                                                              : STATUS_OK;
}

Status builder_channels_last(Call *call, size_t value, size_t *result)
{
    const BuildValue *from = builder_value(call->builder, value);
    *result = value;
    if (from->rank < 3)
        return call_fail(call, STATUS_INVALID, "'%s' has rank %zu: it has no spatial axes", from->name,
                         from->rank);
    return from->channels_last ? STATUS_OK : change_layout(call, value, result);
}

/* --- shapes and axes -------------------------------------------------------------------------------- */

Status emit_reshaped(Call *call, size_t input, size_t rank, const size_t *shape, size_t *value)
{
    const BuildValue x = *builder_value(call->builder, input);
    return builder_emit(call,
                        &(Emit){.kernel = &kernel_copy,
                                .operator_name = "Copy",
                                .input_count = 1,
                                .inputs = &input,
                                .type = x.type,
                                .rank = rank,
                                .shape = shape,
                                .channels_last = x.channels_last,
                                .layer = NO_INDEX},
                        value);
}

Status emit_permuted(Call *call, size_t input, const size_t *order, size_t *value)
{
    const BuildValue x = *builder_value(call->builder, input);
    TransposeParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    size_t shape[TENSOR_MAX_RANK];
    parameters->rank = x.rank;
    for (size_t i = 0; i < x.rank; i++) {
        parameters->perm[i] = order[i];
        shape[i] = x.shape[order[i]];
    }
    return builder_emit(call,
                        &(Emit){.kernel = &kernel_transpose,
                                .parameters = parameters,
                                .operator_name = "Transpose",
                                .input_count = 1,
                                .inputs = &input,
                                .type = x.type,
                                .rank = x.rank,
                                .shape = shape,
                                .layer = NO_INDEX},
                        value);
}

Status image_of_line(Call *call, size_t input, size_t *value)
{
    Status status = builder_channels_last(call, input, value);
    if (status) return status;
    const BuildValue x = *builder_value(call->builder, *value);
    if (x.rank != 3) return STATUS_OK;
    return emit_reshaped(call, *value, 4, (size_t[]){x.shape[0], x.shape[1], 1, x.shape[2]}, value);
}

Status line_of_image(Call *call, size_t input, size_t rank, size_t *value)
{
    const BuildValue x = *builder_value(call->builder, input);
    *value = input;
    if (rank != 3) return STATUS_OK;
    return emit_reshaped(call, input, 3, (size_t[]){x.shape[0], x.shape[1], x.shape[3]}, value);
}

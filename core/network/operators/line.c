#include "network/operators/line.h"

#include "network/operators/transpose.h"

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

/* SPDX-License-Identifier: MIT */
#include "network/operators/move/take.h"

#include "base/sizes.h"
#include "network/build/emit.h"
#include "network/build/rearrange.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/walk.h"

#include <stdlib.h>

typedef struct TakeParameters {
    size_t rank, shape[TENSOR_MAX_RANK]; /* stored, of the output */
    size_t *offsets[TENSOR_MAX_RANK];    /* [shape[axis]] each: offsets in the input, in elements */
    size_t column_sum;                   /* the most that one element is repeated */
} TakeParameters;

#define TAKE_ROW(TYPE)                                                                                       \
    for (size_t i = 0; i < count; i++) ((TYPE *)out)[i] = ((const TYPE *)in)[offsets[i]]

static void take_row(void *out, const void *in, const size_t *offsets, size_t count, size_t size)
{
    if (size == 8)
        TAKE_ROW(int64_t);
    else if (size == 4)
        TAKE_ROW(float);
    else
        TAKE_ROW(uint8_t);
}

Status run_take(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const TakeParameters *p = run->node->parameters;
    const size_t size = element_size(run->values[run->node->output].type), last = p->rank - 1;
    const size_t rows = run->values[run->node->output].elements / p->shape[last];
    size_t index[TENSOR_MAX_RANK] = {0};
    for (size_t row = 0; row < rows; row++) {
        size_t from = 0;
        for (size_t i = 0; i < last; i++) from += p->offsets[i][index[i]];
        take_row((char *)output + row * p->shape[last] * size, (const char *)inputs[0] + from * size,
                 p->offsets[last], p->shape[last], size);
        for (size_t i = last; i-- > 0 && ++index[i] == p->shape[i];) index[i] = 0;
    }
    return STATUS_OK;
}

void edge_take(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)input;
    *edge = edge_linear(1, (double)((const TakeParameters *)node->parameters)->column_sum);
}

size_t *take_indices(Call *call, TakeAxis *axis, size_t count)
{
    size_t *indices = call_allocate(call, count, sizeof *indices);
    *axis = (TakeAxis){count, indices};
    return indices;
}

static bool most_repeated(size_t *most, const TakeAxis *axis, size_t size)
{
    size_t *counts = calloc(size, sizeof *counts);
    *most = 0;
    for (size_t i = 0; counts && i < axis->count; i++) *most = size_max(*most, ++counts[axis->indices[i]]);
    free(counts);
    return counts != NULL;
}

static bool is_whole(const TakeAxis *axis, size_t size)
{
    bool whole = axis->count == size;
    for (size_t i = 0; whole && i < size; i++) whole = axis->indices[i] == i;
    return whole;
}

/* Sets the offsets of the output's stored axis number `stored`, which takes from an axis of `size` elements
 * `stride` apart. */
static Status take_axis(Call *call, TakeParameters *parameters, size_t stored, const TakeAxis *axis,
                        size_t size, size_t stride)
{
    size_t most, *offsets = call_allocate(call, axis->count, sizeof *offsets);
    if (!offsets || !most_repeated(&most, axis, size)) return call_no_memory(call);
    parameters->shape[stored] = axis->count;
    parameters->offsets[stored] = offsets;
    for (size_t i = 0; i < axis->count; i++) offsets[i] = axis->indices[i] * stride;
    if (!size_multiply(&parameters->column_sum, parameters->column_sum, most)) return call_no_memory(call);
    return STATUS_OK;
}

static Status take_axes(Call *call, TakeParameters *parameters, const BuildValue *x, const TakeAxis *axes,
                        size_t rank, size_t *shape)
{
    size_t strides[TENSOR_MAX_RANK];
    logical_strides(strides, x->shape, x->rank, x->channels_last);
    Status status = STATUS_OK;
    for (size_t i = 0; !status && i < rank; i++) {
        const size_t axis = stored_to_logical(x->channels_last, rank, i), missing = rank - x->rank;
        const bool given = axis >= missing;
        shape[axis] = axes[axis].count;
        status = take_axis(call, parameters, i, &axes[axis], given ? x->shape[axis - missing] : 1,
                           given ? strides[axis - missing] : 0);
    }
    return status;
}

Status emit_take(Call *call, const Kernel *kernel, size_t input, const TakeAxis *axes, size_t rank)
{
    Status status = STATUS_OK;
    if (builder_value(call->builder, input)->rank != rank) status = builder_plain(call, input, &input);
    if (status) return status;
    const BuildValue x = *builder_value(call->builder, input);
    TakeParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    if (rank == 0) return call_bind(call, 0, input);
    if (x.rank != rank || !is_whole(&axes[0], x.shape[0]))
        status = call_keeps_images(call, &x, "taking images more than once");
    size_t shape[TENSOR_MAX_RANK];
    parameters->rank = rank;
    parameters->column_sum = 1;
    if (!status) status = take_axes(call, parameters, &x, axes, rank, shape);
    if (status) return status;
    return call_emit(call, &(Emit){.kernel = kernel,
                                   .parameters = parameters,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = x.type,
                                   .rank = rank,
                                   .shape = shape,
                                   .channels_last = x.channels_last,
                                   .layer = NO_INDEX});
}

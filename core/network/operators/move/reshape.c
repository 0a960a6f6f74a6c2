/* SPDX-License-Identifier: MIT */
/* Reshape, Flatten, Squeeze, Unsqueeze, Identity and Dropout. */
#include "base/sizes.h"
#include "network/operators/move/copy_kernels.h"
#include "network/operators/operator.h"

#include <string.h>

/* --- shapes ----------------------------------------------------------------------------------------- */

static bool same_shape(const BuildValue *x, size_t rank, const size_t *shape)
{
    return x->rank == rank && (rank == 0 || memcmp(x->shape, shape, rank * sizeof *shape) == 0);
}

/* Binds the output to the input's elements, in ONNX's order, with another shape of as many elements. */
static Status bind_reshaped(Call *call, size_t rank, const size_t *shape)
{
    BuildValue x = *call_value(call, 0);
    size_t input, result;
    if (same_shape(&x, rank, shape)) return call_bind(call, 0, call->inputs[0]);
    const bool keeps = rank > 0 && shape[0] % call->builder->batch == 0;
    Status status = keeps ? STATUS_OK : call_keeps_images(call, &x, "the shape's first dimension");
    if (status) return status;
    status = builder_plain(call, call->inputs[0], &input);
    if (status) return status;
    x = *builder_value(call->builder, input);
    if (x.constant) {
        status = call_constant(call, x.type, rank, shape, x.constant, &result);
        return status ? status : call_bind(call, 0, result);
    }
    return call_emit(call, &(Emit){.kernel = &kernel_copy,
                                   .input_count = 1,
                                   .inputs = &input,
                                   .type = x.type,
                                   .rank = rank,
                                   .shape = shape,
                                   .layer = NO_INDEX});
}

/* Sets shape[] from wanted[]: 0 copies the input's axis unless `allow_zero`, and one -1 is inferred. */
static Status resolve_shape(Call *call, size_t *shape, const int64_t *wanted, size_t rank, bool allow_zero)
{
    const BuildValue *x = call_value(call, 0);
    size_t known = 1, open = NO_INDEX;
    for (size_t i = 0; i < rank; i++) {
        const bool copied = wanted[i] == 0 && !allow_zero;
        if (wanted[i] < -1 || (copied && i >= x->rank) || (wanted[i] == -1 && open != NO_INDEX))
            return call_fail(call, STATUS_INVALID, "shape has %lld on axis %zu", (long long)wanted[i], i);
        if (wanted[i] == -1) {
            open = i;
            continue;
        }
        shape[i] = copied ? x->shape[i] : (size_t)wanted[i];
        if (shape[i] == 0) return call_fail(call, STATUS_INVALID, "axis %zu of the shape is empty", i);
        if (!size_multiply(&known, known, shape[i]))
            return call_fail(call, STATUS_INVALID, "the shape overflows");
    }
    const bool fits = open == NO_INDEX ? known == x->elements : x->elements % known == 0;
    if (!fits)
        return call_fail(call, STATUS_INVALID, "'%s' has %zu elements, which do not make the shape's %zu",
                         x->name, x->elements, known);
    if (open != NO_INDEX) shape[open] = x->elements / known;
    return STATUS_OK;
}

static Status build_reshape(Call *call)
{
    int64_t wanted[TENSOR_MAX_RANK];
    size_t shape[TENSOR_MAX_RANK], rank;
    const bool allow_zero = call->opset >= 14 && attribute_int(call, "allowzero", 0);
    Status status = call_constant_ints(call, 1, wanted, &rank, TENSOR_MAX_RANK);
    if (!status) status = resolve_shape(call, shape, wanted, rank, allow_zero);
    return status ? status : bind_reshaped(call, rank, shape);
}

static Status build_flatten(Call *call)
{
    const BuildValue *x = call_value(call, 0);
    const int64_t axis = attribute_int(call, "axis", 1), rank = (int64_t)x->rank;
    if (axis < -rank || axis > rank)
        return call_fail(call, STATUS_INVALID, "axis %lld of a value of rank %zu", (long long)axis, x->rank);
    const size_t first = (size_t)(axis < 0 ? axis + rank : axis);
    size_t shape[2] = {1, 1};
    for (size_t i = 0; i < x->rank; i++) shape[i >= first] *= x->shape[i];
    return bind_reshaped(call, 2, shape);
}

/* Sets marked[axis] for each of `axes` in a value of rank `rank`. */
static Status mark_axes(Call *call, bool *marked, size_t rank, const int64_t *axes, size_t count)
{
    memset(marked, 0, TENSOR_MAX_RANK * sizeof *marked);
    for (size_t i = 0; i < count; i++) {
        size_t axis;
        Status status = call_axis(call, axes[i], rank, &axis);
        if (status) return status;
        if (marked[axis]) return call_fail(call, STATUS_INVALID, "axis %zu is named twice", axis);
        marked[axis] = true;
    }
    return STATUS_OK;
}

static Status build_squeeze(Call *call)
{
    const BuildValue *x = call_value(call, 0);
    int64_t axes[TENSOR_MAX_RANK];
    bool marked[TENSOR_MAX_RANK];
    size_t count, shape[TENSOR_MAX_RANK], rank = 0;
    Status status = attribute_or_input(call, "axes", 13, 1, axes, &count);
    if (!status) status = mark_axes(call, marked, x->rank, axes, count);
    if (status) return status;
    for (size_t i = 0; i < x->rank; i++) {
        if (marked[i] && x->shape[i] != 1)
            return call_fail(call, STATUS_INVALID, "axis %zu of '%s' is %zu, not 1", i, x->name, x->shape[i]);
        const bool dropped = count == 0 ? x->shape[i] == 1 : marked[i];
        if (!dropped) shape[rank++] = x->shape[i];
    }
    return bind_reshaped(call, rank, shape);
}

static Status build_unsqueeze(Call *call)
{
    const BuildValue *x = call_value(call, 0);
    int64_t axes[TENSOR_MAX_RANK];
    bool marked[TENSOR_MAX_RANK];
    size_t count, shape[TENSOR_MAX_RANK], next = 0;
    Status status = attribute_or_input(call, "axes", 13, 1, axes, &count);
    if (status) return status;
    const size_t rank = x->rank + count;
    if (rank > TENSOR_MAX_RANK)
        return call_fail(call, STATUS_UNSUPPORTED, "rank %zu: the most is %d", rank, TENSOR_MAX_RANK);
    status = mark_axes(call, marked, rank, axes, count);
    if (status) return status;
    for (size_t i = 0; i < rank; i++) shape[i] = marked[i] ? 1 : x->shape[next++];
    return bind_reshaped(call, rank, shape);
}

/* --- Identity and Dropout --------------------------------------------------------------------------- */

static Status build_identity(Call *call)
{
    return call_bind(call, 0, call->inputs[0]);
}

/* The second output, the mask, is not bound: a graph that uses it is refused. */
static Status build_dropout(Call *call)
{
    if (call_has(call, 2)) {
        const BuildValue *training = call_value(call, 2);
        if (training->type != ELEMENT_BOOL || !training->constant || training->elements != 1 ||
            *(const uint8_t *)training->constant)
            return call_fail(call, STATUS_UNSUPPORTED,
                             "it is in training mode: export the network for inference");
    }
    return call_bind(call, 0, call->inputs[0]);
}

const Operator operators_reshape[] = {
    {"Reshape", 7, 21, 2, 2, build_reshape},     {"Flatten", 7, 21, 1, 1, build_flatten},
    {"Squeeze", 7, 12, 1, 1, build_squeeze},     {"Squeeze", 13, 21, 1, 2, build_squeeze},
    {"Unsqueeze", 7, 12, 1, 1, build_unsqueeze}, {"Unsqueeze", 13, 21, 2, 2, build_unsqueeze},
    {"Identity", 7, 21, 1, 1, build_identity},   {"Dropout", 7, 11, 1, 1, build_dropout},
    {"Dropout", 12, 21, 1, 3, build_dropout},    {0},
};

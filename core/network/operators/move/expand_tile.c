/* SPDX-License-Identifier: MIT */
/* Expand and Tile: repetition along axes. */
#include "base/sizes.h"
#include "network/operators/kernel_rules.h"
#include "network/operators/move/take.h"
#include "network/operators/operator.h"

static const Kernel kernel_repeat = {
    .name = "repeat", .run = run_take, .edge = edge_take, .sign = sign_of_inputs};

/* Sets the indices of an axis: 0..size-1 repeated, `count` in all. */
static Status repeat_axis(Call *call, TakeAxis *axis, size_t count, size_t size)
{
    size_t *indices = take_indices(call, axis, count);
    if (!indices) return call_no_memory(call);
    for (size_t i = 0; i < count; i++) indices[i] = i % size;
    return STATUS_OK;
}

/* Size of an axis of x, whose shape is filled up with ones on the left to `rank`. */
static size_t padded_size(const BuildValue *x, size_t rank, size_t axis)
{
    return axis < rank - x->rank ? 1 : x->shape[axis - (rank - x->rank)];
}

static Status build_expand(Call *call)
{
    const BuildValue x = *call_value(call, 0);
    int64_t wanted[TENSOR_MAX_RANK];
    size_t count;
    TakeAxis axes[TENSOR_MAX_RANK];
    Status status = call_constant_ints(call, 1, wanted, &count, TENSOR_MAX_RANK);
    const size_t rank = size_max(count, x.rank);
    for (size_t i = 0; !status && i < rank; i++) {
        const size_t size = padded_size(&x, rank, i);
        const int64_t to = i < rank - count ? 1 : wanted[i - (rank - count)];
        if (to < 1 || (to != 1 && size != 1 && (uint64_t)to != size))
            return call_fail(call, STATUS_INVALID, "axis %zu of %zu elements cannot be expanded to %lld", i,
                             size, (long long)to);
        status = repeat_axis(call, &axes[i], to == 1 ? size : (size_t)to, size);
    }
    return status ? status : emit_take(call, &kernel_repeat, call->inputs[0], axes, rank);
}

static Status build_tile(Call *call)
{
    const BuildValue x = *call_value(call, 0);
    int64_t repeats[TENSOR_MAX_RANK];
    size_t count;
    TakeAxis axes[TENSOR_MAX_RANK];
    Status status = call_constant_ints(call, 1, repeats, &count, TENSOR_MAX_RANK);
    if (!status && count != x.rank)
        return call_fail(call, STATUS_INVALID, "%zu repeats for rank %zu", count, x.rank);
    for (size_t i = 0; !status && i < x.rank; i++) {
        size_t length;
        if (repeats[i] < 1 || !size_multiply(&length, x.shape[i], (size_t)repeats[i]))
            return call_fail(call, STATUS_INVALID, "axis %zu cannot be repeated %lld times", i,
                             (long long)repeats[i]);
        status = repeat_axis(call, &axes[i], length, x.shape[i]);
    }
    return status ? status : emit_take(call, &kernel_repeat, call->inputs[0], axes, x.rank);
}

const Operator operators_expand_tile[] = {
    {"Expand", 8, 21, 2, 2, build_expand},
    {"Tile", 7, 21, 2, 2, build_tile},
    {0},
};

/* SPDX-License-Identifier: MIT */
#include "network/operators/walk.h"

static bool joins(const Walk *walk, size_t outer, size_t inner)
{
    for (size_t k = 0; k < WALK_OPERANDS; k++)
        if (walk->stride[k][outer] != walk->stride[k][inner] * (ptrdiff_t)walk->shape[inner]) return false;
    return true;
}

static void copy_axis(Walk *walk, size_t to, size_t from)
{
    walk->shape[to] = walk->shape[from];
    for (size_t k = 0; k < WALK_OPERANDS; k++) walk->stride[k][to] = walk->stride[k][from];
}

void walk_simplify(Walk *walk)
{
    size_t rank = 0;
    for (size_t i = 0; i < walk->rank; i++) {
        if (walk->shape[i] == 1) continue;
        size_t joined = 1;
        if (rank > 0 && joins(walk, rank - 1, i)) joined = walk->shape[--rank];
        copy_axis(walk, rank, i);
        walk->shape[rank++] *= joined;
    }
    if (rank == 0) {
        walk->shape[0] = 1;
        for (size_t k = 0; k < WALK_OPERANDS; k++) walk->stride[k][0] = 0;
        rank = 1;
    }
    walk->rank = rank;
}

bool walk_next(WalkPosition *at, const Walk *walk)
{
    for (size_t i = walk->rank - 1; i-- > 0;) {
        for (size_t k = 0; k < WALK_OPERANDS; k++) at->offset[k] += walk->stride[k][i];
        if (++at->index[i] < walk->shape[i]) return true;
        for (size_t k = 0; k < WALK_OPERANDS; k++)
            at->offset[k] -= walk->stride[k][i] * (ptrdiff_t)walk->shape[i];
        at->index[i] = 0;
    }
    return false;
}

size_t stored_to_logical(bool channels_last, size_t rank, size_t stored)
{
    if (!channels_last || stored == 0) return stored;
    return stored == rank - 1 ? 1 : stored + 1;
}

void stored_shape(size_t *shape, const size_t *logical, size_t rank, bool channels_last)
{
    for (size_t i = 0; i < rank; i++) shape[i] = logical[stored_to_logical(channels_last, rank, i)];
}

void logical_strides(size_t *strides, const size_t *logical, size_t rank, bool channels_last)
{
    size_t stride = 1;
    for (size_t i = rank; i-- > 0;) {
        size_t axis = stored_to_logical(channels_last, rank, i);
        strides[axis] = stride;
        stride *= logical[axis];
    }
}

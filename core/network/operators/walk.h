/* SPDX-License-Identifier: MIT */
/* Walk: strides over up to three arrays, for kernels that broadcast, cut or sum. Private to core/network.
 *
 * The walk visits one array in order; its axes are listed outermost first. One step along axis i moves
 * operand k by stride[k][i] elements, 0 if the operand is repeated. The caller loops over the last axis:
 *
 * Example (const Walk *walk, const float *a, const float *b, void (*row)(const float *a, const float *b,
 * size_t n)):
 *     WalkPosition at = {0};
 *     do row(a + at.offset[0], b + at.offset[1], walk_row(walk));
 *     while (walk_next(&at, walk));
 */
#ifndef NETWORK_WALK_H
#define NETWORK_WALK_H

#include "onnx/element.h"

#include <stdbool.h>
#include <stddef.h>

enum { WALK_OPERANDS = 3 };

typedef struct Walk {
    size_t rank; /* at least 1 after walk_simplify() */
    size_t shape[TENSOR_MAX_RANK];
    ptrdiff_t stride[WALK_OPERANDS][TENSOR_MAX_RANK];
} Walk;

typedef struct WalkPosition {
    size_t index[TENSOR_MAX_RANK];
    ptrdiff_t offset[WALK_OPERANDS];
} WalkPosition;

/* Drops axes of 1, and joins neighbouring axes that all operands cross with one stride, so that the last axis
 * is long. */
void walk_simplify(Walk *walk);

/* Moves to the start of the next row (one run along the last axis). False after the last row. */
bool walk_next(WalkPosition *at, const Walk *walk);

/* Elements that one step along a row moves an operand by. */
static inline ptrdiff_t walk_step(const Walk *walk, size_t operand)
{
    return walk->stride[operand][walk->rank - 1];
}

/* Elements of a row: the last axis. */
static inline size_t walk_row(const Walk *walk)
{
    return walk->shape[walk->rank - 1];
}

/* The logical axis that stored axis `stored` holds: the inverse of builder_axis(). */
size_t stored_to_logical(bool channels_last, size_t rank, size_t stored);

/* Sets shape[] to the stored shape of a value whose logical shape is `logical`. */
void stored_shape(size_t *shape, const size_t *logical, size_t rank, bool channels_last);

/* Sets strides[i] to the elements that one step along logical axis i moves by in the stored array. */
void logical_strides(size_t *strides, const size_t *logical, size_t rank, bool channels_last);

/* shape[from] * ... * shape[to - 1] */
static inline size_t shape_product(const size_t *shape, size_t from, size_t to)
{
    size_t product = 1;
    for (size_t i = from; i < to; i++) product *= shape[i];
    return product;
}

#endif

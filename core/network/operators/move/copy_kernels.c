/* SPDX-License-Identifier: MIT */
#include "network/operators/move/copy_kernels.h"

#include "base/sizes.h"
#include "network/operators/kernel_rules.h"

#include <string.h>

#define BLOCK                                                                                                \
    16 /* rows and columns moved at a time, so that their cache lines stay in the cache until they are used  \
          up */

/* The output's axes with the input's strides (in elements). Axes of size 1 are dropped, and axes that stay
 * neighbours are merged. */
typedef struct Moves {
    size_t rank;
    size_t size[TENSOR_MAX_RANK], stride[TENSOR_MAX_RANK];
} Moves;

static Moves moves_make(const Value *input, const TransposeParameters *parameters)
{
    size_t strides[TENSOR_MAX_RANK], stride = 1;
    for (size_t i = input->rank; i-- > 0;) {
        strides[i] = stride;
        stride *= input->shape[i];
    }
    Moves moves = {0};
    for (size_t i = 0; i < parameters->rank; i++) {
        size_t size = input->shape[parameters->perm[i]], step = strides[parameters->perm[i]];
        if (size == 1) continue;
        if (moves.rank > 0 && moves.stride[moves.rank - 1] == size * step) {
            moves.size[moves.rank - 1] *= size;
            moves.stride[moves.rank - 1] = step;
        } else {
            moves.size[moves.rank] = size;
            moves.stride[moves.rank++] = step;
        }
    }
    return moves;
}

/* out[r][c] = in[r * row_stride + c * column_stride]; out [rows][columns] */
#define DEFINE_MOVE(name, type)                                                                              \
    static void name(void *output, const void *input, size_t rows, size_t columns, size_t row_stride,        \
                     size_t column_stride)                                                                   \
    {                                                                                                        \
        type *out = output;                                                                                  \
        const type *in = input;                                                                              \
        for (size_t r0 = 0; r0 < rows; r0 += BLOCK)                                                          \
            for (size_t c0 = 0; c0 < columns; c0 += BLOCK)                                                   \
                for (size_t r = r0; r < size_min(r0 + BLOCK, rows); r++)                                     \
                    for (size_t c = c0; c < size_min(c0 + BLOCK, columns); c++)                              \
                        out[r * columns + c] = in[r * row_stride + c * column_stride];                       \
    }

DEFINE_MOVE(move_bytes, uint8_t)
DEFINE_MOVE(move_words, uint32_t)
DEFINE_MOVE(move_longs, uint64_t)

static void move(void *output, const void *input, const Moves *moves, size_t element)
{
    size_t r = moves->rank - 2, c = moves->rank - 1;
    if (moves->stride[c] == 1) {
        size_t bytes = moves->size[c] * element;
        for (size_t i = 0; i < moves->size[r]; i++)
            memcpy((char *)output + i * bytes, (const char *)input + i * moves->stride[r] * element, bytes);
        return;
    }
    if (element == 4)
        move_words(output, input, moves->size[r], moves->size[c], moves->stride[r], moves->stride[c]);
    else if (element == 8)
        move_longs(output, input, moves->size[r], moves->size[c], moves->stride[r], moves->stride[c]);
    else
        move_bytes(output, input, moves->size[r], moves->size[c], moves->stride[r], moves->stride[c]);
}

static Status run_transpose(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const Value *value = &run->values[run->node->inputs[0]];
    size_t element = element_size(value->type);
    Moves moves = moves_make(value, run->node->parameters);
    if (moves.rank < 2) {
        memcpy(output, inputs[0], value->elements * element);
        return STATUS_OK;
    }
    size_t plane = moves.size[moves.rank - 2] * moves.size[moves.rank - 1] * element;
    size_t index[TENSOR_MAX_RANK] = {0}, planes = value->elements * element / plane;
    const char *in = inputs[0];
    for (size_t i = 0; i < planes; i++) {
        move((char *)output + i * plane, in, &moves, element);
        for (size_t axis = moves.rank - 2; axis-- > 0;) {
            in += moves.stride[axis] * element;
            if (++index[axis] < moves.size[axis]) break;
            in -= moves.size[axis] * moves.stride[axis] * element;
            index[axis] = 0;
        }
    }
    return STATUS_OK;
}

static Status run_copy(const KernelRun *run, void *output, const void *const *inputs, Message *message)
{
    (void)message;
    const Value *value = &run->values[run->node->output];
    memcpy(output, inputs[0], value->elements * element_size(value->type));
    return STATUS_OK;
}

const Kernel kernel_transpose = {
    .name = "Transpose", .run = run_transpose, .edge = edge_move, .sign = sign_of_inputs};
const Kernel kernel_copy = {
    .name = "Copy", .run = run_copy, .edge = edge_move, .sign = sign_of_inputs, .copies = true};

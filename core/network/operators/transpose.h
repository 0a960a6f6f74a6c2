/* Transpose and copy: the two kernels that move whole values. Elements of any type.
 *
 * Used for layout changes (builder_plain(), builder_channels_last()) and by op_move.c and op_shape.c.
 */
#ifndef NETWORK_TRANSPOSE_H
#define NETWORK_TRANSPOSE_H

#include "network/operators/operator.h"

/* Stored axes: axis i of the output is axis perm[i] of the input. */
typedef struct TransposeParameters {
    size_t rank, perm[TENSOR_MAX_RANK];
} TransposeParameters;

extern const Kernel kernel_transpose; /* one input; parameters: TransposeParameters */

/* One input, no parameters: the same elements in the same order under another shape. network_run() lets the
 * output share its input's memory and copies nothing. */
extern const Kernel kernel_copy;

/* *value = the elements of `input`, in its stored order and layout, under another shape of as many. */
Status emit_reshaped(Call *call, size_t input, size_t rank, const size_t *shape, size_t *value);

/* *value = `input`, a plain value, with axis i its axis order[i]. */
Status emit_permuted(Call *call, size_t input, const size_t *order, size_t *value);

#endif

/* SPDX-License-Identifier: MIT */
/* Copy kernels: the two kernels that move whole values, for elements of any type. Private to core/network.
 */
#ifndef NETWORK_COPY_KERNELS_H
#define NETWORK_COPY_KERNELS_H

#include "network/operators/kernel.h"

/* Stored axes: axis i of the output is axis perm[i] of the input. */
typedef struct TransposeParameters {
    size_t rank, perm[TENSOR_MAX_RANK];
} TransposeParameters;

extern const Kernel kernel_transpose; /* one input; parameters: TransposeParameters */

/* One input, no parameters: the same elements in the same order with another shape or layout. network_run()
 * lets the output share its input's memory. */
extern const Kernel kernel_copy;

#endif

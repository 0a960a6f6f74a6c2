/* SPDX-License-Identifier: MIT */
/* Slices and padding, as other operators use them. Private to core/network. */
#ifndef NETWORK_SLICE_PAD_H
#define NETWORK_SLICE_PAD_H

#include "network/build/call.h"
#include "network/operators/kernel.h"

/* Elements start, start + step, ... of an axis, `count` of them. */
typedef struct SliceRange {
    size_t start, count;
    ptrdiff_t step;
} SliceRange;

/* *value = the elements of the call's first input with ranges[axis] of each logical axis; the input itself if
 * that is all of it. */
Status emit_slice(Call *call, const SliceRange *ranges, size_t *value);

/* Sets ranges[axis] of each axis of x to the whole axis. */
void whole_ranges(SliceRange *ranges, const BuildValue *x);

/* *value = an image stored channels last with strides[0] - 1 rows of zeros between its rows and strides[1] -
 * 1 zeros between its columns, as a ConvTranspose needs it; itself if both strides are 1. */
Status emit_zeros_between(Call *call, size_t input, const size_t strides[2], size_t *value);
extern const Kernel kernel_zeros_between;

#endif

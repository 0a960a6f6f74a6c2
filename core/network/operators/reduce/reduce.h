/* SPDX-License-Identifier: MIT */
/* Reductions, as other operators use them. Private to core/network. */
#ifndef NETWORK_REDUCE_H
#define NETWORK_REDUCE_H

#include "network/build/call.h"

/* Emits the mean, or the maximum, over the spatial axes of the call's input, which stay as axes of 1, and
 * binds it to the call's output. */
Status emit_over_pixels(Call *call, bool maximum);

/* *value = the sum over the logical axes with reduced[axis] set, which are dropped. */
Status emit_sum(Call *call, size_t input, const bool *reduced, size_t *value);

#endif

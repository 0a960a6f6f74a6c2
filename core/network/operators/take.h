/* Take: a value whose elements along each axis are those of another at given indices: repeated, mirrored, in
 * another order. Private to core/network. */
#ifndef NETWORK_TAKE_H
#define NETWORK_TAKE_H

#include "network/operators/operator.h"

typedef struct TakeAxis {
    size_t count;
    const size_t
        *indices; /* [count], each below the input's size; in memory that lives as long as the network */
} TakeAxis;

/* Emits the value with axes[axis] of each of `rank` logical axes, the input's shape being filled up on the
 * left with ones, and binds it to the call's output. Where a computed value's axis 0 changes, images must not
 * mix. */
Status emit_take(Call *call, size_t input, const TakeAxis *axes, size_t rank);

/* [count] indices to fill in, for an axis. */
size_t *take_indices(Call *call, TakeAxis *axis, size_t count);

#endif

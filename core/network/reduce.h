/* Means over axes, which ReduceMean and GlobalAveragePool share. Private to core/network. */
#ifndef NETWORK_REDUCE_H
#define NETWORK_REDUCE_H

#include "network/operator.h"

/* Emits the mean over the logical axes with reduced[axis] set, which stay as axes of 1 where `keep`; binds it
 * to the call's output. */
Status emit_mean(Call *call, size_t input, const bool *reduced, bool keep);

#endif

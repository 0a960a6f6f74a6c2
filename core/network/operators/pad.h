/* Zeros between pixels, which transposed convolutions start from. Private to core/network. */
#ifndef NETWORK_PAD_H
#define NETWORK_PAD_H

#include "network/operators/operator.h"

/* *value = an image stored channels last with strides[i] - 1 zeros between its rows (0) and columns (1);
 * itself where both strides are 1. */
Status emit_between(Call *call, size_t input, const size_t strides[2], size_t *value);

#endif

/* SPDX-License-Identifier: MIT */
/* Product of two values, matrix by matrix. Private to core/network. */
#ifndef NETWORK_PRODUCT_H
#define NETWORK_PRODUCT_H

#include "network/build/call.h"

/* *value = a b as MatMul defines it: matrices along the last two axes, broadcast over the axes before them, a
 * vector as a row on the left and a column on the right. */
Status emit_product(Call *call, size_t a, size_t b, size_t *value);

#endif

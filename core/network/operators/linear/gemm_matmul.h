/* SPDX-License-Identifier: MIT */
/* Matrix products, as other operators use them. Private to core/network. */
#ifndef NETWORK_GEMM_MATMUL_H
#define NETWORK_GEMM_MATMUL_H

#include "network/build/call.h"

/* *value = a b as MatMul defines it; with a constant matrix on one side as a layer. */
Status emit_matmul(Call *call, size_t a, size_t b, size_t *value);

#endif

/* Products of two values, matrix by matrix. Private to core/network. */
#ifndef NETWORK_PRODUCT_H
#define NETWORK_PRODUCT_H

#include "network/operators/operator.h"

extern const Kernel kernel_product;

/* *value = a b as MatMul defines it: matrices along the last two axes, broadcast over the axes before them, a
 * vector as a row on the left and a column on the right. */
Status emit_product(Call *call, size_t a, size_t b, size_t *value);

/* The same, with a constant matrix on one side as a layer (op_gemm.c). */
Status emit_matmul(Call *call, size_t a, size_t b, size_t *value);

/* Einsum of one or two operands without repeated letters (op_einsum.c). */
Status build_einsum(Call *call);

/* The largest norm of the matrices that one of the input's is multiplied by, all of them together where it is
 * repeated: of each the smaller of its Frobenius norm and sqrt(largest row sum * largest column sum).
 * STATUS_MEMORY. */
Status product_norm(double *norm, const Network *network, const Node *node, size_t input, const float *other,
                    Message *message);

#endif

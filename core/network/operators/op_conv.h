/* Conv as execute.c and op_conv.c share it. Private to core/network. */
#ifndef NETWORK_OP_CONV_H
#define NETWORK_OP_CONV_H

#include "network/operators/operator.h"
#include "network/run/conv_kernels.h"

extern const Kernel kernel_conv;   /* parameters: ConvShape */
extern const Kernel kernel_matrix; /* Gemm, MatMul: no parameters; rows are vectors along the last axis */

/* A ConvShape's patches as network_gather() gives them: rows[count][groups*channels*kernel_h*kernel_w]. */
void conv_gather(float *rows, const float *image, const ConvShape *shape, const size_t *positions,
                 size_t count);

#endif

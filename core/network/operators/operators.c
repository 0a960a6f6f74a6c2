/* SPDX-License-Identifier: MIT */
#include "network/operators/operator.h"

#include <string.h>

const Operator *const operator_families[] = {operators_constants,
                                             operators_activations,
                                             operators_arithmetic,
                                             operators_cast,
                                             operators_comparison,
                                             operators_multiply,
                                             operators_quantize_linear,
                                             operators_batch_norm,
                                             operators_conv,
                                             operators_einsum,
                                             operators_gemm_matmul,
                                             operators_concat_split,
                                             operators_depth_space,
                                             operators_expand_tile,
                                             operators_gather_scatter,
                                             operators_reshape,
                                             operators_slice_pad,
                                             operators_transpose,
                                             operators_trilu,
                                             operators_normalization,
                                             operators_pooling,
                                             operators_reduce,
                                             operators_resize_upsample,
                                             operators_softmax,
                                             operators_top_k,
                                             NULL};

const Operator *operator_find(const char *name, int opset)
{
    for (size_t i = 0; operator_families[i]; i++)
        for (const Operator *entry = operator_families[i]; entry->name; entry++)
            if (opset >= entry->first_opset && opset <= entry->last_opset && strcmp(entry->name, name) == 0)
                return entry;
    return NULL;
}

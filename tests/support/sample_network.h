/* SPDX-License-Identifier: MIT */
/* Sample network: the layers of a small network, without its nodes, for tests of plans and reports. */
#ifndef TESTS_SAMPLE_NETWORK_H
#define TESTS_SAMPLE_NETWORK_H

#include "network/types.h"

#define SAMPLE_LAYERS 3

static Layer sample_layers[SAMPLE_LAYERS] = {
    {.name = "conv1",
     .operator_name = "Conv",
     .groups = 1,
     .m = 16,
     .n = 9,
     .weight_rank = 4,
     .weight_shape = {16, 1, 3, 3},
     .has_bias = true,
     .parameters = 160,
     .macs = 112896,
     .first = true},
    {.name = "depthwise",
     .operator_name = "Conv",
     .groups = 16,
     .m = 1,
     .n = 9,
     .weight_rank = 4,
     .weight_shape = {16, 1, 3, 3},
     .parameters = 144,
     .macs = UINT64_C(9007199254740993)},
    {.name = "fc",
     .operator_name = "Gemm",
     .groups = 1,
     .m = 10,
     .n = 7,
     .weight_rank = 2,
     .weight_shape = {10, 7},
     .has_bias = true,
     .parameters = 80,
     .macs = 70,
     .last = true},
};

static Network sample_network = {
    .path = "sample.onnx",
    .sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    .channels = 1,
    .height = 28,
    .width = 28,
    .output_elements = 10,
    .layer_count = SAMPLE_LAYERS,
    .layers = sample_layers,
};

#endif

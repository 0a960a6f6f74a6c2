/* SPDX-License-Identifier: MIT */
/* Where a node of an ONNX file takes a layer's weights. Networks keep this for whoever edits their file
 * (onnx/quantized_model.h). */
#ifndef ONNX_WEIGHT_OPERAND_H
#define ONNX_WEIGHT_OPERAND_H

#include "onnx/element.h"

typedef struct WeightOperand {
    size_t file_node;                    /* as the file counts its nodes */
    size_t operand;                      /* the node's input that is the weights */
    size_t rank, shape[TENSOR_MAX_RANK]; /* of that input */
} WeightOperand;

#endif

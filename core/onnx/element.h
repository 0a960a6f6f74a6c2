/* SPDX-License-Identifier: MIT */
/* Element types and the largest rank of a tensor, as values hold them while a network runs. */
#ifndef ONNX_ELEMENT_H
#define ONNX_ELEMENT_H

#include <stddef.h>

#define TENSOR_MAX_RANK 8

typedef enum ElementType { ELEMENT_FLOAT, ELEMENT_INT64, ELEMENT_BOOL } ElementType;

static inline size_t element_size(ElementType type) /* bytes */
{
    return type == ELEMENT_FLOAT ? 4 : type == ELEMENT_INT64 ? 8 : 1;
}

#endif

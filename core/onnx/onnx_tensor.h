/* SPDX-License-Identifier: MIT */
/* Tensors of ONNX files: their shapes and elements. */
#ifndef ONNX_ONNX_TENSOR_H
#define ONNX_ONNX_TENSOR_H

#include "base/arena.h"
#include "onnx/element.h"
#include "onnx/external.h"

#include "onnx.pb-c.h"

/* A tensor's elements as values of a running network: every float type as float, integers as int64, bool as
 * bytes of 0 or 1. */
typedef struct OnnxTensor {
    ElementType type;
    size_t rank, shape[TENSOR_MAX_RANK], elements;
    const void *data; /* in the model, or in the arena where it was converted or read from another file */
} OnnxTensor;

/* Reads `from`. external: the file's external data; NULL refuses tensors that have some. The messages start
 * with "tensor 'NAME': " and name what is wrong: an unsupported type, a negative or too large dimension, data
 * whose length is not that of the shape, external data that cannot be read. */
Status onnx_tensor_read(OnnxTensor *tensor, const Onnx__TensorProto *from, const ExternalFiles *external,
                        Arena *arena, Message *message);

/* Puts a tensor's external data inside `tensor`, in the arena. */
Status onnx_tensor_embed(Onnx__TensorProto *tensor, const ExternalFiles *external, Arena *arena,
                         Message *message);

/* The element type that a Cast to the schema's type `number` gives. False for types that are not supported,
 * and for integers narrower than 32 bits and unsigned ones, whose arithmetic wraps around. */
bool onnx_type_element(ElementType *type, int64_t number);

/* "FLOAT", "INT64", ... or "unknown". */
const char *onnx_type_name(int64_t type);

#endif

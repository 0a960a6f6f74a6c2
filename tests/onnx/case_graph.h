/* SPDX-License-Identifier: MIT */
/* An ONNX backend case as a network with one image and one output.
 *
 * A case is a model with any inputs and outputs. Its inputs become constants, or slices of the image "image"
 * [1][1][1][n]. Its outputs and their shapes are joined to one vector, followed by the image, so that the
 * output always depends on it:
 *
 *     output [1][...] = output 0, shape of output 0, output 1, ..., image
 */
#ifndef TESTS_CASE_GRAPH_H
#define TESTS_CASE_GRAPH_H

#include "onnx/onnx_file.h"

typedef struct CaseInput {
    const Onnx__TensorProto *tensor; /* NULL: absent */
    bool computed;
} CaseInput;

/* Rewrites the model. inputs[k] is for its k-th input that is not an initializer; ranks are those of the
 * outputs. Returns the image's length. */
size_t case_graph_rewrite(Onnx__ModelProto *model, const CaseInput *inputs, const size_t *ranks);

/* Returns the k-th input that is not an initializer, or NULL. */
const Onnx__ValueInfoProto *case_graph_input(const Onnx__GraphProto *graph, size_t k);

/* The opset that a case is run as: 7 for 6, as all that they differ in is how operands are aligned and
 * training; 7 for 1, as a case of one operator stands at the opset that last defined the operator. */
int64_t case_graph_opset(int64_t opset);

/* Sets that opset; returns false if a node says how its operands are aligned. */
bool case_graph_raise_opset(Onnx__ModelProto *model);

#endif

/* SPDX-License-Identifier: MIT */
/* Operators: how an ONNX node becomes nodes that run. Private to core/network.
 *
 * Operators live one family per file, each with a table of Operator entries, listed in operators.c. The
 * builder walks the ONNX nodes in topological order and calls the operator's `build` for each. All shapes are
 * known by then (batch included): `build` checks its inputs and attributes, works out the output shape, and
 * emits a node; or it binds the output to an existing value (Identity) or to a constant. What a node does
 * when it runs stands in its Kernel (network/operators/kernel.h).
 *
 * Kernels see stored shapes only: `build` translates axes (builder_axis()) and asks for the layout it needs
 * (network/build/rearrange.h):
 *   - Conv, pooling, batch normalization: builder_channels_last(), for rank >= 3; their output has that
 * layout.
 *   - Reshape, Flatten, MatMul and others that mix axes: builder_plain().
 *   - Elementwise operators, Concat, Slice, reductions: any layout; all operands in the first one's.
 *
 * This header includes what build functions usually need. operators/move/trilu.c is a small operator, whole.
 */
#ifndef NETWORK_OPERATOR_H
#define NETWORK_OPERATOR_H

#include "network/build/attributes.h"
#include "network/build/call.h"
#include "network/build/emit.h"
#include "network/build/rearrange.h"
#include "network/operators/kernel.h"

typedef struct Operator {
    const char *name;
    int first_opset, last_opset; /* for which this entry holds; an operator may have several entries */
    size_t least_inputs, most_inputs;
    Status (*build)(Call *call);
} Operator;

/* Tables of the families, each ended by an entry without a name. */
extern const Operator operators_constants[]; /* Constant, ConstantOfShape, Range, Shape, Size */

extern const Operator operators_activations[]; /* functions of one element: Relu, Clip, Sigmoid, Exp ... */
extern const Operator operators_arithmetic[];  /* Add, Sub, Div, Pow, Mod, Min, Max, Sum, Mean, PRelu */
extern const Operator operators_cast[];        /* Cast */
extern const Operator operators_comparison[];  /* Equal, Less, And, Not, IsNaN, Where ... */
extern const Operator operators_multiply[];    /* Mul */
extern const Operator operators_quantize_linear[]; /* QuantizeLinear, DequantizeLinear */

extern const Operator operators_batch_norm[];  /* BatchNormalization */
extern const Operator operators_conv[];        /* Conv, ConvTranspose */
extern const Operator operators_einsum[];      /* Einsum */
extern const Operator operators_gemm_matmul[]; /* Gemm, MatMul */

extern const Operator operators_concat_split[];   /* Concat, Split */
extern const Operator operators_depth_space[];    /* DepthToSpace, SpaceToDepth */
extern const Operator operators_expand_tile[];    /* Expand, Tile */
extern const Operator operators_gather_scatter[]; /* Gather, GatherElements, GatherND, ScatterND */
extern const Operator operators_reshape[];   /* Reshape, Flatten, Squeeze, Unsqueeze, Identity, Dropout */
extern const Operator operators_slice_pad[]; /* Slice, Pad */
extern const Operator operators_transpose[]; /* Transpose */
extern const Operator operators_trilu[];     /* Trilu */

extern const Operator operators_normalization[];   /* layer, instance and group normalization, LRN */
extern const Operator operators_pooling[];         /* MaxPool, AveragePool, GlobalMaxPool ... */
extern const Operator operators_reduce[];          /* ReduceMean, ReduceSum ... */
extern const Operator operators_resize_upsample[]; /* Resize, Upsample */
extern const Operator operators_softmax[];         /* Softmax, LogSoftmax */
extern const Operator operators_top_k[];           /* TopK, ArgMax, ArgMin */

extern const Operator *const operator_families[]; /* all of these tables, then NULL */

/* The entry of an operator of the default domain for an opset, or NULL. */
const Operator *operator_find(const char *name, int opset);

#endif

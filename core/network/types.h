/* SPDX-License-Identifier: MIT */
/* Types of a network: what network_open() makes of an ONNX file, and what the rest of the library reads.
 *
 * A Network is a graph of nodes in topological order. Each node reads values and writes one. A node with
 * weights that can be quantized (Conv, Gemm, MatMul) belongs to a layer; nodes that share their weights share
 * the layer and are its uses. All of it is immutable after opening, and may be read by any number of threads.
 *
 * Layout: a value whose `channels_last` is set and whose rank is 3 or more is stored as N, spatial..., C
 * although ONNX calls it N, C, spatial...; all other values are stored in ONNX's order. Shapes in Value are
 * the stored ones.
 *
 * Images run in tiles of Network.batch images. The first dimension of the input and of the output counts the
 * images of a tile.
 */
#ifndef NETWORK_TYPES_H
#define NETWORK_TYPES_H

#include "base/sizes.h"
#include "onnx/element.h"
#include "onnx/weight_operand.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Value {
    const char *name;
    ElementType type;
    size_t rank;
    size_t shape[TENSOR_MAX_RANK]; /* as stored, for one tile */
    size_t elements;               /* product of the shape */
    bool channels_last;
    const void *constant; /* [elements], or NULL if the value is computed */
    size_t producer;      /* node, or NO_INDEX for constants and the input */
} Value;

/* Bytes of one tile of the value. */
static inline size_t value_bytes(const Value *value)
{
    return value->elements * element_size(value->type);
}

typedef struct Kernel Kernel;   /* network/operators/kernel.h */
typedef struct Weights Weights; /* network/run/weights.h */

typedef struct Node {
    const char *name;          /* the ONNX node's, or made from its operator and position */
    const char *operator_name; /* what it runs as: "Conv", "Gemm", "Relu", "SiLU", "Transpose" */
    size_t input_count;
    const size_t *inputs; /* [input_count] values */
    size_t output;        /* value */
    size_t layer;         /* in Network.layers, or NO_INDEX */
    size_t file_node;     /* index of the ONNX node in the file's graph */
    const Kernel *kernel;
    const void *parameters; /* the kernel's own */
    size_t scratch;         /* bytes of scratch memory for one run */
} Node;

/* Weights that can be quantized. For each row x of the layer's input,
 *
 *     y[i] = sum_k weights[i][k] * x[k] + bias[i]
 *
 * A row is a patch of a convolution (channel, kernel row, kernel column, in ONNX's order), or the last axis
 * of a Gemm's or MatMul's input. In group g, outputs g*m ... g*m + m-1 see the n inputs of that group. */
typedef struct Layer {
    const char *name;          /* unique */
    const char *operator_name; /* as in the file: "Conv", "Gemm", "MatMul" */
    size_t groups, m, n;       /* outputs (m) and inputs (n) per group */
    size_t weight_rank;        /* of the shape in the file */
    size_t weight_shape[TENSOR_MAX_RANK];
    const float *weights;         /* [groups*m][n], finite, batch normalization folded in */
    const float *bias;            /* [groups*m], finite, zeros if the layer has no bias */
    bool has_bias;                /* in the file, or from a folded batch normalization */
    size_t parameters;            /* number of weights, plus the number of biases if it has them */
    uint64_t macs;                /* multiply-accumulates per image, summed over its uses */
    size_t use_count;             /* nodes that use these weights, usually one */
    const size_t *uses;           /* [use_count] nodes */
    const WeightOperand *sources; /* [use_count] */
    size_t folded_count;
    const size_t *folded; /* [folded_count] file nodes: the batch normalizations that are folded in */
    bool first;           /* no layer upstream */
    bool last;            /* no layer downstream */
} Layer;

/* Input channels of a layer over all groups: those of a convolution, or the elements of a vector. */
static inline size_t layer_input_channels(const Layer *layer)
{
    size_t taps = 1;
    for (size_t i = 2; i < layer->weight_rank; i++) taps *= layer->weight_shape[i];
    return layer->groups * layer->n / taps;
}

/* An output of the file: part of the vector that the network computes per image. */
typedef struct NetworkOutput {
    const char *name;
    size_t rank;
    size_t shape[TENSOR_MAX_RANK]; /* per image, in the file's order: without the batch */
    size_t offset, elements;       /* in the vector of an image */
} NetworkOutput;

typedef struct Network {
    const char *path;
    char sha256[65]; /* of the file; with external data, of that hash and the hashes of the other files */
    size_t external_count;
    const char *const *external; /* paths of the other files that hold its data */
    int opset;                   /* of the default domain */
    size_t batch;                /* images per tile */

    const char *chosen_output, *chosen_shape; /* copied from NetworkOptions; NULL if not given */

    size_t channels, height, width; /* of the input image */
    size_t input, output;           /* values; the input is [batch][height][width][channels] */
    size_t output_elements;         /* per image, of all outputs */
    size_t output_count;
    const NetworkOutput *outputs; /* [output_count], one after the other in the vector */
    const char *output_name;      /* their names, with commas between them */
    bool softmax_removed;         /* a final Softmax was removed: the outputs are its logits */

    size_t value_count, node_count, layer_count;
    const Value *values;
    const Node *nodes;
    const Layer *layers; /* in topological order of their first use */

    /* metadata_props of the file, "" if absent; a description or an option overrides them. `task` is already
     * NetworkOptions.task where that was given. */
    const char *mean, *std, *labels, *task;

    struct NetworkStorage *storage; /* private to core/network */
} Network;

/* --- opening ---------------------------------------------------------------------------------------- */

/* Which kernels run the convolutions. The results differ in their last bits. */
typedef enum NetworkKernels {
    KERNELS_BEST,    /* the fastest for the processor: the library's, or direct convolution with AVX2 */
    KERNELS_LIBRARY, /* oneDNN's, or im2col and BLAS if the program is built without it */
    KERNELS_PLAIN    /* im2col and BLAS */
} NetworkKernels;

typedef struct NetworkOptions {
    const char *input_shape; /* "3,224,224", or "1,3,224,224" with a batch, in the file's order: sizes that
                                the file leaves open; NULL: none */
    const char *output;      /* names of the values to compute, with commas between them; NULL: all outputs */
    const char *task;        /* in place of the metadata's; NULL: the metadata's */
    NetworkKernels kernels;
    size_t memory; /* ceiling in bytes for opening: the file, its unpacked form, the network; 0: 2 GiB */
} NetworkOptions;

/* --- geometry, for error bounds --------------------------------------------------------------------- */

/* How a node passes on a change of one of its inputs, for one image, the other inputs unchanged. */
typedef enum EdgeKind {
    EDGE_CONSTANT,    /* the input is a constant: nothing passes */
    EDGE_LAYER,       /* the weights of the node's layer */
    EDGE_LINEAR,      /* a fixed matrix A: its largest row sum and column sum of |a_ij| */
    EDGE_MAX,         /* maximum over windows: the largest number of windows that cover one element */
    EDGE_ELEMENTWISE, /* the largest slope, repetition by broadcasting included */
    EDGE_PRODUCT,     /* multiplied by another activation: network_factor_norm() */
    EDGE_UNBOUNDED    /* no finite constant: see `reason` */
} EdgeKind;

typedef struct NetworkEdge {
    EdgeKind kind;
    double row_sum, column_sum; /* EDGE_LINEAR */
    double norm;                /* EDGE_LINEAR: a proven bound of the spectral norm, below Schur's; 0: none */
    double windows;             /* EDGE_MAX */
    double slope;               /* EDGE_ELEMENTWISE */
    const char *reason;         /* EDGE_UNBOUNDED: "it divides by an activation" */
} NetworkEdge;

/* A convolution on values stored channels last. For output o of group g,
 *
 *     out[y][x] = sum over c, i, j of weights[g*m + o][(c*kernel_h + i)*kernel_w + j]
 *                 * in[y*stride_h + i*dilation_h - pad_top][x*stride_w + j*dilation_w - pad_left]
 *
 * A Gemm or MatMul is a convolution of one pixel with one tap. */
typedef struct ConvGeometry {
    size_t batch, groups;
    size_t m, channels; /* outputs and input channels per group */
    size_t in_h, in_w, out_h, out_w;
    size_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left, pad_bottom, pad_right;
} ConvGeometry;

/* A block-diagonal matrix [groups*m][groups*channels] as the convolution of one pixel with one tap. */
static inline ConvGeometry convolution_of_one_pixel(size_t groups, size_t m, size_t channels)
{
    return (ConvGeometry){.batch = 1,
                          .groups = groups,
                          .m = m,
                          .channels = channels,
                          .in_h = 1,
                          .in_w = 1,
                          .out_h = 1,
                          .out_w = 1,
                          .kernel_h = 1,
                          .kernel_w = 1,
                          .stride_h = 1,
                          .stride_w = 1,
                          .dilation_h = 1,
                          .dilation_w = 1};
}

#endif

/* Network: what an ONNX file becomes: a graph of nodes in topological order, immutable after opening.
 *
 * Opening folds constants and whole subgraphs that only compute shapes, folds batch normalization into the
 * layer before it, fuses x*Sigmoid(x) and x*HardSigmoid(x) to one node, drops Identity and Dropout, sets a
 * final Softmax aside, and knows every shape. What cannot be run is refused with the node's name, operator,
 * opset and reason; all unsupported operators are named at once.
 *
 * An input is N, C, H, W; or N, H, W, C where all that takes it is a Transpose by 0,3,1,2, or where its last
 * dimension is 1, 3 or 4 and the two before it are 16 or more.
 *
 * Images are run in tiles of `batch` images: 16 where the file leaves it open (fewer of large images), 1
 * where its reshapes fix it at 1 all the same, else what the file or the option says. The first dimension of
 * the input and of the output counts the images of a tile. A short tile is filled up with zeros, and the rest
 * of its output ignored.
 *
 * Layout: a value whose `channels_last` is set and whose rank is r >= 3 is stored as N, spatial..., C
 * although ONNX calls it N, C, spatial...; all others are stored in ONNX's order. Shapes in Value are those
 * stored.
 *
 * A Network may be read by any number of threads at once. Whoever opens it frees it, after all Weights and
 * Workspaces made from it.
 *
 *     Network *network;
 *     if (network_open(&network, "x.onnx", &(NetworkOptions){0}, message)) ...
 *     Workspace *workspace;                                   // one a thread
 *     workspace_create(&workspace, network, message);
 *     network_run(network, output, input, NULL, workspace, message);
 *     workspace_free(workspace);
 *     network_free(network);
 */
#ifndef NETWORK_NETWORK_H
#define NETWORK_NETWORK_H

#include "base/sizes.h"
#include "base/status.h"
#include "network/run/input_quantizer.h"
#include "onnx/element.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Value {
    const char *name;
    ElementType type;
    size_t rank;
    size_t shape[TENSOR_MAX_RANK]; /* as stored, for one tile */
    size_t elements;               /* their product */
    bool channels_last;
    const void *constant; /* its elements, or NULL where it is computed */
    size_t producer;      /* node, or NO_INDEX for constants and the input */
} Value;

typedef struct Kernel Kernel; /* network/operators/operator.h */

static inline size_t value_bytes(const Value *value) /* of one tile */
{
    return value->elements * element_size(value->type);
}

typedef struct Node {
    const char *name;          /* the ONNX node's, or made up from its operator and position */
    const char *operator_name; /* what it runs as: "Conv", "Gemm", "Relu", "SiLU", "Transpose" */
    size_t input_count;
    const size_t *inputs; /* values */
    size_t output;        /* value: every node has one */
    size_t layer;         /* in Network.layers, or NO_INDEX */
    size_t file_node;     /* that it was made for, as the file's graph counts them */
    const Kernel *kernel;
    const void *parameters; /* the kernel's own */
    size_t scratch;         /* bytes that one run of it needs */
} Node;

/* Where a node of the file takes a layer's weights: for whoever edits the file (network/network_file.h). */
typedef struct LayerSource {
    size_t file_node;
    size_t operand;                      /* its input that is the weights */
    size_t rank, shape[TENSOR_MAX_RANK]; /* of that input */
} LayerSource;

/* Weights that can be quantized. y[i] = sum_k weights[i][k] * x[k] + bias[i], for each row x of its input: a
 * patch of a convolution (channel, kernel row, kernel column, in ONNX's order), or the last axis of a Gemm's
 * or MatMul's input. In group g, the m outputs g*m..g*m+m-1 see the n inputs of that group. */
typedef struct Layer {
    const char *name;          /* unique */
    const char *operator_name; /* as in the file: "Conv", "Gemm", "MatMul" */
    size_t groups, m, n;       /* outputs and inputs a group */
    size_t weight_rank;        /* of the shape as in the file */
    size_t weight_shape[TENSOR_MAX_RANK];
    const float *weights; /* [groups*m][n], finite, batch normalization folded in */
    const float *bias;    /* [groups*m], finite, zeros where there is none */
    bool has_bias;        /* in the file, or by a folded batch normalization */
    size_t parameters;    /* weights, and biases where it has them */
    uint64_t macs;        /* multiply-accumulates an image, all its uses */
    size_t use_count;     /* nodes that use these weights, usually one */
    const size_t *uses;
    const LayerSource *sources; /* [use_count] */
    size_t folded_count;
    const size_t *folded; /* file nodes: the batch normalizations that are folded in */
    bool first;           /* no layer upstream */
    bool last;            /* no layer downstream */
} Layer;

typedef struct Network {
    const char *path;
    char sha256[65]; /* of the file; with data in other files, of that hash and their contents */
    size_t external_count;
    const char *const *external; /* paths of the other files that hold its data */
    int opset;                   /* of the default domain */
    size_t batch;                /* images a tile */

    const char *chosen_output, *chosen_shape; /* as NetworkOptions said, NULL where it did not */

    size_t channels, height, width; /* of the input image */
    size_t input, output;           /* values; input is [batch][height][width][channels] */
    size_t output_elements;         /* an image */
    const char *output_name;        /* in the file: `output` may be what it was made from */
    bool softmax_removed;           /* a final Softmax was set aside: the outputs are its logits */

    size_t value_count, node_count, layer_count;
    const Value *values;
    const Node *nodes;
    const Layer *layers; /* in topological order of their first use */

    /* metadata_props of the file, "" where absent: a description or an option wins over these */
    const char *mean, *std, *labels, *task;

    struct NetworkStorage *storage; /* private */
} Network;

typedef struct NetworkOptions {
    const char *input_shape; /* "3,224,224", or "1,3,224,224" with a batch, in the file's order, for what the
                                file leaves open; NULL: nothing */
    const char *output;      /* name of the value to compute; NULL: the file's only output */
    bool plain_kernels;      /* the fallback kernels even where oneDNN is there */
    size_t memory; /* ceiling in bytes for opening: the file, what it unpacks to, the network; 0: 2 GiB */
    size_t held;   /* base/memory.h */
} NetworkOptions;

/* STATUS_INVALID for damaged files, STATUS_UNSUPPORTED for what cannot be run; *network is NULL on failure.
 * The message starts with "cannot open 'PATH': ". */
Status network_open(Network **network, const char *path, const NetworkOptions *options, Message *message);
void network_free(Network *network);

/* What convolutions run on: "oneDNN 2.6.3", "oneDNN 2.6.3 and direct AVX2", "im2col on BLAS". */
const char *network_kernels(const Network *network);

/* nonnegative[value_count]: values that cannot be negative, whatever the image: behind a Relu, say. */
void network_find_nonnegative(bool *nonnegative, const Network *network);

/* Channels of a layer's input, all groups together: a convolution's, or the elements of a vector. */
size_t layer_input_channels(const Layer *layer);

/* --- weights ---------------------------------------------------------------------------------------- */

/* A layer's weights in the formats of its kernels. Read-only once made; any thread may use it. */
typedef struct Weights Weights;

/* weights [groups*m][n] and bias [groups*m], as Layer's. The arrays are copied. */
Status weights_create(Weights **packed, const Network *network, size_t layer, const float *weights,
                      const float *bias, Message *message);

/* Weights of a layer that quantizes its input: it runs on the input's codes and on codes[groups*m][n],
 * without bias, and is scales[i] * sum_k codes[i][k] * code of x[k] + bias[i]. With one input scale, that
 * scale multiplies scales[i]; with one a channel, the codes stand for weights times their channel's scale
 * already. codes and scales NULL: the float weights in their place. All is copied, the quantizer too.
 * STATUS_INVALID for a scale that is no positive normal number, and a count of them that is not the layer's.
 */
Status weights_create_integer(Weights **packed, const Network *network, size_t layer, const int8_t *codes,
                              const float *scales, const float *bias, const InputQuantizer *quantizer,
                              Message *message);
void weights_free(Weights *packed);

/* How the layer quantizes its input, or NULL: not at all. Lives as long as the weights. */
const InputQuantizer *weights_quantizer(const Weights *packed);

/* True where all of the layer's sums of products of codes are exact in float, in whatever order: the largest
 * sum of |code| of an output, times the largest code of the input, is below 2^24. */
bool weights_exact(const Weights *packed);

/* --- running ---------------------------------------------------------------------------------------- */

/* One thread's memory for running a network: intermediate values reused by liveness, and scratch. */
typedef struct Workspace Workspace;

Status workspace_create(Workspace **workspace, const Network *network, Message *message);
void workspace_free(Workspace *workspace);
size_t workspace_bytes(const Network *network); /* what one takes */

/* Runs one tile through the network. output [batch][output_elements], input [batch][height][width][channels].
 * weights: [layer_count], an entry NULL where the float weights hold; NULL: all float. */
Status network_run(const Network *network, float *output, const float *input, const Weights *const *weights,
                   Workspace *workspace, Message *message);

/* Runs one node on one tile. inputs: [input_count] arrays as Value says, constants included (NULL is allowed
 * for a constant). weights: its layer's, or NULL for float. The result is the node's alone: no activation
 * that network_run() would fuse. Bit for bit what network_run() computes. */
Status network_run_node(const Network *network, size_t node, void *output, const void *const *inputs,
                        const Weights *weights, Workspace *workspace, Message *message);

/* Rows (patches, or vectors along the last axis) that a layer's use takes from one image. */
size_t network_rows(const Network *network, size_t node);

/* rows[count][groups*n], in the order of Layer's inputs: those of image `image` of the tile `input`, at
 * `positions` (0..network_rows()-1, output pixel row by row). Padding is zero. */
void network_gather(const Network *network, size_t node, float *rows, const float *input, size_t image,
                    const size_t *positions, size_t count);

/* --- geometry, for bounds ---------------------------------------------------------------------------- */

/* What a node does to a difference of one of its inputs, one image's worth, the others held. */
typedef enum EdgeKind {
    EDGE_CONSTANT,    /* the input is a constant: nothing passes */
    EDGE_LAYER,       /* the weights of the node's layer */
    EDGE_LINEAR,      /* fixed linear map: the largest sums of |a_ij| over a row and over a column */
    EDGE_MAX,         /* maximum over windows: the most windows that cover one element */
    EDGE_ELEMENTWISE, /* the largest slope, repetition by broadcasting included */
    EDGE_PRODUCT,     /* times another activation: network_factor_norm() */
    EDGE_UNBOUNDED    /* no finite constant: `reason` */
} EdgeKind;

typedef struct NetworkEdge {
    EdgeKind kind;
    double row_sum, column_sum; /* EDGE_LINEAR */
    double windows;             /* EDGE_MAX */
    double slope;               /* EDGE_ELEMENTWISE */
    const char *reason;         /* EDGE_UNBOUNDED: "it divides by an activation" */
} NetworkEdge;

void network_edge(NetworkEdge *edge, const Network *network, size_t node, size_t input);

/* Of an EDGE_PRODUCT: the largest l2 norm of the other factor over the elements that one element of `input`
 * is multiplied by. other: that factor's values on one tile. STATUS_MEMORY. */
Status network_factor_norm(double *norm, const Network *network, size_t node, size_t input,
                           const float *other, Message *message);

/* A convolution: out[y][x] sums over taps i, j of weights[g*m + o][(c*kernel_h + i)*kernel_w + j] times
 * in[y*stride_h + i*dilation_h - pad_top][x*stride_w + j*dilation_w - pad_left]; m outputs, n/taps inputs in
 * each group. A Gemm or MatMul is one of a single pixel and tap. */
typedef struct ConvGeometry {
    size_t groups, m, channels; /* outputs and inputs a group */
    size_t in_h, in_w, out_h, out_w;
    size_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left, pad_bottom, pad_right;
} ConvGeometry;

/* A matrix [groups*m][groups*channels] of blocks as the convolution of one pixel by one tap. */
static inline ConvGeometry convolution_of_one_pixel(size_t groups, size_t m, size_t channels)
{
    return (ConvGeometry){.groups = groups,
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

/* node: a layer's use. */
void network_convolution(ConvGeometry *geometry, const Network *network, size_t node);

#endif

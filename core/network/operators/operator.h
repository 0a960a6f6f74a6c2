/* Operators: how an ONNX node becomes a node that runs. Private to core/network.
 *
 * Operators live one family a file (op_conv.c, op_pool.c, ...), each with one table, listed in operators.c.
 * Opening walks the ONNX nodes in topological order and calls the operator's `build` for each. All shapes are
 * concrete by then (batch included), so `build` checks its inputs and attributes, works out the output shape,
 * and emits a node; or binds the output to a value that is already there (Identity), or to a constant.
 * builder_emit() runs a node whose inputs are all constant at once: subgraphs that compute shapes fold away
 * so.
 *
 * In the builder, values have their ONNX ("logical") shape, and a flag whether they are stored channels last.
 * Kernels see stored shapes only: `build` translates axes (builder_axis()) and asks for the layout it needs:
 *   - Conv, pools, batch norm: builder_channels_last(), for rank >= 3; their output is channels last.
 *   - Reshape, Flatten, MatMul and others that mix axes: builder_plain().
 *   - Elementwise, Concat, Slice, Reduce...: any layout; all operands brought to the first one's.
 * Constants are always plain. A layout change is an ordinary Transpose node, or free where the order of the
 * elements does not change (one channel, or one pixel).
 */
#ifndef NETWORK_OPERATOR_H
#define NETWORK_OPERATOR_H

#include "base/arena.h"
#include "network/network.h"

/* --- kernels ---------------------------------------------------------------------------------------- */

typedef struct KernelRun {
    const Network *network; /* values give the shapes; NULL while folding constants */
    const Value *values;    /* indexed by Node.inputs and Node.output, also while folding */
    const Node *node;
    const Weights *weights; /* the layer's, or NULL: float */
    bool fused;             /* run with the activation that follows, for kernels that can (op_conv.c) */
    void *scratch;          /* node->scratch bytes, 64-byte aligned */
} KernelRun;

struct Kernel {
    const char *name;
    /* output and inputs as the values say; they do not overlap */
    Status (*run)(const KernelRun *run, void *output, const void *const *inputs, Message *message);
    /* network_edge() for an input that is not constant; NULL: no constant is known */
    void (*edge)(NetworkEdge *edge, const Network *network, const Node *node, size_t input);
};

/* --- edges that several operators share (edge.c) ------------------------------------------------------ */

/* The same elements elsewhere, each at most once: sums of 1. */
void edge_move(NetworkEdge *edge, const Network *network, const Node *node, size_t input);

/* A slope of 1 at most. */
void edge_slope_one(NetworkEdge *edge, const Network *network, const Node *node, size_t input);

void edge_layer(NetworkEdge *edge, const Network *network, const Node *node, size_t input);

static inline NetworkEdge edge_slope(double slope)
{
    return (NetworkEdge){.kind = EDGE_ELEMENTWISE, .slope = slope};
}

static inline NetworkEdge edge_linear(double row_sum, double column_sum)
{
    return (NetworkEdge){.kind = EDGE_LINEAR, .row_sum = row_sum, .column_sum = column_sum};
}

/* --- what build sees -------------------------------------------------------------------------------- */

typedef struct Builder Builder;

typedef struct BuildValue {
    const char *name;
    ElementType type;
    size_t rank;
    size_t shape[TENSOR_MAX_RANK]; /* logical */
    size_t elements;
    bool channels_last;
    const void *constant;
    size_t producer; /* node emitted, or NO_INDEX */
    size_t uses;     /* by ONNX nodes, and as a graph output */
    int file_type;   /* of a tensor in the file: its element type in the schema; 0 for all else */
} BuildValue;

/* One ONNX node, as build gets it. */
typedef struct Call {
    Builder *builder;
    const char *name;
    const char *operator_name;
    int opset;
    size_t input_count;   /* trailing absent inputs are not counted */
    const size_t *inputs; /* values; NO_INDEX where an optional input is absent */
    size_t output_count;
    const void *node; /* the protobuf message, for attributes */
    Message *message;
} Call;

typedef struct Operator {
    const char *name;
    int first_opset, last_opset; /* at which this entry holds; an operator may have several entries */
    size_t least_inputs, most_inputs;
    Status (*build)(Call *call);
} Operator;

/* Fails with "node 'NAME' (OPERATOR, opset N): ..." */
Status call_fail(Call *call, Status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Memory that lives as long as the network; NULL when out of it: then return call_no_memory(call). */
void *call_allocate(Call *call, size_t count, size_t size);
Status call_no_memory(Call *call);

/* --- attributes: the default where absent; a wrong type is reported when build returns ------------------ */

bool attribute_present(const Call *call, const char *name);
int64_t attribute_int(Call *call, const char *name, int64_t absent);
float attribute_float(Call *call, const char *name, float absent);
const char *attribute_text(Call *call, const char *name, const char *absent);
/* *values points into the file's data (NULL where absent); returns the count */
size_t attribute_ints(Call *call, const char *name, const int64_t **values);
size_t attribute_floats(Call *call, const char *name, const float **values);
/* A tensor attribute as a constant value; NO_INDEX where absent or damaged (reported). */
size_t attribute_tensor(Call *call, const char *name);

/* --- inputs ----------------------------------------------------------------------------------------- */

bool call_has(const Call *call, size_t input); /* given, and not left out */
const BuildValue *call_value(const Call *call, size_t input);
const BuildValue *builder_value(const Builder *builder, size_t value);

/* A node emitted before (BuildValue.producer): its kernel, parameters, and inputs (as builder_value() takes
 * them). Valid until the build returns. */
const Node *builder_node(const Builder *builder, size_t node);

/* A constant input of integers (axes, pads, shape), at most `most` of them: the count in *count. An input
 * that is not constant, or not int64, or too long fails with its name. */
Status call_constant_ints(Call *call, size_t input, int64_t *values, size_t *count, size_t most);

/* Fails where a value is not float. */
Status call_needs_float(Call *call, size_t value);

/* A constant float input of one element (Clip's bounds, a scale). */
Status call_constant_float(Call *call, size_t input, float *value);

/* An axis that may be negative, checked against `rank` (first <= axis < rank after adding rank). */
Status call_axis(Call *call, int64_t axis, size_t rank, size_t *result);

/* Fails where `value` is computed and more than one image is run at a time: for what `build` is about to do
 * to its first axis, which counts images or stretches of them everywhere in the network. The file is then
 * built again to run image by image. */
Status call_keeps_images(Call *call, const BuildValue *value, const char *what);
/* Images run at a time: the first dimension of the input. */
size_t builder_batch(const Builder *builder);

/* The stored axis of logical axis `axis` of a value: itself, or moved where the value is channels last. */
size_t builder_axis(const BuildValue *value, size_t axis);

/* The value in the layout asked for: itself, or the output of a Transpose that is emitted here. A constant
 * in channels-last order becomes another constant. Fails only for want of memory, or for rank < 3 in
 * builder_channels_last() (call_fail). */
Status builder_plain(Call *call, size_t value, size_t *result);
Status builder_channels_last(Call *call, size_t value, size_t *result);

/* --- outputs ---------------------------------------------------------------------------------------- */

typedef struct Emit {
    const Kernel *kernel;
    const void *parameters;    /* from call_allocate() */
    const char *operator_name; /* NULL: the call's */
    size_t input_count;
    const size_t *inputs; /* values */
    ElementType type;
    size_t rank;
    const size_t *shape; /* logical; dimensions of 0 are refused here, as are overflows and ceilings */
    bool channels_last;
    size_t scratch; /* bytes */
    size_t layer;   /* NO_INDEX for all but layers */
} Emit;

/* Adds a node, or runs it at once where all its inputs are constant (and it is no layer): *value is then a
 * constant. */
Status builder_emit(Call *call, const Emit *emit, size_t *value);

/* Makes `value` the call's output number `output` (0 for most). Build must bind every output that the file
 * names. */
Status call_bind(Call *call, size_t output, size_t value);

/* A constant from elements that live as long as the network. */
Status builder_constant(Call *call, ElementType type, size_t rank, const size_t *shape, const void *elements,
                        size_t *value);

/* builder_emit() and call_bind(0): what most operators end in. */
Status call_emit(Call *call, const Emit *emit);

/* --- layers (op_conv.c, op_gemm.c, op_normalize.c) --------------------------------------------------- */

/* Where a layer's weights come from. Nodes whose origins are equal share one layer. */
typedef struct LayerOrigin {
    size_t weight, bias; /* ONNX values; bias NO_INDEX where there is none */
    size_t groups;
    bool transposed; /* the weights are stored [n][m] */
    bool turned;     /* of a transposed convolution: stored [groups][channels][m][taps], taps from the last */
    float scale, bias_scale;
} LayerOrigin;

typedef struct BuildLayer {
    size_t groups, m, n;
    float *weights, *bias; /* as Layer's; a folded batch normalization changes them in place */
    bool has_bias;
    LayerOrigin origin;
    size_t uses; /* nodes emitted with it */
    size_t fold_count;
    size_t *folds; /* file nodes of the batch normalizations folded in: no further node may share it then */
} BuildLayer;

/* The layer of that origin, made where there is none yet: weights [groups*m][n] = scale * the origin's, bias
 * = bias_scale * the origin's. The origin's values are checked by the caller to be constant floats of that
 * size; a bias of one element holds for all outputs. */
Status builder_layer(Call *call, const LayerOrigin *origin, size_t m, size_t n, size_t *layer);

/* The layer of an emitted node for the call to fold itself into: a copy where other nodes share it. */
Status builder_own_layer(Call *call, size_t node, BuildLayer **layer);

const BuildLayer *builder_get_layer(const Builder *builder, size_t layer);

/* --- families: a table each, ended by an entry without a name ---------------------------------------- */

extern const Operator operators_conv[];        /* Conv, ConvTranspose */
extern const Operator operators_gemm[];        /* Gemm, MatMul, Einsum */
extern const Operator operators_normalize[];   /* BatchNormalization */
extern const Operator operators_statistics[];  /* normalization by layer, instance, group; LRN */
extern const Operator operators_unary[];       /* functions of one element */
extern const Operator operators_binary[];      /* arithmetic, comparisons, logic, Where */
extern const Operator operators_elementwise[]; /* Softmax, LogSoftmax, Cast */
extern const Operator operators_pool[];        /* MaxPool, AveragePool, and over all pixels */
extern const Operator operators_reduce[];      /* ReduceMean and its kin, ArgMax, ArgMin, TopK */
extern const Operator operators_move[];        /* Concat, Split, Slice, Gather, Transpose, Pad */
extern const Operator
    operators_spread[]; /* Expand, Tile, DepthToSpace, Trilu, by index: Gather..., Scatter... */
extern const Operator operators_resize[]; /* Resize, Upsample */
extern const Operator operators_codes[];  /* QuantizeLinear, DequantizeLinear */
extern const Operator operators_shape[];  /* Reshape, Flatten, Squeeze, Unsqueeze, Shape, Size, Constant,
                                             ConstantOfShape, Range, Identity, Dropout */

/* The entry for an operator of the default domain at an opset, or NULL. */
const Operator *operator_find(const char *name, int opset);

#endif

/* What a Network keeps beside what its users see. Private to core/network. */
#ifndef NETWORK_NETWORK_STORAGE_H
#define NETWORK_NETWORK_STORAGE_H

#include "base/arena.h"
#include "network/network.h"
#include "network/run/conv_kernels.h"

/* How a layer's use runs: Conv nodes by a plan, all others by SGEMM. */
typedef struct LayerUse {
    ConvPlan *plan; /* NULL for Gemm and MatMul */
    size_t format;  /* of the layer's packed weights */
    bool has_range; /* a Gemm's, fused */
    Range range;
} LayerUse;

/* Where a value is while the network runs: its root is the value whose memory it shares, itself for most. */
typedef struct Place {
    size_t root;
    size_t offset; /* bytes, of the root, in the workspace */
} Place;

/* One node of network_run(); `result` is the value it writes: its own, or that of the activation fused to it.
 */
typedef struct Step {
    size_t node, result;
    bool fused;
} Step;

typedef struct NetworkStorage {
    Arena arena;
    const ConvBackend *backend; /* of what conv_avx2 does not take */
    bool plain;                 /* conv_plain alone, as the options ask */
    const char *kernels;        /* names of all that are in use */
    LayerUse *uses;             /* [node_count], used where the node has a layer */
    Weights **float_weights;    /* [layer_count] */
    Place *places;              /* [value_count] */
    Step *steps;                /* [step_count] */
    size_t step_count;
    size_t arena_bytes;   /* of a workspace's values */
    size_t scratch_bytes; /* the most of any node, and the codes of a layer's input behind it */
    size_t most_inputs;   /* of any node */
} NetworkStorage;

/* A layer on integer codes: its kernel's result is the accumulator, out = scale * accumulator + bias. */
typedef struct IntegerForm {
    InputQuantizer quantizer;
    float *input_scales; /* quantizer.scales */
    float *scales;       /* [groups*m] */
    float *bias;         /* [groups*m] */
    bool exact;
} IntegerForm;

/* A layer's weights, packed once for each format that its uses take. */
struct Weights {
    size_t layer;
    IntegerForm *integer; /* NULL: the input stays float */
    float *matrix, *bias; /* [m][n], [m]: what SGEMM takes; NULL for a convolution */
    size_t format_count;
    ConvWeights *formats[];
};

/* Plans for all uses, memory for all values, float weights packed. `ceiling` bytes for a workspace. */
Status execute_prepare(Network *network, size_t ceiling, Message *message);
void execute_release(Network *network);

#endif

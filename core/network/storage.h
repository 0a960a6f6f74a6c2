/* SPDX-License-Identifier: MIT */
/* Storage: what a Network and its Weights keep beside what their users see. Private to core/network. */
#ifndef NETWORK_STORAGE_H
#define NETWORK_STORAGE_H

#include "base/arena.h"
#include "network/run/conv_kernels.h"
#include "network/run/input_quantizer.h"
#include "network/types.h"

#define STORAGE_ALIGNMENT ((size_t)64) /* bytes, of values and scratch memory in a workspace */

/* `bytes` rounded up to a multiple of STORAGE_ALIGNMENT. */
static inline size_t storage_align(size_t bytes)
{
    return (bytes + STORAGE_ALIGNMENT - 1) / STORAGE_ALIGNMENT * STORAGE_ALIGNMENT;
}

/* How a use of a layer runs: a Conv by a plan of its back end, all others by SGEMM. */
typedef struct LayerUse {
    ConvPlan *plan; /* NULL for Gemm and MatMul */
    size_t format;  /* index in Weights.formats */
    bool has_clamp; /* the activation after it is fused to it */
    Clamp clamp;
} LayerUse;

/* Where a value is while the network runs. A copy shares the memory of the value it copies, its root. */
typedef struct Place {
    size_t root;
    size_t offset; /* bytes, of the root, in the workspace */
} Place;

/* One step of network_run(): the node to run, and the value it writes: its own, or the output of the
 * activation fused to it. */
typedef struct Step {
    size_t node, result;
    bool fused;
} Step;

typedef struct NetworkStorage {
    Arena arena;
    const ConvBackend *backend; /* of the convolutions that conv_avx2 does not run */
    bool direct;                /* use conv_avx2 for the convolutions that it suits */
    const char *kernels;        /* what network_kernels() returns */
    LayerUse *uses;             /* [node_count], used for nodes with a layer */
    Weights **float_weights;    /* [layer_count] */
    Place *places;              /* [value_count] */
    Step *steps;                /* [step_count] */
    size_t step_count;
    size_t arena_bytes;   /* of a workspace's values */
    size_t scratch_bytes; /* the most that one node needs, the codes of a quantized input included */
    size_t most_inputs;   /* of any node */
} NetworkStorage;

/* A layer on integer codes: out[i] = scales[i] * (the kernel's sum) + bias[i]. */
typedef struct IntegerForm {
    InputQuantizer quantizer;
    float *input_scales; /* quantizer.scales */
    float *scales;       /* [groups*m] */
    float *bias;         /* [groups*m] */
    bool exact;
} IntegerForm;

struct Weights {
    size_t layer;
    IntegerForm *integer; /* NULL: the input stays float */
    float *matrix, *bias; /* [m][n], [m] for SGEMM; NULL for a convolution */
    size_t format_count;
    ConvWeights *formats[]; /* [format_count]: packed once for each format that its uses take */
};

#endif

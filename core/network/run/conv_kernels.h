/* SPDX-License-Identifier: MIT */
/* Convolution kernels: the back ends that run a Conv node, behind one interface. Private to core/network.
 *
 * Activations are stored N, H, W, C; weights are [groups*m][channels][kernel_h][kernel_w] before packing. A
 * plan is made once per node; weights are packed once per layer and format. Both are read-only afterwards,
 * for any thread.
 */
#ifndef NETWORK_CONV_KERNELS_H
#define NETWORK_CONV_KERNELS_H

#include "base/status.h"
#include "config.h"
#include "network/operators/kernel.h"
#include "network/types.h"

typedef struct ConvBackend ConvBackend;

/* A back end's plan starts with this. */
typedef struct ConvPlan {
    const ConvBackend *backend;
    ConvGeometry shape;
    size_t scratch; /* bytes for one run */
    bool has_clamp; /* can apply `clamp` to its output */
    Clamp clamp;
} ConvPlan;

/* A back end's packed weights start with this. */
typedef struct ConvWeights {
    const ConvBackend *backend;
} ConvWeights;

struct ConvBackend {
    const char *name;
    /* clamp: of the activation after the convolution, NULL if there is none. A back end may decline to fuse
     * it: then plan->has_clamp is false. */
    Status (*plan)(ConvPlan **plan, const ConvGeometry *shape, const Clamp *clamp, Message *message);
    void (*plan_free)(ConvPlan *plan);
    /* True if weights packed for one plan serve the other. Both plans are this back end's. */
    bool (*same_format)(const ConvPlan *a, const ConvPlan *b);
    Status (*pack)(ConvWeights **packed, const ConvPlan *plan, const float *weights, const float *bias,
                   Message *message);
    void (*weights_free)(ConvWeights *packed);
    /* out [batch][out_h][out_w][groups*m], in [batch][in_h][in_w][groups*channels], scratch 64-byte aligned
     */
    Status (*run)(const ConvPlan *plan, float *out, const float *in, const ConvWeights *packed,
                  bool with_clamp, void *scratch, Message *message);
};

extern const ConvBackend conv_plain; /* im2col and SGEMM: runs every convolution */
extern const ConvBackend conv_avx2;  /* direct: runs those that conv_avx2_suits() */
#if HAVE_DNNL
extern const ConvBackend conv_dnnl;
#endif

/* False also on processors with AVX-512, where oneDNN is faster, and on those without AVX2. */
bool conv_avx2_suits(const ConvGeometry *shape);

/* out[i] = min(max(out[i], low), high) for i < count; NaN stays NaN. */
void clamp_apply(float *out, const Clamp *clamp, size_t count);

#endif

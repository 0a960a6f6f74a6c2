/* Convolution kernels: what runs a Conv node. Three back ends, one interface. Private to core/network.
 *
 * Activations are NHWC, weights [groups*m][channels][kernel_h][kernel_w] before packing. A plan is made once
 * a node; weights are packed once a layer and format; both are read-only afterwards, for any thread.
 */
#ifndef NETWORK_CONV_KERNELS_H
#define NETWORK_CONV_KERNELS_H

#include "base/status.h"
#include "config.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ConvShape {
    size_t batch, groups;
    size_t m, channels; /* outputs and inputs a group */
    size_t in_h, in_w, out_h, out_w;
    size_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left, pad_bottom, pad_right;
} ConvShape;

/* y = min(max(x, low), high) after the layer: Relu, Clip. */
typedef struct Range {
    float low, high;
} Range;

typedef struct ConvBackend ConvBackend;

/* A back end's plan starts with this. */
typedef struct ConvPlan {
    const ConvBackend *backend;
    ConvShape shape;
    size_t scratch; /* bytes of one run */
    bool has_range; /* runs with `range` where it is asked to */
    Range range;
} ConvPlan;

/* A back end's packed weights start with this. */
typedef struct ConvWeights {
    const ConvBackend *backend;
} ConvWeights;

struct ConvBackend {
    const char *name;
    /* range: NULL where nothing follows that could be fused. A back end may decline it (plan->has_range). */
    Status (*plan)(ConvPlan **plan, const ConvShape *shape, const Range *range, Message *message);
    void (*plan_free)(ConvPlan *plan);
    /* Weights packed for one plan serve the other; both are this back end's. */
    bool (*same_format)(const ConvPlan *a, const ConvPlan *b);
    Status (*pack)(ConvWeights **packed, const ConvPlan *plan, const float *weights, const float *bias,
                   Message *message);
    void (*weights_free)(ConvWeights *packed);
    /* out [batch][out_h][out_w][groups*m], in [batch][in_h][in_w][groups*channels]; scratch 64-byte aligned
     */
    Status (*run)(const ConvPlan *plan, float *out, const float *in, const ConvWeights *packed,
                  bool with_range, void *scratch, Message *message);
};

extern const ConvBackend conv_plain; /* im2col and SGEMM: runs everything */
extern const ConvBackend conv_avx2;  /* runs what conv_avx2_suits() */
#if HAVE_DNNL
extern const ConvBackend conv_dnnl;
#endif

/* False on processors that have better, or not even AVX2. */
bool conv_avx2_suits(const ConvShape *shape);

/* out[i] = min(max(out[i], low), high), a NaN staying one */
void range_apply(float *out, const Range *range, size_t count);

#endif

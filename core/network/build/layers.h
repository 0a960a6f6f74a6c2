/* SPDX-License-Identifier: MIT */
/* Layers while the network is built: weights of Conv, Gemm and MatMul nodes. Private to core/network. */
#ifndef NETWORK_LAYERS_H
#define NETWORK_LAYERS_H

#include "network/build/call.h"

/* Where a layer's weights come from. Nodes with equal origins share one layer. */
typedef struct LayerOrigin {
    size_t weight, bias; /* constant values; bias NO_INDEX if there is none */
    size_t groups;
    bool transposed; /* the weights are stored [n][m] */
    bool turned; /* of a ConvTranspose: stored [groups][channels][m][taps], to be read from the last tap */
    float scale, bias_scale;
} LayerOrigin;

typedef struct BuildLayer {
    size_t groups, m, n;
    float *weights, *bias; /* as Layer's; a folded batch normalization changes them in place */
    bool has_bias;
    LayerOrigin origin;
    size_t uses; /* nodes emitted with it */
    size_t fold_count;
    size_t *folds; /* file nodes of the batch normalizations folded in; no further node may then share it */
    size_t next;   /* another layer made from the same weight, or NO_INDEX */
} BuildLayer;

/* *layer = the layer with that origin, made if there is none: weights [groups*m][n] = scale * the origin's,
 * bias = bias_scale * the origin's. The caller has checked that the origin's values are constant floats of
 * that size. A bias of one element holds for all outputs. */
Status builder_layer(Call *call, const LayerOrigin *origin, size_t m, size_t n, size_t *layer);

/* The layer of an emitted node, for the current call to fold itself into: a copy if other nodes share it. */
Status builder_own_layer(Call *call, size_t node, BuildLayer **layer);

/* A layer by its index. */
static inline BuildLayer *builder_get_layer(const Builder *builder, size_t layer)
{
    return blocks_at(&builder->layers, layer);
}

#endif
